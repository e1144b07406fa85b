from collections.abc import Mapping, Sequence
from zlib import crc32

from ausguck import catalogue
from ausguck.model import AssetId, Batch, Event, Kind, Origin, Position, Reading, Refusal, Scalar
from ausguck.store.port import Every, Point, SeriesQuery, Store

BUS = AssetId("kiel", Kind.BUS, "0123")
OTHER_BUS = AssetId("kiel", Kind.BUS, "0456")
STATION = AssetId("kiel", Kind.STATION, "13")
NOON_MS = 1_790_000_000_000 // 3_600_000 * 3_600_000
MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000


def reading(
    values: Mapping[str, Scalar] | None = None,
    *,
    asset: AssetId = BUS,
    at_ms: int = NOON_MS,
    boot_id: str | None = "b1",
    seq: int | None = 1,
    digest: int | None = None,
) -> Reading:
    """A reading; without `digest`, one that follows from the content."""
    known = {} if values is None else values
    content = tuple(known.get(key) for key in catalogue.keys(asset.kind))
    made = crc32(repr((at_ms, boot_id, seq, content)).encode()) if digest is None else digest
    return Reading(asset, at_ms, at_ms + 250, boot_id, seq, made, False, content)  # noqa: FBT003 - a struct's field


def event(
    detail: str = "ready",
    *,
    asset: AssetId = BUS,
    at_ms: int = NOON_MS,
    event_type: str = "status",
    digest: int = 7,
) -> Event:
    return Event(asset, at_ms, at_ms + 250, event_type, detail, digest)


class Refused:
    """Keeps what a store refuses."""

    def __init__(self) -> None:
        self.refusals: list[Refusal] = []

    async def __call__(self, refusals: Sequence[Refusal]) -> None:
        self.refusals.extend(refusals)


def batch(*readings: Reading, events: Sequence[Event] = (), dead_lettered: int = 0) -> Batch:
    origin = Origin(Position(1, 1, 0), 0)
    return Batch(readings, events, [origin] * (len(readings) + len(events)), dead_lettered)


def at(offset: int) -> Position:
    return Position(1, 1, offset)


async def ask(
    store: Store,
    metric: str,
    from_ms: int,
    to_ms: int,
    every: Every | None = None,
    asset: AssetId = BUS,
) -> Sequence[Point]:
    """The points of one metric."""
    (series,) = await store.series(SeriesQuery(asset, (metric,), from_ms, to_ms, every))
    assert series.metric == metric
    assert not series.truncated
    return series.points


def values(points: Sequence[Point]) -> list[Scalar | None]:
    return [point.value for point in points]
