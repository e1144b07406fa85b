"""The tables of keys and sessions."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, LargeBinary, String, Table

from ausguck.desk.tables import metadata

keys = Table(
    "keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("prefix", String, nullable=False, unique=True),
    Column("sha256", LargeBinary, nullable=False),
    Column("name", String, nullable=False, index=True),
    Column("scopes", String, nullable=False),
    Column("narrowing", String, nullable=False),
    Column("person", String, index=True),
    Column("is_service", Boolean, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger),
    Column("last_used_at_ms", BigInteger),
    Column("revoked_at_ms", BigInteger),
    sqlite_autoincrement=True,  # an id in the audit log never names another key
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("key_id", Integer, ForeignKey("keys.id"), nullable=False, index=True),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("touched_at_ms", BigInteger, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)
