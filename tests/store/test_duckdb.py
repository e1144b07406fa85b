from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ausguck.settings import tree
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.port import Store
from tests.store.contract import StoreContract
from tests.store.room import OpenStore


class TestDuckdbStore(StoreContract):
    @pytest.fixture
    def open_store(self) -> OpenStore:
        @asynccontextmanager
        async def open_store(path: Path) -> AsyncIterator[Store]:
            async with open_duckdb(path / "history.duckdb", tree.Store(), tree.Retention()) as s:
                yield s

        return open_store
