"""The factories: each panel of a dashboard is one call, and speaks one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

from grafanalib import core
from grafanalib.influxdb import InfluxDBTarget

from dashboards.columns import Column, column
from dashboards.influxql import Query
from dashboards.palette import NEUTRAL
from dashboards.panels.viz import Json, Viz
from dashboards.words import Texts

MIXED: Final = {"type": "datasource", "uid": "-- Mixed --"}
POINTS: Final = 800
NOW: Final = "5m"
PLAIN: Final[Json] = {
    "color": {"mode": "thresholds"},
    "thresholds": {"mode": "absolute", "steps": NEUTRAL},
}
CELLS: Final[Json] = {"align": "auto", "cellOptions": {"type": "auto"}, "inspect": False}


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel and the room it takes, of 24 columns."""

    panel: Any
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Link:
    """From a value to another dashboard, which then shows what the value names."""

    title: str
    board: str
    variables: Mapping[str, str]

    def json(self, texts: Texts) -> Json:
        """Grafana's data link; the range and the site go with it."""
        given = {"site": "${site}", **self.variables}
        query = "&".join(f"var-{name}={value}" for name, value in given.items())
        url = f"/d/{texts.language.uid(self.board)}?{query}&${{__url_time_range}}"
        return {"title": texts.word(self.title), "url": url, "targetBlank": False}


@dataclass(frozen=True, slots=True)
class Layer:
    """What is marked on a map: a query with `lat` and `lon`, and what colours it."""

    query: Query
    title: str
    colour: str
    kind: str = "markers"
    text: str | None = None


class Panels:
    """Makes panels that speak one language; `key` is that of a panel's texts."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def stat(
        self,
        key: str,
        query: Query,
        *,
        since: str | None = None,
        link: Link | None = None,
        size: tuple[int, int] = (4, 4),
    ) -> Placed:
        """One number (or one for each column), large, on its colour."""
        columns = self._columns(query)
        coloured = any(one.steps is not NEUTRAL or one.mappings for one in columns)
        options = {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "orientation": "auto",
            "textMode": "auto" if len(columns) == 1 else "value_and_name",
            "colorMode": "background" if coloured else "value",
            "graphMode": "none",
            "justifyMode": "auto",
        }
        defaults = {"color": {"mode": "thresholds"}, **_defaults(columns[0])}
        panel = Viz(
            "stat",
            options,
            {"defaults": defaults, "overrides": [_override(one) for one in columns]},
            links=[link.json(self._texts)] if link else [],
            **self._common(key, [query.as_series()], since),
        )
        return Placed(panel, *size)

    def table(  # noqa: PLR0913 - a table's choices, each with a default
        self,
        key: str,
        query: Query,
        *,
        order: tuple[str, bool] | None = None,
        links: Mapping[str, Link] | None = None,
        rows: int = 15,
        since: str | None = None,
        show_time: bool = False,
        size: tuple[int, int] = (12, 9),
    ) -> Placed:
        """Rows, the worst first: `order` is a column and whether the largest is the worst."""
        columns = self._columns(query)
        shown = [*query.tags, *query.columns]
        organise = {
            "excludeByName": {} if show_time else {"Time": True},
            "indexByName": {name: at for at, name in enumerate(["Time", *shown])},
            "renameByName": {},
        }
        transformations = [{"id": "organize", "options": organise}]
        if order:
            sort = [{"field": order[0], "desc": order[1]}]
            transformations.append({"id": "sortBy", "options": {"fields": {}, "sort": sort}})
        transformations.append({"id": "limit", "options": {"limitField": rows}})
        overrides = [
            _matched("Time", ("displayName", self._texts.word("column_time"))),
            *(_override(one, cell=True) for one in columns),
            *(self._linked(name, link) for name, link in (links or {}).items()),
        ]
        panel = Viz(
            "table",
            {
                "showHeader": True,
                "cellHeight": "sm",
                "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
            },
            {"defaults": {**PLAIN, "custom": CELLS}, "overrides": overrides},
            transformations=transformations,
            **self._common(key, [query], since),
        )
        return Placed(panel, *size)

    def lines(  # noqa: PLR0913 - a chart's choices, each with a default
        self,
        key: str,
        query: Query,
        *,
        bars: bool = False,
        right: str | None = None,
        below: str | None = None,
        limits: bool = False,
        least: str | None = None,
        size: tuple[int, int] = (8, 8),
    ) -> Placed:
        """A chart over time; `right` has an axis of its own, `below` is drawn downwards.

        `least` is the narrowest interval, where what is added up comes less often.
        """
        columns = self._columns(query, tags=False)
        overrides = [_override(one, plain=True) for one in columns] if not _by_tag(query) else []
        if right:
            overrides.append(_matched(right, ("custom.axisPlacement", "right")))
        if below:
            overrides.append(_matched(below, ("custom.transform", "negative-Y")))
        panel = core.TimeSeries(
            drawStyle="bars" if bars else "line",
            fillOpacity=70 if bars else 8,
            lineWidth=1,
            stacking={"mode": "normal" if bars else "none", "group": "A"},
            showPoints="never" if bars else "auto",
            tooltipMode="multi",
            tooltipSort="desc",
            unit=columns[0].unit,
            overrides=overrides,
            axisSoftMin=None if columns[0].unit in {"dBm", "dB", "celsius"} else 0,
            thresholds=columns[0].steps,
            thresholdsStyleMode="line" if limits else "off",
            interval=least,
            **self._common(key, [query], None),
        )
        return Placed(panel, *size)

    def states(self, key: str, query: Query, *, size: tuple[int, int] = (24, 5)) -> Placed:
        """A band over time, coloured and worded by state."""
        (one,) = self._columns(query, tags=False)
        defaults = _defaults(one)
        if _by_tag(query):
            del defaults["displayName"]
        panel = core.StateTimeline(
            showValue="auto",
            mappings=one.mappings,
            legendDisplayMode="list",
            overrides=[],
            extraJson={"fieldConfig": {"defaults": defaults}},
            **self._common(key, [query], None),
        )
        return Placed(panel, *size)

    def map(
        self,
        key: str,
        layers: Sequence[Layer],
        *,
        since: str | None = None,
        links: Mapping[str, Link] | None = None,
        size: tuple[int, int] = (24, 14),
    ) -> Placed:
        """Places, a layer for each query; the background is the one Grafana is set to."""
        columns = {one.key: one for layer in layers for one in self._columns(layer.query)}
        overrides = [
            *(_override(one) for one in columns.values()),
            *(self._linked(name, link) for name, link in (links or {}).items()),
        ]
        panel = Viz(
            "geomap",
            {
                "view": {"id": "fit", "allLayers": True, "lat": 0, "lon": 0, "zoom": 12},
                "controls": {"showZoom": True, "mouseWheelZoom": False, "showAttribution": True},
                "basemap": {"type": "default", "name": "Basemap", "config": {}},
                "layers": [self._layer(layer, ref) for layer, ref in _lettered(layers)],
                "tooltip": {"mode": "details"},
            },
            {"defaults": PLAIN, "overrides": overrides},
            **self._common(key, [layer.query for layer in layers], since),
        )
        return Placed(panel, *size)

    def text(self, key: str, *, size: tuple[int, int] = (24, 6)) -> Placed:
        """Words alone."""
        content = self._texts.word(f"{key}_text")
        title = self._texts.word(f"{key}_title")
        panel = core.Text(content=content, mode="markdown", title=title, id=number(key))
        return Placed(panel, *size)

    def _layer(self, layer: Layer, ref: str) -> Json:
        style: Json = {
            "color": {"field": layer.colour, "fixed": NEUTRAL[0]["color"]},
            "size": {"fixed": 6, "min": 2, "max": 15},
            "opacity": 0.8,
        }
        if layer.kind == "markers":
            symbol = "img/icons/marker/circle.svg"
            style["symbol"] = {"mode": "fixed", "fixed": symbol}
        if layer.text:
            style["text"] = {"mode": "field", "field": layer.text}
            style["textConfig"] = {
                "fontSize": 11,
                "offsetX": 0,
                "offsetY": -12,
                "textAlign": "center",
                "textBaseline": "middle",
            }
        return {
            "type": layer.kind,
            "name": self._texts.word(layer.title),
            "tooltip": True,
            "filterData": {"id": "byRefId", "options": ref},
            "location": {"mode": "coords", "latitude": "lat", "longitude": "lon"},
            "config": {"style": style}
            | ({"showLegend": True} if layer.kind == "markers" else {"arrow": 0}),
        }

    def _common(self, key: str, queries: Sequence[Query], since: str | None) -> Json:
        words = self._texts.panel(key)
        sources = {query.source for query in queries}
        return {
            "id": number(key),
            "title": words.title,
            "description": words.description,
            "targets": [target(query, ref) for query, ref in _lettered(queries)],
            "dataSource": source(sources.pop()) if len(sources) == 1 else MIXED,
            "maxDataPoints": POINTS,
            "timeFrom": since,
            "hideTimeOverride": since is not None,
        }

    def _columns(self, query: Query, *, tags: bool = True) -> list[Column]:
        keys = (*query.columns, *query.tags) if tags else query.columns
        return [column(key, self._texts) for key in keys]

    def _linked(self, name: str, link: Link) -> Json:
        return _matched(name, ("links", [link.json(self._texts)]))


def number(key: str) -> int:
    """A panel's number, by which links and alerts know it: it stays while the key does."""
    return crc32(key.encode()) % 900_000 + 100_000


