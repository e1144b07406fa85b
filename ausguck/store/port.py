"""The one door to history: what was written is what is read, in no vendor's words."""

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading, Refusal, Scalar

__all__ = [
    "Every",
    "Point",
    "RefusalSink",
    "Series",
    "SeriesQuery",
    "StateRow",
    "Store",
    "StoredEvent",
]

RefusalSink = Callable[[Sequence[Refusal]], Awaitable[None]]


class Every(StrEnum):
    """Width of a window; days are local days of the asked time zone, with 23 and 25 hours."""

    MINUTE = "1m"
    FIVE_MINUTES = "5m"
    QUARTER_HOUR = "15m"
    HOUR = "1h"
    DAY = "1d"


class SeriesQuery(msgspec.Struct, frozen=True):
    """One asset's metrics over [from_ms, to_ms); without `every` each reading is a point.

    A reading that does not hold a metric is no point of its series. `limit` is for the points
    of each series. Windows begin at whole minutes, hours or days of the place, so the first may
    begin before `from_ms`; it sums up what was observed from `from_ms` on.
    """

    asset: AssetId
    metrics: tuple[str, ...]
    from_ms: int
    to_ms: int
    every: Every | None = None
    timezone: str = "Europe/Berlin"
    limit: int = 100_000


class Point(msgspec.Struct, frozen=True):
    """A value at a time, or over a window that starts then.

    With `every`: `value` is the mean of a gauge, the increase of a counter (differences of
    neighbours by event time within one boot, never negative, over 24 h at most; the difference
    belongs to the later reading; one under our receive time has only its like for neighbours),
    the last value of a state or text; `minimum` and `maximum` are a gauge's; `samples` counts
    what was observed (for a counter: the differences). A window in which nothing was observed
    has `samples` 0 and `value` None: unknown is not zero.
    """

    at_ms: int
    value: Scalar | None
    samples: int = 1
    minimum: float | None = None
    maximum: float | None = None


class Series(msgspec.Struct, frozen=True):
    """One metric's points in order of time."""

    metric: str
    points: Sequence[Point]
    truncated: bool = False


class StoredEvent(msgspec.Struct, frozen=True):
    """An event as it was written."""

    asset: AssetId
    observed_at_ms: int
    received_at_ms: int
    type: str
    detail: str


class Store(Protocol):
    """History behind one port; both adapters pass `tests/store/contract.py` unread."""

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """Write a batch and the position behind it, all or nothing.

        What cannot be stored is handed to `refuse` before the position moves. Members that
        are stored already change nothing and count as duplicates; equal identity with
        different content is refused as a conflict. A batch whose position is not behind the
        stored one was written before: all of it is duplicates, and the books do not move.

        A reading with `clock_suspect` stands under our receive time, which a redelivery
        changes; where it has a sequence number it is known by boot, number and content.

        Raises:
            StoreUnavailable: nothing is known to be written; the same call may be repeated.
        """
        ...

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        ...

    async def books(self) -> Books:
        """Totals since the store was made, moved in the same transaction as the position."""
        ...

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        """Each asset's newest reading by event time, by name; None for a value not in it.

        Of one moment it is the one with the highest sequence number, else what came last.
        """
        ...

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        """One series a metric, in the order asked; an empty one where nothing was stored."""
        ...

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """An asset's events of [from_ms, to_ms), oldest first."""
        ...

    async def record(self, rows: Sequence[StateRow]) -> None:
        """Keep rows of state; one with the same measurement, tags and time replaces the first.

        A row in which every value is None is not kept. Where the second row does not know a
        value that the first did, the first's may stay.

        Raises:
            StoreError: a value is not of its column's type.
            StoreUnavailable: nothing is known to be written; the same call may be repeated.
        """
        ...

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        """Rows of state of [from_ms, to_ms), by time and then by tags."""
        ...

    async def prune(self, now_ms: int) -> int:
        """Remove what is past its class's retention and return how many rows went."""
        ...
