"""What is on disk, for those who read it: the segments, the newest bytes, and what is lost."""

import asyncio
from collections import OrderedDict

from ausguck.journal.reader import Chunk
from ausguck.journal.segment import Gap, Segment, Segments
from ausguck.model import Position

RECENT_BYTES = 8 << 20
RECENT_CHUNKS = 4096
MAX_GAPS = 10_000


class Committed:
    """Shared by the journal, which adds to it, and its tails; in the event loop's thread only."""

    def __init__(self, segments: Segments, visible_end: Position) -> None:
        self.segments = segments
        self.visible_end = visible_end  # behind the last record that consumers see
        self._gaps: dict[Position, Gap] = {}
        self._recent: OrderedDict[tuple[int, int], Chunk] = OrderedDict()
        self._recent_bytes = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def add(self, segment: Segment, chunk: Chunk, hidden_bytes: int) -> None:
        """Take in a batch; `hidden_bytes` at its end are records that consumers do not see."""
        self.segments.put(segment)
        if hidden_bytes < len(chunk.content):
            self.visible_end = segment.position(segment.end - hidden_bytes)
        self._recent[segment.number, chunk.base] = chunk
        self._recent_bytes += len(chunk.content)
        while self._recent_bytes > RECENT_BYTES or len(self._recent) > RECENT_CHUNKS:
            _, oldest = self._recent.popitem(last=False)
            self._recent_bytes -= len(oldest.content)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def recent(self, number: int, at: int) -> Chunk | None:
        """The bytes from a place on, if they were written just now."""
        return self._recent.get((number, at))

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