def source(uid: str) -> Json:
    """How a panel or a variable refers to a data source."""
    return {"type": "influxdb", "uid": str(uid)}


def target(query: Query, ref: str) -> InfluxDBTarget:
    """A query as a panel holds it."""
    return InfluxDBTarget(
        query=query.text,
        format=query.result,
        alias=query.alias,
        datasource=source(query.source),
        refId=ref,
    )


def _by_tag(query: Query) -> bool:
    return query.alias.startswith("$tag_")


def _lettered(of: Sequence[Any]) -> list[tuple[Any, str]]:
    return [(one, chr(ord("A") + index)) for index, one in enumerate(of)]


def _thresholds(of: Sequence[Json]) -> Json:
    return {"mode": "absolute", "steps": list(of)}


def _defaults(one: Column) -> Json:
    found: Json = {
        "displayName": one.title,
        "unit": one.unit,
        "thresholds": _thresholds(one.steps),
        "mappings": one.mappings,
    }
    return found if one.decimals is None else found | {"decimals": one.decimals}


def _override(one: Column, *, cell: bool = False, plain: bool = False) -> Json:
    """What a column adds to its panel's defaults."""
    properties: list[tuple[str, Any]] = [("displayName", one.title), ("unit", one.unit)]
    if one.decimals is not None:
        properties.append(("decimals", one.decimals))
    if one.mappings:
        properties.append(("mappings", one.mappings))
    if one.steps is not NEUTRAL and not plain:
        properties.append(("thresholds", _thresholds(one.steps)))
        if cell:
            kind = {"type": "color-background" if one.mappings else "color-text"}
            properties.append(("custom.cellOptions", kind))
    return _matched(one.key, *properties)


def _matched(name: str, *properties: tuple[str, Any]) -> Json:
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties],
    }
