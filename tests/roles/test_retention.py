"""Retention: how often it trims and prunes, and what it does when the store is away."""

import asyncio
from dataclasses import dataclass, field

import pytest

from ausguck.clock import ManualClock
from ausguck.errors import StoreUnavailable
from ausguck.model import Position
from ausguck.roles.retention import retain
from tests.api.fakes import FakeStore

HOUR_S = 3600


@dataclass
class Trimmed:
    """A journal that notes how far it may be trimmed."""

    passed: list[Position] = field(default_factory=list)

    def trim(self, passed: Position) -> int:
        self.passed.append(passed)
        return 0


class Pruned(FakeStore):
    """A store that notes when it was pruned, and is away as often as told."""

    def __init__(self, clock: ManualClock, failures: int = 0) -> None:
        super().__init__()
        self.clock = clock
        self.failures = failures
        self.asked_s: list[float] = []

    async def prune(self, now_ms: int) -> int:
        assert now_ms == self.clock.now_ms()
        self.asked_s.append(self.clock.monotonic_s())
        if len(self.asked_s) <= self.failures:
            raise StoreUnavailable("influxdb", "not reached yet")
        return 0


def play(store: Pruned, journal: Trimmed, until_s: float) -> None:
    clock = store.clock

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0)
        clock.advance_ms(round(seconds * 1000))
        if clock.monotonic_s() >= until_s:
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(retain(store, journal, clock, lambda: Position(1, 2, 3), sleep))


def test_the_store_is_pruned_at_once_and_every_hour() -> None:
    clock = ManualClock()
    begun_s = clock.monotonic_s()
    store, journal = Pruned(clock), Trimmed()
    play(store, journal, begun_s + 2 * HOUR_S + 5)

    assert [asked_s - begun_s for asked_s in store.asked_s] == [0, HOUR_S, 2 * HOUR_S]
    assert len(journal.passed) == 2 * HOUR_S / 10 + 1
    assert set(journal.passed) == {Position(1, 2, 3)}


def test_a_store_that_is_away_is_asked_again_after_a_minute() -> None:
    clock = ManualClock()
    begun_s = clock.monotonic_s()
    store = Pruned(clock, failures=2)
    play(store, Trimmed(), begun_s + HOUR_S)

    assert [asked_s - begun_s for asked_s in store.asked_s] == [0, 60, 120]
