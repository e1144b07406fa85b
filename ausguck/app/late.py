"""A store that may not be there yet: intake goes on, and history waits for it.

An InfluxDB that is down when we start must not keep a device waiting. So the store is opened
when it is first needed, and as often as it takes; until then every question to it is answered
by `StoreUnavailable`, in the words of the last try.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from types import TracebackType
from typing import Self

from ausguck.catalogue.state import StateMeasurement
from ausguck.clock import Clock
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record, Tail
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading
from ausguck.store.port import (
    RefusalSink,
    Series,
    SeriesQuery,
    StateRow,
    Store,
    StoredEvent,
)

AHEAD = (
    "it stands further than this journal reaches, so that it would take what is new for old: "
    "was the journal removed and the clock set back, or does another process use the same "
    "store.influxdb.consumer? Give this one a consumer of its own"
)
Opening = Callable[[], AbstractAsyncContextManager[Store]]


def begin_by_clock(journal: Journal, clock: Clock) -> None:
    """Give out no place again that was given out before, whatever became of the journal.

    A store that answers late may stand further than the journal reaches, which was restored
    from a copy or lost its end; by then messages were acknowledged, and it would take them for
    old ones. So the first segment is numbered by the clock, in seconds (a second fills no
    segment, and starts none twice), and so behind all there ever were.
    """
    journal.begin_behind(Position(journal.end.epoch, clock.now_ms() // 1000, 0))


class LateStore:
    """A `Store` that is opened by `reach`, and until then unavailable."""

    def __init__(self, name: str, opening: Opening) -> None:
        self.name = name
        self._opening = opening
        self._store: Store | None = None
        self._closing = AsyncExitStack()
        self._turn = asyncio.Lock()
        self._why = "not reached yet"
        self._retry_after_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._closing.aclose()

    async def reach(self) -> Store:
        """The store itself.

        Raises:
            StoreUnavailable: it does not answer; to be tried again.
        """
        async with self._turn:
            if self._store is None:
                try:
                    self._store = await self._closing.enter_async_context(self._opening())
                except StoreError as error:
                    self._why = error.reason
                    self._retry_after_s = getattr(error, "retry_after_s", 0.0)
                    raise
            return self._store

    @property
    def _there(self) -> Store:
        if self._store is None:
            raise StoreUnavailable(self.name, self._why, self._retry_after_s)
        return self._store

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """See the port."""
        return await (await self.reach()).write(batch, position, refuse)

    async def position(self) -> Position | None:
        """See the port; opens the store."""
        return await (await self.reach()).position()

    async def books(self) -> Books:
        """See the port."""
        return await self._there.books()

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        """See the port."""
        return await self._there.latest(kind, name)

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        """See the port."""
        return await self._there.series(query)

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """See the port."""
        return await self._there.events(asset, from_ms, to_ms, limit)

    async def record(self, rows: Sequence[StateRow]) -> None:
        """See the port."""
        await self._there.record(rows)

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        """See the port."""
        return await self._there.recorded(measurement, from_ms, to_ms, limit)

    async def prune(self, now_ms: int) -> int:
        """See the port."""
        return await self._there.prune(now_ms)


class LateTail:
    """A `Tail` that begins where the store stands, once the store says where that is."""

    def __init__(self, journal: Journal, store: LateStore) -> None:
        self._journal = journal
        self._store = store
        self._tail: Tail = journal.tail(None)
        self._is_placed = False

    @property
    def start(self) -> Position:
        """Where reading began; the journal's start until the store has answered."""
        return self._tail.start

    @property
    def position(self) -> Position:
        """Behind the last record that was read."""
        return self._tail.position

    def available(self) -> bool:
        """Whether there is anything to read."""
        return self._tail.available()

    async def read(self, max_records: int) -> Sequence[Record]:
        """The next committed records.

        Raises:
            StoreUnavailable: the store has not said yet where to begin; to be tried again.
        """
        if not self._is_placed:
            position = await self._store.position()
            if position is not None and position > self._journal.end:
                raise StoreUnavailable(self._store.name, AHEAD)
            self._tail = self._journal.tail(position)
            self._is_placed = True
        return await self._tail.read(max_records)
