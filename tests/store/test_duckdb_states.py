"""What is DuckDB's own about rows of state."""

import asyncio
from pathlib import Path

import duckdb
import pytest

from ausguck.catalogue.state import TABLES, StateMeasurement
from ausguck.errors import StoreError
from ausguck.settings import tree
from ausguck.store.duckdb.adapter import open_duckdb
from tests.store.makers import NOON_MS, at, reading
from tests.store.room import put
from tests.store.states import all_of, bus, row


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def test_a_file_from_before_gets_the_tables_and_keeps_its_rows(path: Path) -> None:
    async def play() -> None:
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            await put(store, 1, reading({"clients": 3}))
        with duckdb.connect(str(path)) as older:
            for of in TABLES:
                older.execute(f"DROP TABLE {of.measurement}")
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            assert await store.position() == at(1)
            await store.record([bus("1", state=2)])
            assert await all_of(store) == [bus("1", state=2)]

    asyncio.run(play())


def test_a_table_from_before_gets_its_new_columns(path: Path) -> None:
    async def play() -> None:
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            await store.record([bus("1", state=2)])
        with duckdb.connect(str(path)) as older:
            older.execute("ALTER TABLE bus_state DROP COLUMN reboots")
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            await store.record([bus("2", reboots=1)])
            assert await all_of(store) == [bus("1", state=2), bus("2", reboots=1)]

    asyncio.run(play())


def test_rows_of_one_call_come_together_or_not_at_all(path: Path) -> None:
    wrong = row(StateMeasurement.FLEET, ("kiel",), clients="many")

    async def play() -> None:
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            with pytest.raises(StoreError, match="fleet"):
                await store.record([bus("1", state=2), wrong])
            assert await all_of(store) == []
            await store.record([bus("1", state=2)])
            assert await all_of(store) == [bus("1", state=2)]
            await put(store, 1, reading({"clients": 3}))

    asyncio.run(play())


def test_rows_written_before_a_restart_are_still_replaced(path: Path) -> None:
    async def play() -> None:
        for state in (1, 2):
            async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
                await store.record([bus("1", state=state), bus("1", at_ms=NOON_MS + 1, state=0)])
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            assert await all_of(store) == [
                bus("1", state=2),
                bus("1", at_ms=NOON_MS + 1, state=0),
            ]

    asyncio.run(play())


def test_the_health_report_counts_their_rows(path: Path) -> None:
    async def play() -> None:
        async with open_duckdb(path, tree.Store(), tree.Retention()) as store:
            await store.record([bus("1", state=2), bus("2", state=2)])
            assert dict((await store.stats()).rows)["bus_state"] == 2

    asyncio.run(play())
