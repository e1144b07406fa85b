"""Opening a journal: what recovery found is made good on the disk, once, before anyone writes."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ausguck.clock import Clock
from ausguck.errors import JournalError
from ausguck.journal.disk import Disk
from ausguck.journal.format import PREAMBLE
from ausguck.journal.port import Flag, Record, RecordType
from ausguck.journal.reader import EVERY_TYPE, FOR_CONSUMERS, Reader
from ausguck.journal.recovery import End, Found, Survey, find_end, is_unfinished, look, survey
from ausguck.journal.segment import Gap, GapReason, Segment, Segments
from ausguck.journal.writer import Place
from ausguck.model import Position

QOS = Flag.QOS1 | Flag.QOS2


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal made sound, and where it goes on."""

    segments: tuple[Segment, ...]
    gaps: tuple[Gap, ...]
    origin: Position  # where the first record goes when there is no segment
    next: Place
    snapshot: Position | None
    visible_end: Position
    cut_bytes: int


def draw_sync_word() -> int:
    """A number that no publisher can guess; never 0, which a hole in a file is full of."""
    return secrets.randbelow(0xFFFF_FFFF) + 1


def open_directory(
    disk: Disk, directory: Path, clock: Clock, draw: Callable[[], int] = draw_sync_word
) -> Opened:
    """Recover a journal's directory, or make one.

    Raises:
        JournalError: it cannot be read or written, or is of a version that we do not know.
    """
    try:
        disk.make_directory(directory)
        return _open(disk, directory, clock, draw)
    except OSError as error:
        raise JournalError(str(directory), f"cannot be opened: {error.strerror}") from error


def _open(disk: Disk, directory: Path, clock: Clock, draw: Callable[[], int]) -> Opened:
    found = look(disk, directory)
    cut = _drop_unfinished(disk, found)
    known = survey(found)
    for orphan in known.orphans:
        disk.remove(orphan.path)
    end: End | None = None
    if known.segments:
        end, cut_behind = _mend_end(disk, known)
        cut += cut_behind
    last = known.segments[-1] if known.segments else None
    place = Place(
        directory=directory,
        epoch=last.epoch if last else clock.now_ms(),
        sync=last.sync if last else draw(),
        number=known.last_number + 1,
        previous_segment=last.number if last else 0,
        previous_end=last.end if last else 0,
        snapshot_segment=_snapshot_segment(last, end),
    )
    origin = Position(place.epoch, place.number, PREAMBLE)
    return Opened(
        segments=tuple(known.segments),
        gaps=tuple(known.gaps),
        origin=origin,
        next=place,
        snapshot=end.snapshot if end else None,
        visible_end=_visible_end(disk, known.segments, end) or origin,
        cut_bytes=cut,
    )


def _drop_unfinished(disk: Disk, found: list[Found]) -> int:
    cut = 0
    while found and is_unfinished(disk, found[-1]):
        file = found.pop()
        disk.remove(file.path)
        cut += file.size
    return cut


def _mend_end(disk: Disk, known: Survey) -> tuple[End, int]:
    """Cut the unfinished end of the last segment, and make sure that the rest is durable."""
    last = known.segments[-1]
    end = find_end(disk, last)
    known.gaps.extend(end.gaps)
    if end.end == PREAMBLE and last.position(0) in {gap.start for gap in known.gaps}:
        # Neither header nor a record can be read: no unfinished end, so it is not ours to cut.
        known.gaps.append(Gap(last.position(PREAMBLE), last.position(last.end), GapReason.DAMAGED))
        return end, 0
    size = disk.size(last.path)
    # Synced even when nothing is cut: what a killed process wrote may be in memory only.
    disk.truncate(last.path, end.end)
    known.segments[-1] = replace(last, end=end.end)
    return end, max(0, size - end.end)


def _snapshot_segment(last: Segment | None, end: End | None) -> int:
    if end is not None and end.snapshot is not None:
        return end.snapshot.segment
    return last.snapshot_segment if last is not None else 0


def _visible_end(disk: Disk, segments: Sequence[Segment], end: End | None) -> Position | None:
    """Behind the newest record that consumers see; looked for from the end backwards."""
    if end is not None and end.visible_end is not None:
        return end.visible_end
    for segment in reversed(segments[:-1]):
        entries = Reader(disk, FOR_CONSUMERS).walk(segment)
        found = [entry.after for entry in entries if isinstance(entry, Record)]
        if found:
            return found[-1]
    return segments[0].position(PREAMBLE) if segments else None


def session_records(disk: Disk, opened: Opened) -> Iterator[Record]:
    """The last SNAPSHOT found at opening, then every SESSION and QoS 2 record behind it."""
    segments = Segments(opened.segments, opened.origin)
    reader = Reader(disk, EVERY_TYPE)
    start = opened.snapshot or _find_snapshot(reader, segments, opened.next.snapshot_segment)
    for segment in segments:
        if segment.number < start.segment:
            continue
        at = start.offset if segment.number == start.segment else PREAMBLE
        for entry in reader.walk(segment, at):
            if isinstance(entry, Record) and _is_of_sessions(entry):
                yield entry


def _find_snapshot(reader: Reader, segments: Segments, number: int) -> Position:
    """Where a segment's last SNAPSHOT is; the journal's start when it cannot be read."""
    segment = segments.find(number)
    entries = reader.walk(segment) if segment is not None else iter(())
    found = [
        entry.position
        for entry in entries
        if isinstance(entry, Record) and entry.type is RecordType.SNAPSHOT
    ]
    return found[-1] if found else segments.start


def _is_of_sessions(record: Record) -> bool:
    if record.type in {RecordType.SNAPSHOT, RecordType.SESSION}:
        return True
    return record.type in FOR_CONSUMERS and record.flags & QOS == Flag.QOS2
