"""Lines that are written one by one, of events and of the books, and how a line begins; pure."""

from collections.abc import Sequence

from ausguck.errors import AusguckError
from ausguck.model import AssetId, Books, Event, Position
from ausguck.store.influxdb.places import CURSOR, EVENTS, FORMAT, Place, tags_of
from ausguck.store.influxdb.text import field_in, tag_in

_INT64 = 1 << 63
_UINT64 = 1 << 64


class UnfitError(AusguckError):
    """A value does not fit its field, or its reading has no place."""


def signed(number: int) -> int:
    """An unsigned 64-bit number as the server's signed one."""
    return number - _UINT64 if number >= _INT64 else number


def unsigned(number: int) -> int:
    """The number that was written."""
    return number + _UINT64 if number < 0 else number


def series_key(place: Place, asset: AssetId) -> str:
    """Measurement and tags of an asset's points."""
    return key_of(place.name, place.tags, tags_of(place, asset))


def key_of(name: str, tags: Sequence[str], values: Sequence[str]) -> str:
    """Measurement and tags as a line begins with them; tags have to be sorted."""
    return ",".join((name, *(f"{tag}={tag_in(v)}" for tag, v in zip(tags, values, strict=True))))


def event_line(event: Event, ns: int, batch: str) -> str:
    """An event's line.

    Raises:
        UnfitError: a text is not valid Unicode.
    """
    line = (
        f"{series_key(EVENTS, event.asset)} received_at_ms={event.received_at_ms}i,"
        f'type="{field_in(event.type)}",detail="{field_in(event.detail)}",'
        f'digest={signed(event.digest)}i,batch="{batch}" {ns}'
    )
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError as error:
            raise UnfitError("a text is not valid Unicode") from error
    return line


def batch_name(consumer: str, position: Position) -> str:
    """What each line of a batch says about when it counts as written: behind this position."""
    epoch, segment, offset = position
    return f"{consumer} {epoch:x}.{segment:x}.{offset:x}"


def cursor_line(consumer: str, position: Position | None, books: Books) -> str:
    """The one line that moves position and books, at a time that never changes."""
    fields = {
        "format": FORMAT,
        "stored": books.stored,
        "duplicates": books.duplicates,
        "dead_lettered": books.dead_lettered,
        "decoded": books.decoded,
    }
    if position is not None:
        fields |= dict(zip(("epoch", "segment", "byte_offset"), position, strict=True))
    words = ",".join(f"{name}={signed(number)}i" for name, number in fields.items())
    return f"{key_of(CURSOR.name, CURSOR.tags, (consumer,))} {words} 0"
