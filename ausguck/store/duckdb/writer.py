"""The deeds of the writing thread: look up, write in one transaction, prune, checkpoint."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

import duckdb
import pyarrow as pa

from ausguck.catalogue.state import StateRow
from ausguck.errors import StoreUnavailable
from ausguck.model import Batch, Books, Outcome, Position
from ausguck.probe import CrashPoint, Probe
from ausguck.settings.tree import Retention
from ausguck.store.cuts import Cuts
from ausguck.store.duckdb import states
from ausguck.store.duckdb.database import Database, is_fatal
from ausguck.store.duckdb.lookups import StoredIdentities
from ausguck.store.duckdb.memory import load
from ausguck.store.duckdb.planning import Plan, plan
from ausguck.store.duckdb.tables import (
    BUS_POSITION,
    CURSOR,
    EVENTS,
    HOTSPOT,
    IDENTITY,
    SPARSE,
    STATION,
    STORE,
    Table,
    insert,
)
from ausguck.store.judging.memory import Memory

FRAME = "incoming"
DOUBT = -1
T = TypeVar("T")


@dataclass(slots=True)
class Counts:
    """What the writing thread did since the process started."""

    checked: int = 0
    commits: int = 0
    failures: int = 0
    checkpoints: int = 0
    checkpoint_failures: int = 0
    pruned: int = 0


class Writer:
    """Everything that changes the file; to be called in one thread only."""

    def __init__(self, database: Database, retention: Retention, probe: Probe) -> None:
        self.counts = Counts()
        self._database = database
        self._retention = retention
        self._states = states.StateTables()
        self._probe = probe
        self._stored = StoredIdentities(database)
        self._memory = load(database.writer)
        self._known_as_of = database.generation

    @property
    def memory(self) -> Memory:
        """What was last known; may be read in any thread, and changes only behind a commit."""
        return self._memory

    @property
    def is_settled(self) -> bool:
        """Whether `memory` is certain: no write has failed with an unknown outcome since."""
        return self._known_as_of == self._database.generation

    def settle(self) -> Memory:
        """What is certain, read again from the tables where a failure left doubt."""
        return self._guarded(self._settled)

    def plan(self, batch: Batch, position: Position) -> Plan | None:
        """Decide on a batch; None when its position is not behind the stored one."""

        def decide() -> Plan | None:
            memory = self._settled()
            if memory.position is not None and position <= memory.position:
                return None
            made = plan(batch, memory, self._stored)
            self.counts.checked += made.judgement.checked
            return made

        return self._guarded(decide)

    def commit(self, made: Plan, batch: Batch, position: Position) -> Outcome:
        """Write rows, position and books in one transaction, and remember what is newest."""

        def write() -> Outcome:
            memory = self._settled()
            if memory is not made.judgement.basis:
                raise StoreUnavailable(STORE, "reopened while a batch was under way")
            outcome = made.outcome
            books = Books(
                memory.books.stored + outcome.stored + batch.inventories,
                memory.books.duplicates + outcome.duplicates,
                memory.books.dead_lettered + batch.dead_lettered + len(outcome.refused),
                memory.books.decoded + batch.decoded,
            )
            self._transaction(lambda connection: _insert(connection, made, position, books))
            memory.position, memory.books = position, books
            judgement = made.judgement
            memory.newest_readings = judgement.newest_readings
            memory.newest_suspects = judgement.newest_suspects
            memory.newest_events = judgement.newest_events
            memory.remember(judgement.readings)
            self.counts.commits += 1
            self._probe(CrashPoint.STORE_AFTER_COMMIT)
            return outcome

        return self._guarded(write)

    def record(self, rows: Sequence[StateRow]) -> None:
        """Keep rows of state, all or none of them."""
        self._guarded(lambda: self._states.record(self._database.writer, rows))

    def prune(self, now_ms: int) -> int:
        """Remove the rows that are past their class's retention."""
        cuts = Cuts.at(now_ms, self._retention)
        tables = (
            (HOTSPOT, cuts.telemetry_ms),
            (EVENTS, cuts.telemetry_ms),
            (BUS_POSITION, cuts.position_ms),
            (STATION, cuts.station_ms),
        )

        def remove() -> int:
            memory = self._settled()
            gone = self._transaction(
                lambda connection: (
                    sum(_delete(connection, table, cut_ms) for table, cut_ms in tables)
                    + states.prune(connection, cuts)
                )
            )
            memory.expire(cuts)
            self.counts.pruned += gone
            return gone

        return self._guarded(remove)

    def checkpoint(self) -> None:
        """Move what is committed from the log into the file; a failure is counted."""
        try:
            self._guarded(lambda: self._database.writer.execute("CHECKPOINT"))
        except StoreUnavailable:
            self.counts.checkpoint_failures += 1
        else:
            self.counts.checkpoints += 1

    def reopen(self, generation: int) -> None:
        """Open the database anew where a reader found it dead."""
        self._database.reopen(generation)

    def _settled(self) -> Memory:
        if not self.is_settled:
            memory = load(self._database.writer)
            before = self._memory.position
            if before is not None and (memory.position is None or memory.position < before):
                raise StoreUnavailable(
                    STORE, "the file has lost committed rows; a restart refills it from the journal"
                )
            self._memory = memory
            self._known_as_of = self._database.generation
        return self._memory

    def _guarded(self, deed: Callable[[], T]) -> T:
        """Let no error of DuckDB out, and doubt everything behind one."""
        try:
            return deed()
        except duckdb.Error as error:
            self.counts.failures += 1
            self._known_as_of = DOUBT
            if is_fatal(error):
                with suppress(StoreUnavailable):  # the next call tries again
                    self._database.reopen(self._database.generation)
            raise StoreUnavailable(STORE, str(error)) from error

    def _transaction(self, deed: Callable[[duckdb.DuckDBPyConnection], T]) -> T:
        connection = self._database.writer
        connection.execute("BEGIN")
        try:
            result = deed(connection)
            self._probe(CrashPoint.STORE_BEFORE_COMMIT)
            connection.execute("COMMIT")
        except BaseException:
            with suppress(duckdb.Error):  # a commit that failed has ended it already
                connection.execute("ROLLBACK")
            raise
        return result


