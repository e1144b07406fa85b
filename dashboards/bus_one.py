"""`bus-one`: what happened on this bus?"""

from dashboards import queries
from dashboards.panels import Board, Layer, Link, Mark, Panels, Section, Variable
from dashboards.words import Texts

NAME = "bus-one"
OPS = Link("open_ops", "ops-now", {})


def bus_one(texts: Texts) -> Board:
    """One bus: how it is, what happened and where, its radio, its device."""
    make = Panels(texts)
    return Board(
        NAME,
        (_now(make), _story(make), _network(make), _device(make), _router(make)),
        (Variable("site", queries.SITES), Variable("bus", queries.BUSES)),
        (Mark("bus", queries.BUS_EVENTS),),
        since="12h",
        refresh="30s",
    )


def _now(make: Panels) -> Section:
    return Section(
        "now",
        (
            make.stat("state", queries.BUS_NOW, link=OPS, size=(3, 4)),
            make.stat("age", queries.BUS_AGE, size=(3, 4)),
            make.stat("online", queries.BUS_ONLINE, size=(3, 4)),
            make.stat("signal", queries.BUS_SIGNAL, size=(3, 4)),
            make.stat("clients", queries.BUS_CLIENTS, size=(3, 4)),
            make.stat("reboots", queries.BUS_REBOOTS, size=(3, 4)),
            make.stat("traffic", queries.BUS_TRAFFIC, size=(6, 4)),
        ),
    )


def _story(make: Panels) -> Section:
    route = (
        Layer(queries.BUS_ROUTE, "layer_route", "rsrp_dbm", kind="route"),
        Layer(queries.BUS_PLACE, "layer_bus", "state"),
    )
    return Section(
        "story",
        (
            make.states("states", queries.BUS_STATES, size=(24, 4)),
            make.states("technologies", queries.BUS_TECHNOLOGIES, size=(24, 4)),
            make.map("route", route, size=(14, 12)),
            make.table(
                "events",
                queries.BUS_EVENTS,
                rows=100,
                show_time=True,
                size=(10, 12),
            ),
        ),
    )


def _network(make: Panels) -> Section:
    return Section(
        "network",
        (
            make.lines("signal_trend", queries.BUS_SIGNAL_OVER_TIME, limits=True),
            make.lines("quality_trend", queries.BUS_QUALITY_OVER_TIME, right="loss_pct"),
            make.lines("clients_trend", queries.BUS_CLIENTS_OVER_TIME),
            make.lines(
                "traffic_trend",
                queries.BUS_TRAFFIC_OVER_TIME,
                below="up_bps",
                least="5m",
                size=(16, 8),
            ),
            make.lines("reboots_trend", queries.BUS_REBOOTS_OVER_TIME, bars=True),
        ),
    )


def _device(make: Panels) -> Section:
    return Section(
        "device",
        (make.lines("board_trend", queries.BUS_BOARD_OVER_TIME, right="supply_v", size=(24, 8)),),
    )


def _router(make: Panels) -> Section:
    return Section(
        "router",
        (
            make.lines("router_trend", queries.BUS_ROUTER_OVER_TIME, size=(12, 8)),
            make.lines("radio_trend", queries.BUS_RADIO_OVER_TIME, size=(12, 8)),
        ),
        is_folded=True,
    )
