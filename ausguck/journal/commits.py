"""From a record in line to the word that it is on disk: one write and one sync a commit.

Everything here runs in the event loop's thread but the writer's jobs, which run one after the
other in the commit thread and bring back what they did. A commit begins when the one before
has ended, or, after a lull, when the first record has waited a moment for company.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ausguck.clock import Clock
from ausguck.journal.committed import Committed
from ausguck.journal.disk import Disk, Space
from ausguck.journal.format import BODY, HEAD, START, Fields, crc32c, encode
from ausguck.journal.fresh import Entry
from ausguck.journal.keeper import Keeper, free_space
from ausguck.journal.opening import Opened
from ausguck.journal.port import Pause, RecordType, Ticket
from ausguck.journal.segment import Segment, Segments
from ausguck.journal.thread import CommitThread
from ausguck.journal.tickets import Tickets
from ausguck.journal.writer import Writer, Written
from ausguck.settings import tree

TYPE_AT: Final = 12  # of the type in a record's body
KEPT_BYTES: Final = 8 << 20  # of one batch for consumers that keep up; they read a larger one
KEPT_RECORDS: Final = 32_768  # from its file

_HEAD_SIZE: Final = HEAD.size
_pack_body: Final = BODY.pack
_pack_start: Final = START.pack


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit brings to the disk."""

    parts: list[bytes]
    entries: list[Entry]
    last: Ticket
    size: int
    fresh: bool  # begins a segment
    has_snapshot: bool


@dataclass(frozen=True, slots=True)
class Brought:
    """How the commit thread fared with a batch."""

    batch: Batch
    written: Written
    space: Space | None


