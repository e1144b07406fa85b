"""A DuckDB file as a whole, row for row; one thread at a time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TypeVar

import duckdb

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.model import AssetId, Books, Event, Kind, Position, Reading
from ausguck.settings import tree
from ausguck.store.duckdb import frames, memory, states
from ausguck.store.duckdb.database import Database
from ausguck.store.duckdb.tables import EVENTS, IDENTITY, SPARSE, STORE, Table
from ausguck.store.duckdb.writer import copy_in, move
from ausguck.store.whole import KINDS, Row, Stock, at_ms

T = TypeVar("T")
END_MS = 2**62


class WholeDuckdb:
    """Made by `open_whole_duckdb`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cleared: set[Stock] = set()
        self._states = states.StateTables()

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        position, _ = await self._do(memory.cursor)
        return position

    async def books(self) -> Books:
        """Totals since the store was made."""
        _, books = await self._do(memory.cursor)
        return books

    async def size(self, stock: Stock, from_ms: int) -> int:
        """About how many rows there are from a time on."""
        return await self._do(lambda connection: _size(connection, stock, from_ms))

    async def page(self, stock: Stock, from_ms: int, limit: int) -> Sequence[Row]:
        """The oldest rows from a time on, in order of time; empty at the end."""
        return await self._do(lambda connection: _page(connection, stock, from_ms, limit))

    async def keep(self, stock: Stock, rows: Sequence[Row]) -> None:
        """Write a page as it is; see the port."""
        if not rows:
            return

        states_of_it = [row for row in rows if isinstance(row, StateRow)]
        if states_of_it:
            await self._do(lambda connection: self._states.record(connection, states_of_it))
            return

        def write(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("BEGIN")
            try:
                if stock not in self._cleared:
                    _clear(connection, stock, at_ms(rows[0]))
                _write(connection, stock, rows)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):  # a commit that failed has ended it already
                    connection.execute("ROLLBACK")
                raise

        await self._do(write)
        self._cleared.add(stock)

    async def settle(self, position: Position, books: Books) -> None:
        """Set position and books."""

        def write(connection: duckdb.DuckDBPyConnection) -> None:
            move(connection, position, books)
            connection.execute("CHECKPOINT")

        await self._do(write)

    async def _do(self, deed: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        def guarded() -> T:
            try:
                return deed(self._database.writer)
            except duckdb.Error as error:
                raise StoreUnavailable(STORE, str(error)) from error

        return await asyncio.to_thread(guarded)


@asynccontextmanager
async def open_whole_duckdb(path: Path, settings: tree.Store) -> AsyncIterator[WholeDuckdb]:
    """Open the file, which is made where there is none.

    Raises:
        DataDirectoryInUse: another process has the file.
        StoreError: the file is of another format.
        StoreUnavailable: it cannot be opened now.
    """

    def opened() -> Database:
        path.parent.mkdir(parents=True, exist_ok=True)
        return Database(path, settings.memory_limit_mb, 1)

    database = await asyncio.to_thread(opened)
    try:
        yield WholeDuckdb(database)
    finally:
        await asyncio.to_thread(database.close)


def _tables(stock: Stock) -> tuple[tuple[Table, ...], str]:
    """The tables of a stock, the main one first, and the column of their time."""
    if stock in KINDS:
        kind = KINDS[stock]
        return (IDENTITY[kind], *SPARSE[kind]), "observed_at_ms"
    if stock is Stock.EVENTS:
        return (EVENTS,), "observed_at_ms"
    return (next(one for one in states.STATES if one.name == stock.value),), "at_ms"


def _size(connection: duckdb.DuckDBPyConnection, stock: Stock, from_ms: int) -> int:
    (main, *_), time = _tables(stock)
    ((count,),) = connection.execute(
        f"SELECT count(*) FROM {main.name} WHERE {time} >= ?",  # noqa: S608 - our names
        [from_ms],
    ).fetchall()
    return int(count)


def _page(
    connection: duckdb.DuckDBPyConnection, stock: Stock, from_ms: int, limit: int
) -> Sequence[Row]:
    (main, *_), time = _tables(stock)
    ((last_ms,),) = connection.execute(
        f"SELECT max({time}) FROM (SELECT {time} FROM {main.name}"  # noqa: S608 - our names
        f" WHERE {time} >= ? ORDER BY {time} LIMIT ?)",
        [from_ms, limit],
    ).fetchall()
    if last_ms is None:
        return []
    if stock in KINDS:
        return _readings(connection, KINDS[stock], from_ms, last_ms)
    if stock is Stock.EVENTS:
        return _events(connection, from_ms, last_ms)
    return states.recorded(connection, StateMeasurement(stock), from_ms, last_ms + 1, END_MS)


def _readings(
    connection: duckdb.DuckDBPyConnection, kind: Kind, from_ms: int, last_ms: int
) -> list[Reading]:
    within = f"WHERE observed_at_ms BETWEEN {from_ms:d} AND {last_ms:d}"
    parts = [f"newest AS (SELECT * FROM {IDENTITY[kind].name} {within})"]  # noqa: S608 - our names
    # Bounded by themselves, or the whole table would be joined for every page.
    parts += [
        f"{table.name} AS (SELECT * FROM main.{table.name} {within})"  # noqa: S608 - our names
        for table in SPARSE[kind]
    ]
    found = connection.execute(
        f"WITH {', '.join(parts)} {memory.whole_rows(kind)} ORDER BY newest.observed_at_ms"
    ).fetchall()
    return [frames.reading(kind, row) for row in found]


def _events(connection: duckdb.DuckDBPyConnection, from_ms: int, last_ms: int) -> list[Event]:
    names = ", ".join(column.name for column in EVENTS.keys)
    found = connection.execute(
        f"SELECT {names} FROM {EVENTS.name} WHERE observed_at_ms BETWEEN ? AND ?"  # noqa: S608 - our names
        " ORDER BY observed_at_ms",
        [from_ms, last_ms],
    ).fetchall()
    return [
        Event(AssetId(site, Kind(kind), name), observed, received, what, detail, digest)
        for site, kind, name, observed, received, what, detail, digest in found
    ]


def _clear(connection: duckdb.DuckDBPyConnection, stock: Stock, from_ms: int) -> None:
    tables, time = _tables(stock)
    for table in tables:
        connection.execute(f"DELETE FROM {table.name} WHERE {time} >= ?", [from_ms])  # noqa: S608 - our names


def _write(connection: duckdb.DuckDBPyConnection, stock: Stock, rows: Sequence[Row]) -> None:
    try:
        if stock in KINDS:
            kind = KINDS[stock]
            readings = [row for row in rows if isinstance(row, Reading)]
            copy_in(connection, frames.readings(kind, readings), IDENTITY[kind], SPARSE[kind])
        else:
            events = [row for row in rows if isinstance(row, Event)]
            copy_in(connection, frames.events(events), EVENTS, ())
    except frames.UnfitError as error:
        raise StoreError(STORE, str(error)) from error
