"""What a journal's directory holds at opening: segments, gaps, and the end that may be cut.

Only the unfinished end of the last segment may be cut: bytes behind its last sound record.
Whatever else cannot be read is left where it is and reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ausguck.errors import JournalError
from ausguck.journal.disk import Disk
from ausguck.journal.format import PREAMBLE, VERSION, Fault, FormatError, Header, decode_header
from ausguck.journal.port import RecordType
from ausguck.journal.reader import EVERY_TYPE, FOR_CONSUMERS, Reader
from ausguck.journal.segment import Gap, GapReason, Segment, file_number
from ausguck.model import Position


@dataclass(frozen=True, slots=True)
class Found:
    """A segment's file as it lies there; without a header when that cannot be read."""

    path: Path
    number: int
    size: int
    header: Header | None


@dataclass(slots=True)
class Survey:
    """The segments that can be read, in order, and what is known to be lost."""

    segments: list[Segment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    orphans: list[Found] = field(default_factory=list)  # nothing was ever committed to them
    last_number: int = 0


@dataclass(frozen=True, slots=True)
class End:
    """What was found in the last segment."""

    end: int  # behind its last sound record
    snapshot: Position | None
    visible_end: Position | None  # behind the last record that consumers see
    gaps: tuple[Gap, ...]


def look(disk: Disk, directory: Path) -> list[Found]:
    """The segments' files in order, each with its header.

    Raises:
        JournalError: a segment was written by a version of Ausguck that we do not know.
    """
    found: list[Found] = []
    for name in disk.names(directory):
        number = file_number(name)
        if number is None:
            continue
        path = directory / name
        try:
            header: Header | None = decode_header(disk.read(path, 0, PREAMBLE))
        except FormatError as error:
            if error.fault is Fault.VERSION:
                expected = f"its format is newer than version {VERSION}, which this Ausguck reads"
                raise JournalError(str(path), expected) from None
            header = None
        found.append(Found(path, number, disk.size(path), header))
    return sorted(found, key=lambda file: file.number)


def survey(found: Sequence[Found]) -> Survey:
    """Where each segment ends, by its successor's word, and which headers are damaged."""
    result = Survey(last_number=found[-1].number if found else 0)
    headers = [file.header for file in found if file.header is not None]
    if not headers:
        result.gaps.extend(_unreadable(file) for file in found)
        return result
    nearest = headers[0]
    for index, file in enumerate(found):
        following = next((later.header for later in found[index + 1 :] if later.header), None)
        if following is not None and _is_orphan(file, following):
            result.orphans.append(file)
            continue
        nearest = file.header or replace(nearest, previous_segment=0, previous_end=0)
        segment = _segment(file, nearest)
        if file.header is None:
            start = segment.position(0)
            result.gaps.append(Gap(start, segment.position(PREAMBLE), GapReason.HEADER))
        if following is not None and following.previous_segment == file.number:
            sealed = max(following.previous_end, PREAMBLE)
            if file.size < sealed:
                lost = segment.position(file.size), segment.position(sealed)
                result.gaps.append(Gap(*lost, GapReason.TRUNCATED))
            segment = replace(segment, end=max(PREAMBLE, min(file.size, sealed)))
        result.segments.append(segment)
    return result


def _is_orphan(file: Found, following: Header) -> bool:
    """Whether the next header names an older segment as the one before it."""
    if file.header is None:
        return 0 < following.previous_segment < file.number
    return file.header.epoch == following.epoch and following.previous_segment < file.header.segment


def _segment(file: Found, header: Header) -> Segment:
    return Segment(
        path=file.path,
        number=file.number,
        epoch=header.epoch,
        sync=header.sync,
        end=max(file.size, PREAMBLE),
        made_at_ms=header.made_at_ms,
        previous_segment=header.previous_segment,
        previous_end=header.previous_end,
        snapshot_segment=header.snapshot_segment,
    )


def _unreadable(file: Found) -> Gap:
    start, end = (Position(0, file.number, offset) for offset in (0, file.size))
    return Gap(start, end, GapReason.HEADER)


def is_unfinished(disk: Disk, file: Found) -> bool:
    """Whether the last file was only just being made, so that nothing in it was acknowledged."""
    if file.size <= PREAMBLE:
        return True
    return file.header is None and not disk.read(file.path, 0, file.size).strip(b"\0")


def find_end(disk: Disk, segment: Segment) -> End:
    """Read the last segment through; a gap that reaches its end is its unfinished end."""
    end, snapshot, visible_end = PREAMBLE, None, None
    gaps: list[Gap] = []
    for entry in Reader(disk, EVERY_TYPE).walk(segment):
        if isinstance(entry, Gap):
            gaps.append(entry)
            continue
        end = entry.after.offset
        if entry.type in FOR_CONSUMERS:
            visible_end = entry.after
        elif entry.type is RecordType.SNAPSHOT:
            snapshot = entry.position
    inner = tuple(gap for gap in gaps if gap.end.offset <= end)
    return End(end, snapshot, visible_end, inner)
