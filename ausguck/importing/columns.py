"""The columns of each table: their names in files, what they hold, and what they are for."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ausguck.importing import cells
from ausguck.importing.cells import Cell
from ausguck.register.rows import DeviceState, EventKind, Lifecycle, Role

EXTERNAL: Final = "external_id."
"""What stands before a source's name, in the column of its ids."""


class Column(NamedTuple):
    """One column; `refers` is the table whose ids it holds."""

    name: str
    field: str
    cell: Cell
    help: str
    example: str
    aliases: tuple[str, ...] = ()
    refers: str | None = None
    is_needed: bool = False


FROM: Final = Column(
    "valid_from",
    "valid_from_ms",
    cells.MOMENT,
    "first moment of which the row is true; empty: from the import on, or ever since if it is new",
    "2026-03-29",
)
TO: Final = Column(
    "valid_to",
    "valid_to_ms",
    cells.MOMENT,
    "first moment of which it is no longer true; empty: until the next row of the same id, "
    "or no end",
    "2026-12-31",
)


def _common(refers: str) -> tuple[Column, ...]:
    successor = "the id under which the same thing goes on, as line 12 after line 11"
    return (
        FROM,
        TO,
        Column(
            "lifecycle",
            "lifecycle",
            cells.choice(Lifecycle),
            "how far it has come; empty: active",
            "active",
        ),
        Column("successor", "successor", cells.ID, successor, "", refers=refers),
    )


def _id(cell: Cell, text: str, example: str, *aliases: str) -> Column:
    return Column("id", "id", cell, text, example, aliases, is_needed=True)


def _text(name: str, text: str, example: str) -> Column:
    return Column(name, name, cells.TEXT, text, example)


def _of(table: str, name: str, text: str, example: str) -> Column:
    return Column(name, name, cells.ID, text, example, refers=table)


TITLE: Final = _text("title", "what people call it", "")
SOURCE: Final = _text("source", "who says so; empty: the import's source", "")
PARTY: Final = _of("parties", "party", "who owns or runs it", "kvg")
AREA: Final = Column(
    "area", "area", cells.AREA, "its corners", "54.31 10.12; 54.33 10.12; 54.3 10.2"
)

COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "parties": (
        _id(cells.ID, "a short name", "kvg"),
        Column("role", "role", cells.choice(Role), "what it does", "bus_company", is_needed=True),
        TITLE._replace(example="Kieler Verkehrsgesellschaft"),
        *_common("parties"),
    ),
    "lines": (
        _id(cells.ID, "what passengers and telemetry call it", "11", "line"),
        TITLE._replace(example="Dietrichsdorf - Wik"),
        PARTY,
        Column(
            "service_hours",
            "service_hours",
            cells.HOURS,
            "when some bus of it is out, as opening hours in OpenStreetMap",
            "Mo-Sa 04:30-24:00",
        ),
        *_common("lines"),
    ),
    "zones": (
        _id(cells.ID, "a short name", "gaarden", "zone"),
        TITLE._replace(example="Gaarden"),
        AREA,
        *_common("zones"),
    ),
    "depots": (
        _id(cells.ID, "a short name", "wik", "depot"),
        TITLE._replace(example="Betriebshof Wik"),
        AREA,
        PARTY,
        *_common("depots"),
    ),
    "sim_pools": (
        _id(cells.ID, "a short name", "telekom-1", "sim_pool"),
        _text("operator", "MCC-MNC of the network", "262-01"),
        Column(
            "cap",
            "cap_bytes",
            cells.SIZE,
            "bytes in a billing month of all its cards together",
            "500 GB",
            ("cap_bytes",),
        ),
        Column(
            "billing_day",
            "billing_day",
            cells.BILLING_DAY,
            "the day on which its month begins; empty: 1",
            "15",
        ),
        PARTY,
        *_common("sim_pools"),
    ),
    "assets": (
        _id(cells.ASSET, "the asset as topics have it", "bus/0123", "asset"),
        TITLE._replace(example="Solaris 123"),
        PARTY,
        _of("depots", "depot", "where a bus stands at night", "wik"),
        _of("lines", "line", "where a bus drives one line all its life", ""),
        _of("zones", "zone", "named outright; empty: the zone whose area holds the place", ""),
        Column("lat", "lat", cells.LAT, "degrees, of a station", "54.3233"),
        Column("lon", "lon", cells.LON, "degrees, of a station", "10.1228"),
        Column("capacity", "capacity", cells.COUNT, "docks of a station", "12"),
        Column(
            "opening_hours",
            "opening_hours",
            cells.HOURS,
            "of a station, as in OpenStreetMap",
            "Mo-Su 05:00-24:00",
        ),
        Column(
            "has_controller",
            "has_controller",
            cells.FLAG,
            "whether a station has a device of its own; empty: unknown",
            "false",
        ),
        *_common("assets"),
    ),
    "devices": (
        _id(cells.ID, "its serial number", "1107234567", "serial", "device"),
        _text("model", "what it is", "RUTX11"),
        Column(
            "state",
            "state",
            cells.choice(DeviceState),
            "empty: fitted where a row of fittings says so, else spare",
            "fitted",
        ),
        _of("sim_pools", "sim_pool", "of its SIM in slot 1", "telekom-1"),
        _of("sim_pools", "sim_pool_2", "of its SIM in slot 2", ""),
        *_common("devices"),
    ),
    "fittings": (
        _id(cells.ID, "the device's serial number", "1107234567", "device", "serial")._replace(
            refers="devices"
        ),
        Column(
            "asset",
            "asset",
            cells.ASSET,
            "what it is in",
            "bus/0123",
            refers="assets",
            is_needed=True,
        ),
        *_common("devices"),
    ),
    "assignments": (
        _id(cells.ASSET, "the bus", "bus/0123", "asset", "bus")._replace(refers="assets"),
        _of("lines", "line", "what it drives", "11"),
        _text("trip", "the trip's id in the timetable", ""),
        _text("block", "the block's id in the timetable", "B17"),
        SOURCE,
        *_common("assets"),
    ),
    "events": (
        _id(cells.ID, "a short name", "kieler-woche-2026", "event"),
        Column("kind", "kind", cells.choice(EventKind), "what it is", "festival", is_needed=True),
        TITLE._replace(example="Kieler Woche", is_needed=True),
        AREA,
        Column("lines", "lines", cells.MANY, "lines it concerns", "11;12", refers="lines"),
        Column(
            "assets",
            "assets",
            cells.MANY_ASSETS,
            "assets it concerns",
            "bus/0123;station/1001",
            refers="assets",
        ),
        SOURCE,
        *_common("events"),
    ),
}

DUTY: Final = (
    Column("date", "date", cells.TEXT, "day of service", "2026-03-29"),
    Column("from", "from", cells.TEXT, "when the duty begins on that day", "04:50", ("start",)),
    Column(
        "to", "to", cells.TEXT, "when it ends; 25:30 is half past one at night", "25:30", ("end",)
    ),
)
"""What stands for `valid_from` and `valid_to` in a plan of duties."""


def offered(table: str) -> tuple[Column, ...]:
    """Every column that a file of the table may have, besides external ids."""
    return COLUMNS[table] + (DUTY if table == "assignments" else ())
