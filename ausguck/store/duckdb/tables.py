"""The tables of the file, derived from the catalogue: their columns, types and statements.

Every identifier that reaches SQL comes from here, so none comes from a caller.
"""

from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from ausguck import catalogue
from ausguck.catalogue import Measurement, Metric
from ausguck.errors import StoreError
from ausguck.model import Kind
from ausguck.store.metrics import metric as known_metric

STORE = "duckdb"
FORMAT = 1
MAX_SMALLINT = 32_767
MAX_INTEGER = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, its type in SQL and its type in Arrow."""

    name: str
    sql: str
    arrow: pa.DataType


@dataclass(frozen=True, slots=True)
class Table:
    """One table; `values` are catalogue columns with their index in a reading's values."""

    name: str
    keys: tuple[Column, ...]
    values: tuple[tuple[int, Column], ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Every column, keys first."""
        return self.keys + tuple(column for _, column in self.values)

    @property
    def asset_columns(self) -> tuple[str, ...]:
        """The columns that name the asset."""
        names = [column.name for column in self.keys]
        return tuple(names[: names.index("observed_at_ms")])


_MOMENT = (
    Column("observed_at_ms", "BIGINT", pa.int64()),
    Column("received_at_ms", "BIGINT", pa.int64()),
    Column("boot_id", "VARCHAR", pa.string()),
    Column("seq", "UBIGINT", pa.uint64()),
    Column("digest", "UBIGINT", pa.uint64()),
    Column("clock_suspect", "BOOLEAN", pa.bool_()),
)


def _text(name: str) -> Column:
    return Column(name, "VARCHAR", pa.string())


def _integer(metric: Metric) -> tuple[str, pa.DataType]:
    if metric.minimum is None or metric.maximum is None:
        return "BIGINT", pa.int64()
    widest = max(abs(metric.minimum), abs(metric.maximum))
    if widest <= MAX_SMALLINT:
        return "SMALLINT", pa.int16()
    if widest <= MAX_INTEGER:
        return "INTEGER", pa.int32()
    return "BIGINT", pa.int64()


def _column(metric: Metric) -> Column:
    if metric.type is bool:
        return Column(metric.key, "BOOLEAN", pa.bool_())
    if metric.type is float:
        return Column(metric.key, "DOUBLE", pa.float64())
    if metric.type is str:
        return _text(metric.key)
    sql, arrow = _integer(metric)
    return Column(metric.key, sql, arrow)


def _readings(measurement: Measurement, kind: Kind) -> Table:
    return Table(
        measurement.value,
        (_text("site"), _text(f"{kind}_id"), *_MOMENT),
        tuple((index, _column(metric)) for index, metric in catalogue.columns(kind, measurement)),
    )


HOTSPOT = _readings(Measurement.HOTSPOT, Kind.BUS)
BUS_POSITION = _readings(Measurement.BUS_POSITION, Kind.BUS)
STATION = _readings(Measurement.STATION, Kind.STATION)
EVENTS = Table(
    "events",
    (
        _text("site"),
        _text("kind"),
        _text("object"),
        Column("observed_at_ms", "BIGINT", pa.int64()),
        Column("received_at_ms", "BIGINT", pa.int64()),
        _text("type"),
        _text("detail"),
        Column("digest", "UBIGINT", pa.uint64()),
    ),
)
CURSOR = Table(
    "cursor",
    tuple(
        Column(name, "UBIGINT", pa.uint64())
        for name in (
            "format",
            "epoch",
            "segment",
            "byte_offset",
            "stored",
            "duplicates",
            "dead_lettered",
            "decoded",
        )
    ),
)

IDENTITY: dict[Kind, Table] = {Kind.BUS: HOTSPOT, Kind.STATION: STATION}
"""The table in which each reading of a kind has exactly one row."""
SPARSE: dict[Kind, tuple[Table, ...]] = {Kind.BUS: (BUS_POSITION,), Kind.STATION: ()}
"""Tables that get a row only from readings that hold one of their values."""
ALL = (HOTSPOT, BUS_POSITION, STATION, EVENTS, CURSOR)


def create(table: Table) -> str:
    """The statement that makes a table which is not there yet."""
    columns = ", ".join(f'"{column.name}" {column.sql}' for column in table.columns)
    return f"CREATE TABLE IF NOT EXISTS {table.name} ({columns})"


def insert(table: Table, frame: str, present: frozenset[str], *, sparse: bool) -> str:
    """The statement that copies a frame into a table, or nothing where it has no values for it.

    Columns that the frame lacks stay unknown. A sparse table takes only rows with a value.
    """
    keys = [column.name for column in table.keys]
    values = [column.name for _, column in table.values if column.name in present]
    if sparse and not values:
        return ""
    names = ", ".join(keys + values)
    where = " WHERE " + " OR ".join(f"{name} IS NOT NULL" for name in values) if sparse else ""
    return f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {frame}{where}"  # noqa: S608 - names are the catalogue's


@cache
def place(kind: Kind, key: str) -> tuple[Table, Metric]:
    """The table that holds a metric, and its catalogue entry.

    Raises:
        StoreError: there is no such metric.
    """
    metric = known_metric(STORE, kind, key)
    for table in (IDENTITY[kind], *SPARSE[kind]):
        if table.name == metric.measurement.value:
            return table, metric
    raise StoreError(STORE, f"no table for {metric.measurement}")
