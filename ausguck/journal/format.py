"""What the bytes of a segment mean: its header, its records, and how damage is told.

A segment is its header, written twice, and then records without gaps. All numbers are
little-endian.

    header   magic 8s | version u16 | size u16 | epoch u64 | segment u64 | previous segment u64
             | previous end u64 | snapshot segment u64 | made at ms i64 | sync word u32
             | CRC-32C u32
    record   sync word u32 | CRC-32C u32 | length u32 | source length u32 | topic length u16
             | packet id u16 | type u8 | flags u8 | received at ms i64 | source | topic | payload

Every record opens with the sync word, so that reading can resume right behind damage. The
word is drawn by lot when the journal is made and also seeds the records' CRCs: no publisher
can put something into a payload that would be read as a record. A CRC covers everything
behind it; `length` is that of the whole record. `previous end` seals the segment before: what
lies behind it there was never acknowledged and is not read.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

import google_crc32c

from ausguck.errors import AusguckError
from ausguck.journal.port import RecordType, Source

VERSION: Final = 1
MAGIC: Final = b"AUSGUCK\n"
MAX_LENGTH: Final = 1 << 28

HEADER: Final = struct.Struct("<8sHHQQQQQqI")
CRC: Final = struct.Struct("<I")
HEADER_SIZE: Final = HEADER.size + CRC.size
PREAMBLE: Final = 2 * HEADER_SIZE  # where the first record begins

START: Final = struct.Struct("<II")
BODY: Final = struct.Struct("<IIHHBBq")
HEAD: Final = struct.Struct("<IIIIHHBBq")  # START and BODY in one
SOURCE: Final = struct.Struct("<HHH")

crc32c: Callable[[int, bytes], int] = google_crc32c.extend


class Fault(StrEnum):
    """What is wrong with bytes that should be a header or a record."""

    SHORT = "short"  # they end before it does
    MAGIC = "magic"  # not a segment of ours
    VERSION = "version"  # of a version we do not know
    SYNC = "sync"  # no record begins here
    LENGTH = "length"  # a length that cannot be
    CRC = "crc"  # not what was written
    TYPE = "type"  # of a type we do not know


class FormatError(AusguckError):
    """Bytes that are not what they should be."""

    def __init__(self, fault: Fault, what: str) -> None:
        self.fault = fault
        super().__init__(f"{what}: {fault.value}")


@dataclass(frozen=True, slots=True)
class Header:
    """What the head of a segment says."""

    epoch: int
    segment: int
    previous_segment: int  # 0 when this is the first
    previous_end: int
    snapshot_segment: int  # where the newest SNAPSHOT was when this was made; 0 for nowhere
    made_at_ms: int
    sync: int

    def encode(self) -> bytes:
        """The header as it stands in the file, twice."""
        fields = HEADER.pack(
            MAGIC,
            VERSION,
            HEADER_SIZE,
            self.epoch,
            self.segment,
            self.previous_segment,
            self.previous_end,
            self.snapshot_segment,
            self.made_at_ms,
            self.sync,
        )
        return 2 * (fields + CRC.pack(crc32c(0, fields)))


def decode_header_copy(data: bytes) -> Header:
    """Read one copy of a segment's header.

    Raises:
        FormatError: it is not one, or not one that we can read.
    """
    if len(data) < HEADER_SIZE:
        raise FormatError(Fault.SHORT, "segment header")
    magic, version, _size, *fields = HEADER.unpack_from(data)
    if magic != MAGIC:
        raise FormatError(Fault.MAGIC, "segment header")
    if CRC.unpack_from(data, HEADER.size)[0] != crc32c(0, data[: HEADER.size]):
        raise FormatError(Fault.CRC, "segment header")
    if version != VERSION:
        raise FormatError(Fault.VERSION, "segment header")
    return Header(*fields)


def decode_header(data: bytes) -> Header:
    """Read a segment's header from whichever of its copies is sound.

    Raises:
        FormatError: neither is.
    """
    try:
        return decode_header_copy(data[:HEADER_SIZE])
    except FormatError as error:
        if error.fault is Fault.VERSION:
            raise
        try:
            return decode_header_copy(data[HEADER_SIZE:PREAMBLE])
        except FormatError:
            raise error from None


def encode_source(source: Source) -> bytes:
    """A source as records carry it."""
    parts = [part.encode()[:0xFFFF] for part in source]
    return SOURCE.pack(*map(len, parts)) + b"".join(parts)


def decode_source(data: bytes) -> Source:
    """Read a source; bytes that are none give one without a name."""
    if len(data) < SOURCE.size:
        return Source("", "", "")
    parts: list[str] = []
    at = SOURCE.size
    for length in SOURCE.unpack_from(data):
        parts.append(data[at : at + length].decode(errors="replace"))
        at += length
    return Source(*parts)


class Fields(NamedTuple):
    """A record's parts as `Appender.append` takes them."""

    type: RecordType
    flags: int
    received_at_ms: int
    source: bytes
    packet_id: int
    topic: bytes
    payload: bytes


def encode(sync: int, fields: Fields) -> bytes:
    """A record as it stands in the file; `Journal.append` has its own copy of this for speed."""
    kind, flags, received_at_ms, source, packet_id, topic, payload = fields
    length = HEAD.size + len(source) + len(topic) + len(payload)
    head = BODY.pack(length, len(source), len(topic), packet_id, kind, flags, received_at_ms)
    body = b"".join((head, source, topic, payload))
    return START.pack(sync, crc32c(sync, body)) + body


def decode(sync: int, data: bytes, at: int = 0) -> tuple[Fields, int]:
    """Read the record at an offset and say where it ends.

    Raises:
        FormatError: there is no whole, sound record; the fault says why.
    """
    end = _checked_end(sync, data, at)
    _, _, _, source_size, topic_size, packet_id, kind, flags, received = HEAD.unpack_from(data, at)
    topic_at = at + HEAD.size + source_size
    payload_at = topic_at + topic_size
    if payload_at > end:
        raise FormatError(Fault.LENGTH, "record")
    if kind not in KNOWN_TYPES:
        raise FormatError(Fault.TYPE, "record")
    fields = Fields(
        RecordType(kind),
        flags,
        received,
        data[at + HEAD.size : topic_at],
        packet_id,
        data[topic_at:payload_at],
        data[payload_at:end],
    )
    return fields, end


def _checked_end(sync: int, data: bytes, at: int) -> int:
    if len(data) - at < HEAD.size:
        raise FormatError(Fault.SHORT, "record")
    found, crc, length = struct.unpack_from("<III", data, at)
    if found != sync:
        raise FormatError(Fault.SYNC, "record")
    if not HEAD.size <= length <= MAX_LENGTH:
        raise FormatError(Fault.LENGTH, "record")
    end = at + int(length)
    if end > len(data):
        raise FormatError(Fault.SHORT, "record")
    if crc32c(sync, data[at + START.size : end]) != crc:
        raise FormatError(Fault.CRC, "record")
    return end


def next_record(sync: int, data: bytes, at: int) -> int | None:
    """Where the next whole, sound record begins at or behind an offset, or None."""
    word = CRC.pack(sync)
    while (at := data.find(word, at)) >= 0:
        try:
            _checked_end(sync, data, at)
        except FormatError:
            at += 1
        else:
            return at
    return None


KNOWN_TYPES: Final = frozenset(RecordType)
