from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ausguck.settings.tree import Retention
from ausguck.store.port import Store
from tests.store.contract import StoreContract
from tests.store.fake import FakeStore, Shelf
from tests.store.room import OpenStore


class TestFakeStore(StoreContract):
    @pytest.fixture
    def open_store(self) -> OpenStore:
        shelves: dict[Path, Shelf] = {}

        @asynccontextmanager
        async def open_store(path: Path) -> AsyncIterator[Store]:
            yield FakeStore(shelves.setdefault(path, Shelf()), Retention())

        return open_store
