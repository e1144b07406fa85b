"""How keys and people are written: one short transaction each, with its line in the audit log."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from ausguck.desk.audit import note, notes, raise_revision
from ausguck.errors import StoreUnavailable
from ausguck.register.port import AuditRow


class Writing:
    """Transactions over the desk's engines, for whichever thread asks."""

    def __init__(self, reader: Engine, writer: Engine) -> None:
        self._reader = reader
        self._writer = writer
        self._lock = Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that cannot write.

        Raises:
            StoreUnavailable: another process holds the file for too long.
        """
        with _said(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; nothing of it stays when the block raises.

        Raises:
            StoreUnavailable: as above.
        """
        with _said(), self._lock, self._writer.begin() as connection:
            yield connection

    def audit(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[AuditRow]:
        """The audit log, the newest first."""
        with self.reading() as connection:
            return notes(connection, before_id, limit)

    def note(self, who: str, action: str, object_: str, detail: str, now_ms: int) -> None:
        """Add to the audit log, which is never changed."""
        with self.writing() as connection:
            note(connection, AuditRow(0, now_ms, who, action, object_, detail))


def noted(
    connection: Connection, who: str, action: str, object_: str, detail: str, now_ms: int
) -> None:
    """Say in the audit log who did what, and have the running process notice."""
    note(connection, AuditRow(0, now_ms, who, action, object_, detail))
    raise_revision(connection)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        raise StoreUnavailable("desk", f"{error.orig}") from error
