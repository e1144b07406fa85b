"""A house for the minutes to live in: a store that can be away, a desk, and a clock by hand."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.exc import OperationalError

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.clock import ManualClock
from ausguck.errors import StoreUnavailable
from ausguck.fleet.vitals import Door, Flow, Machine, Vitals
from ausguck.model import AssetId, Event, Inventory, Kind, Reading
from ausguck.roles.minutes import Minutes, Senses
from ausguck.settings import tree
from ausguck.settings.tree import Retention
from ausguck.store.port import StoredEvent
from tests.fleet.makers import NOW_MS, SITE, known
from tests.roles.turns import until
from tests.store.fake import FakeStore, Shelf

MINUTE_MS = 60_000
VITALS = Vitals(
    Flow(is_up=True, stored=1, duplicates=0),
    Machine(is_journal_open=True, journal_bytes=1),
    intake=Door(is_up=True, messages=1),
)


class WatchedStore(FakeStore):
    """A store in memory that can be away, and notes what it is asked."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf, Retention())
        self.shelf = shelf
        self.is_away = False
        self.is_full = False
        self.is_broken = False
        self.asked_events: list[AssetId] = []

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        if self.is_broken:
            raise RuntimeError("unforeseen")
        self._answer()
        return await super().latest(kind, name)

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        self._answer()
        self.asked_events.append(asset)
        return await super().events(asset, from_ms, to_ms, limit)

    async def record(self, rows: Sequence[StateRow]) -> None:
        self._answer()
        if self.is_full:
            raise StoreUnavailable("watched", "full")
        await super().record(rows)

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnavailable("watched", "away")


@dataclass
class Desk:
    """Knows some places, and can be locked."""

    places: dict[AssetId, Inventory] = field(default_factory=dict)
    asked: list[AssetId] = field(default_factory=list)
    is_locked: bool = False

    def inventory(self, asset: AssetId) -> Inventory | None:
        self.asked.append(asset)
        if self.is_locked:
            raise OperationalError("SELECT", {}, Exception("database is locked"))
        return self.places.get(asset)


@dataclass(frozen=True)
class Alarm:
    at_ms: int
    sleeper: str
    bell: asyncio.Event


@dataclass
class House:
    """A store, a clock by hand and the role between them."""

    clock: ManualClock
    store: WatchedStore
    minutes: Minutes
    alarms: list[Alarm]
    loops: set[str]

    async def wind(self, milliseconds: int) -> None:
        """Let time pass, and whoever slept until then wake up and do his work."""
        end_ms = self.clock.now_ms() + milliseconds
        while due := [alarm for alarm in self.alarms if alarm.at_ms <= end_ms]:
            first = min(due, key=lambda alarm: alarm.at_ms)
            self.clock.advance_ms(first.at_ms - self.clock.now_ms())
            await self.wake(first)
        self.clock.advance_ms(end_ms - self.clock.now_ms())

    async def wake(self, alarm: Alarm) -> None:
        """Ring, and let everybody work until all sleep again."""
        self.alarms.remove(alarm)
        alarm.bell.set()
        await until(lambda: self.loops <= self.sleepers)
        rows = self.minutes.stats.rows
        await until(lambda: rows.waiting == 0 or "state rows" in self.sleepers)

    @property
    def sleepers(self) -> set[str]:
        return {alarm.sleeper for alarm in self.alarms}

    async def rows(self, measurement: StateMeasurement) -> list[StateRow]:
        return list(await FakeStore.recorded(self.store, measurement, 0, 2 * NOW_MS))


def shelf(*readings: Reading, events: Sequence[Event] = ()) -> Shelf:
    ordered = sorted(readings, key=lambda reading: reading.observed_at_ms)
    return Shelf(readings=ordered, events=list(events))


@asynccontextmanager
async def house(
    filled: Shelf, senses: Senses | None = None, settings: tree.State | None = None
) -> AsyncIterator[House]:
    clock = ManualClock(NOW_MS - 30_000)
    store = WatchedStore(filled)
    alarms: list[Alarm] = []

    async def sleep(seconds: float) -> None:
        task = asyncio.current_task()
        assert task is not None
        at_ms = clock.now_ms() + round(seconds * 1000)
        alarm = Alarm(at_ms, task.get_name(), asyncio.Event())
        alarms.append(alarm)
        await alarm.bell.wait()

    minutes = Minutes(SITE, store, clock, settings or tree.State(), senses, sleep)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        running = group.create_task(minutes.run())
        has_vitals = senses is not None and senses.vitals is not None
        loops = {"minutes", "vitals"} if has_vitals else {"minutes"}
        await until(lambda: len(alarms) == len(loops))
        yield House(clock, store, minutes, alarms, loops)
        running.cancel()


def states(rows: Sequence[StateRow]) -> list[tuple[int, object]]:
    return [((row.at_ms - NOW_MS) // MINUTE_MS, known(row)["state"]) for row in rows]
