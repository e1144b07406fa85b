"""From readings and events to Arrow tables and back; pure.

Columns are cut out of one flat list, which makes no garbage-collected object per reading, and
those that are empty in a whole batch are left out: this is half of what a write costs.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa

from ausguck import catalogue
from ausguck.errors import AusguckError
from ausguck.model import AssetId, Event, Kind, Reading, Values
from ausguck.store.duckdb.tables import EVENTS, IDENTITY, SPARSE, Column

_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError, TypeError)

_DOUBTFUL = pa.schema(
    [
        ("site", pa.string()),
        ("kind", pa.string()),
        ("object", pa.string()),
        ("observed_at_ms", pa.int64()),
    ]
)


def _columns(kind: Kind) -> tuple[Column, ...]:
    by_index = dict(chain.from_iterable(table.values for table in (IDENTITY[kind], *SPARSE[kind])))
    return tuple(by_index[index] for index in range(len(by_index)))


class UnfitError(AusguckError):
    """A value does not fit its column, or its reading has no table."""


_VALUES = {kind: _columns(kind) for kind in IDENTITY}


def readings(kind: Kind, rows: Sequence[Reading]) -> pa.Table:
    """All of a kind's readings, keys and every value that any of them holds.

    Raises:
        UnfitError: a value does not fit its column.
    """
    if kind not in IDENTITY:
        raise UnfitError(f"no table for readings of a {kind}")
    assets = [row.asset for row in rows]
    keys: tuple[list[Any], ...] = (
        [asset.site for asset in assets],
        [asset.name for asset in assets],
        [row.observed_at_ms for row in rows],
        [row.received_at_ms for row in rows],
        [row.boot_id for row in rows],
        [row.seq for row in rows],
        [row.digest for row in rows],
        [row.clock_suspect for row in rows],
    )
    columns = list(zip(IDENTITY[kind].keys, keys, strict=True))
    columns.extend(_filled(kind, [row.values for row in rows]))
    return _table(columns)


def events(rows: Sequence[Event]) -> pa.Table:
    """Events as the table keeps them.

    Raises:
        UnfitError: a value does not fit its column.
    """
    cut: tuple[list[Any], ...] = (
        [row.asset.site for row in rows],
        [row.asset.kind.value for row in rows],
        [row.asset.name for row in rows],
        [row.observed_at_ms for row in rows],
        [row.received_at_ms for row in rows],
        [row.type for row in rows],
        [row.detail for row in rows],
        [row.digest for row in rows],
    )
    return _table(list(zip(EVENTS.keys, cut, strict=True)))


def _filled(kind: Kind, rows: Sequence[Values]) -> list[tuple[Column, list[Any]]]:
    """The value columns that hold anything."""
    columns = _VALUES[kind]
    size, width = len(rows), len(columns)
    if set(map(len, rows)) != {width}:
        raise UnfitError(f"a reading of a {kind} has {width} values")
    flat = list(chain.from_iterable(rows))
    filled: list[tuple[Column, list[Any]]] = []
    for index, column in enumerate(columns):
        values = flat[index::width]
        if values[0] is None and values[-1] is None and values.count(None) == size:
            continue
        filled.append((column, values))
    return filled


def _table(columns: Sequence[tuple[Column, list[Any]]]) -> pa.Table:
    return pa.Table.from_arrays(
        [_array(column, values) for column, values in columns],
        names=[column.name for column, _ in columns],
    )


def _array(column: Column, values: list[Any]) -> pa.Array:
    """A column; the error names it and not the value, which may be anything."""
    try:
        return pa.array(values, column.arrow)
    except _UNFIT as error:
        raise UnfitError(f"a value of {column.name} does not fit {column.sql}") from error


def doubtful(moments: Iterable[tuple[AssetId, int]]) -> pa.Table:
    """The assets and times whose identities have to be looked up; at least one."""
    cut = zip(*((*asset, at_ms) for asset, at_ms in set(moments)), strict=True)
    arrays = [pa.array(column, field.type) for column, field in zip(cut, _DOUBTFUL, strict=True)]
    return pa.Table.from_arrays(arrays, schema=_DOUBTFUL)


def reading(kind: Kind, row: Sequence[Any]) -> Reading:
    """A reading from a row of its keys and then its values in the catalogue's order."""
    site, name, observed, received, boot, seq, digest, suspect = row[: len(row) - _width(kind)]
    return Reading(
        AssetId(site, kind, name),
        observed,
        received,
        boot,
        seq,
        digest,
        suspect,
        tuple(row[-_width(kind) :]),
    )


def _width(kind: Kind) -> int:
    return len(catalogue.keys(kind))
