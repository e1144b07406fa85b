"""A dashboard around its panels: sections, variables, marks, and what all dashboards share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from grafanalib import core

from dashboards.influxql import Query
from dashboards.palette import BLUE
from dashboards.panels.making import Placed, number, source
from dashboards.panels.viz import Json, modernise
from dashboards.words import Texts

COLUMNS: Final = 24
SCHEMA_VERSION: Final = 39
TAG: Final = "ausguck"
REFRESH: Final = ["10s", "30s", "1m", "5m", "15m", "1h"]
SHARED_CROSSHAIR: Final = 1


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under one heading; a folded one is asked for nothing until it is opened."""

    key: str
    panels: Sequence[Placed]
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """What is chosen at the top of a dashboard."""

    name: str
    query: Query
    has_all: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """Moments that are marked on every chart."""

    key: str
    query: Query
    colour: str = BLUE


@dataclass(frozen=True, slots=True)
class Board:
    """What a dashboard is made of."""

    name: str
    sections: Sequence[Section]
    variables: Sequence[Variable]
    marks: Sequence[Mark]
    since: str
    refresh: str


def board(of: Board, texts: Texts) -> Json:
    """The dashboard as classic JSON."""
    found = modernise(
        core.Dashboard(
            title=texts.word("title"),
            description=texts.word("description"),
            uid=texts.language.uid(of.name),
            tags=[TAG, str(texts.language)],
            timezone="Europe/Berlin",
            schemaVersion=SCHEMA_VERSION,
            graphTooltip=SHARED_CROSSHAIR,
            refresh=of.refresh,
            time=core.Time(f"now-{of.since}", "now"),
            timePicker=core.TimePicker(REFRESH, []),
            links=[_link(texts)],
            templating=core.Templating([_variable(one, texts) for one in of.variables]),
            annotations=core.Annotations([_annotation(one, texts) for one in of.marks]),
            panels=list(_placed(of.sections, texts)),
        )
    )
    chosen = [_chosen(one, texts) for one in of.variables]
    for variable, current in zip(found["templating"]["list"], chosen, strict=True):
        variable["current"] = current
    return found | {"weekStart": "monday", "fiscalYearStartMonth": 0, "version": 1}


def _placed(sections: Sequence[Section], texts: Texts) -> Iterator[Any]:
    """Rows from left to right and top to bottom, each section under its heading."""
    y = 0
    for section in sections:
        panels = list(_flow(section.panels, y + 1))
        row = core.RowPanel(
            id=number(f"section {section.key}"),
            title=texts.word(f"section_{section.key}"),
            collapsed=section.is_folded,
            gridPos=core.GridPos(1, COLUMNS, 0, y),
            panels=panels if section.is_folded else [],
        )
        yield row
        if not section.is_folded:
            yield from panels
            y = max((p.gridPos.y + p.gridPos.h for p in panels), default=y + 1)
        else:
            y += 1


def _flow(panels: Sequence[Placed], y: int) -> Iterator[Any]:
    x = tallest = 0
    for placed in panels:
        if x + placed.width > COLUMNS:
            x, y, tallest = 0, y + tallest, 0
        placed.panel.gridPos = core.GridPos(placed.height, placed.width, x, y)
        yield placed.panel
        x, tallest = x + placed.width, max(tallest, placed.height)


def _variable(of: Variable, texts: Texts) -> core.Template:
    return core.Template(
        name=of.name,
        query=of.query.text,
        type="query",
        dataSource=source(of.query.source),
        label=texts.word(f"variable_{of.name}"),
        multi=of.has_all,
        includeAll=of.has_all,
        allValue=".*" if of.has_all else None,
        refresh=1,
        sort=1,
    )


def _chosen(of: Variable, texts: Texts) -> Json:
    """All where there is such a choice; else Grafana takes the first when it is opened."""
    if not of.has_all:
        return {}
    return {"selected": True, "text": [texts.word("all")], "value": ["$__all"]}


def _annotation(of: Mark, texts: Texts) -> Json:
    return {
        "name": texts.word(f"mark_{of.key}"),
        "datasource": source(of.query.source),
        "enable": True,
        "hide": False,
        "iconColor": of.colour,
        "target": {
            "refId": "Anno",
            "query": of.query.text,
            "queryType": "tags",
            "rawQuery": True,
            "resultFormat": "table",
            "fromAnnotations": True,
            "textColumn": "detail",
            "titleColumn": "type",
            "tagsColumn": "object",
        },
    }


def _link(texts: Texts) -> core.DashboardLink:
    return core.DashboardLink(
        title=texts.word("all_dashboards"),
        type="dashboards",
        tags=[TAG, str(texts.language)],
        asDropdown=True,
        includeVars=True,
        keepTime=True,
        tooltip="",
    )
