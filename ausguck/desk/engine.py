"""How the desk's file is opened: one connection that writes, and read-only ones beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool, StaticPool

from ausguck.desk import access_tables, audit, people_tables, registry_tables
from ausguck.desk.tables import metadata
from ausguck.desk.upgrades import SCHEMA_VERSION, UPGRADES
from ausguck.errors import StoreError

NAME: Final = "desk"
HELD: Final = (access_tables, audit, people_tables, registry_tables)
"""Whose tables the file has besides those of `ausguck.desk.tables`."""
BUSY_TIMEOUT_S: Final = 5.0
READERS: Final = 4


def writing_engine(path: Path) -> Engine:
    """The engine with the one connection that writes; makes the file and its tables.

    Raises:
        StoreError: the file is not a desk of this version.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Dead letters hold what devices sent: nobody else's business on a shared machine.
    path.touch(mode=0o600, exist_ok=True)
    engine = create_engine("sqlite://", creator=lambda: _connect(path, "rw"), poolclass=StaticPool)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # Taking the write lock at once leaves no transaction that fails half-way for it.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    with _disposing(engine, f"{path.name} cannot be opened"):
        _prepare(engine)
    return engine


def reading_engine(path: Path) -> Engine:
    """An engine that cannot write; also while another process has the file open.

    Raises:
        StoreError: there is no such file, or it is not a desk of this version.
    """
    if not path.exists():
        raise StoreError(NAME, f"{path.name} does not exist; it is made by the first `ausguck run`")
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, "ro"),
        poolclass=QueuePool,
        pool_size=READERS,
    )
    with _disposing(engine, f"{path.name} cannot be read"), engine.connect() as connection:
        _check_version(connection)
    return engine


@contextmanager
def both_engines(path: Path) -> Iterator[tuple[Engine, Engine]]:
    """The engine that reads and the one that writes, until the context is left.

    Raises:
        StoreError: the file is not a desk of this version.
    """
    writer = writing_engine(path)
    try:
        reader = reading_engine(path)
        try:
            yield reader, writer
        finally:
            reader.dispose()
    finally:
        writer.dispose()


@contextmanager
def _disposing(engine: Engine, failure: str) -> Iterator[None]:
    try:
        yield
    except StoreError:
        engine.dispose()
        raise
    except (SQLAlchemyError, sqlite3.Error) as error:
        engine.dispose()
        raise StoreError(NAME, f"{failure}: {error.__cause__ or error}") from error


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # we begin transactions ourselves
        check_same_thread=False,  # a lock, or the pool, keeps threads apart
    )


def _prepare(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.close()
    finally:
        raw.close()
    with engine.begin() as connection:
        if _version(connection) == 0 and not _has_tables(connection):
            metadata.create_all(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
        _upgrade(connection)
        _check_version(connection)


def _upgrade(connection: Connection) -> None:
    while statements := UPGRADES.get(version := _version(connection)):
        for statement in statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"PRAGMA user_version = {version + 1}")


def _version(connection: Connection) -> int:
    return int(connection.execute(text("PRAGMA user_version")).scalar_one())


def _has_tables(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one())


def _check_version(connection: Connection) -> None:
    found = _version(connection)
    if found != SCHEMA_VERSION:
        cure = "; `ausguck run` brings the file up to date" if found in UPGRADES else ""
        raise StoreError(NAME, f"schema version: found {found}, expected {SCHEMA_VERSION}{cure}")
