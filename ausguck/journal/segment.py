"""Which segments there are, where each ends, and where in them a position lies."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ausguck.journal.format import PREAMBLE
from ausguck.model import Position

SUFFIX = ".segment"
DIGITS = 12
MOST_SEGMENTS = 10**DIGITS
"""A file with a longer number would not be known again at opening."""


class GapReason(StrEnum):
    """Why a stretch of the journal cannot be read."""

    DAMAGED = "damaged"  # bytes are not what was written
    HEADER = "header"  # a segment's header is damaged; its records may still be read
    MISSING = "missing"  # segments are gone that this reader has not passed
    TRUNCATED = "truncated"  # a segment is shorter than it was
    FOREIGN = "foreign"  # the position is not one of this journal


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch that reading left out."""

    start: Position
    end: Position
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the journal, as far as it counts."""

    path: Path
    number: int
    epoch: int
    sync: int
    end: int  # behind the last committed record
    made_at_ms: int
    previous_segment: int = 0
    previous_end: int = 0
    snapshot_segment: int = 0

    def position(self, offset: int) -> Position:
        """The place at an offset of this segment."""
        return Position(self.epoch, self.number, offset)


def file_name(number: int) -> str:
    """What the file of a segment is called."""
    return f"{number:0{DIGITS}d}{SUFFIX}"


def file_number(name: str) -> int | None:
    """Which segment a file is, or None when it is none of ours."""
    stem = name.removesuffix(SUFFIX)
    if stem == name or len(stem) != DIGITS or not (stem.isascii() and stem.isdigit()):
        return None
    return int(stem)


class Segments:
    """The segments in order; changed in the event loop's thread only."""

    def __init__(self, segments: Iterable[Segment], origin: Position) -> None:
        self._by_number = {segment.number: segment for segment in segments}
        self._numbers = sorted(self._by_number)
        self._origin = origin
        self.bytes = sum(segment.end for segment in self._by_number.values())

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Segment]:
        return (self._by_number[number] for number in self._numbers)

    @property
    def start(self) -> Position:
        """Before the oldest record."""
        return self._by_number[self._numbers[0]].position(PREAMBLE) if self else self._origin

    @property
    def end(self) -> Position:
        """Behind the newest record."""
        if not self:
            return self._origin
        last = self._by_number[self._numbers[-1]]
        return last.position(last.end)

    def put(self, segment: Segment) -> None:
        """Add a segment at the end, or say how far the last one reaches now."""
        known = self._by_number.get(segment.number)
        if known is None:
            self._numbers.append(segment.number)
        self.bytes += segment.end - (known.end if known else 0)
        self._by_number[segment.number] = segment

    def drop(self, number: int) -> None:
        """Forget a segment whose file was removed."""
        self.bytes -= self._by_number.pop(number).end
        self._numbers.remove(number)

    def find(self, number: int) -> Segment | None:
        """The segment of a number."""
        return self._by_number.get(number)

    def after(self, number: int) -> Segment | None:
        """The oldest segment behind a number."""
        index = bisect_right(self._numbers, number)
        return self._by_number[self._numbers[index]] if index < len(self._numbers) else None

    def before(self, number: int) -> Segment | None:
        """The newest segment before a number."""
        index = bisect_left(self._numbers, number)
        return self._by_number[self._numbers[index - 1]] if index else None

    def backlog(self, position: Position) -> int:
        """Bytes of committed records behind a position."""
        if position.epoch != self.end.epoch:
            position = self.start
        total = 0
        for number in self._numbers[bisect_left(self._numbers, position.segment) :]:
            segment = self._by_number[number]
            begin = position.offset if number == position.segment else PREAMBLE
            total += max(0, segment.end - begin)
        return total

    def admit(self, position: Position | None) -> tuple[Position, Gap | None]:
        """Where a reader that stands at a position goes on, and what it has missed."""
        if position is None:
            return self.start, None
        if not self.start.epoch <= position.epoch <= self.end.epoch:
            return self._resume(position, self.start, GapReason.FOREIGN)
        segment = self.find(position.segment)
        if segment is not None and position.offset <= segment.end:
            return max(position, segment.position(PREAMBLE)), None
        following = self.after(position.segment)
        if following is None:  # behind the end: so the end that it knew is gone
            return self._resume(position, self.end, GapReason.FOREIGN)
        resume = following.position(PREAMBLE)
        if follows(following, position.segment, position.offset):
            return resume, None
        return self._resume(position, resume, GapReason.MISSING)

    @staticmethod
    def _resume(position: Position, at: Position, reason: GapReason) -> tuple[Position, Gap]:
        return at, Gap(position, at, reason)


def follows(segment: Segment, number: int, offset: int) -> bool:
    """Whether a segment goes on where another one ended, or where none was ever committed."""
    if segment.previous_segment == number:
        return segment.previous_end <= offset
    return segment.previous_segment < number
