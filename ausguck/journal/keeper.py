"""Keeps the journal within its room: pauses sources when it is short, removes what has passed."""

import contextlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ausguck.clock import Clock
from ausguck.journal.disk import Disk, Space
from ausguck.journal.port import Pause
from ausguck.journal.room import Room, judge, shortage
from ausguck.journal.segment import Segment, Segments
from ausguck.journal.trim import MS_PER_HOUR, passed_count, to_remove
from ausguck.model import Position
from ausguck.settings import tree


@dataclass(frozen=True, slots=True)
class Tidied:
    """What a look around found and removed."""

    space: Space | None  # None when the disk would not say
    removed: tuple[Segment, ...]


class Keeper:
    """Knows the room there is and which segments nobody needs; in the event loop's thread."""

    def __init__(self, settings: tree.Journal, segments: Segments, space: Space) -> None:
        self._settings = settings
        self._segments = segments
        self._passed: Position | None = None
        self._callbacks: list[Callable[[], None]] = []
        self.room = Room(0, segments.bytes, space)
        self.pause = judge(settings, self.room, Pause.NONE)
        self.pauses: Counter[Pause] = Counter()
        self.trimmed = 0
        if self.pause is not Pause.NONE:
            self.pauses[self.pause] = 1

    def pass_by(self, passed: Position) -> None:
        """Every consumer has stored all before this position for good."""
        self._passed = max(passed, self._passed or passed)

    def on_resume(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called when the pause ends."""
        self._callbacks.append(callback)

    def waiting(self, waiting_bytes: int) -> None:
        """Judge anew, with so many bytes not on disk."""
        self._judge(
            replace(self.room, waiting_bytes=waiting_bytes, journal_bytes=self._segments.bytes)
        )

    def wrote(self, space: Space | None) -> None:
        """A write went well, so there is room again."""
        self.room = replace(self.room, is_full=False, space=space or self.room.space)

    def is_full(self) -> None:
        """A write found no room on the disk."""
        self._judge(replace(self.room, is_full=True))

    def is_broken(self) -> None:
        """No write will be tried again."""
        self._judge(replace(self.room, is_broken=True))

    def tidied(self, tidied: Tidied) -> None:
        """Take in what a look around found."""
        for segment in tidied.removed:
            self._segments.drop(segment.number)
        self.trimmed += len(tidied.removed)
        space = tidied.space or self.room.space
        self._judge(replace(self.room, space=space, journal_bytes=self._segments.bytes))

    def going(self, clock: Clock, keep_from: int) -> list[Segment]:
        """The segments to remove now; `keep_from` is the oldest that sessions need."""
        segments = list(self._segments)
        count = passed_count(segments, self._passed, keep_from)
        old_before_ms = clock.now_ms() - int(self._settings.keep_hours * MS_PER_HOUR)
        return to_remove(segments, count, old_before_ms, shortage(self._settings, self.room))

    def _judge(self, room: Room) -> None:
        before = self.pause
        self.room = room
        self.pause = judge(self._settings, room, before)
        if self.pause is before:
            return
        if self.pause is not Pause.NONE:
            self.pauses[self.pause] += 1
            return
        for callback in self._callbacks:
            callback()


def look_around(disk: Disk, directory: Path, going: list[Segment]) -> Tidied:
    """Remove segments, oldest first, and see how much room there is; for the commit thread."""
    removed: list[Segment] = []
    with contextlib.suppress(OSError):
        for segment in going:
            disk.remove(segment.path)
            removed.append(segment)
    return Tidied(free_space(disk, directory), tuple(removed))


def free_space(disk: Disk, directory: Path) -> Space | None:
    """The room on the disk, or None when it would not say."""
    try:
        return disk.space(directory)
    except OSError:
        return None
