"""The journal's door: what sources, consumers and the health route may ask of it."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Final, Self

from ausguck.clock import Clock
from ausguck.errors import JournalError
from ausguck.journal.commits import Commits
from ausguck.journal.disk import Disk, OsDisk
from ausguck.journal.format import encode_source
from ausguck.journal.keeper import Tidied, look_around
from ausguck.journal.opening import Opened, open_directory, session_records
from ausguck.journal.port import Pause, Record, Source, Ticket
from ausguck.journal.reader import FOR_CONSUMERS, Reader
from ausguck.journal.stats import Stats
from ausguck.journal.tail import JournalTail
from ausguck.journal.writer import Writer
from ausguck.model import Position
from ausguck.probe import Probe, ignore
from ausguck.settings import tree

TIDY_S: Final = 1.0


class Journal(Commits):
    """The append-only log: `Appender` for sources, tails for consumers; an async context."""

    def __init__(
        self, settings: tree.Journal, opened: Opened, writer: Writer, clock: Clock, disk: Disk
    ) -> None:
        super().__init__(settings, opened, writer, clock, disk)
        self._opened = opened
        self._is_looking = False
        self._tidy_timer: asyncio.TimerHandle | None = None
        self.tidy_s = TIDY_S

    @classmethod
    def open(
        cls,
        directory: Path,
        settings: tree.Journal,
        clock: Clock,
        *,
        disk: Disk | None = None,
        probe: Probe = ignore,
        tidy_s: float = TIDY_S,
    ) -> Self:
        """Recover the journal of a directory, or begin one; `async with` it before appending.

        Raises:
            JournalError: it cannot be read or written, or is of a version that we do not know.
        """
        disk = disk or OsDisk()
        opened = open_directory(disk, directory, clock)
        writer = Writer(disk, opened.next, clock.now_ms, probe)
        journal = cls(settings, opened, writer, clock, disk)
        journal.tidy_s = tidy_s
        return journal

    async def __aenter__(self) -> Self:
        self._begin()
        self._tidy_timer = self._loop.call_later(self.tidy_s, self._tidy)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit what waits, unless the disk does not take it, and close the file."""
        try:
            await self._finish()
        finally:
            if self._tidy_timer is not None:
                self._tidy_timer.cancel()
        if self._end is not None and error is None:
            raise JournalError(str(self._directory), "writing failed unforeseen") from self._end

    # For sources

    def source(self, source: Source) -> bytes:
        """The source in the form `append` takes, encoded once."""
        return encode_source(source)

    @property
    def pause(self) -> Pause:
        """Why sources must not read just now, or NONE."""
        return self._keeper.pause

    @property
    def committed(self) -> Ticket:
        """The last ticket that is on disk."""
        return self._tickets.committed

    def on_commit(self, callback: Callable[[Ticket], None]) -> None:
        """Have `callback(ticket)` called after each commit, with the last ticket on disk."""
        self._tickets.on_commit(callback)

    def on_resume(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called when `pause` becomes NONE again."""
        self._keeper.on_resume(callback)

    async def wait_committed(self, ticket: Ticket) -> None:
        """Return once the record of this ticket is on disk.

        Raises:
            JournalError: it will not be; the process has to be started anew.
        """
        await self._tickets.wait(ticket)

    def on_snapshot(self, take: Callable[[], bytes]) -> None:
        """Have `take()` called for the SNAPSHOT record of each new segment; see the port."""
        self._take = take

    def session_records(self) -> Iterator[Record]:
        """What was found at opening, in order, for rebuilding sessions."""
        return session_records(self._disk, self._opened)

    # For consumers and the curious

    def tail(self, position: Position | None = None) -> JournalTail:
        """A consumer's way through the journal, from its position or from the start.

        A consumer may know more than is left, after rot or an old backup. The places it has
        passed must then not be given out again: it would take new records for old ones. So
        tails with a position are to be asked for before the first append.
        """
        if position is not None:
            self.begin_behind(position)
        return JournalTail(self._committed, Reader(self._disk, FOR_CONSUMERS), position)

    def begin_behind(self, position: Position) -> None:
        """Give out no place up to a position; before the first append only, else it does nothing.

        For a consumer whose position cannot be asked for in time: a segment's number that is
        larger than any it can have passed.
        """
        if position > self.end and not self._taken:
            self._writer.begin_behind(position)

    def trim(self, passed: Position) -> int:
        """Say what every consumer has stored for good; returns how many old segments go now.

        Segments behind it stay for `keep_hours`, or until room is short.
        """
        self._keeper.pass_by(passed)
        return self._look()

    @property
    def start(self) -> Position:
        """Before the oldest record."""
        return self._committed.segments.start

    @property
    def end(self) -> Position:
        """Behind the newest record on disk."""
        return self._committed.segments.end

    def backlog(self, position: Position) -> int:
        """Bytes on disk behind a position."""
        return self._committed.segments.backlog(position)

    @property
    def stats(self) -> Stats:
        """The journal at this moment."""
        keeper, segments, counts = self._keeper, self._committed.segments, self._counts
        return Stats(
            committed_records=self.committed,
            committed_bytes=counts["bytes"],
            commits=counts["commits"],
            fsync_failures=counts["failures"],
            full_failures=counts["full"],
            snapshot_failures=counts["snapshot"],
            waiting_bytes=self._waiting,
            segments=len(segments),
            bytes_on_disk=segments.bytes,
            free_bytes=keeper.room.space.free,
            pause=keeper.pause,
            pauses=MappingProxyType(dict(keeper.pauses)),
            quarantined=self._committed.gaps,
            cut_bytes=self._opened.cut_bytes,
            trimmed_segments=keeper.trimmed,
        )

    # Each second

    def _tidy(self) -> None:
        self._tidy_timer = self._loop.call_later(self.tidy_s, self._tidy)
        if self._is_stuck and self._flight is not None:
            self._fly(self._flight)
        self._look()

    def _look(self) -> int:
        if self._is_looking:
            return 0
        keep_from = self._snapshot_segment if self._take is not None else self.end.segment
        going = self._keeper.going(self._clock, keep_from)
        self._is_looking = True
        self._thread.submit(partial(look_around, self._disk, self._directory, going), self._looked)
        return len(going)

    def _looked(self, tidied: Tidied) -> None:
        self._is_looking = False
        self._keeper.tidied(tidied)
