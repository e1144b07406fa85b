"""Which segments may go: those every consumer has passed, when old or when room is short."""

from collections.abc import Sequence
from itertools import pairwise

from ausguck.journal.segment import Segment
from ausguck.model import Position

MS_PER_HOUR = 3_600_000


def passed_count(segments: Sequence[Segment], passed: Position | None, keep_from: int) -> int:
    """How many of the oldest segments nobody needs: neither consumers nor sessions.

    Args:
        segments: all of them, in order.
        passed: what every consumer has stored for good; None when one has stored nothing.
        keep_from: the segment with the newest SNAPSHOT; it and all behind it stay.
    """
    if passed is None:
        return 0
    count = 0
    for segment in segments[:-1]:
        if segment.number >= keep_from or segment.position(segment.end) > passed:
            break
        count += 1
    return count


def to_remove(
    segments: Sequence[Segment], count: int, old_before_ms: int, shortage: int
) -> list[Segment]:
    """Of the `count` oldest segments those that go now: the old ones, and enough to end a shortage.

    A segment is as old as its newest record can be, which is when its successor was made.
    """
    going: list[Segment] = []
    freed = 0
    for segment, following in pairwise(segments[: count + 1]):
        if following.made_at_ms > old_before_ms and freed >= shortage:
            break
        going.append(segment)
        freed += segment.end
    return going
