"""The desk's tables of what went wrong and of what devices tell of themselves."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    text,
)

metadata = MetaData()

UPTO: Final = ("upto_epoch", "upto_segment", "upto_offset", "upto_element")
"""The origin that a row has counted up to; what is not behind it changes nothing."""


def _upto() -> list[Column[int]]:
    return [Column(name, BigInteger, nullable=False) for name in UPTO]


dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("topic", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("detail", String, nullable=False),
    Column("element", LargeBinary, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    *_upto(),
    # How many dead letters the element holds, packed by `ausguck.desk.packs`; 0 is one, as it is.
    Column("packed", Integer, nullable=False, server_default=text("0")),
    UniqueConstraint("topic", "reason", "sha256"),
    Index("ix_dead_letters_packed", "topic", "reason", *UPTO, sqlite_where=text("packed > 0")),
    sqlite_autoincrement=True,  # an id that was removed never names another letter
)

dropped_values = Table(
    "dropped_values",
    metadata,
    Column("site", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("reason", String, primary_key=True),
    Column("example", String, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    *_upto(),
)

inventories = Table(
    "inventories",
    metadata,
    Column("site", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("name", String, primary_key=True),
    # What a device says of itself, and what a feed says of a station, are two groups: each has
    # a time of its own, so that neither replaces the other. 0 is never.
    Column("observed_at_ms", BigInteger, nullable=False),
    Column("model", String),
    Column("firmware", String),
    Column("serial", String),
    Column("profile", String),
    Column("sim_count", Integer),
    Column("place_at_ms", BigInteger),
    Column("place_name", String),
    Column("lat", Float),
    Column("lon", Float),
    Column("capacity", Integer),
)

DEVICE: Final = ("observed_at_ms", "model", "firmware", "serial", "profile", "sim_count")
PLACE: Final = ("place_at_ms", "place_name", "lat", "lon", "capacity")
"""The groups of `inventories`, each with its time first."""
