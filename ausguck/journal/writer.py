"""The one who writes: a batch at a time, synced, in segments that are never mended.

Lives in the commit thread. After a failed write or sync nothing is tried again on the same
file: it is sealed at its last good commit, by the header of the next one, and the whole batch
goes there.
"""

import contextlib
import errno
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ausguck.errors import JournalError
from ausguck.journal.disk import Disk, File
from ausguck.journal.format import PREAMBLE, Header
from ausguck.journal.segment import MOST_SEGMENTS, Segment, file_name
from ausguck.model import Position
from ausguck.probe import CrashPoint, Probe

# No room on the disk, or none for one more open file: both pass by themselves.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE})
FAILURES_TO_STOP = 2


@dataclass(frozen=True, slots=True)
class Written:
    """How a batch fared: `segment` as it is now and where the batch begins, or None."""

    segment: Segment | None
    start: int = 0
    failures: int = 0
    is_full: bool = False
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next segment goes and what its header says."""

    directory: Path
    epoch: int
    sync: int
    number: int
    previous_segment: int
    previous_end: int
    snapshot_segment: int


class Writer:
    """Writes batches behind what opening found, into new segments only."""

    def __init__(self, disk: Disk, place: Place, now_ms: Callable[[], int], probe: Probe) -> None:
        self._disk = disk
        self._next = place
        self._now_ms = now_ms
        self._probe = probe
        self._file: File | None = None
        self._segment: Segment | None = None
        self._failures_in_a_row = 0

    def commit(self, batch: bytes, *, fresh: bool, has_snapshot: bool) -> Written:
        """Bring a batch to the medium, in a new segment when asked for or when one failed."""
        failures = 0
        if fresh:
            self._leave()
        while True:
            try:
                written = self._write(batch)
            except OSError as error:
                self._leave()
                if error.errno in NO_ROOM:
                    return Written(None, failures=failures, is_full=True)
                failures += 1
                self._failures_in_a_row += 1
                if self._failures_in_a_row >= FAILURES_TO_STOP:
                    return Written(None, failures=failures, is_broken=True)
                continue
            self._failures_in_a_row = 0
            if has_snapshot and written.segment is not None:
                self._next = replace(self._next, snapshot_segment=written.segment.number)
            return replace(written, failures=failures)

    def begin_behind(self, position: Position) -> None:
        """Number segments from behind a consumer's position; before the first commit only."""
        epoch, number, _offset = position
        if number + 1 >= MOST_SEGMENTS:
            raise JournalError("position", f"segment {number} is no number of a segment")
        if epoch >= self._next.epoch:
            self._next = replace(self._next, epoch=epoch, number=max(self._next.number, number + 1))

    def close(self) -> None:
        """Let go of the file."""
        self._leave()

    def _write(self, batch: bytes) -> Written:
        head = b""
        if self._file is None or self._segment is None:
            self._file, self._segment, head = self._begin()
        file, segment = self._file, self._segment
        self._probe(CrashPoint.JOURNAL_BEFORE_WRITE)
        file.write(head + batch)
        self._probe(CrashPoint.JOURNAL_BEFORE_SYNC)
        file.sync()
        self._probe(CrashPoint.JOURNAL_AFTER_SYNC)
        self._segment = replace(segment, end=segment.end + len(batch))
        self._next = replace(
            self._next,
            number=segment.number + 1,
            previous_segment=segment.number,
            previous_end=self._segment.end,
        )
        return Written(self._segment, start=segment.end)

    def _begin(self) -> tuple[File, Segment, bytes]:
        place = self._next
        header = Header(
            epoch=place.epoch,
            segment=place.number,
            previous_segment=place.previous_segment,
            previous_end=place.previous_end,
            snapshot_segment=place.snapshot_segment,
            made_at_ms=self._now_ms(),
            sync=place.sync,
        )
        path = place.directory / file_name(place.number)
        # Should making it fail halfway, the number is spent: a file may be left that bears it.
        self._next = replace(place, number=place.number + 1)
        file = self._disk.create(path)
        self._probe(CrashPoint.JOURNAL_NEW_SEGMENT)
        segment = Segment(
            path=path,
            number=header.segment,
            epoch=header.epoch,
            sync=header.sync,
            end=PREAMBLE,
            made_at_ms=header.made_at_ms,
            previous_segment=header.previous_segment,
            previous_end=header.previous_end,
            snapshot_segment=header.snapshot_segment,
        )
        try:
            self._disk.sync_directory(place.directory)
        except OSError:
            self._drop(file, path)
            raise
        return file, segment, header.encode()

    def _leave(self) -> None:
        """Write no more to this file; if nothing was ever committed to it, remove it."""
        file, segment = self._file, self._segment
        self._file = self._segment = None
        if file is None or segment is None:
            return
        if segment.end == PREAMBLE:
            self._drop(file, segment.path)
        else:
            with contextlib.suppress(OSError):
                file.close()

    def _drop(self, file: File, path: Path) -> None:
        # Best effort: a file that stays has no committed record and is recognised at opening.
        with contextlib.suppress(OSError):
            file.close()
        with contextlib.suppress(OSError):
            self._disk.remove(path)
