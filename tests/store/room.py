"""Where a contract test has its store, and how it writes to it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ausguck.model import (
    Batch,
    Outcome,
    Position,
    Reading,
)
from ausguck.store.port import RefusalSink, Store
from tests.store.makers import (
    MINUTE_MS,
    NOON_MS,
    Refused,
    at,
    batch,
)

OpenStore = Callable[[Path], AbstractAsyncContextManager[Store]]
Scenario = Callable[[Store], Awaitable[None]]


@dataclass(frozen=True)
class Room:
    """A place for one test's store."""

    open_store: OpenStore
    path: Path

    def run(self, *scenarios: Scenario) -> None:
        """Run each with the store newly opened."""

        async def play() -> None:
            for scenario in scenarios:
                async with self.open_store(self.path) as store:
                    await scenario(store)

        asyncio.run(play())


async def write(store: Store, members: Batch, position: Position, refuse: RefusalSink) -> Outcome:
    """Write, and return an outcome that can be compared."""
    outcome = await store.write(members, position, refuse)
    return Outcome(outcome.stored, outcome.duplicates, tuple(outcome.refused))


async def put(store: Store, offset: int, *readings: Reading) -> Outcome:
    """Write readings of which none is to be refused."""
    refused = Refused()
    outcome = await write(store, batch(*readings), at(offset), refused)
    assert refused.refusals == []
    return outcome


def minute(number: float) -> int:
    return NOON_MS + int(number * MINUTE_MS)


class StoreFixtures:
    @pytest.fixture
    def room(self, open_store: OpenStore, tmp_path: Path) -> Room:
        return Room(open_store, tmp_path)
