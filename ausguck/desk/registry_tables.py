"""The register's tables, made from the structs of its rows, and what is kept beside them."""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from sys import intern
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    event,
)
from sqlalchemy.types import TypeEngine

from ausguck.desk.audit import audit
from ausguck.desk.tables import metadata
from ausguck.register.rows import ROW_TYPES, Row

Plain = str | int | float | bool | bytes | None
"""What a column holds."""

KEY: Final = ("id", "valid_from_ms")
KEYRING: Final = "keyring"
PARTS: Final = (*ROW_TYPES, KEYRING)
"""What is loaded for itself: each table of the register, and the credentials."""

Decode = Callable[[Iterable[Any]], Iterable[object]]

_NUMBERS: Final[Mapping[type, type[TypeEngine[Any]]]] = {int: BigInteger, float: Float}
_NOTHING: Final[Mapping[str, str]] = {}


class Field(msgspec.Struct, frozen=True):
    """One field of a row: its column's type, and how values become each other if they differ.

    `encode` is for one value that is there, `decode` for a whole column.
    """

    name: str
    sql: type[TypeEngine[Any]]
    is_nullable: bool
    encode: Callable[[Any], Plain] | None = None
    decode: Decode | None = None


def _field(name: str, hint: object) -> Field:
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    is_nullable = NoneType in kinds
    (kind,) = (one for one in kinds if one is not NoneType)
    if kind is str:
        return Field(name, String, is_nullable, None, _interned)
    if kind is bool:
        return Field(name, Boolean, is_nullable, None, _each(bool))
    if isinstance(kind, type) and kind in _NUMBERS:
        return Field(name, _NUMBERS[kind], is_nullable)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        words = {one.value: one for one in kind}
        return Field(name, String, is_nullable, str, lambda column: list(map(words.get, column)))
    encoder = msgspec.json.Encoder(order="deterministic")
    decoder = msgspec.json.Decoder(kind)

    def decode(column: Iterable[Any]) -> Iterable[object]:
        return [
            _NOTHING if one == "{}" else None if one is None else decoder.decode(one)
            for one in column
        ]

    return Field(name, String, is_nullable, lambda one: encoder.encode(one).decode(), decode)


def _each(decode: Callable[[Any], object]) -> Decode:
    return lambda column: [None if one is None else decode(one) for one in column]


def _interned(column: Iterable[Any]) -> Iterable[object]:
    """The same few texts stand in row after row of the assignments: each is kept once."""
    return [None if one is None else intern(one) for one in column]


def _fields(row_type: type[Row]) -> tuple[Field, ...]:
    hints = get_type_hints(row_type)
    return tuple(_field(name, hints[name]) for name in row_type.__struct_fields__)


def _table(name: str) -> Table:
    columns = (
        Column(field.name, field.sql, primary_key=field.name in KEY, nullable=field.is_nullable)
        for field in FIELDS[name]
    )
    return Table(name, metadata, *columns, sqlite_with_rowid=False)


FIELDS: Final = {name: _fields(row_type) for name, row_type in ROW_TYPES.items()}
ROWS: Final = {name: _table(name) for name in ROW_TYPES}

credentials = Table(
    "credentials",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user", String, nullable=False, index=True),
    Column("secret_sha256", LargeBinary, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("speaks_for", String, nullable=False),
    Column("is_gateway", Boolean, nullable=False),
    Column("is_operator", Boolean, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    Column("last_used_at_ms", BigInteger),
    Column("note", String, nullable=False),
    sqlite_autoincrement=True,
)

denials = Table(
    "denials",
    metadata,
    Column("user", String, primary_key=True),
    Column("denied_before_ms", BigInteger, nullable=False),
)

# The revision at which each part was last changed, so that a credential's end is seen without
# loading a month of assignments anew.
parts = Table(
    "register_parts",
    metadata,
    Column("part", String, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

applied = Table(
    "applied",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("source", String, nullable=False),
    Column("changes", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),  # JSON under zlib
    Column("undoes", Integer),
    Column("undone_at_ms", BigInteger),
    sqlite_autoincrement=True,
)

AUDIT_GUARDS: Final = tuple(
    f"CREATE TRIGGER audit_keeps_its_rows_on_{action.lower()} BEFORE {action} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END"
    for action in ("UPDATE", "DELETE")
)
for _guard in AUDIT_GUARDS:
    event.listen(audit, "after_create", DDL(_guard))  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it open
