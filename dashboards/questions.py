"""Everything a dashboard asks: the queries of its panels, variables and annotations, in order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from dashboards.macros import MINUTE_MS, Range, duration_ms, interval_ms, substitute
from dashboards.panels import Json


class Asker(StrEnum):
    """Who asks."""

    PANEL = "panel"
    VARIABLE = "variable"
    MARK = "annotation"


@dataclass(frozen=True, slots=True)
class Question:
    """One query as a dashboard holds it."""

    asker: Asker
    number: int
    """The panel's; 0 for what is not of a panel."""
    title: str
    ref: str
    source: str
    query: str
    alias: str = ""
    points: int = 800
    since: str | None = None
    least: str | None = None

    def asked(self, shown: Range, values: Mapping[str, list[str]], all_: Mapping[str, str]) -> str:
        """The query that InfluxDB gets while a range is shown."""
        own = shown if self.since is None else shown.newest(self.since)
        least = MINUTE_MS if self.least is None else duration_ms(self.least)
        return substitute(self.query, own, interval_ms(own, self.points, least), values, all_)


def panels(board: Json) -> Iterator[Json]:
    """Every panel, those in folded rows too; the rows themselves are left out."""
    for panel in board["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def questions(board: Json) -> Iterator[Question]:
    """All of them: variables first, as Grafana asks them."""
    for variable in board["templating"]["list"]:
        yield Question(
            Asker.VARIABLE,
            0,
            variable["name"],
            "variable",
            variable["datasource"]["uid"],
            variable["query"],
        )
    for mark in board["annotations"]["list"]:
        target = mark["target"]
        uid = mark["datasource"]["uid"]
        yield Question(Asker.MARK, 0, mark["name"], target["refId"], uid, target["query"])
    for panel in panels(board):
        for target in panel.get("targets", ()):
            yield Question(
                Asker.PANEL,
                panel["id"],
                panel["title"],
                target["refId"],
                target["datasource"]["uid"],
                target["query"],
                target["alias"],
                panel["maxDataPoints"],
                panel.get("timeFrom"),
                panel.get("interval"),
            )


def all_values(board: Json) -> dict[str, str]:
    """What stands for All, by variable."""
    return {
        variable["name"]: variable["allValue"]
        for variable in board["templating"]["list"]
        if variable.get("allValue")
    }
