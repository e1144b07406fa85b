"""Dead letters of one topic and reason, many of them in one row; pure.

A row's element is then a series of compressed frames, so that more are added behind without
reading those before. Each keeps its own time, count, detail and origin.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from ausguck.desk.port import DeadLetterRow
from ausguck.model import Position

ROW_ELEMENTS: Final = 2_000
ROW_BYTES: Final = 65_536
"""As long as the element of one dead letter may be, so that the quota bounds the same disk."""
FRAME_BYTES: Final = 65_536
"""Before compression; so even what cannot be compressed fits a row."""
_LEVEL: Final = 6

Upto = tuple[int, int, int, int]


class Packed(msgspec.Struct, frozen=True, array_like=True):
    """One dead letter among others in a row."""

    detail: str
    element: bytes
    count: int
    first_at_ms: int
    last_at_ms: int
    upto: Upto

    @property
    def position(self) -> Position:
        """The record that it was last counted in."""
        return Position(*self.upto[:3])


class Frame(msgspec.Struct, frozen=True):
    """Some of them, as they are kept, and what they add up to."""

    content: bytes
    members: Sequence[Packed]

    @property
    def sha256(self) -> bytes:
        """Stands in the row for its first frame; no two are alike, for each has its origins."""
        return hashlib.sha256(self.content).digest()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Packed])


def frames(members: Sequence[Packed]) -> Iterator[Frame]:
    """The members in frames, in their order."""
    begin = size = 0
    for index, member in enumerate(members):
        length = len(member.element) + len(member.detail)
        if index > begin and (size + length > FRAME_BYTES or index - begin >= ROW_ELEMENTS):
            yield _frame(members[begin:index])
            begin, size = index, 0
        size += length
    if begin < len(members):
        yield _frame(members[begin:])


def pack(members: Sequence[Packed]) -> bytes:
    """A row's element that holds these."""
    return b"".join(frame.content for frame in frames(members))


def unpack(content: bytes) -> list[Packed]:
    """All that a row's element holds."""
    found: list[Packed] = []
    while content:
        inflating = zlib.decompressobj()
        found += _DECODER.decode(inflating.decompress(content) + inflating.flush())
        content = inflating.unused_data
    return found


def parts_of(letter: DeadLetterRow) -> Sequence[DeadLetterRow]:
    """Each dead letter of a row as a row of its own, under the same id."""
    if not letter.pack:
        return (letter,)
    return [
        DeadLetterRow(
            id=letter.id,
            topic=letter.topic,
            reason=letter.reason,
            detail=one.detail,
            element=one.element,
            count=one.count,
            first_at_ms=one.first_at_ms,
            last_at_ms=one.last_at_ms,
            last_position=one.position,
        )
        for one in unpack(letter.pack)
    ]


def without(members: Sequence[Packed], parts: Sequence[DeadLetterRow]) -> list[Packed]:
    """The members that are none of these parts."""
    gone = {(part.last_position, part.element) for part in parts}
    return [one for one in members if (one.position, one.element) not in gone]


def _frame(members: Sequence[Packed]) -> Frame:
    return Frame(zlib.compress(_ENCODER.encode(members), _LEVEL), members)
