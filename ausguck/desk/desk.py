"""The desk on SQLite: what people look at and act on, in one file beside the store."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, delete, func, select, update

from ausguck.desk.engine import both_engines, reading_engine
from ausguck.desk.folding import Folding
from ausguck.desk.packs import pack, unpack, without
from ausguck.desk.port import DeadLetterRow, DroppedValueRow, Waiting
from ausguck.desk.rows import (
    KeyLimit,
    count_up,
    dead_letter_rows,
    device_rows,
    dropped_value_rows,
    inventory_of,
    keep_newest,
    place_rows,
)
from ausguck.desk.tables import DEVICE, PLACE, UPTO, dead_letters, dropped_values, inventories
from ausguck.model import (
    AssetId,
    DeadLetter,
    DroppedValue,
    Inventory,
    Kind,
    Position,
    Reason,
)

_ASSET: Final = ("site", "kind", "name")
_COUNT_LETTER: Final = count_up(dead_letters, ("topic", "reason", "sha256"), "detail")
_COUNT_VALUE: Final = count_up(dropped_values, (*_ASSET, "key", "reason"), "example")
_KEEP_DEVICE: Final = keep_newest(inventories, _ASSET, DEVICE)
_KEEP_PLACE: Final = keep_newest(inventories, _ASSET, PLACE)
_IDS_A_STATEMENT: Final = 500


class DeskReader:
    """The desk for those who only look; any number of processes may."""

    def __init__(self, engine: Engine) -> None:
        self._reader = engine

    def dead_letters(
        self, *, after_id: int = 0, limit: int = 100, reason: Reason | None = None, under: str = ""
    ) -> Sequence[DeadLetterRow]:
        """Dead letters in order of id, after the one named; `under` is how a topic begins."""
        asked = select(dead_letters).where(dead_letters.c.id > after_id)
        if reason is not None:
            asked = asked.where(dead_letters.c.reason == reason.value)
        if under:  # not LIKE, for which SN77 and sn77 are the same, and a topic's _ is any letter
            behind = under[:-1] + chr(ord(under[-1]) + 1)
            asked = asked.where(dead_letters.c.topic >= under, dead_letters.c.topic < behind)
        with self._reader.connect() as connection:
            rows = connection.execute(asked.order_by(dead_letters.c.id).limit(limit))
            return [_letter(row) for row in rows]

    def waiting_by_name(self, prefix: str) -> Sequence[Waiting]:
        """Dead letters for `identity` whose topic begins so, by the level behind it."""
        columns = dead_letters.c
        name = func.substr(columns.topic, len(prefix) + 1)
        level = func.substr(name, 1, func.instr(name, "/") - 1)
        asked = (
            select(level, func.sum(columns["count"]), func.max(columns.last_at_ms))
            .where(
                columns.reason == Reason.IDENTITY.value,
                columns.topic.startswith(prefix, autoescape=True),
            )
            .group_by(level)
            .order_by(level)
        )
        with self._reader.connect() as connection:
            return [Waiting(*row) for row in connection.execute(asked)]

    def dead_letter(self, letter_id: int) -> DeadLetterRow | None:
        """One dead letter, or None."""
        with self._reader.connect() as connection:
            row = connection.execute(
                select(dead_letters).where(dead_letters.c.id == letter_id)
            ).one_or_none()
        return None if row is None else _letter(row)

    def dead_letter_rows(self) -> int:
        """How many rows there are, for the quota."""
        with self._reader.connect() as connection:
            return connection.execute(select(func.count()).select_from(dead_letters)).scalar_one()

    def dropped_values(self, *, limit: int = 1000) -> Sequence[DroppedValueRow]:
        """What was left out, the most frequent first."""
        columns = dropped_values.c
        order = (columns["count"].desc(), *(columns[name] for name in (*_ASSET, "key", "reason")))
        with self._reader.connect() as connection:
            rows = connection.execute(select(dropped_values).order_by(*order).limit(limit))
            return [_dropped(row) for row in rows]

    def inventory(self, asset: AssetId) -> Inventory | None:
        """What was last told of the device in an asset, or of a station, or None."""
        columns = inventories.c
        asked = select(inventories).where(
            columns.site == asset.site,
            columns.kind == asset.kind.value,
            columns.name == asset.name,
        )
        with self._reader.connect() as connection:
            row = connection.execute(asked).one_or_none()
        return None if row is None else inventory_of(asset, row._asdict())


class SqliteDesk(DeskReader):
    """The desk of the running process, the only one that writes."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        super().__init__(reader)
        self._writer = writer
        self._lock = Lock()
        with writer.begin() as connection:
            self._limit = KeyLimit(_known_keys(connection))
            self._folding = Folding(connection)

    def record(
        self,
        letters: Sequence[DeadLetter],
        dropped: Sequence[DroppedValue],
        inventories: Sequence[Inventory],
    ) -> None:
        """Write in one transaction; the same call after a crash changes nothing."""
        with self._lock, self._writer.begin() as connection:
            if rows := self._folding.uncounted(connection, dead_letter_rows(letters)):
                connection.execute(_COUNT_LETTER, rows)
                self._folding.fold(connection, rows)
            if dropped:
                connection.execute(_COUNT_VALUE, dropped_value_rows(dropped, self._limit))
            if devices := device_rows(inventories):
                connection.execute(_KEEP_DEVICE, devices)
            if places := place_rows(inventories):
                connection.execute(_KEEP_PLACE, places)

    def remove(self, letter_ids: Sequence[int]) -> int:
        """Forget dead letters (retried or purged) and return how many there were."""
        removed = 0
        with self._lock, self._writer.begin() as connection:
            for start in range(0, len(letter_ids), _IDS_A_STATEMENT):
                some = letter_ids[start : start + _IDS_A_STATEMENT]
                gone = connection.execute(delete(dead_letters).where(dead_letters.c.id.in_(some)))
                removed += gone.rowcount
        return removed

    def remove_unchanged(self, letter_id: int, last_position: Position) -> bool:
        """Forget a dead letter unless something was counted onto it since; whether it went."""
        with self._lock, self._writer.begin() as connection:
            gone = connection.execute(
                delete(dead_letters).where(
                    dead_letters.c.id == letter_id,
                    *(
                        dead_letters.c[name] == part
                        for name, part in zip(UPTO, last_position, strict=False)
                    ),
                )
            )
        return gone.rowcount > 0

    def remove_parts(self, letter: DeadLetterRow, parts: Sequence[DeadLetterRow]) -> None:
        """Forget these parts of a letter; what was counted onto it since stays."""
        if not letter.pack:
            self.remove_unchanged(letter.id, letter.last_position)
            return
        row = dead_letters.c.id == letter.id
        with self._lock, self._writer.begin() as connection:
            held = connection.execute(select(dead_letters.c.element).where(row)).scalar()
            if held is None:
                return
            if left := without(unpack(held), parts):
                count = sum(one.count for one in left)
                changed = update(dead_letters).where(row)
                now = {"element": pack(left), "packed": len(left), "count": count}
                connection.execute(changed.values(now))
            else:
                connection.execute(delete(dead_letters).where(row))


