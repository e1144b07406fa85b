"""The state of each minute, and our own health every ten seconds: looks, and has it kept."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from ausguck.clock import Clock
from ausguck.errors import StoreError
from ausguck.fleet.minute import DAY_MS, MINUTE_MS, minute
from ausguck.fleet.seen import Before, Seen
from ausguck.fleet.statuses import Statuses
from ausguck.fleet.vitals import Vitals, pipeline
from ausguck.model import AssetId, Event, Inventory, Kind, Reading
from ausguck.register.register import Register
from ausguck.roles.staterows import RecordsStates, StateRows, StateRowStats
from ausguck.roles.ticks import Sleep, ticks
from ausguck.settings import tree
from ausguck.store.port import StoredEvent

PIPELINE_MS = 10_000
PLACES_S = 600.0
MOST_EVENTS = 10_000
BEHIND_S = 60.0
"""History further behind than this knows what was, and not what is."""

log = logging.getLogger(__name__)


class KeepsStates(RecordsStates, Protocol):
    """What the minutes need of the store."""

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        """As `ausguck.store.port.Store` says."""
        ...

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """As `ausguck.store.port.Store` says."""
        ...


class KnowsPlaces(Protocol):
    """What the minutes need of the desk."""

    def inventory(self, asset: AssetId) -> Inventory | None:
        """As `ausguck.desk.port.Desk` says."""
        ...


class MinuteStats(msgspec.Struct):
    """What was looked at since the process started; a minute without rows has a reason."""

    rows: StateRowStats
    minutes: int = 0
    gaps: Counter[str] = msgspec.field(default_factory=Counter)  # minutes, by reason
    vitals: int = 0  # times our own health was written
    vitals_gaps: Counter[str] = msgspec.field(default_factory=Counter)
    places_failed: int = 0  # times the desk did not say where stations are
    last_minute_ms: int | None = None
    last_error: str | None = None  # since the last minute that had its rows


def nothing_heard() -> Mapping[AssetId, int]:
    """For a site without feeds."""
    return {}


def never_behind() -> float:
    """For whoever writes no history of his own."""
    return 0.0


def nothing_registered() -> Register:
    """For a site without a register."""
    return Register()


@dataclass(frozen=True, slots=True)
class Senses:
    """What the minutes are told besides the store's readings; each may be left out.

    `statuses` is filled by `ausguck.roles.noting`. `heard` says of each station of a feed when
    the feed last answered. `lag_s` is the age of the oldest record that history has not
    stored. `vitals` counts everything once; without it there are no rows of our own health.
    `register` is asked once a minute, so that one minute is told by one state of it.
    """

    statuses: Statuses = field(default_factory=Statuses)
    places: KnowsPlaces | None = None
    heard: Callable[[], Mapping[AssetId, int]] = nothing_heard
    lag_s: Callable[[], float] = never_behind
    vitals: Callable[[], Awaitable[Vitals]] | None = None
    register: Callable[[], Register] = nothing_registered


class Minutes:
    """Looks at the fleet at each whole minute; `run` it in a task group while `enabled`."""

    def __init__(
        self,
        site: str,
        store: KeepsStates,
        clock: Clock,
        settings: tree.State,
        senses: Senses | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rows = StateRows(store, clock, sleep)
        self.stats = MinuteStats(self._rows.stats)
        self._site = site
        self._store = store
        self._clock = clock
        self._settings = settings
        self._senses = senses or Senses()
        self._sleep = sleep
        self._before = Before()
        self._vitals: Vitals | None = None
        self._places: dict[AssetId, Inventory | None] = {}
        self._placed_s: float | None = None
        self._is_primed = False

    async def run(self) -> None:
        """Look, and write what was seen, until cancelled; what waits then is a gap."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rows.run(), name="state rows")
            group.create_task(self._each_minute(), name="minutes")
            if self._senses.vitals is not None:
                group.create_task(self._each_ten_seconds(self._senses.vitals), name="vitals")

    async def look(self, now_ms: int) -> None:
        """Have the rows of a whole minute written, or count why there are none.

        Raises:
            StoreError: the store does not say what it knows.
        """
        is_behind = self._senses.lag_s() > BEHIND_S
        buses = await self._store.latest(Kind.BUS)
        stations = await self._store.latest(Kind.STATION)
        await self._prime(now_ms, [*buses, *stations])
        seen = Seen(
            [*buses, *stations],
            await self._where([reading.asset for reading in stations]),
            dict(self._senses.statuses.newest),
            self._senses.heard(),
            self._senses.register(),
        )
        # A tenth of a second for a thousand assets, in which devices want their answers.
        rows, after = await asyncio.to_thread(
            minute, now_ms, self._site, seen, self._before, self._settings
        )
        # Asked twice, for between two batches history has nothing in hand and looks idle.
        if is_behind or self._senses.lag_s() > BEHIND_S:
            # Everything would look silent, and nothing of it would be true.
            self.stats.gaps["history_behind"] += 1
            return
        self._before = after
        self._rows.put(rows)
        self.stats.minutes += 1
        self.stats.last_error = None

    async def _each_minute(self) -> None:
        async for now_ms in ticks(MINUTE_MS, self._clock, self._sleep):
            last_ms, self.stats.last_minute_ms = self.stats.last_minute_ms, now_ms
            if last_ms is not None and now_ms - last_ms > MINUTE_MS:
                self.stats.gaps["slept_through"] += (now_ms - last_ms) // MINUTE_MS - 1
            try:
                await self.look(now_ms)
            except StoreError as error:
                self.stats.gaps["store_unavailable"] += 1
                self.stats.last_error = str(error)
            except Exception as error:
                # Rows that are only derived must not take intake down with them.
                self.stats.gaps["broken"] += 1
                self.stats.last_error = f"{type(error).__name__}: {error}"
                log.exception("a minute has no rows of state")

    async def _each_ten_seconds(self, count: Callable[[], Awaitable[Vitals]]) -> None:
        async for now_ms in ticks(PIPELINE_MS, self._clock, self._sleep):
            try:
                vitals = await count()
                rows = pipeline(now_ms, self._site, self._vitals, vitals)
            except Exception:
                self.stats.vitals_gaps["broken"] += 1
                log.exception("our own health was not written")
                continue
            self._vitals = vitals
            self._rows.put(rows)
            self.stats.vitals += 1

    async def _prime(self, now_ms: int, readings: Sequence[Reading]) -> None:
        """After a start, ask the store once who had gone to sleep before."""
        if self._is_primed:
            return
        since_ms = now_ms - self._settings.known_days * DAY_MS
        for asset in self._who_may_sleep(now_ms, readings):
            stored = await self._store.events(asset, since_ms, now_ms + 1, MOST_EVENTS)
            self._senses.statuses.note(map(_as_told, stored))
        self._is_primed = True

    def _who_may_sleep(self, now_ms: int, readings: Sequence[Reading]) -> Sequence[AssetId]:
        """Buses, and stations that neither a feed nor their controller lets us hear of."""
        heard = self._senses.heard()
        silent_ms = self._settings.silent_after_s * 1000
        return [
            reading.asset
            for reading in readings
            if reading.asset.kind is Kind.BUS
            or (reading.asset not in heard and now_ms - reading.received_at_ms > silent_ms)
        ]

    async def _where(self, stations: Sequence[AssetId]) -> Mapping[AssetId, Inventory]:
        """Where stations are; all are asked for now and then, and a new one at once."""
        desk = self._senses.places
        if desk is None:
            return {}
        now_s = self._clock.monotonic_s()
        is_due = self._placed_s is None or now_s - self._placed_s >= PLACES_S
        wanted = [one for one in stations if is_due or self._places.get(one) is None]
        try:
            told = await asyncio.to_thread(lambda: {one: desk.inventory(one) for one in wanted})
        except (SQLAlchemyError, OSError):
            self.stats.places_failed += 1
        else:
            self._places |= told
            if is_due:
                self._placed_s = now_s
        return {asset: place for asset, place in self._places.items() if place is not None}


def _as_told(stored: StoredEvent) -> Event:
    """The event, without the digest that only told it from others."""
    return Event(
        asset=stored.asset,
        observed_at_ms=stored.observed_at_ms,
        received_at_ms=stored.received_at_ms,
        type=stored.type,
        detail=stored.detail,
        digest=0,
    )
