"""The audit log, which is never changed, and the revision by which a change is noticed."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Integer, String, Table, insert, select
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from ausguck.desk.tables import metadata
from ausguck.register.port import AuditRow

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("action", String, nullable=False),
    Column("object", String, nullable=False),
    Column("detail", String, nullable=False),
    sqlite_autoincrement=True,
)

revisions = Table(
    "revisions",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)

_ONE: Final = 1


def note(connection: Connection, row: AuditRow) -> None:
    """Add a line to the audit log; the row's `id` is ours to give."""
    connection.execute(
        insert(audit).values(
            at_ms=row.at_ms, who=row.who, action=row.action, object=row.object, detail=row.detail
        )
    )


def notes(connection: Connection, before_id: int | None, limit: int) -> Sequence[AuditRow]:
    """The audit log, the newest first."""
    asked = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before_id is not None:
        asked = asked.where(audit.c.id < before_id)
    return [AuditRow(*row) for row in connection.execute(asked)]


def raise_revision(connection: Connection) -> int:
    """Have the running process look; in the transaction of the change itself."""
    first = insert_or_update(revisions).values(one=_ONE, revision=1)
    raised = first.on_conflict_do_update(
        index_elements=["one"], set_={"revision": revisions.c.revision + 1}
    )
    return int(connection.execute(raised.returning(revisions.c.revision)).scalar_one())


def revision(connection: Connection) -> int:
    """How often something was changed."""
    return int(connection.execute(select(revisions.c.revision)).scalar_one_or_none() or 0)
