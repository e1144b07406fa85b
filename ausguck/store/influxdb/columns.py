"""From many readings to lines at once, column by column; pure.

A line for each reading costs as much as decoding it did, and most of that is turning numbers
into text. Arrow does it for a whole column at a time, and leaves out the columns that are
empty in all of them.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.model import AssetId, Kind, Reading
from ausguck.store.influxdb.lines import UnfitError, series_key
from ausguck.store.influxdb.places import IDENTITY, SPARSE, Place, metrics
from ausguck.store.influxdb.text import field_in, is_plain

_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError, TypeError)
_ARROW = {float: pa.float64(), int: pa.int64(), bool: pa.bool_(), str: pa.string()}
_NONE = type(None)
_TAKEN: dict[type, frozenset[type]] = {
    float: frozenset({float, int, _NONE}),
    int: frozenset({int, _NONE}),
    bool: frozenset({bool, _NONE}),
    str: frozenset({str, _NONE}),
}
_MOST_PLAIN = 65_536
_NOTHING = pa.scalar("")

Part = Any  # a string, or an Arrow array of them
"""Of every line: the same words, or each line's own."""


class Written(NamedTuple):
    """A line for each reading; `apart` are those of the values that are kept apart."""

    main: list[str]
    apart: list[str]
    apart_of: Sequence[int]
    """Of which reading each of them is."""


class Columns:
    """Writes readings; keeps series keys and strings that are known to need no escaping."""

    def __init__(self) -> None:
        self._series: dict[AssetId, tuple[str, str]] = {}
        self._plain: set[str] = set()

    def write(
        self, kind: Kind, readings: Sequence[Reading], slots: Sequence[int], batch: str
    ) -> Written:
        """Lines of readings of one kind, at the nanoseconds `slots`; at least one.

        Raises:
            UnfitError: a value does not fit its field, or such readings have no place.
        """
        if kind not in IDENTITY:
            raise UnfitError(f"no place for readings of a {kind}")
        columns = _cut(kind, readings)
        keys = [self._series.get(r.asset) or self._series_of(r.asset) for r in readings]
        at = _number("time", slots)
        received = _number("received_at_ms", [r.received_at_ms for r in readings])
        head: list[Part] = [
            *(_array("name", [key for key, _ in keys], pa.string()), " received_at_ms=", received),
            *self._head(readings, batch),
        ]
        fields = self._fields(kind, IDENTITY[kind], columns)
        main = _joined([*head, *chain.from_iterable(fields), " ", at]).to_pylist()
        for sparse in SPARSE[kind]:
            fields = self._fields(kind, sparse, columns)
            if fields:
                apart = pa.array([key for _, key in keys])
                parts = (apart, " received_at_ms=", received, "i", *chain(*fields), " ", at)
                return _with_apart(main, parts, [field[1] for field in fields])
        return Written(main, [], ())

    def _head(self, readings: Sequence[Reading], batch: str) -> list[Part]:
        """The fields that a reading has beside the catalogue's."""
        parts: list[Part] = ["i,digest=", _unsigned("digest", [r.digest for r in readings])]
        suspect = [r.clock_suspect for r in readings]
        if True in suspect:
            parts += ["i,clock_suspect=", pc.cast(pa.array(suspect).cast(pa.int8()), pa.string())]
            parts.append(f'i,batch="{batch}"')
        else:
            parts.append(f'i,clock_suspect=0i,batch="{batch}"')
        boots = [r.boot_id for r in readings]
        parts += _whole(',boot_id="', self._text("boot_id", boots), '"')
        return parts + _whole(",seq=", _unsigned("seq", [r.seq for r in readings]), "i")

    def _fields(self, kind: Kind, place: Place, columns: dict[int, list[Any]]) -> list[list[Part]]:
        """What each metric adds to the lines."""
        return [
            self._field(metric, columns[index])
            for index, metric in metrics(kind, place)
            if index in columns
        ]

    def _field(self, metric: Metric, column: list[Any]) -> list[Part]:
        types = set(map(type, column))
        if not types <= _TAKEN[metric.type]:
            found = sorted(one.__name__ for one in types - _TAKEN[metric.type])
            raise UnfitError(
                f"a value of {metric.key} is of type {found[0]}, not {metric.type.__name__}"
            )
        if metric.type is str:
            return _whole(f',{metric.key}="', self._text(metric.key, column), '"')
        array = _array(metric.key, column, _ARROW[metric.type])
        if metric.type is float:
            if not pc.all(pc.is_finite(array)).as_py():
                raise UnfitError(f"a value of {metric.key} is no finite number")
            return _whole(f",{metric.key}=", pc.cast(array, pa.string()), "")
        if metric.type is bool:
            array = array.cast(pa.int8())
        return _whole(f",{metric.key}=", pc.cast(array, pa.string()), "i")

    def _text(self, key: str, column: list[Any]) -> pa.Array:
        """A column of strings; those that need no escaping are found at once next time."""
        unknown = set(column) - self._plain
        unknown.discard(None)
        odd = {text for text in unknown if not is_plain(text)}
        if len(self._plain) >= _MOST_PLAIN:
            self._plain.clear()
        self._plain |= unknown - odd
        if odd:
            column = [field_in(text) if text in odd else text for text in column]
        return _array(key, column, pa.string())

    def _series_of(self, asset: AssetId) -> tuple[str, str]:
        apart = [series_key(place, asset) for place in SPARSE[asset.kind]]
        made = series_key(IDENTITY[asset.kind], asset), apart[0] if apart else ""
        self._series[asset] = made
        return made