@contextmanager
def open_desk(path: Path) -> Iterator[SqliteDesk]:
    """The desk in this file, which is made if it is not there.

    Raises:
        StoreError: the file is not a desk of this version.
    """
    with both_engines(path) as (reader, writer):
        yield SqliteDesk(reader, writer)


@contextmanager
def open_desk_read_only(path: Path) -> Iterator[DeskReader]:
    """The desk in this file for reading, also while another process writes to it.

    Raises:
        StoreError: there is no such file, or it is not a desk of this version.
    """
    reader = reading_engine(path)
    try:
        yield DeskReader(reader)
    finally:
        reader.dispose()


def _known_keys(connection: Connection) -> Iterator[tuple[AssetId, str, str]]:
    columns = dropped_values.c
    rows = connection.execute(
        select(columns.site, columns.kind, columns.name, columns.key, columns.reason)
    )
    for site, kind, name, key, reason in rows:
        yield AssetId(site, Kind(kind), name), key, reason


def _letter(row: Row[Any]) -> DeadLetterRow:
    packed = row.packed > 0
    return DeadLetterRow(
        id=row.id,
        topic=row.topic,
        reason=Reason(row.reason),
        detail=row.detail,
        element=unpack(row.element)[-1].element if packed else row.element,
        count=row._mapping["count"],  # noqa: SLF001 - `row.count` is the tuple's method
        first_at_ms=row.first_at_ms,
        last_at_ms=row.last_at_ms,
        last_position=Position(row.upto_epoch, row.upto_segment, row.upto_offset),
        elements=row.packed or 1,
        pack=row.element if packed else b"",
    )


def _dropped(row: Row[Any]) -> DroppedValueRow:
    return DroppedValueRow(
        asset=AssetId(row.site, Kind(row.kind), row.name),
        key=row.key,
        reason=row.reason,
        example=row.example,
        count=row._mapping["count"],  # noqa: SLF001 - `row.count` is the tuple's method
        first_at_ms=row.first_at_ms,
        last_at_ms=row.last_at_ms,
    )
