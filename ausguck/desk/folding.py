"""When a topic has many dead letters of one reason, its older ones are packed into few rows.

So a device that nobody has fitted, or one that talks nonsense, comes to a hundred rows and then
to a row for each two thousand elements, and cannot fill the list that all share. Nothing is
given up: all are kept, counted once, and can be tried again.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, update

from ausguck.desk.packs import ROW_BYTES, ROW_ELEMENTS, Frame, Packed, Upto, frames, unpack
from ausguck.desk.rows import Row
from ausguck.desk.tables import UPTO, dead_letters

OWN_ROWS: Final = 50
"""The newest of a topic and reason, which stay rows of their own."""
FOLD_ROWS: Final = 50
"""So many more, at least, are packed at a time."""
_BEFORE_ALL: Final[Upto] = (-1, -1, -1, -1)
_IDS_A_STATEMENT: Final = 500

Group = tuple[str, str]
"""Topic and reason."""

_columns: Final = dead_letters.c
_upto: Final = tuple(_columns[name] for name in UPTO)
_is_packed: Final = _columns.packed > 0
_is_single: Final = _columns.packed == 0


class _Open:
    """A row of packed letters that has room."""

    def __init__(self, row: Any | None = None) -> None:  # noqa: ANN401 - SQLAlchemy's rows are
        self.id: int | None = None if row is None else row.id
        self.content = b"" if row is None else row.element
        self.elements = 0 if row is None else row.packed
        self.added: list[Packed] = []
        self.sha256 = b""

    def has_room(self, frame: Frame) -> bool:
        """Whether the frame fits; one always fits an empty row."""
        return not self.elements or (
            len(self.content) + len(frame.content) <= ROW_BYTES
            and self.elements + len(frame.members) <= ROW_ELEMENTS
        )

    def add(self, frame: Frame) -> None:
        """Put it behind those before."""
        self.sha256 = self.sha256 or frame.sha256
        self.content += frame.content
        self.elements += len(frame.members)
        self.added += frame.members


class Folding:
    """Which letters are in packs already, and the packing of those that become many."""

    def __init__(self, connection: Connection) -> None:
        last = connection.execute(
            select(*_upto).where(_is_packed).order_by(*(one.desc() for one in _upto)).limit(1)
        ).one_or_none()
        self._upto: Upto = _BEFORE_ALL if last is None else tuple(last)
        """No pack has counted beyond; what is told from here on is in none."""
        counted = connection.execute(
            select(_columns.topic, _columns.reason, func.count())
            .where(_is_single)
            .group_by(_columns.topic, _columns.reason)
        )
        # At least as many as there are: it is counted anew before anything is done about it.
        self._singles: Counter[Group] = Counter({(row[0], row[1]): row[2] for row in counted})

    def uncounted(self, connection: Connection, rows: list[Row]) -> list[Row]:
        """The rows that are in no pack: after a crash, history tells again what it told."""
        lowest: dict[Group, Upto] = {}
        for row in rows:
            if (upto := _upto_of(row)) <= self._upto:
                group = _group(row)
                lowest[group] = min(lowest.get(group, upto), upto)
        if not lowest:
            return rows
        known: dict[tuple[Group, bytes], Upto] = {}
        for group, upto in lowest.items():
            for one in _packed_since(connection, group, upto):
                key = (group, one.element)
                known[key] = max(known.get(key, _BEFORE_ALL), one.upto)
        return [
            row
            for row in rows
            if _upto_of(row) > known.get((_group(row), row["element"]), _BEFORE_ALL)
        ]

    def fold(self, connection: Connection, rows: list[Row]) -> None:
        """Pack the older letters of the topics and reasons that have many by now."""
        told = Counter(map(_group, rows))
        for group, count in told.items():
            self._singles[group] += count
            if self._singles[group] < OWN_ROWS + FOLD_ROWS:
                continue
            asked = select(func.count()).select_from(dead_letters).where(*_of(group), _is_single)
            singles = connection.execute(asked).scalar_one()
            if singles >= OWN_ROWS + FOLD_ROWS:
                self._pack(connection, group, singles - OWN_ROWS)
                singles = OWN_ROWS
            self._singles[group] = singles

    def _pack(self, connection: Connection, group: Group, count: int) -> None:
        oldest = connection.execute(
            select(dead_letters).where(*_of(group), _is_single).order_by(*_upto).limit(count)
        ).all()
        ids = [row.id for row in oldest]
        for start in range(0, len(ids), _IDS_A_STATEMENT):
            some = ids[start : start + _IDS_A_STATEMENT]
            connection.execute(delete(dead_letters).where(_columns.id.in_(some)))
        opened = _newest(connection, group)
        for frame in frames([_packed(row._mapping) for row in oldest]):  # noqa: SLF001 - public name
            if not opened.has_room(frame):
                _write(connection, group, opened)
                opened = _Open()
            opened.add(frame)
        _write(connection, group, opened)
        self._upto = max(self._upto, _upto_of(oldest[-1]._mapping))  # noqa: SLF001 - public name


def _newest(connection: Connection, group: Group) -> _Open:
    asked = select(_columns.id, _columns.element, _columns.packed).where(*_of(group), _is_packed)
    newest = asked.order_by(*(one.desc() for one in _upto)).limit(1)
    return _Open(connection.execute(newest).one_or_none())


def _write(connection: Connection, group: Group, opened: _Open) -> None:
    if not opened.added:
        return
    added = opened.added
    upto = max(one.upto for one in added)
    count = sum(one.count for one in added)
    first_at_ms = min(one.first_at_ms for one in added)
    last_at_ms = max(one.last_at_ms for one in added)
    common = {"element": opened.content, "packed": opened.elements, "detail": added[-1].detail}
    if opened.id is None:
        new = {"topic": group[0], "reason": group[1], "sha256": opened.sha256, "count": count}
        times = {"first_at_ms": first_at_ms, "last_at_ms": last_at_ms}
        row = {**new, **common, **times, **dict(zip(UPTO, upto, strict=True))}
        connection.execute(insert(dead_letters).values(row))
        return
    is_later = tuple_(*_upto) < tuple_(*upto)
    connection.execute(
        update(dead_letters)
        .where(_columns.id == opened.id)
        .values(
            **common,
            count=_columns["count"] + count,
            first_at_ms=func.min(_columns.first_at_ms, first_at_ms),
            last_at_ms=func.max(_columns.last_at_ms, last_at_ms),
        )
    )
    connection.execute(
        update(dead_letters)
        .where(_columns.id == opened.id, is_later)
        .values(dict(zip(UPTO, upto, strict=True)))
    )


def _packed_since(connection: Connection, group: Group, upto: Upto) -> Sequence[Packed]:
    asked = select(_columns.element).where(*_of(group), _is_packed, tuple_(*_upto) >= tuple_(*upto))
    return [one for content in connection.execute(asked).scalars() for one in unpack(content)]


def _of(group: Group) -> tuple[ColumnElement[bool], ...]:
    return _columns.topic == group[0], _columns.reason == group[1]


def _group(row: Row) -> Group:
    return row["topic"], row["reason"]


def _upto_of(row: Any) -> Upto:  # noqa: ANN401 - a row to be or SQLAlchemy's mapping of one
    return tuple(row[name] for name in UPTO)


def _packed(row: Any) -> Packed:  # noqa: ANN401 - SQLAlchemy's mapping of a row
    return Packed(
        detail=row["detail"],
        element=row["element"],
        count=row["count"],
        first_at_ms=row["first_at_ms"],
        last_at_ms=row["last_at_ms"],
        upto=_upto_of(row),
    )
