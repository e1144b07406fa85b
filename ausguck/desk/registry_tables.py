"""The register's tables, made from the structs of its rows, and what is kept beside them."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

import msgspec
from sqlalchemy import (
    DDL,
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
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

_SQL: Final[Mapping[type, type[TypeEngine[Any]]]] = {
    bool: Boolean,
    int: BigInteger,
    float: Float,
    str: String,
}
_NOTHING: Final[Mapping[str, str]] = {}


class Codec(msgspec.Struct, frozen=True):
    """How the values of a struct's field and of its column become each other; None is neither."""

    encode: Callable[[Any], Plain]
    decode: Callable[[Any], object]


class Field(msgspec.Struct, frozen=True):
    """One field of a row: its column's type, and its codec where the values differ."""

    name: str
    sql: type[TypeEngine[Any]]
    is_nullable: bool
    codec: Codec | None


def _field(name: str, hint: object) -> Field:
    kinds = get_args(hint) if get_origin(hint) in {Union, UnionType} else (hint,)
    is_nullable = NoneType in kinds
    (kind,) = (one for one in kinds if one is not NoneType)
    if isinstance(kind, type) and kind in _SQL:
        return Field(name, _SQL[kind], is_nullable, None)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        words = {member.value: member for member in kind}
        return Field(name, String, is_nullable, Codec(str, words.__getitem__))
    return Field(name, String, is_nullable, _json(kind))


def _json(kind: Any) -> Codec:  # noqa: ANN401 - any type that msgspec knows
    decoder = msgspec.json.Decoder(kind)
    encoder = msgspec.json.Encoder(order="deterministic")

    def decode(text: str) -> object:
        return _NOTHING if text == "{}" else decoder.decode(text)

    return Codec(lambda value: encoder.encode(value).decode(), decode)


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
Index("assignments_by_end", ROWS["assignments"].c.valid_to_ms)

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
