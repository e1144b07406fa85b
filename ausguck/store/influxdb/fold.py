"""One asset's rows summed up over windows; pure, and what the port says of `Point`."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from ausguck.catalogue import Shape
from ausguck.model import Scalar
from ausguck.store.port import Point
from ausguck.store.windows import Windows

LOOK_BACK_MS = 86_400_000
"""A counter's difference over a longer silence says nothing about when, and is not booked."""

Sample = tuple[int, Scalar]


class Total(NamedTuple):
    """A counter's reading; in order they are in order of time."""

    at_ms: int
    boot_id: str | None
    is_suspect: bool
    total: int


def increases(totals: Sequence[Total], from_ms: int) -> list[Sample]:
    """What was counted between neighbours, at the later one's time.

    A reading under our receive time may be older than the one before it: it has only its like
    for neighbours, or what lies between would be booked twice.
    """
    found = [
        (later.at_ms, later.total - earlier.total)
        for suspect in (False, True)
        for earlier, later in pairwise([one for one in totals if one.is_suspect is suspect])
        if later.at_ms >= from_ms
        and later.boot_id == earlier.boot_id
        and later.total >= earlier.total
        and later.at_ms - earlier.at_ms <= LOOK_BACK_MS
    ]
    return sorted(found, key=lambda sample: sample[0])


def fold(shape: Shape, samples: Sequence[Sample], cut: Windows) -> list[Point]:
    """A point for each window, whether anything was observed in it or not."""
    sum_up = _SUMMARIES[shape]
    cells = dict(_cells(samples, cut))
    return [
        sum_up(start, cells[start]) if start in cells else Point(start, None, samples=0)
        for start in cut.starts
    ]


def _cells(samples: Sequence[Sample], cut: Windows) -> Iterator[tuple[int, list[Scalar]]]:
    """The values of each window that has any; samples are in order of time."""
    times = [at_ms for at_ms, _ in samples]
    values = [value for _, value in samples]
    place = 0
    for start, end in pairwise((*cut.starts, cut.end_ms)):
        first, place = place, bisect_right(times, end - 1, lo=place)
        if place > first:
            yield start, values[first:place]


def _gauge(start: int, cell: Sequence[Scalar]) -> Point:
    numbers = [float(value) for value in cell]
    return Point(start, sum(numbers) / len(numbers), len(cell), min(numbers), max(numbers))


def _counter(start: int, cell: Sequence[Scalar]) -> Point:
    return Point(start, sum(int(value) for value in cell), len(cell))


def _last(start: int, cell: Sequence[Scalar]) -> Point:
    return Point(start, cell[-1], len(cell))


_SUMMARIES: dict[Shape, Callable[[int, Sequence[Scalar]], Point]] = {
    Shape.GAUGE: _gauge,
    Shape.COUNTER: _counter,
    Shape.STATE: _last,
    Shape.TEXT: _last,
}
