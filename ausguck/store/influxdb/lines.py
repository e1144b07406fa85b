"""From readings, events and the books to lines; pure.

A line is one `%` on a template that is compiled once for each combination of types: most
readings of a device model hold the same keys, so finding it is one look-up, and a value of a
type that the catalogue does not know finds none.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.errors import AusguckError
from ausguck.model import AssetId, Books, Event, Kind, Position, Reading
from ausguck.store.influxdb.places import (
    CURSOR,
    EVENTS,
    FORMAT,
    IDENTITY,
    SPARSE,
    Place,
    metrics,
    tags_of,
)
from ausguck.store.influxdb.text import field_in, is_plain, tag_in

_FORMATS: Mapping[type, Mapping[type, str]] = {
    float: {float: "%r", int: "%d"},
    int: {int: "%di"},
    bool: {bool: "%di"},
    str: {str: '"%s"'},
}
_NOT_FINITE = ("=nan", "=inf", "=-inf")
_MOST_PLAIN = 65_536
_INT64 = 1 << 63
_UINT64 = 1 << 64

Types = tuple[type, ...]


class UnfitError(AusguckError):
    """A value does not fit its field, or its reading has no place."""


class _Template(NamedTuple):
    """How readings with values of certain types are written."""

    main: str
    main_values: Callable[[Any], tuple[Any, ...]]
    texts: Callable[[Any], tuple[str, ...]] | None
    sparse: str | None
    sparse_values: Callable[[Any], tuple[Any, ...]]


def signed(number: int) -> int:
    """An unsigned 64-bit number as the server's signed one."""
    return number - _UINT64 if number >= _INT64 else number


def unsigned(number: int) -> int:
    """The number that was written."""
    return number + _UINT64 if number < 0 else number


class ReadingLines:
    """Writes readings; keeps templates, series keys and strings known to be plain."""

    def __init__(self) -> None:
        self._templates: dict[tuple[Kind, bool, bool, Types], _Template] = {}
        self._series: dict[AssetId, tuple[str, str]] = {}
        self._plain: set[str] = set()

    def write(self, reading: Reading, ns: int, batch: str) -> tuple[str, str | None]:
        """A reading's line, and the one of what is kept apart where it holds any of that.

        Raises:
            UnfitError: a value does not fit its field, or its reading has no place.
        """
        asset, boot_id, seq, values = reading.asset, reading.boot_id, reading.seq, reading.values
        key = (asset.kind, boot_id is None, seq is None, tuple(map(type, values)))
        template = self._templates.get(key) or self._compiled(key)
        series = self._series.get(asset) or self._series_of(asset)
        if template.texts is not None and not self._plain.issuperset(template.texts(values)):
            values = self._escaped(values)
        digest = reading.digest
        head: tuple[object, ...] = (
            series[0],
            reading.received_at_ms,
            digest if digest < _INT64 else digest - _UINT64,
            reading.clock_suspect,
            batch,
        )
        if boot_id is not None:
            if boot_id not in self._plain:
                boot_id = self._clean(boot_id)
            head += (boot_id,)
        if seq is not None:
            head += (seq if seq < _INT64 else seq - _UINT64,)
        main = template.main % (*head, *template.main_values(values), ns)
        if template.sparse is None:
            return main, None
        apart = (series[1], reading.received_at_ms, *template.sparse_values(values), ns)
        return main, template.sparse % apart

    def _compiled(self, key: tuple[Kind, bool, bool, Types]) -> _Template:
        kind, without_boot_id, without_seq, types = key
        made = _compile(kind, types, without_boot_id=without_boot_id, without_seq=without_seq)
        self._templates[key] = made
        return made

    def _series_of(self, asset: AssetId) -> tuple[str, str]:
        sparse = SPARSE[asset.kind]
        made = (
            series_key(IDENTITY[asset.kind], asset),
            series_key(sparse[0], asset) if sparse else "",
        )
        self._series[asset] = made
        return made

    def _clean(self, text: str) -> str:
        """A string as it is written; one that needs no escaping is found at once next time."""
        if not is_plain(text):
            return field_in(text)
        if len(self._plain) >= _MOST_PLAIN:
            self._plain.clear()
        self._plain.add(text)
        return text

    def _escaped(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(self._clean(v) if isinstance(v, str) else v for v in values)


def _nothing(_values: object) -> tuple[Any, ...]:
    return ()


def _getter(indices: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
    if not indices:
        return _nothing
    first = indices[0]
    return itemgetter(*indices) if len(indices) > 1 else lambda values: (values[first],)


def _compile(kind: Kind, types: Types, *, without_boot_id: bool, without_seq: bool) -> _Template:
    if kind not in IDENTITY:
        raise UnfitError(f"no place for readings of a {kind}")
    if len(types) != len(catalogue.keys(kind)):
        raise UnfitError(f"a reading of a {kind} has {len(catalogue.keys(kind))} values")
    main = _fields(kind, IDENTITY[kind], types)
    apart = [field for place in SPARSE[kind] for field in _fields(kind, place, types)]
    head = '%s received_at_ms=%di,digest=%di,clock_suspect=%di,batch="%s"'
    head += "" if without_boot_id else ',boot_id="%s"'
    head += "" if without_seq else ",seq=%di"
    texts = [index for index, found in enumerate(types) if found is str]
    return _Template(
        ",".join((head, *(words for _, words in main))) + " %d",
        _getter([index for index, _ in main]),
        _getter(texts) if texts else None,
        ",".join(("%s received_at_ms=%di", *(words for _, words in apart))) + " %d"
        if apart
        else None,
        _getter([index for index, _ in apart]),
    )


def _fields(kind: Kind, place: Place, types: Types) -> list[tuple[int, str]]:
    """Index and template of each value that is known."""
    return [
        (index, f"{metric.key}={_format(metric, types[index])}")
        for index, metric in metrics(kind, place)
        if types[index] is not type(None)
    ]


def _format(metric: Metric, found: type) -> str:
    words = _FORMATS[metric.type].get(found)
    if words is None:
        raise UnfitError(
            f"a value of {metric.key} is of type {found.__name__}, not {metric.type.__name__}"
        )
    return words


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


def is_writable(lines: str) -> bool:
    """Whether there is nothing in some lines that the server takes no number for.

    Cheap, and wrong only in that a string may look like such a number.
    """
    return not any(words in lines for words in _NOT_FINITE)


def unfit(lines: ReadingLines, member: Reading | Event) -> str | None:
    """What is wrong with a member, or nothing."""
    try:
        if isinstance(member, Reading):
            lines.write(member, 0, "")[0].encode()
            bad = [v for v in member.values if isinstance(v, float) and v - v != 0]
            if bad:
                return "a value is no finite number"
        else:
            event_line(member, 0, "").encode()
    except UnfitError as error:
        return str(error)
    except UnicodeEncodeError:
        return "a text is not valid Unicode"
    return None
