"""What the tables know of the newest, read when the file is opened."""

import duckdb

from ausguck import catalogue
from ausguck.model import AssetId, Books, Kind, Position
from ausguck.store.duckdb import frames
from ausguck.store.duckdb.tables import CURSOR, EVENTS, IDENTITY, SPARSE, Table
from ausguck.store.judging.memory import Memory


def load(connection: duckdb.DuckDBPyConnection) -> Memory:
    """Read it from the tables: one query a kind."""
    position, books = cursor(connection)
    memory = Memory(position, books, _newest_events(connection))
    for kind in IDENTITY:
        rows = connection.execute(_newest_sql(kind)).fetchall()
        memory.remember(frames.reading(kind, row) for row in rows)
    memory.newest_readings = {
        asset: reading.observed_at_ms for asset, reading in memory.latest.items()
    }
    return memory


def cursor(connection: duckdb.DuckDBPyConnection) -> tuple[Position | None, Books]:
    """Where the books stand."""
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
    return (
        f"WITH tops AS (SELECT {site}, {name}, max(observed_at_ms) AS observed_at_ms"  # noqa: S608 - names are the catalogue's
        f" FROM {main.name} GROUP BY ALL),"
        f" newest AS (SELECT main.* FROM {main.name} AS main"
        f" SEMI JOIN tops USING ({site}, {name}, observed_at_ms))"
        f" {whole_rows(kind)}"
    )


def whole_rows(kind: Kind) -> str:
    """What selects the keys and all values of the rows of `newest`, some of the main table's."""
    main = IDENTITY[kind]
    homes = {column.name: table for table in (main, *SPARSE[kind]) for _, column in table.values}
    keys = ", ".join(f"newest.{column.name}" for column in main.keys)
    values = ", ".join(f"{_alias(homes[key], main)}.{key}" for key in catalogue.keys(kind))
    joins = "".join(
        f" LEFT JOIN {table.name} ON {_same_row(table, main)}" for table in SPARSE[kind]
    )
    return f"SELECT {keys}, {values} FROM newest{joins}"  # noqa: S608 - names are the catalogue's


def _alias(table: Table, main: Table) -> str:
    return "newest" if table is main else table.name


def _same_row(table: Table, main: Table) -> str:
    site, name = main.asset_columns
    plain = (site, name, "observed_at_ms", "digest")
    equal = [f"{table.name}.{column} = newest.{column}" for column in plain]
    maybe_null = ("boot_id", "seq")
    same = [f"{table.name}.{column} IS NOT DISTINCT FROM newest.{column}" for column in maybe_null]
    return " AND ".join(equal + same)
