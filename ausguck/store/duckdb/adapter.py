"""The DuckDB adapter: the port's words on one side, threads of its own on the other.

One thread writes and owns everything that changes; a few threads read. The event loop only
waits for them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.errors import StoreUnavailable
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading
from ausguck.probe import Probe, ignore
from ausguck.settings import tree
from ausguck.store.duckdb import series, states
from ausguck.store.duckdb.database import Database, is_fatal
from ausguck.store.duckdb.tables import ALL, STORE
from ausguck.store.duckdb.writer import Writer
from ausguck.store.port import RefusalSink, Series, SeriesQuery, StoredEvent

IDLE_S = 10.0
"""Quiet for so long, the log is moved into the file."""
LARGE_WAL_BYTES = 33_554_432
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoreStats:
    """The adapter's state, for the health route."""

    rows: tuple[tuple[str, int], ...]
    file_bytes: int
    wal_bytes: int
    commits: int
    failures: int
    checkpoints: int
    checkpoint_failures: int
    reopened: int
    wals_set_aside: tuple[str, ...]
    checked: int
    pruned: int


class DuckdbStore:
    """A `Store` in one DuckDB file; made by `open_duckdb`."""

    def __init__(self, database: Database, writer: Writer, readers: int, idle_s: float) -> None:
        self._database = database
        self._writer = writer
        self._idle_s = idle_s
        self._writing = ThreadPoolExecutor(1, "duckdb-writer")
        self._reading = ThreadPoolExecutor(readers, "duckdb-reader")
        self._turn = asyncio.Lock()
        self._checkpoint_later: asyncio.TimerHandle | None = None
        self._is_closing = False

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """Write a batch and the position behind it, all or nothing; see the port."""
        async with self._turn:
            plan = await self._in_writer(lambda: self._writer.plan(batch, position))
            if plan is None:
                return Outcome(0, len(batch.readings) + len(batch.events), ())
            if plan.outcome.refused:
                await refuse(plan.outcome.refused)
            outcome = await self._in_writer(lambda: self._writer.commit(plan, batch, position))
            self._plan_checkpoint()
            return outcome

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        if self._writer.is_settled:
            return self._writer.memory.position
        return (await self._in_writer(self._writer.settle)).position

    async def books(self) -> Books:
        """Totals since the store was made, moved in the same transaction as the position."""
        if self._writer.is_settled:
            return self._writer.memory.books
        return (await self._in_writer(self._writer.settle)).books

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        """Each asset's newest reading by event time, by name; None for a value not in it."""
        return self._writer.memory.newest(kind, name)

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        """One series a metric, in the order asked; an empty one where nothing was stored."""
        return await self._in_reader(lambda cursor: series.series(cursor, query))

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """An asset's events of [from_ms, to_ms), oldest first."""
        return await self._in_reader(
            lambda cursor: series.events(cursor, asset, from_ms, to_ms, limit)
        )

    async def record(self, rows: Sequence[StateRow]) -> None:
        """Keep rows of state; see the port."""
        await self._in_writer(lambda: self._writer.record(rows))
        # Rows come every few seconds: put off by each, a checkpoint when idle would never come.
        if not self._is_closing and _size(self._database.wal) >= LARGE_WAL_BYTES:
            self._plan_checkpoint()

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        """Rows of state of [from_ms, to_ms), by time and then by tags."""
        return await self._in_reader(
            lambda cursor: states.recorded(cursor, measurement, from_ms, to_ms, limit)
        )

    async def prune(self, now_ms: int) -> int:
        """Remove what is past its class's retention and return how many rows went."""
        async with self._turn:
            gone = await self._in_writer(lambda: self._writer.prune(now_ms))
            self._plan_checkpoint()
            return gone

    async def checkpoint(self) -> None:
        """Move what is committed from the log into the file, before a backup for one."""
        await self._in_writer(self._writer.checkpoint)

    async def stats(self) -> StoreStats:
        """Sizes and counts; row counts are DuckDB's own."""
        counts = self._writer.counts
        return StoreStats(
            rows=await self._in_reader(_rows),
            file_bytes=_size(self._database.path),
            wal_bytes=_size(self._database.wal),
            commits=counts.commits,
            failures=counts.failures,
            checkpoints=counts.checkpoints,
            checkpoint_failures=counts.checkpoint_failures,
            reopened=self._database.generation - 1,
            wals_set_aside=tuple(self._database.wals_set_aside),
            checked=counts.checked,
            pruned=counts.pruned,
        )

    async def aclose(self) -> None:
        """Finish what is under way, checkpoint and release the file."""
        self._is_closing = True
        if self._checkpoint_later is not None:
            self._checkpoint_later.cancel()
        self._reading.shutdown(wait=False, cancel_futures=True)
        await self._in_writer(self._writer.checkpoint)
        await self._in_writer(self._database.close)
        self._writing.shutdown()

    async def _in_writer(self, deed: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writing, deed)

    async def _in_reader(self, question: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        generation = self._database.generation

        def ask() -> T:
            with self._database.cursor() as cursor:
                return question(cursor)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._reading, ask)
        except duckdb.Error as error:
            if is_fatal(error):
                await self._in_writer(lambda: self._writer.reopen(generation))
            raise StoreUnavailable(STORE, str(error)) from error

    def _plan_checkpoint(self) -> None:
        """At once where the log is large, else when writing has been quiet."""
        if self._checkpoint_later is not None:
            self._checkpoint_later.cancel()
            self._checkpoint_later = None
        if self._is_closing:
            return
        if _size(self._database.wal) >= LARGE_WAL_BYTES:
            self._writing.submit(self._writer.checkpoint)
        else:
            self._checkpoint_later = asyncio.get_running_loop().call_later(
                self._idle_s, self._writing.submit, self._writer.checkpoint
            )


@asynccontextmanager
async def open_duckdb(
    path: Path,
    settings: tree.Store,
    retention: tree.Retention,
    *,
    probe: Probe = ignore,
    idle_s: float = IDLE_S,
) -> AsyncIterator[DuckdbStore]:
    """Open the file, make or widen its tables, and close it at the end.

    Raises:
        DataDirectoryInUse: another process has the file.
        StoreError: the file is of another format.
        StoreUnavailable: it cannot be opened now.
    """

    def opened() -> tuple[Database, Writer]:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = Database(path, settings.memory_limit_mb, settings.threads)
        return database, Writer(database, retention, probe)

    database, writer = await asyncio.to_thread(opened)
    store = DuckdbStore(database, writer, settings.threads, idle_s)
    try:
        yield store
    finally:
        await store.aclose()


def _rows(cursor: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    found = dict(
        cursor.execute("SELECT table_name, estimated_size FROM duckdb_tables()").fetchall()
    )
    return tuple((table.name, found.get(table.name, 0)) for table in (*ALL, *states.STATES))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
