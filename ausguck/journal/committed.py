"""What is on disk, for those who read it: the segments, the newest records, and what is lost."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

from ausguck.journal.fresh import Entry, FreshRecords
from ausguck.journal.names import Sources, Topics
from ausguck.journal.port import Record
from ausguck.journal.reader import FOR_CONSUMERS
from ausguck.journal.segment import Gap, Segment, Segments
from ausguck.model import Position

RECENT_BYTES = 24 << 20
"""Memory for the newest records: twenty thousand of 300 bytes, one batch of history."""
RECENT_COMMITS = 4096
MAX_GAPS = 10_000


class Committed:
    """Shared by the journal, which adds to it, and its tails; in the event loop's thread only."""

    def __init__(self, segments: Segments, visible_end: Position) -> None:
        self.segments = segments
        self.visible_end = visible_end  # behind the last record that consumers see
        self._gaps: dict[Position, Gap] = {}
        self._recent: OrderedDict[tuple[int, int], FreshRecords] = OrderedDict()
        self._sources, self._topics = Sources(), Topics()
        self.recent_bytes = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def add(
        self, segment: Segment, start: int, entries: Sequence[Entry] | None, hidden_bytes: int
    ) -> None:
        """Take in a commit that is on disk from `start` to the segment's end.

        Args:
            segment: as it is now.
            start: where in it the commit begins.
            entries: what was appended, or None when that is too much to keep.
            hidden_bytes: of records at its end that consumers do not see.
        """
        self.segments.put(segment)
        if hidden_bytes < segment.end - start:
            self.visible_end = segment.position(segment.end - hidden_bytes)
        if entries is not None:
            self._keep(FreshRecords(segment, start, entries, FOR_CONSUMERS))
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _keep(self, fresh: FreshRecords) -> None:
        self._recent[fresh.place] = fresh
        self.recent_bytes += fresh.memory_bytes
        while self.recent_bytes > RECENT_BYTES or len(self._recent) > RECENT_COMMITS:
            _, oldest = self._recent.popitem(last=False)
            self.recent_bytes -= oldest.memory_bytes

    def recent(self, number: int, at: int) -> FreshRecords | None:
        """The records of the commit that begins at a place, if they are still in memory."""
        return self._recent.get((number, at))

    def take(self, fresh: FreshRecords, index: int, limit: int) -> list[Record]:
        """Up to `limit` records of a commit from the one at `index` on."""
        return fresh.take(index, limit, self._sources, self._topics)

    def reach(self, segment: Segment, at: int) -> Segment:
        """A segment as far as a reader at a place has to read the file.

        That is to where the oldest records in memory begin, so that whoever catches up comes
        to stand before a commit and not somewhere in it.
        """
        if self._recent:
            number, base = next(iter(self._recent))
            if number == segment.number and base > at:
                return replace(segment, end=base)
        return segment

    async def wait_for_more(self) -> None:
        """Return after the next commit."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def report(self, gap: Gap) -> None:
        """Remember what cannot be read; told twice it counts once."""
        if len(self._gaps) < MAX_GAPS or gap.start in self._gaps:
            self._gaps[gap.start] = gap

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """All that is known to be lost, by place."""
        return tuple(self._gaps[start] for start in sorted(self._gaps))
