"""Records out of bytes: the fast way over sound ones, and the careful way past damage."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from ausguck.journal.disk import Disk
from ausguck.journal.format import (
    CRC,
    HEAD,
    MAX_LENGTH,
    PREAMBLE,
    START,
    crc32c,
    next_record,
)
from ausguck.journal.names import Sources, Topics
from ausguck.journal.port import Record, RecordType
from ausguck.journal.segment import Gap, GapReason, Segment
from ausguck.model import Position

CHUNK_BYTES: Final = 1 << 20

EVERY_TYPE: Final[Mapping[int, RecordType]] = {kind.value: kind for kind in RecordType}
FOR_CONSUMERS: Final[Mapping[int, RecordType]] = {
    kind.value: kind for kind in (RecordType.MESSAGE, RecordType.REFUSED, RecordType.RETRY)
}

_HEAD_SIZE: Final = HEAD.size
_START_SIZE: Final = START.size
_LENGTH_AT: Final = START.size


class Chunk(NamedTuple):
    """A stretch of a segment in memory."""

    segment: int
    base: int
    content: bytes

    def holds(self, segment: int, at: int) -> bool:
        """Whether a place is in it."""
        return segment == self.segment and self.base <= at < self.base + len(self.content)


class Step(NamedTuple):
    """What one step gave: records, the place behind it, and what was left out on the way."""

    records: list[Record]
    at: int
    chunk: Chunk
    gap: Gap | None


class Reader:
    """Reads the records of given types; one for each consumer, as it remembers names."""

    def __init__(self, disk: Disk, types: Mapping[int, RecordType]) -> None:
        self._disk = disk
        self._types = types
        self._sources = Sources()
        self._topics = Topics()

    def decode(
        self, segment: Segment, chunk: Chunk, at: int, limit: int
    ) -> tuple[list[Record], int]:
        """Up to `limit` records from `at` on; stops at the first that is not whole and sound.

        Everything is a local name here: this runs once a message.
        """
        _, base, content = chunk
        sources, topics, types = self._sources, self._topics, self._types
        epoch, number, sync = segment.epoch, segment.number, segment.sync
        unpack, checksum, place = HEAD.unpack_from, crc32c, tuple.__new__
        records: list[Record] = []
        begin, size = at - base, len(content)
        last_begin = size - _HEAD_SIZE
        position = Position(epoch, number, at)
        while begin <= last_begin and limit:
            found, crc, length, source_size, topic_size, packet_id, kind, flags, received = unpack(
                content, begin
            )
            end = begin + length
            if found != sync or length < _HEAD_SIZE or end > size:
                break
            if checksum(sync, content[begin + _START_SIZE : end]) != crc:
                break
            after = place(Position, (epoch, number, base + end))
            if kind in types:
                source_at = begin + _HEAD_SIZE
                topic_at = source_at + source_size
                payload_at = topic_at + topic_size
                records.append(
                    Record(
                        position,
                        after,
                        types[kind],
                        flags,
                        received,
                        sources[content[source_at:topic_at]],
                        packet_id,
                        topics[content[topic_at:payload_at]],
                        content[payload_at:end],
                    )
                )
                limit -= 1
            position = after
            begin = end
        return records, base + begin

    def step(self, segment: Segment, at: int, chunk: Chunk | None, limit: int) -> Step:
        """Go on from a place before the segment's end; always gets further."""
        if chunk is None or not chunk.holds(segment.number, at):
            chunk = self._load(segment, at, CHUNK_BYTES)
        records, reached = self.decode(segment, chunk, at, limit)
        if reached == at:
            chunk = self._load(segment, at, max(CHUNK_BYTES, self._wanted(segment, at)))
            records, reached = self.decode(segment, chunk, at, limit)
        if reached > at:
            return Step(records, reached, chunk, None)
        resume = self._behind_damage(segment, at)
        gap = Gap(segment.position(at), segment.position(resume), GapReason.DAMAGED)
        return Step([], resume, chunk, gap)

    def walk(self, segment: Segment, at: int = PREAMBLE) -> Iterator[Record | Gap]:
        """All records of a segment from a place on, and the gaps between them."""
        chunk: Chunk | None = None
        while at < segment.end:
            records, at, chunk, gap = self.step(segment, at, chunk, -1)
            yield from records
            if gap is not None:
                yield gap

    def _load(self, segment: Segment, at: int, size: int) -> Chunk:
        content = self._disk.read(segment.path, at, min(size, segment.end - at))
        return Chunk(segment.number, at, content)

    def _wanted(self, segment: Segment, at: int) -> int:
        """How long the record at a place says it is, as far as that can be true."""
        head = self._disk.read(segment.path, at + _LENGTH_AT, CRC.size)
        length: int = CRC.unpack(head)[0] if len(head) == CRC.size else 0
        return length if length <= min(MAX_LENGTH, segment.end - at) else 0

    def _behind_damage(self, segment: Segment, at: int) -> int:
        rest = self._disk.read(segment.path, at, segment.end - at)
        found = next_record(segment.sync, rest, 1)
        return segment.end if found is None else at + found
