"""The tables of people, teams and the duty plan."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table

from ausguck.desk.tables import metadata

people = Table(
    "people",
    metadata,
    Column("name", String, primary_key=True),
    Column("display", String, nullable=False),
    Column("email", String),
    Column("phone", String),
    Column("languages", String, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("left_at_ms", BigInteger),
)

teams = Table(
    "teams",
    metadata,
    Column("name", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("lead", String),
    Column("deputy", String),
    Column("deputy_team", String),
)

members = Table(
    "team_members",
    metadata,
    Column("team", String, primary_key=True),
    Column("person", String, primary_key=True),
)

duties = Table(
    "duties",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("team", String, nullable=False, index=True),
    Column("person", String, nullable=False, index=True),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger, nullable=False),
    Column("is_deputy", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