class Commits:
    """The writing half of the journal."""

    def __init__(
        self, settings: tree.Journal, opened: Opened, writer: Writer, clock: Clock, disk: Disk
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._writer = writer
        self._disk = disk
        self._sync = opened.next.sync
        self._directory = opened.next.directory
        self._committed = Committed(Segments(opened.segments, opened.origin), opened.visible_end)
        for gap in opened.gaps:
            self._committed.report(gap)
        self._keeper = Keeper(settings, self._committed.segments, disk.space(self._directory))
        self._tickets = Tickets(str(self._directory))
        self._counts: Counter[str] = Counter()

        self._parts: list[bytes] = []  # of the next batch
        self._entries: list[Entry] = []  # the same for consumers, up to a limit
        self._pending = 0  # their bytes
        self._attend_at: float = 0  # `append` looks up when so many bytes are pending
        self._last: Ticket = 0
        self._taken: Ticket = 0  # the last one that is in a batch
        self._flight: Batch | None = None
        self._is_stuck = False  # the flight waits for room on the disk
        self._timer: asyncio.Handle | None = None
        self._end: BaseException | None = None
        self._landing = asyncio.Event()

        self._take: Callable[[], bytes] | None = None
        self._owes_snapshot = True  # the present segment has none
        self._has_snapshot = False  # the next batch opens with one
        self._fresh = True  # the next batch begins a segment
        self._segment_bytes = 0
        self._snapshot_segment = opened.next.snapshot_segment

    def _begin(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = CommitThread(self._loop, self._failed)

    async def _finish(self) -> None:
        """Commit what waits, unless the disk does not take it, and close the file."""
        while self._is_fit and (self._flight is not None or self._taken < self._last):
            self._landing.clear()
            self._commit()
            await self._landing.wait()
        self._thread.submit(self._writer.close, lambda _: None)
        self._thread.stop()
        self._tickets.end("closed")

    def append(  # noqa: PLR0913, PLR0917 - see the port
        self,
        record_type: RecordType,
        flags: int,
        received_at_ms: int,
        source: bytes,
        packet_id: int,
        topic: bytes,
        payload: bytes | memoryview,
    ) -> Ticket:
        """Put a record in line for the next commit and return its ticket, one up each time."""
        source_size, topic_size = len(source), len(topic)
        length = _HEAD_SIZE + source_size + topic_size + len(payload)
        head = _pack_body(
            length, source_size, topic_size, packet_id, record_type, flags, received_at_ms
        )
        body = b"".join((head, source, topic, payload))
        if type(payload) is not bytes:
            payload = bytes(payload)
        sync = self._sync
        self._parts += (_pack_start(sync, crc32c(sync, body)), body)
        self._pending = pending = self._pending + length
        if pending <= KEPT_BYTES and len(self._entries) < KEPT_RECORDS:
            self._entries.append(
                (record_type, flags, received_at_ms, source, packet_id, topic, payload, length)
            )
        self._last = ticket = self._last + 1
        if pending > self._attend_at:
            self._attend()
        return ticket

    @property
    def _waiting(self) -> int:
        return self._pending + (self._flight.size if self._flight is not None else 0)

    @property
    def _is_fit(self) -> bool:
        return self._end is None and not self._is_stuck and self._keeper.pause is not Pause.DISK

    def _attend(self) -> None:
        """Enough is pending for something to be done about it."""
        budget = self._settings.budget_bytes
        waiting = self._waiting
        if waiting > budget:
            self._keeper.waiting(waiting)
        self._attend_at = math.inf if waiting > budget else budget - waiting + self._pending
        if self._flight is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        enough = min(self._settings.commit_bytes, budget)
        if self._pending >= enough:
            self._timer = self._loop.call_soon(self._commit)
        else:
            # Alone so far: wait a moment for company.
            self._attend_at = enough - 1
            self._timer = self._loop.call_later(
                self._settings.commit_interval_ms / 1000, self._commit
            )

    def _commit(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._flight is None and self._taken < self._last:
            self._fly(self._take_batch())

    def _take_batch(self) -> Batch:
        settings = self._settings
        batch = Batch(
            self._parts,
            self._entries,
            self._last,
            self._pending,
            self._fresh,
            self._has_snapshot,
        )
        self._parts, self._entries, self._pending, self._taken = [], [], 0, self._last
        self._segment_bytes = batch.size + (0 if batch.fresh else self._segment_bytes)
        self._fresh = self._segment_bytes >= settings.segment_bytes
        self._owes_snapshot = self._fresh or (self._owes_snapshot and not batch.has_snapshot)
        self._has_snapshot = False
        if self._owes_snapshot and self._take is not None:
            # Taken now, it tells the state behind this batch: so it opens the next one.
            self._open_with_snapshot(self._take)
        return batch

    def _open_with_snapshot(self, take: Callable[[], bytes]) -> None:
        try:
            payload = take()
        except Exception as error:  # noqa: BLE001 - messages must go on being committed
            self._counts["snapshot"] += 1
            self._loop.call_exception_handler(
                {"message": "no snapshot of the sessions could be taken", "exception": error}
            )
            return
        fields = Fields(RecordType.SNAPSHOT, 0, self._clock.now_ms(), b"", 0, b"", payload)
        record = encode(self._sync, fields)
        self._parts = [record[: START.size], record[START.size :]]
        self._entries = [(*fields, len(record))]
        self._pending = len(record)
        self._owes_snapshot, self._has_snapshot = False, True

    def _fly(self, batch: Batch) -> None:
        self._flight, self._is_stuck = batch, False
        self._attend_at = self._settings.budget_bytes - batch.size
        self._thread.submit(partial(self._bring, batch), self._land)

    def _bring(self, batch: Batch) -> Brought:
        """In the commit thread: write, sync, and look how much room is left."""
        content = b"".join(batch.parts)
        written = self._writer.commit(content, fresh=batch.fresh, has_snapshot=batch.has_snapshot)
        return Brought(batch, written, free_space(self._disk, self._directory))

    def _land(self, brought: Brought) -> None:
        batch, written = brought.batch, brought.written
        self._counts["failures"] += written.failures
        if written.segment is not None:
            self._flight = None
            self._note(batch, written, written.segment)
            self._keeper.wrote(brought.space)
            self._attend_at = 0
            self._commit()
            self._keeper.waiting(self._waiting)
            self._tickets.commit(batch.last)
        elif written.is_full:
            self._counts["full"] += 1
            self._is_stuck = True  # `_tidy` tries again
            self._keeper.is_full()
        else:
            self._keeper.is_broken()
            self._tickets.end("two writes in a row failed; see the disk, then start anew")
        self._landing.set()

    def _note(self, batch: Batch, written: Written, segment: Segment) -> None:
        self._counts["bytes"] += batch.size
        self._counts["commits"] += 1
        if batch.has_snapshot:
            self._snapshot_segment = segment.number
        elif written.failures and not self._has_snapshot:
            self._owes_snapshot = True
        self._segment_bytes = segment.end
        is_kept = 2 * len(batch.entries) == len(batch.parts)
        entries = batch.entries if is_kept else None
        self._committed.add(segment, written.start, entries, hidden_bytes(batch.parts))

    def _failed(self, error: BaseException) -> None:
        """The commit thread met what it cannot judge: nothing is acknowledged any more."""
        self._end = error
        self._keeper.is_broken()
        self._tickets.end(f"writing failed unforeseen: {error!r}")
        self._landing.set()


def hidden_bytes(parts: Sequence[bytes]) -> int:
    """How many bytes at the end of a batch are records that consumers do not see."""
    hidden = 0
    for index in range(len(parts) - 1, 0, -2):
        if parts[index][TYPE_AT] < RecordType.SESSION:
            break
        hidden += len(parts[index]) + START.size
    return hidden
