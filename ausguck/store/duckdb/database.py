"""The file and the connections to it: opening, a log that cannot be replayed, reopening.

DuckDB gives one process the file; one connection writes, the others are a small pool of
cursors for reading. After a fatal error every connection of the process is dead and the file
has to be opened anew.
"""

import queue
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb

from ausguck.errors import DataDirectoryInUse, StoreError, StoreUnavailable
from ausguck.store.duckdb.states import STATES
from ausguck.store.duckdb.tables import ALL, CURSOR, FORMAT, STORE, Table, create

OWN_CHECKPOINTS = "1TB"
"""DuckDB's own threshold, out of reach: a checkpoint in the middle of a commit costs 5 µs a row."""
WAIT_FOR_CURSOR_S = 30.0
REPLAY = "replaying WAL"
LOCKED = "Conflicting lock"
INVALIDATED = "database has been invalidated"


def is_fatal(error: duckdb.Error) -> bool:
    """Whether the database has to be opened anew."""
    fatal = isinstance(error, duckdb.FatalException | duckdb.InternalException)
    return fatal or INVALIDATED in str(error)


class Database:
    """One open file."""

    def __init__(self, path: Path, memory_limit_mb: int, readers: int) -> None:
        self.path = path
        self.generation = 0
        self.wals_set_aside: list[str] = []
        self._memory_limit_mb = memory_limit_mb
        self._readers = readers
        self._cursors: queue.Queue[duckdb.DuckDBPyConnection] = queue.Queue()
        self._lent: set[duckdb.DuckDBPyConnection] = set()
        self._writer: duckdb.DuckDBPyConnection | None = None
        self._open()

    @property
    def writer(self) -> duckdb.DuckDBPyConnection:
        """The writing connection, for the writing thread alone."""
        if self._writer is None:
            self._open()
        assert self._writer is not None  # noqa: S101 - `_open` made it or raised
        return self._writer

    @property
    def wal(self) -> Path:
        """Where DuckDB keeps what is committed and not yet in the file."""
        return self.path.with_name(self.path.name + ".wal")

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for reading, for one thread at a time.

        Raises:
            StoreUnavailable: none became free in time, or the database is not open.
        """
        try:
            cursor = self._cursors.get(timeout=WAIT_FOR_CURSOR_S)
        except queue.Empty:
            raise StoreUnavailable(STORE, "no connection for reading is free") from None
        self._lent.add(cursor)
        try:
            yield cursor
        finally:
            self._lent.discard(cursor)
            self._cursors.put(cursor)

    def reopen(self, generation: int) -> None:
        """Open the file anew, unless somebody has since `generation`.

        Raises:
            StoreUnavailable: it cannot be opened now.
        """
        if generation == self.generation:
            self.close()
            self._open()

    def close(self) -> None:
        """Close every connection; the file is released with the last one."""
        if self._writer is None:
            return
        for cursor in tuple(self._lent):
            with suppress(duckdb.Error):
                cursor.interrupt()
        for _ in range(self._readers):
            with suppress(queue.Empty):
                self._cursors.get(timeout=WAIT_FOR_CURSOR_S).close()
        with suppress(duckdb.Error):
            self._writer.close()
        self._writer = None

    def _open(self) -> None:
        writer = self._connect()
        try:
            self._set_up(writer)
        except duckdb.Error as error:
            writer.close()
            raise StoreUnavailable(STORE, str(error)) from error
        except BaseException:
            writer.close()
            raise
        self._writer = writer
        for _ in range(self._readers):
            self._cursors.put(writer.cursor())
        self.generation += 1

    def _connect(self) -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(str(self.path))
        except duckdb.Error as error:
            if LOCKED in str(error):
                raise DataDirectoryInUse(str(self.path.parent)) from error
            first = self.generation == 0  # later on, rows that vanish would be missed by history
            if REPLAY not in str(error) or not first:
                raise StoreUnavailable(STORE, str(error)) from error
        self._set_wal_aside()
        try:
            return duckdb.connect(str(self.path))
        except duckdb.Error as error:
            raise StoreUnavailable(STORE, str(error)) from error

    def _set_wal_aside(self) -> None:
        """Go back to the last checkpoint; position and books go with the rows."""
        number = 1
        while (aside := self.path.with_name(f"{self.wal.name}.unreadable-{number}")).exists():
            number += 1
        self.wal.rename(aside)
        self.wals_set_aside.append(aside.name)

    def _set_up(self, writer: duckdb.DuckDBPyConnection) -> None:
        for setting, value in (
            ("threads", "1"),  # each query in its caller's thread; a pool costs writes 1 µs a row
            ("memory_limit", f"'{self._memory_limit_mb}MB'"),
            ("temp_directory", f"'{str(self.path).replace(chr(39), chr(39) * 2)}.tmp'"),
            ("wal_autocheckpoint", f"'{OWN_CHECKPOINTS}'"),
            ("autoinstall_known_extensions", "false"),
            ("python_enable_replacements", "false"),
        ):
            writer.execute(f"SET {setting} = {value}")
        for table in (*ALL, *STATES):
            writer.execute(create(table))
            _widen(writer, table)
        _check_format(writer)
        writer.execute("CHECKPOINT")  # a log that holds definitions is the one that fails replay


def _widen(writer: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Add the columns of metrics that are younger than the file."""
    rows = writer.execute(f"DESCRIBE {table.name}").fetchall()
    existing = {row[0]: row[1] for row in rows}
    for column in table.columns:
        found = existing.get(column.name)
        if found is None:
            writer.execute(f'ALTER TABLE {table.name} ADD COLUMN "{column.name}" {column.sql}')
        elif found != column.sql:
            raise StoreError(STORE, f"{table.name}.{column.name} is {found}, not {column.sql}")


def _check_format(writer: duckdb.DuckDBPyConnection) -> None:
    row = writer.execute(f"SELECT format FROM {CURSOR.name}").fetchone()  # noqa: S608 - our name
    if row is None:
        writer.execute(
            f"INSERT INTO {CURSOR.name} VALUES (?, NULL, NULL, NULL, 0, 0, 0, 0)",  # noqa: S608
            [FORMAT],
        )
    elif row[0] != FORMAT:
        raise StoreError(STORE, f"the file has format {row[0]}, this version reads {FORMAT}")
