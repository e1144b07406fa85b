"""Every query that Grafana would send, sent to the real server."""

from collections.abc import Iterator

import httpx
import pytest

from dashboards import queries
from dashboards.files import boards
from dashboards.influxql import Query
from dashboards.macros import Range, duration_ms
from dashboards.questions import Asker, questions
from dashboards.sheet.asking import Answered, Influx, answers
from dashboards.words import Language
from tests.dashboards.week import DROPPED_IN_A_DAY, END_MS, Week

pytestmark = [pytest.mark.influxdb, pytest.mark.timeout(180)]

LONGEST_MS = 5_000
BY_TEXT = {query.text: query for query in vars(queries).values() if isinstance(query, Query)}
BOARDS = boards(Language.EN)
WISHES = {"bus": "0101"}


@pytest.fixture(scope="module")
def answered(week: Week) -> dict[str, list[Answered]]:
    headers = {"Authorization": f"Token {week.server.token}"}
    url = week.server.url
    with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as client:
        influx = Influx(client, week.prefix)
        return {
            name: list(answers(influx, board, shown(board["time"]["from"]), WISHES))
            for name, board in BOARDS.items()
        }


def shown(since: str) -> Range:
    return Range(END_MS - duration_ms(since.removeprefix("now-")), END_MS)


def every() -> Iterator[object]:
    for name, board in BOARDS.items():
        for at, question in enumerate(questions(board)):
            yield pytest.param(name, at, id=f"{name}-{at}-{question.title}")


@pytest.mark.parametrize(("name", "at"), list(every()))
def test_a_query_is_answered_with_its_columns_and_with_values(
    answered: dict[str, list[Answered]], name: str, at: int
) -> None:
    one = answered[name][at]
    query = BY_TEXT[one.question.query]

    assert one.series, one.asked
    wanted = query.columns if one.question.asker is Asker.VARIABLE else ("time", *query.columns)
    for series in one.series:
        assert tuple(series.columns)[-len(wanted) :] == wanted
        assert set(series.tags) == set(query.tags)
    for column in query.columns:
        index = list(one.series[0].columns).index(column)
        known = [row[index] for series in one.series for row in series.values]
        assert any(value is not None for value in known), f"{column} is empty: {one.asked}"
    assert one.took_ms < LONGEST_MS


@pytest.mark.parametrize("hours", [24, 2])
def test_what_the_broker_dropped_is_told_over_its_restart(week: Week, hours: int) -> None:
    shown_range = Range(END_MS - hours * 3_600_000, END_MS)
    headers = {"Authorization": f"Token {week.server.token}"}
    with httpx.Client(base_url=week.server.url, headers=headers, trust_env=False) as client:
        board = BOARDS["pipeline"]
        found = answers(Influx(client, week.prefix), board, shown_range, {})
        (one,) = [each for each in found if each.question.query == queries.BROKER_DROPPED.text]

    assert [row[-1] for series in one.series for row in series.values] == [DROPPED_IN_A_DAY]


def test_every_query_is_on_a_dashboard() -> None:
    asked = {question.query for board in BOARDS.values() for question in questions(board)}

    assert set(BY_TEXT) == asked
