"""Asks InfluxDB what a dashboard asks, as Grafana's data sources would, and measures how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import httpx
import msgspec

from ausguck.errors import StoreError
from dashboards.influxql import SOURCES, Source
from dashboards.macros import ALL, Range
from dashboards.panels import Json
from dashboards.questions import Asker, Question, all_values, questions

OK = 200

Cell = bool | int | float | str | None


class Series(msgspec.Struct, frozen=True):
    """One series of an answer; times are milliseconds since 1970."""

    columns: Sequence[str]
    name: str = ""
    tags: Mapping[str, str] = {}
    values: Sequence[Sequence[Cell]] = ()


class _Result(msgspec.Struct):
    series: list[Series] = []
    error: str | None = None


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """A question, what was asked in its place, and the answer."""

    question: Question
    asked: str
    series: Sequence[Series]
    took_ms: float


class Influx:
    """An InfluxDB 2 that answers InfluxQL; each data source is the bucket of that name."""

    def __init__(self, client: httpx.Client, bucket_prefix: str = "") -> None:
        self._client = client
        self._buckets = {uid: f"{bucket_prefix}{bucket}" for bucket, uid in SOURCES.items()}

    def ask(self, source: str, query: str) -> Sequence[Series]:
        """What one statement finds.

        Raises:
            StoreError: it was refused, or there was no answer.
        """
        form = {"db": self._buckets[Source(source)], "q": query, "epoch": "ms"}
        try:
            response = self._client.post("/query", data=form)
        except httpx.HTTPError as error:
            raise StoreError("influxdb", str(error) or type(error).__name__) from error
        if response.status_code != OK:
            raise StoreError("influxdb", f"{response.status_code}: {response.text[:200]}: {query}")
        answer = msgspec.json.decode(response.content, type=_Answer)
        errors = [one for one in (answer.error, *(r.error for r in answer.results)) if one]
        if errors:
            raise StoreError("influxdb", f"{errors[0]}: {query}")
        return answer.results[0].series


def answers(
    influx: Influx, board: Json, shown: Range, wishes: Mapping[str, str]
) -> Sequence[Answered]:
    """Everything a dashboard asks, answered; a variable is what is wished, else its first value.

    Raises:
        StoreError: a query was refused, or there was no answer.
    """
    all_ = all_values(board)
    chosen: dict[str, list[str]] = {}
    found = []
    for question in questions(board):
        asked = question.asked(shown, chosen, all_)
        begun = perf_counter()
        series = influx.ask(question.source, asked)
        found.append(Answered(question, asked, series, (perf_counter() - begun) * 1000))
        if question.asker is Asker.VARIABLE:
            chosen[question.title] = _choice(question.title, series, wishes, all_)
    return found


def _choice(
    name: str, series: Sequence[Series], wishes: Mapping[str, str], all_: Mapping[str, str]
) -> list[str]:
    if name in all_ and name not in wishes:
        return [ALL]
    values = [str(row[1]) for one in series for row in one.values]
    wished = wishes.get(name)
    return [wished] if wished in values else sorted(values)[:1]
