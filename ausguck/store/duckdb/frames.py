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
from ausguck.model import AssetId, Event, Kind, Reading
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


def _same_or_each(column: Sequence[Any], arrow: pa.DataType) -> pa.Array:
    """The column as an array; one that is all alike is repeated by Arrow itself."""
    if len(set(column)) == 1:
        return pa.repeat(pa.scalar(column[0], arrow), len(column))
    return pa.array(column, arrow)


def readings(kind: Kind, rows: Sequence[Reading]) -> pa.Table:
    """All of a kind's readings, keys and every value that any of them holds.

    Raises:
        UnfitError: a value does not fit its column.
    """
    if kind not in IDENTITY:
        raise UnfitError(f"no table for readings of a {kind}")
    try:
        return _readings(kind, rows)
    except _UNFIT as error:
        raise UnfitError(str(error)) from error


def _readings(kind: Kind, rows: Sequence[Reading]) -> pa.Table:
    assets = [row.asset for row in rows]
    keys = (
        _same_or_each([asset.site for asset in assets], pa.string()),
        pa.array([asset.name for asset in assets], pa.string()),
        pa.array([row.observed_at_ms for row in rows], pa.int64()),
        pa.array([row.received_at_ms for row in rows], pa.int64()),
        pa.array([row.boot_id for row in rows], pa.string()),
        pa.array([row.seq for row in rows], pa.uint64()),
        pa.array([row.digest for row in rows], pa.uint64()),
        _same_or_each([row.clock_suspect for row in rows], pa.bool_()),
    )
    names = [column.name for column in IDENTITY[kind].keys]
    arrays = list(keys)
    columns = _VALUES[kind]
    flat = list(chain.from_iterable(row.values for row in rows))
    size, width = len(rows), len(columns)
    if len(flat) != size * width:
        raise OverflowError(f"a reading of a {kind} has {width} values")
    for index, column in enumerate(columns):
        values = flat[index::width]
        if values[0] is None and values[-1] is None and values.count(None) == size:
            continue
        names.append(column.name)
        arrays.append(pa.array(values, column.arrow))
    return pa.Table.from_arrays(arrays, names=names)


def events(rows: Sequence[Event]) -> pa.Table:
    """Events as the table keeps them.

    Raises:
        UnfitError: a value does not fit its column.
    """
    try:
        return _events(rows)
    except _UNFIT as error:
        raise UnfitError(str(error)) from error


def _events(rows: Sequence[Event]) -> pa.Table:
    cut = (
        [row.asset.site for row in rows],
        [row.asset.kind.value for row in rows],
        [row.asset.name for row in rows],
        [row.observed_at_ms for row in rows],
        [row.received_at_ms for row in rows],
        [row.type for row in rows],
        [row.detail for row in rows],
        [row.digest for row in rows],
    )
    return pa.Table.from_arrays(
        [pa.array(values, column.arrow) for values, column in zip(cut, EVENTS.keys, strict=True)],
        names=[column.name for column in EVENTS.keys],
    )


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
