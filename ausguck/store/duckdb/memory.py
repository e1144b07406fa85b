"""What the adapter remembers so as not to ask: where it stands, and each asset's newest.

Read from the tables when the file is opened, and changed only behind a commit.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import duckdb

from ausguck import catalogue
from ausguck.catalogue import DataClass
from ausguck.model import AssetId, Books, Kind, Position, Reading
from ausguck.store.duckdb import frames
from ausguck.store.duckdb.suspects import Boot
from ausguck.store.duckdb.tables import CURSOR, EVENTS, IDENTITY, SPARSE, Table


@dataclass(slots=True)
class Memory:
    """One generation of it."""

    position: Position | None
    books: Books
    newest_events: dict[AssetId, int]
    latest: dict[AssetId, Reading] = field(default_factory=dict)
    newest_readings: dict[AssetId, int] = field(default_factory=dict)
    newest_suspects: dict[Boot, int] = field(default_factory=dict)

    def remember(self, readings: Iterable[Reading]) -> None:
        """Keep those that are newer than what is kept of their asset."""
        latest = self.latest
        for reading in readings:
            kept = latest.get(reading.asset)
            if (
                kept is None
                or reading.observed_at_ms > kept.observed_at_ms
                or _rank(reading) > _rank(kept)
            ):
                latest[reading.asset] = reading

    def forget(self, kind: Kind, before_ms: int) -> None:
        """Drop what retention has removed: assets that were silent for all of it."""
        for asset, reading in tuple(self.latest.items()):
            if asset.kind is kind and reading.observed_at_ms < before_ms:
                del self.latest[asset]

    def forget_positions(self, before_ms: int) -> None:
        """Drop the values of the class that is kept for the shortest time."""
        for asset, reading in tuple(self.latest.items()):
            if asset.kind is Kind.BUS and reading.observed_at_ms < before_ms:
                self.latest[asset] = _without_positions(reading)


def _rank(reading: Reading) -> tuple[int, int, int]:
    """The later of one moment is the one with the higher sequence number."""
    return reading.observed_at_ms, -1 if reading.seq is None else reading.seq, reading.digest


def _without_positions(reading: Reading) -> Reading:
    values = tuple(
        None if metric.data_class is DataClass.EMPLOYEE_RELATED else value
        for metric, value in zip(catalogue.metrics(reading.asset.kind), reading.values, strict=True)
    )
    return Reading(
        reading.asset,
        reading.observed_at_ms,
        reading.received_at_ms,
        reading.boot_id,
        reading.seq,
        reading.digest,
        reading.clock_suspect,
        values,
    )


def load(connection: duckdb.DuckDBPyConnection) -> Memory:
    """Read it from the tables: one query a kind."""
    position, books = _cursor(connection)
    memory = Memory(position, books, _newest_events(connection))
    for kind in IDENTITY:
        rows = connection.execute(_newest_sql(kind)).fetchall()
        memory.remember(frames.reading(kind, row) for row in rows)
    memory.newest_readings = {
        asset: reading.observed_at_ms for asset, reading in memory.latest.items()
    }
    return memory


def _cursor(connection: duckdb.DuckDBPyConnection) -> tuple[Position | None, Books]:
    row = connection.execute(
        "SELECT epoch, segment, byte_offset,"  # noqa: S608 - our name
        f" stored, duplicates, dead_lettered, coalesce(decoded, 0) FROM {CURSOR.name}"
    ).fetchone()
    if row is None:
        return None, Books()
    epoch, segment, offset, *books = row
    return None if epoch is None else Position(epoch, segment, offset), Books(*books)


def _newest_events(connection: duckdb.DuckDBPyConnection) -> dict[AssetId, int]:
    rows = connection.execute(
        f"SELECT site, kind, object, max(observed_at_ms) FROM {EVENTS.name} GROUP BY ALL"  # noqa: S608 - our name
    ).fetchall()
    return {AssetId(site, Kind(kind), name): at_ms for site, kind, name, at_ms in rows}


def _newest_sql(kind: Kind) -> str:
    """Each asset's newest rows, with the sparse tables' values beside them."""
    main = IDENTITY[kind]
    site, name = main.asset_columns
    homes = {column.name: table for table in (main, *SPARSE[kind]) for _, column in table.values}
    keys = ", ".join(f"newest.{column.name}" for column in main.keys)
    values = ", ".join(f"{_alias(homes[key], main)}.{key}" for key in catalogue.keys(kind))
    joins = "".join(
        f" LEFT JOIN {table.name} ON {_same_row(table, main)}" for table in SPARSE[kind]
    )
    return (
        f"WITH tops AS (SELECT {site}, {name}, max(observed_at_ms) AS observed_at_ms"  # noqa: S608 - names are the catalogue's
        f" FROM {main.name} GROUP BY ALL),"
        f" newest AS (SELECT main.* FROM {main.name} AS main"
        f" SEMI JOIN tops USING ({site}, {name}, observed_at_ms))"
        f" SELECT {keys}, {values} FROM newest{joins}"
    )


def _alias(table: Table, main: Table) -> str:
    return "newest" if table is main else table.name


def _same_row(table: Table, main: Table) -> str:
    site, name = main.asset_columns
    plain = (site, name, "observed_at_ms", "digest")
    equal = [f"{table.name}.{column} = newest.{column}" for column in plain]
    maybe_null = ("boot_id", "seq")
    same = [f"{table.name}.{column} IS NOT DISTINCT FROM newest.{column}" for column in maybe_null]
    return " AND ".join(equal + same)
