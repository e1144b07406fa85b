"""`ops-now`: is anything wrong right now, and where?"""

from dashboards import queries
from dashboards.palette import RED
from dashboards.panels import NOW, Board, Layer, Link, Mark, Panels, Section, Variable
from dashboards.words import Texts

NAME = "ops-now"
BUS = Link("open_bus", "bus-one", {"bus": "${__data.fields.bus_id}"})
PIPELINE = Link("open_pipeline", "pipeline", {})


def ops_now(texts: Texts) -> Board:
    """The wall screen: verdict, where, which, trend."""
    make = Panels(texts)
    return Board(
        NAME,
        (_verdict(make), _where(make), _which(make), _trend(make)),
        (Variable("site", queries.SITES),),
        (Mark("lost", queries.LOST, RED),),
        since="6h",
        refresh="30s",
    )


def _verdict(make: Panels) -> Section:
    return Section(
        "verdict",
        (
            make.stat("buses_heard", queries.BUSES_HEARD, since=NOW),
            make.stat("buses_silent", queries.BUSES_SILENT, since=NOW),
            make.stat("buses_degraded", queries.BUSES_DEGRADED, since=NOW),
            make.stat("clients", queries.CLIENTS, since=NOW),
            make.stat("source_age", queries.OLDEST_SOURCE, since=NOW, link=PIPELINE),
            make.stat("components_down", queries.COMPONENTS_DOWN, since=NOW, link=PIPELINE),
            make.stat("stations_silent", queries.STATIONS_SILENT, since=NOW),
            make.stat("stations_empty", queries.STATIONS_EMPTY, since=NOW),
            make.stat("stations_full", queries.STATIONS_FULL, since=NOW),
            make.stat("bikes", queries.BIKES, since=NOW),
            make.stat("dead_letters", queries.DEAD_LETTERS, link=PIPELINE),
        ),
    )


def _where(make: Panels) -> Section:
    layers = (
        Layer(queries.STATION_PLACES, "layer_stations", "fill_pct", text="bikes"),
        Layer(queries.BUS_PLACES, "layer_buses", "state"),
    )
    return Section("where", (make.map("map", layers, since=NOW, links={"bus_id": BUS}),))


def _which(make: Panels) -> Section:
    return Section(
        "which",
        (
            make.table(
                "worst_buses",
                queries.WORST_BUSES,
                order=("age_s", True),
                links={"bus_id": BUS},
                since=NOW,
            ),
            make.table("worst_stations", queries.WORST_STATIONS, order=("empty_pct", True)),
            make.table("events", queries.EVENTS, rows=100, show_time=True, size=(24, 8)),
        ),
    )


def _trend(make: Panels) -> Section:
    return Section(
        "trend",
        (
            make.lines("clients_trend", queries.CLIENTS_OVER_TIME),
            make.lines("buses_trend", queries.BUSES_OVER_TIME),
            make.lines("stations_trend", queries.STATIONS_OVER_TIME),
        ),
    )
