"""`pipeline`: can what the other dashboards show be trusted?"""

from dashboards import queries
from dashboards.palette import RED
from dashboards.panels import NOW, Board, Mark, Panels, Section, Variable
from dashboards.words import Texts

NAME = "pipeline"


def pipeline(texts: Texts) -> Board:
    """Our own health in the order of the flow: verdict, intake, readings, store, machine."""
    make = Panels(texts)
    return Board(
        NAME,
        (_verdict(make), _parts(make), _flow(make), _behind(make), _machine(make)),
        (
            Variable("site", queries.SITES),
            Variable("component", queries.COMPONENTS, has_all=True),
        ),
        (Mark("lost", queries.LOST, RED),),
        since="3h",
        refresh="10s",
    )


def _verdict(make: Panels) -> Section:
    return Section(
        "verdict",
        (
            make.stat("components_down", queries.COMPONENTS_DOWN, since=NOW),
            make.stat("source_age", queries.OLDEST_SOURCE, since=NOW),
            make.stat("lag", queries.LAG, since=NOW),
            make.stat("backlog", queries.BACKLOG, since=NOW),
            make.stat("overdue", queries.OVERDUE, since=NOW),
            make.stat("connected", queries.CONNECTED, since=NOW),
            make.stat("dead_letters", queries.DEAD_LETTERS),
            make.stat("retries", queries.RETRIES),
            make.stat("broker_dropped", queries.BROKER_DROPPED),
            make.stat("disk_free", queries.DISK_FREE, since=NOW),
            make.stat("memory", queries.MEMORY, since=NOW),
        ),
    )


def _parts(make: Panels) -> Section:
    return Section(
        "parts",
        (
            make.states("components", queries.STATES_OF_COMPONENTS, size=(24, 7)),
            make.table("table", queries.COMPONENT_TABLE, order=("up", False), size=(24, 8)),
        ),
    )


def _flow(make: Panels) -> Section:
    return Section(
        "flow",
        (
            make.lines("messages_trend", queries.MESSAGES_OVER_TIME),
            make.lines("connected_trend", queries.CONNECTED_OVER_TIME),
            make.lines("readings_trend", queries.READINGS_OVER_TIME, bars=True),
            make.lines("letters_trend", queries.DEAD_LETTERS_BY_REASON, bars=True, size=(12, 8)),
            make.lines("dropped_trend", queries.DROPPED_BY_REASON, bars=True, size=(12, 8)),
        ),
    )


def _behind(make: Panels) -> Section:
    return Section(
        "behind",
        (
            make.lines("lag_trend", queries.LAG_OVER_TIME, limits=True),
            make.lines("backlog_trend", queries.BACKLOG_OVER_TIME),
            make.lines("retries_trend", queries.RETRIES_OVER_TIME, bars=True),
        ),
    )


def _machine(make: Panels) -> Section:
    return Section(
        "machine",
        (
            make.lines("memory_trend", queries.PROCESS_OVER_TIME, size=(12, 8)),
            make.lines("disk_trend", queries.DISK_OVER_TIME, limits=True, size=(12, 8)),
            make.text("help"),
        ),
    )