def _insert(
    connection: duckdb.DuckDBPyConnection, made: Plan, position: Position, books: Books
) -> None:
    for kind, frame in made.frames:
        copy_in(connection, frame, IDENTITY[kind], SPARSE[kind])
    if made.events is not None:
        copy_in(connection, made.events, EVENTS, ())
    move(connection, position, books)


def move(connection: duckdb.DuckDBPyConnection, position: Position, books: Books) -> None:
    """Set position and books, within the caller's transaction."""
    connection.execute(
        f"UPDATE {CURSOR.name} SET epoch = ?, segment = ?, byte_offset = ?,"  # noqa: S608 - our name
        " stored = ?, duplicates = ?, dead_lettered = ?, decoded = ?",
        [
            *position,
            books.stored,
            books.duplicates,
            books.dead_lettered,
            books.decoded,
        ],
    )


def copy_in(
    connection: duckdb.DuckDBPyConnection, frame: pa.Table, main: Table, sparse: Sequence[Table]
) -> None:
    """Insert a frame's rows, and in sparse tables those that have something for them."""
    present = frozenset(frame.column_names)
    connection.register(FRAME, frame)
    try:
        connection.execute(insert(main, FRAME, present, sparse=False))
        for table in sparse:
            statement = insert(table, FRAME, present, sparse=True)
            if statement:
                connection.execute(statement)
    finally:
        connection.unregister(FRAME)


def _delete(connection: duckdb.DuckDBPyConnection, table: Table, before_ms: int) -> int:
    row = connection.execute(
        f"DELETE FROM {table.name} WHERE observed_at_ms < ?",  # noqa: S608 - our name
        [before_ms],
    ).fetchone()
    return 0 if row is None else int(row[0])
