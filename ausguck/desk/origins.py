"""Who told the register of a thing: read from the changes that were made and not taken back.

Rows do not say where they come from, so that what two sources tell alike is one row. What the
changes say is enough: a source told of a thing when it added it, or made it otherwise. That it
let a thing end, or that a device is spare or fitted as its fittings have it, tells nothing.
"""

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ausguck.desk.engine import reading_engine
from ausguck.desk.registry_tables import applied
from ausguck.errors import StoreError
from ausguck.register.change import Origins
from ausguck.register.diff import WINDOWED

NAME: Final = "desk"
_TELLING_NOTHING: Final = ("valid_from_ms", "valid_to_ms", "state")
_Fields = Mapping[str, object]


class _Change(msgspec.Struct, array_like=True):
    table: str
    before: msgspec.Raw
    after: msgspec.Raw


class _Kept(msgspec.Struct):
    changes: list[_Change]


class _Told(NamedTuple):
    source: str
    table: str
    before: _Fields | None
    after: _Fields | None


_KEPT: Final = msgspec.json.Decoder(_Kept)
_ROW: Final = msgspec.json.Decoder(dict[str, object] | None)


def origins_of(path: Path) -> Origins:
    """The sources of each thing in the desk's file, except for duties and events.

    Raises:
        StoreError: the file cannot be read.
    """
    told: dict[tuple[str, str], frozenset[str]] = {}
    last: dict[tuple[str, str], _Fields] = {}
    for source, table, before, after in _changes(path):
        if after is None:
            continue
        thing = table, str(after["id"])
        content = _content(after)
        if content != (last.get(thing) if before is None else _content(before)):
            told[thing] = told.get(thing, frozenset()) | {source}
        last[thing] = content
    return told


def _changes(path: Path) -> Iterator[_Told]:
    asked = (
        select(applied.c.source, applied.c.content)
        .where(applied.c.undone_at_ms.is_(None), applied.c.undoes.is_(None))
        .order_by(applied.c.id)
    )
    engine = reading_engine(path)
    try:
        with engine.connect() as connection:
            for source, content in connection.execute(asked):
                for one in _KEPT.decode(zlib.decompress(content)).changes:
                    if one.table not in WINDOWED:
                        before, after = _ROW.decode(one.before), _ROW.decode(one.after)
                        yield _Told(source, one.table, before, after)
    except SQLAlchemyError as error:
        raise StoreError(NAME, f"the register: {error.__cause__ or error}") from error
    finally:
        engine.dispose()


def _content(row: _Fields) -> _Fields:
    return {name: value for name, value in row.items() if name not in _TELLING_NOTHING}
