"""Under which ids the history of a thing is kept, and how its parts are put together; pure.

A bus that is called otherwise since March has two ids in the store, and a router as many as it
was in buses. Each id is asked for its own time only, so that nothing is counted twice.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from ausguck.catalogue import Shape
from ausguck.model import AssetId, Kind
from ausguck.register.lives import Span
from ausguck.register.register import Register
from ausguck.register.versions import AsOf
from ausguck.store.port import Point, Series, SeriesQuery
from ausguck.store.windows import windows


class Part(NamedTuple):
    """That a thing's history within [from_ms, to_ms) is kept under an asset's id."""

    asset: AssetId
    from_ms: int
    to_ms: int


def parts_of(
    register: Register,
    asset: AssetId,
    as_of: AsOf,
    from_ms: int,
    to_ms: int,
    now_ms: int | None = None,
) -> list[Part]:
    """The parts of [from_ms, to_ms) that are kept at all, the oldest first.

    A device's are the assets it was fitted to, by time; an asset's are its own and, as of now,
    those of the ids it had before, each in its time. `now_ms` says which of the things that went
    by an id is meant, where a change is planned; None is the last.
    """
    if asset.kind is Kind.DEVICE:
        fittings = register.fittings.of(asset.name)
        spans = [Span(one.asset, one.valid_from_ms, one.valid_to_ms) for one in fittings]
    else:
        spans = [*register.assets.spans(str(asset), as_of, now_ms)]
    found = [_part(asset.site, span, from_ms, to_ms) for span in spans]
    return sorted((part for part in found if part.from_ms < part.to_ms), key=_by_time)


def joined(
    query: SeriesQuery, shapes: Mapping[str, Shape], found: Iterable[Sequence[Series]]
) -> list[Series]:
    """The series of a query's parts as one series a metric; parts come the oldest first.

    A part that ends within a window gives it what was observed until then, and the next part
    the rest: so no window is there twice, and nothing in it. A counter's increase from the last
    reading under one id to the first under another is not booked.
    """
    by_metric: dict[str, list[Series]] = {metric: [] for metric in query.metrics}
    for series in chain.from_iterable(found):
        by_metric[series.metric].append(series)
    if query.every is None:
        return [_readings(metric, some, query.limit) for metric, some in by_metric.items()]
    cut = windows(query.from_ms, query.to_ms, query.every, query.timezone, query.limit)
    return [
        Series(
            metric,
            _windows(shapes[metric], cut.starts, [series.points for series in some]),
            truncated=cut.truncated,
        )
        for metric, some in by_metric.items()
    ]


def _part(site: str, span: Span, from_ms: int, to_ms: int) -> Part:
    kind, _, name = span.id.partition("/")
    begins_ms = from_ms if span.from_ms is None else max(from_ms, span.from_ms)
    ends_ms = to_ms if span.to_ms is None else min(to_ms, span.to_ms)
    return Part(AssetId(site, Kind(kind), name), begins_ms, ends_ms)


def _by_time(part: Part) -> tuple[int, int]:
    return part.from_ms, part.to_ms


def _readings(metric: str, some: Sequence[Series], limit: int) -> Series:
    points = sorted(chain.from_iterable(series.points for series in some), key=lambda p: p.at_ms)
    # Of a part that was cut short the first `limit` are here, and no more of all are shown.
    truncated = len(points) > limit or any(series.truncated for series in some)
    return Series(metric, points[:limit], truncated=truncated)


def _windows(shape: Shape, starts: Sequence[int], parts: Sequence[Sequence[Point]]) -> list[Point]:
    cells: list[list[Point]] = [[] for _ in starts]
    for points in parts:
        for point in points:
            place = bisect_right(starts, point.at_ms) - 1
            if point.samples and place >= 0:
                cells[place].append(point)
    return [_summed(shape, start, cell) for start, cell in zip(starts, cells, strict=True)]


def _summed(shape: Shape, start_ms: int, cell: Sequence[Point]) -> Point:
    if not cell:
        return Point(start_ms, None, samples=0)
    if len(cell) == 1:
        (only,) = cell
        return Point(start_ms, only.value, only.samples, only.minimum, only.maximum)
    samples = sum(point.samples for point in cell)
    if shape is Shape.COUNTER:
        return Point(start_ms, sum(int(point.value or 0) for point in cell), samples)
    if shape is not Shape.GAUGE:
        return Point(start_ms, cell[-1].value, samples)
    total = sum(float(point.value or 0) * point.samples for point in cell)
    return Point(
        start_ms,
        total / samples,
        samples,
        min(point.minimum for point in cell if point.minimum is not None),
        max(point.maximum for point in cell if point.maximum is not None),
    )
