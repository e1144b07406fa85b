"""Rows of the register to rows of its tables and back, and a change as it is kept to undo it."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final, cast

import msgspec
from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select
from sqlalchemy.dialects.sqlite import dialect

from ausguck.desk.registry_tables import FIELDS, ROWS, Plain
from ausguck.register.change import Change, Diff
from ausguck.register.rows import ROW_TYPES, Row, Tables
from ausguck.register.timeline import key


class Stretch(msgspec.Struct, frozen=True):
    """A stretch of time, of which either end may be open."""

    from_ms: int | None = None
    to_ms: int | None = None


ALWAYS: Final = Stretch()
ROWS_AT_ONCE: Final = 1000
_ADD: Final = {name: str(insert(table).compile(dialect=dialect())) for name, table in ROWS.items()}
_REMOVE: Final = {
    name: str(
        delete(table)
        .where(table.c.id == bindparam("name"), table.c.valid_from_ms == bindparam("begin_ms"))
        .compile(dialect=dialect())
    )
    for name, table in ROWS.items()
}


class _KeptChange(msgspec.Struct, frozen=True, array_like=True):
    table: str
    before: msgspec.Raw
    after: msgspec.Raw


class _Kept(msgspec.Struct, frozen=True):
    source: str
    changes: tuple[_KeptChange, ...]


_KEPT: Final = msgspec.json.Decoder(_Kept)
_ROW: Final[Mapping[str, msgspec.json.Decoder[Row | None]]] = {
    name: msgspec.json.Decoder(kind | None) for name, kind in ROW_TYPES.items()
}


def load_rows(
    connection: Connection, table: str, stretch: Stretch | None = ALWAYS
) -> tuple[Row, ...]:
    """A table's rows that hold at some time of a stretch, by id and then by time; None is no time.

    They come as the table lies there, since sorting by time would cost as much again.
    """
    if stretch is None:
        return ()
    columns = ROWS[table].c
    conditions: list[ColumnElement[bool]] = []
    if stretch.from_ms is not None:
        is_later = columns.valid_to_ms > stretch.from_ms
        conditions.append(or_(columns.valid_to_ms.is_(None), is_later))
    if stretch.to_ms is not None:
        conditions.append(columns.valid_from_ms < stretch.to_ms)
    found = connection.execute(select(ROWS[table]).where(*conditions))
    decode = _DECODE[table]
    rows: list[Row] = []
    # Whole columns at a time, past SQLAlchemy's own rows: a third of the time for 200,000.
    while some := found.cursor.fetchmany(ROWS_AT_ONCE):
        rows += decode(some)
    found.close()
    return tuple(rows)


def load_tables(connection: Connection, assignments: Stretch | None = ALWAYS) -> Tables:
    """All rows, of the assignments those of a stretch."""
    stretches = {"assignments": assignments}
    return tables_of(
        {name: load_rows(connection, name, stretches.get(name, ALWAYS)) for name in ROW_TYPES}
    )


def tables_of(rows: Mapping[str, Sequence[Row]]) -> Tables:
    """The rows by table as one value."""
    return Tables(**cast("Any", rows))


def write_changes(connection: Connection, changes: Iterable[Change]) -> None:
    """Have each change made: what was before goes, what is after comes."""
    by_table: dict[str, list[Change]] = {}
    for change in changes:
        by_table.setdefault(change.table, []).append(change)
    for table, some in by_table.items():
        gone = [key(one.before) for one in some if one.before is not None]
        come = _ENCODE[table](one.after for one in some if one.after is not None)
        # As plain tuples, which SQLAlchemy hands on: others wait for us to be done.
        if gone:
            connection.exec_driver_sql(_REMOVE[table], gone)
        if come:
            connection.exec_driver_sql(_ADD[table], come)


def keep(diff: Diff) -> bytes:
    """A diff as it is kept; a day's duties come to some 70 kB."""
    changes = [(one.table, one.before, one.after) for one in diff.changes]
    return zlib.compress(msgspec.json.encode({"source": diff.source, "changes": changes}))


def kept(content: bytes) -> Diff:
    """The diff that was kept."""
    found = _KEPT.decode(zlib.decompress(content))
    return Diff(
        found.source,
        [
            Change(one.table, _ROW[one.table].decode(one.before), _ROW[one.table].decode(one.after))
            for one in found.changes
        ],
    )


def _decoder(table: str) -> Callable[[Iterable[Sequence[Any]]], list[Row]]:
    row_type = ROW_TYPES[table]
    names = [field.name for field in FIELDS[table]]
    decodes = [
        (index, field.decode)
        for index, field in enumerate(FIELDS[table])
        if field.decode is not None
    ]

    def decode(some: Iterable[Sequence[Any]]) -> list[Row]:
        columns: list[Iterable[object]] = [*zip(*some, strict=True)]
        for index, each in decodes:
            columns[index] = each(columns[index])
        return [
            row_type(**dict(zip(names, values, strict=True)))
            for values in zip(*columns, strict=True)
        ]

    return decode


_DECODE: Final = {table: _decoder(table) for table in ROW_TYPES}


def _encoder(table: str) -> Callable[[Iterable[Row]], list[tuple[Plain, ...]]]:
    of = attrgetter(*(field.name for field in FIELDS[table]))
    encodes = [
        (index, field.encode)
        for index, field in enumerate(FIELDS[table])
        if field.encode is not None
    ]

    def encode(rows: Iterable[Row]) -> list[tuple[Plain, ...]]:
        found: list[tuple[Plain, ...]] = []
        for row in rows:
            values = [*of(row)]
            for index, each in encodes:
                if values[index] is not None:
                    values[index] = each(values[index])
            found.append(tuple(values))
        return found

    return encode


_ENCODE: Final = {table: _encoder(table) for table in ROW_TYPES}
