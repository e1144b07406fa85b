"""One consumer's way through the journal: committed records in order, past damage and gaps."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ausguck.journal.committed import Committed
from ausguck.journal.format import PREAMBLE
from ausguck.journal.fresh import FreshRecords
from ausguck.journal.port import Record
from ausguck.journal.reader import Chunk, Reader
from ausguck.journal.segment import Gap, GapReason, Segment, follows
from ausguck.model import Position

READ_BYTES: Final = 1 << 20  # about so many at once, however many records are asked for


class JournalTail:
    """Reads from memory what was written just now, and the rest from the files."""

    def __init__(self, committed: Committed, reader: Reader, position: Position | None) -> None:
        self._committed = committed
        self._reader = reader
        self._chunk: Chunk | None = None
        self._fresh: FreshRecords | None = None
        self._fresh_at: tuple[int, int] = (0, 0)  # where the next of them stands, and which it is
        self._gaps: dict[Position, Gap] = {}
        self._position, gap = committed.segments.admit(position)
        self._start = self._position
        if gap is not None:
            self._report(gap)

    @property
    def start(self) -> Position:
        """Where this consumer began."""
        return self._start

    @property
    def position(self) -> Position:
        """Behind the last record that was read."""
        return self._position

    @property
    def gaps(self) -> Sequence[Gap]:
        """What this consumer could not read, in the order it was met."""
        return tuple(self._gaps.values())

    def available(self) -> bool:
        """Whether `read` would return at once."""
        return self._position < self._committed.visible_end

    async def read(self, max_records: int) -> Sequence[Record]:
        """The next committed records, at most so many; waits until there is at least one.

        The position moves only when records are returned: a cancelled call changes nothing.
        """
        while True:
            records, position = await self._gather(max_records)
            self._position = position
            if records:
                return records
            if position >= self._committed.segments.end:
                await self._committed.wait_for_more()

    async def _gather(self, limit: int) -> tuple[list[Record], Position]:
        gathered: list[Record] = []
        position = self._position
        taken = 0
        while len(gathered) < limit and taken < READ_BYTES:
            segment = self._segment_at(position)
            if segment is None:
                break
            begin = position.offset if position.segment == segment.number else PREAMBLE
            records, at = await self._advance(segment, begin, limit - len(gathered))
            taken += at - begin
            position = segment.position(at)
            gathered = gathered + records if gathered else records
        return gathered, position

    def _segment_at(self, position: Position) -> Segment | None:
        """The segment with the next bytes, or None when all is read."""
        segments = self._committed.segments
        segment = segments.find(position.segment)
        if segment is not None and position.offset < segment.end:
            return segment
        behind = position
        while (following := segments.after(behind.segment)) is not None:
            resume = following.position(PREAMBLE)
            # Of a segment that is there and too short, opening has told already.
            is_known = following.previous_segment == behind.segment and segment is not None
            if not (is_known or follows(following, behind.segment, behind.offset)):
                self._report(Gap(behind, resume, GapReason.MISSING))
            if following.end > PREAMBLE:
                return following
            segment, behind = following, resume
        return None

    async def _advance(self, segment: Segment, at: int, limit: int) -> tuple[list[Record], int]:
        fresh, index = self._in_memory(segment.number, at)
        if fresh is not None:
            self._chunk = None
            return self._take(fresh, index, at, limit)
        segment = self._committed.reach(segment, at)
        chunk = self._chunk
        if chunk is not None and chunk.holds(segment.number, at):
            records, reached = self._reader.decode(segment, chunk, at, limit)
            if reached > at:
                return records, reached
        try:
            step = await asyncio.to_thread(self._reader.step, segment, at, chunk, limit)
        except FileNotFoundError:  # removed beneath us
            start, end = segment.position(at), segment.position(segment.end)
            self._report(Gap(start, end, GapReason.MISSING))
            return [], segment.end
        self._chunk = step.chunk
        if step.gap is not None:
            self._report(step.gap)
        return step.records, step.at

    def _in_memory(self, number: int, at: int) -> tuple[FreshRecords | None, int]:
        """The commit in memory that a place is in, and which of its records comes next."""
        fresh, (stands_at, index) = self._fresh, self._fresh_at
        if fresh is not None and fresh.number == number and stands_at == at < fresh.end:
            return fresh, index
        return self._committed.recent(number, at), 0

    def _take(
        self, fresh: FreshRecords, index: int, at: int, limit: int
    ) -> tuple[list[Record], int]:
        records = self._committed.take(fresh, index, limit)
        index += len(records)
        if fresh.is_whole(index):
            self._fresh = None
            return records, fresh.end
        reached = records[-1].after.offset if records else at
        self._fresh, self._fresh_at = fresh, (reached, index)
        return records, reached

    def _report(self, gap: Gap) -> None:
        self._gaps[gap.start] = gap
        self._committed.report(gap)
