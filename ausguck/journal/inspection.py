"""Reads a journal without touching it, also while a process writes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ausguck.errors import JournalError
from ausguck.journal.disk import Disk
from ausguck.journal.format import (
    HEAD,
    HEADER_SIZE,
    PREAMBLE,
    FormatError,
    decode,
    decode_header_copy,
)
from ausguck.journal.port import Record
from ausguck.journal.reader import EVERY_TYPE, Reader
from ausguck.journal.recovery import Found, Survey, find_end, look, survey
from ausguck.journal.segment import Gap, GapReason, Segment, file_name
from ausguck.model import Position


class FindingKind(StrEnum):
    """What may be said about a journal's bytes."""

    DAMAGED = "damaged"  # records are not what was written
    HEADER = "header"  # a header cannot be read; the records behind it are looked for anyway
    HEADER_COPY = "header copy"  # one of a header's two copies cannot be read
    MISSING = "missing"  # segments are gone between others
    TRUNCATED = "truncated"  # a segment is shorter than it was
    UNFINISHED = "unfinished end"  # was being written; opening the journal cuts it
    UNCOMMITTED = "uncommitted"  # a file to which nothing was ever committed


HARMLESS = frozenset({FindingKind.UNFINISHED, FindingKind.UNCOMMITTED})


@dataclass(frozen=True, slots=True)
class Finding:
    """A stretch of one file, and what is wrong with it."""

    kind: FindingKind
    file: str
    start: int
    end: int
    detail: str

    @property
    def is_damage(self) -> bool:
        """Whether something that was acknowledged may be lost."""
        return self.kind not in HARMLESS


@dataclass(frozen=True, slots=True)
class Report:
    """What a journal holds and what is wrong with it."""

    segments: int
    records: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything that was acknowledged can be read."""
        return not any(finding.is_damage for finding in self.findings)


def verify(disk: Disk, directory: Path) -> Report:
    """Read everything through.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    found, known = _survey(disk, directory)
    findings = [_of_gap(gap) for gap in known.gaps]
    findings += [finding for file in found for finding in _of_header(disk, file)]
    findings += [
        Finding(FindingKind.UNCOMMITTED, file.path.name, 0, file.size, "nothing was acknowledged")
        for file in known.orphans
    ]
    findings += _of_order(known)
    records = 0
    for segment in known.segments:
        is_last = segment is known.segments[-1]
        for entry in Reader(disk, EVERY_TYPE).walk(segment):
            if isinstance(entry, Gap):
                findings.append(_of_damage(disk, segment, entry, is_last=is_last))
            else:
                records += 1
    size = sum(file.size for file in found)
    ordered = sorted(findings, key=lambda finding: (finding.file, finding.start))
    return Report(len(known.segments), records, size, tuple(ordered))


def entries(disk: Disk, directory: Path, start: Position | None) -> Iterator[Record | Gap]:
    """All records from a place on, of every type, and the gaps between them.

    Only segment and offset of the place count. The unfinished end of the last segment is
    left out.

    Raises:
        JournalError: there is no journal, or it cannot be read.
    """
    _, known = _survey(disk, directory)
    reader = Reader(disk, EVERY_TYPE)
    for segment in known.segments:
        if start is not None and segment.number < start.segment:
            continue
        is_first = start is not None and segment.number == start.segment
        at = max(PREAMBLE, start.offset) if start is not None and is_first else PREAMBLE
        is_last = segment is known.segments[-1]
        end = find_end(disk, segment).end if is_last else segment.end
        for entry in reader.walk(segment, at):
            if not isinstance(entry, Gap) or entry.end.offset <= end:
                yield entry


def _survey(disk: Disk, directory: Path) -> tuple[list[Found], Survey]:
    try:
        found = look(disk, directory)
    except OSError as error:
        raise JournalError(str(directory), f"cannot be read: {error.strerror}") from error
    if not found:
        raise JournalError(str(directory), "no segments are here")
    return found, survey(found)


def _of_gap(gap: Gap) -> Finding:
    kind = FindingKind.TRUNCATED if gap.reason is GapReason.TRUNCATED else FindingKind.HEADER
    detail = f"{gap.end.offset - gap.start.offset} bytes"
    name = file_name(gap.start.segment)
    return Finding(kind, name, gap.start.offset, gap.end.offset, detail)


def _of_header(disk: Disk, file: Found) -> Iterator[Finding]:
    if file.header is None or file.size < PREAMBLE:
        return
    content = disk.read(file.path, 0, PREAMBLE)
    for at in (0, HEADER_SIZE):
        try:
            decode_header_copy(content[at : at + HEADER_SIZE])
        except FormatError as error:
            kind, end = FindingKind.HEADER_COPY, at + HEADER_SIZE
            yield Finding(kind, file.path.name, at, end, error.fault.value)


def _of_order(known: Survey) -> Iterator[Finding]:
    numbers = {segment.number for segment in known.segments}
    for segment in known.segments[1:]:
        if segment.previous_segment and segment.previous_segment not in numbers:
            detail = f"segment {segment.previous_segment} came before it"
            yield Finding(FindingKind.MISSING, segment.path.name, 0, 0, detail)


def _of_damage(disk: Disk, segment: Segment, gap: Gap, *, is_last: bool) -> Finding:
    start, end = gap.start.offset, gap.end.offset
    if is_last and end >= segment.end:
        detail = f"{end - start} bytes are no whole record"
        return Finding(FindingKind.UNFINISHED, segment.path.name, start, end, detail)
    fault = _fault(segment, disk.read(segment.path, start, end - start + HEAD.size))
    return Finding(FindingKind.DAMAGED, segment.path.name, start, end, fault)


def _fault(segment: Segment, content: bytes) -> str:
    try:
        decode(segment.sync, content)
    except FormatError as error:
        return error.fault.value
    return "unknown"
