"""A subscriber over a real journal, and what tests ask of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ausguck.clock import Clock, ManualClock, SystemClock
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record
from ausguck.probe import Probe, ignore
from ausguck.settings import tree
from ausguck.settings.partners import Subscriber as Settings
from collectors.subscriber.stats import SubscriberStats
from collectors.subscriber.subscriber import Means, Subscriber
from tests.listener.journal import MemoryJournal

SITE = "kiel"
TOPIC = "v1/kiel/bus/0123/telemetry"
DEADLINE_S = 20
LOOK_EVERY_S = 0.005


@dataclass
class Waits:
    """Stands in for the pause between two tries: short, and remembered."""

    asked_s: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.asked_s.append(seconds)
        await asyncio.sleep(LOOK_EVERY_S)


def settings(port: int, **more: object) -> Settings:
    values: dict[str, Any] = {"enabled": True, "port": port, "canary_interval_s": 0, **more}
    return Settings.model_validate(values)


@dataclass
class Life:
    """One life of the subscriber."""

    subscriber: Subscriber
    waits: Waits

    @property
    def stats(self) -> SubscriberStats:
        return self.subscriber.stats

    async def until(self, enough: Callable[[SubscriberStats], bool]) -> SubscriberStats:
        """Wait until the figures satisfy a condition."""
        await until(lambda: enough(self.stats))
        return self.stats

    async def connected(self) -> None:
        await self.until(lambda stats: stats.connected)


async def until(enough: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not enough():  # noqa: ASYNC110 - figures, of which nobody tells
            await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def living(
    directory: Path,
    port: int,
    *,
    clock: Clock | None = None,
    probe: Probe = ignore,
    marker: Path | None = None,
    **more: object,
) -> AsyncIterator[Life]:
    """The subscriber at this port, over the journal of a directory."""
    clock = clock or SystemClock()
    waits = Waits()
    means = Means(random=lambda: 0.5, sleep=waits.sleep, marker=marker)
    log = tree.Journal(segment_bytes=1_048_576, reserve_percent=0)
    async with (
        Journal.open(directory, log, clock, probe=probe) as journal,
        Subscriber(
            settings(port, **more), SITE, journal, clock, probe=probe, means=means
        ) as subscriber,
    ):
        yield Life(subscriber, waits)


async def records(directory: Path) -> list[Record]:
    """Every message that consumers find in a journal."""
    async with Journal.open(directory, tree.Journal(reserve_percent=0), SystemClock()) as journal:
        tail = journal.tail()
        found: list[Record] = []
        while tail.available():
            found += await tail.read(1000)
        return found


async def payloads(directory: Path) -> list[bytes]:
    return [record.payload for record in await records(directory)]


@asynccontextmanager
async def fetching(
    journal: MemoryJournal, port: int, *, clock: Clock | None = None, **more: object
) -> AsyncIterator[Life]:
    """The subscriber over a journal in memory, which commits when it is told to."""
    waits = Waits()
    means = Means(random=lambda: 0.5, sleep=waits.sleep, nonce=lambda: "nonce")
    clock = clock or ManualClock()
    subscriber = Subscriber(settings(port, **more), SITE, journal, clock, means=means)
    async with subscriber:
        yield Life(subscriber, waits)