def _cut(kind: Kind, readings: Sequence[Reading]) -> dict[int, list[Any]]:
    """The columns that hold anything, cut out of one flat list."""
    size, width = len(readings), len(catalogue.keys(kind))
    rows = [reading.values for reading in readings]
    if set(map(len, rows)) != {width}:
        raise UnfitError(f"a reading of a {kind} has {width} values")
    flat = list(chain.from_iterable(rows))
    columns = {}
    for index in range(width):
        column = flat[index::width]
        if column[0] is None and column[-1] is None and column.count(None) == size:
            continue
        columns[index] = column
    return columns


def _array(key: str, column: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    """A column; the error names it and not the value, which may be anything."""
    try:
        return pa.array(column, arrow)
    except _UNFIT as error:
        raise UnfitError(f"a value of {key} does not fit {arrow}") from error


def _number(key: str, column: Sequence[int]) -> pa.Array:
    return pc.cast(_array(key, column, pa.int64()), pa.string())


def _unsigned(key: str, column: Sequence[int | None]) -> pa.Array:
    """Unsigned 64-bit numbers as the server's signed ones."""
    return pc.cast(_array(key, column, pa.uint64()).view(pa.int64()), pa.string())


def _whole(before: str, array: pa.Array, after: str) -> list[Part]:
    """A field with its key; nothing at all where its value is unknown."""
    if array.null_count == len(array):
        return []
    if array.null_count:
        return ["", pc.binary_join_element_wise(before, array, after, _NOTHING)]
    return [before, array, after]


def _joined(parts: Sequence[Part]) -> pa.Array:
    """Every line's parts put together; words that meet become one part."""
    met: list[Part] = []
    for part in parts:
        if isinstance(part, str) and met and isinstance(met[-1], str):
            met[-1] += part
        elif not isinstance(part, str) or part:
            met.append(part)
    return pc.binary_join_element_wise(*met, _NOTHING, null_handling="skip")


def _with_apart(main: list[str], parts: Sequence[Part], values: Sequence[Part]) -> Written:
    """The lines kept apart, of those readings that hold one of their values."""
    lines = _joined(parts)
    if any(not isinstance(array, str) and not array.null_count for array in values):
        return Written(main, lines.to_pylist(), range(len(main)))
    held = pc.invert(pc.is_null(pc.coalesce(*values)))
    return Written(main, lines.filter(held).to_pylist(), pc.indices_nonzero(held).to_pylist())
