"""Rows of state: tables made from their catalogue, and how rows come in, out and of age."""

from collections.abc import Sequence
from contextlib import suppress

import duckdb
import pyarrow as pa

from ausguck.catalogue.state import TABLES, Field, StateMeasurement, StateRow, StateTable
from ausguck.errors import StoreError
from ausguck.store.cuts import Cuts
from ausguck.store.duckdb.tables import STORE, Column, Table

DAY_MS = 86_400_000
FRAME = "incoming_state"
_TYPES: dict[type, tuple[str, pa.DataType]] = {
    int: ("BIGINT", pa.int64()),
    float: ("DOUBLE", pa.float64()),
    str: ("VARCHAR", pa.string()),
}

Key = tuple[int, tuple[str, ...]]


def _column(field: Field) -> Column:
    sql, arrow = _TYPES[field.type]
    return Column(field.key, sql, arrow)


def _table(state: StateTable) -> Table:
    tags = (Column(tag, "VARCHAR", pa.string()) for tag in state.tags)
    return Table(
        state.measurement.value,
        (Column("at_ms", "BIGINT", pa.int64()), *tags),
        tuple((index, _column(field)) for index, field in enumerate(state.fields)),
    )


_BY_MEASUREMENT = {state.measurement: (state, _table(state)) for state in TABLES}
STATES = tuple(table for _, table in _BY_MEASUREMENT.values())


class StateTables:
    """The writing side; to be used in the writing thread only."""

    def __init__(self) -> None:
        self._newest: dict[StateMeasurement, int] = {}

    def record(self, connection: duckdb.DuckDBPyConnection, rows: Sequence[StateRow]) -> None:
        """Keep rows in one transaction; a row takes the place of one with the same key.

        Raises:
            StoreError: a value is not of its column's type.
        """
        kept: dict[StateMeasurement, dict[Key, StateRow]] = {}
        for row in rows:
            if any(value is not None for value in row.values):
                kept.setdefault(row.measurement, {})[row.at_ms, row.tags] = row
        frames = {of: _frame(of, list(by_key.values())) for of, by_key in kept.items()}
        connection.execute("BEGIN")
        try:
            for measurement, frame in frames.items():
                self._put(connection, measurement, frame)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has ended it already
                connection.execute("ROLLBACK")
            raise

    def _put(
        self,
        connection: duckdb.DuckDBPyConnection,
        measurement: StateMeasurement,
        frame: pa.Table,
    ) -> None:
        _, table = _BY_MEASUREMENT[measurement]
        times = frame.column("at_ms").to_pylist()
        newest = self._newest_of(connection, measurement)
        # Before the commit, so that rows whose fate is not known count as there.
        self._newest[measurement] = max(newest, *times)
        connection.register(FRAME, frame)
        try:
            if min(times) <= newest:
                _remove(connection, table, min(times))
            names = _names(table)
            connection.execute(
                f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {FRAME}"  # noqa: S608 - names are the catalogue's
            )
        finally:
            connection.unregister(FRAME)

    def _newest_of(
        self, connection: duckdb.DuckDBPyConnection, measurement: StateMeasurement
    ) -> int:
        """No row is younger than this: what is, need not be looked for."""
        known = self._newest.get(measurement)
        if known is None:
            _, table = _BY_MEASUREMENT[measurement]
            ((known,),) = connection.execute(
                f"SELECT coalesce(max(at_ms), 0) FROM {table.name}"  # noqa: S608 - our name
            ).fetchall()
        return known


def recorded(
    cursor: duckdb.DuckDBPyConnection,
    measurement: StateMeasurement,
    from_ms: int,
    to_ms: int,
    limit: int,
) -> list[StateRow]:
    """Rows of [from_ms, to_ms), by time and then by tags."""
    state, table = _BY_MEASUREMENT[measurement]
    names = _names(table)
    tags = len(state.tags)
    order = ", ".join(("at_ms", *state.tags))
    rows = cursor.execute(
        f"SELECT {names} FROM {table.name} WHERE at_ms >= ? AND at_ms < ?"  # noqa: S608 - names are the catalogue's
        f" ORDER BY {order} LIMIT ?",
        [from_ms, to_ms, limit],
    ).fetchall()
    return [
        StateRow(measurement, row[0], tuple(row[1 : 1 + tags]), tuple(row[1 + tags :]))
        for row in rows
    ]


def prune(connection: duckdb.DuckDBPyConnection, cuts: Cuts) -> int:
    """Remove the rows past their class's retention, within the caller's transaction."""
    gone = 0
    for state, table in _BY_MEASUREMENT.values():
        row = connection.execute(
            f"DELETE FROM {table.name} WHERE at_ms < ?",  # noqa: S608 - our name
            [cuts.of(state.bucket)],
        ).fetchone()
        gone += 0 if row is None else int(row[0])
    return gone


def _names(table: Table) -> str:
    """All columns in quotes, for some are words of SQL, such as `full`."""
    return ", ".join(f'"{column.name}"' for column in table.columns)


def _frame(measurement: StateMeasurement, rows: Sequence[StateRow]) -> pa.Table:
    _, table = _BY_MEASUREMENT[measurement]
    keys = [[row.at_ms for row in rows]]
    keys += [list(tags) for tags in zip(*(row.tags for row in rows), strict=True)]
    values = [list(values) for values in zip(*(row.values for row in rows), strict=True)]
    try:
        arrays = [
            pa.array(cells, column.arrow)
            for cells, column in zip([*keys, *values], table.columns, strict=True)
        ]
    except (pa.ArrowException, OverflowError) as error:
        raise StoreError(STORE, f"{table.name}: {error}") from error
    return pa.table(arrays, names=[column.name for column in table.columns])


def _remove(connection: duckdb.DuckDBPyConnection, table: Table, oldest_ms: int) -> None:
    """Make room for what is about to come in; the bound lets DuckDB skip the older part."""
    same = " AND ".join(f"{table.name}.{key.name} = told.{key.name}" for key in table.keys)
    connection.execute(
        f"DELETE FROM {table.name} USING {FRAME} AS told"  # noqa: S608 - names are the catalogue's
        f" WHERE {table.name}.at_ms >= ? AND {same}",
        [oldest_ms],
    )
