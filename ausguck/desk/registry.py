"""The register's door on SQLite: `ausguck.register.port.Registry`, for any thread and process.

It has a writing connection of its own beside the desk's, also in the running process: SQLite
alone says whose turn it is, with transactions that take the lock at their beginning.
"""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from ausguck.desk import audit, registry_keyring
from ausguck.desk.access_writing import Writing
from ausguck.desk.engine import NAME, both_engines
from ausguck.desk.registry_barring import barring
from ausguck.desk.registry_changes import (
    changes_made,
    make,
    mark,
    new_faults,
    revisions_of,
    stretch_of,
    take_back,
)
from ausguck.desk.registry_keyring import Randomness
from ausguck.desk.registry_rows import ALWAYS, Stretch, load_rows, load_tables, tables_of
from ausguck.desk.registry_tables import KEYRING
from ausguck.errors import StoreError
from ausguck.register import moves
from ausguck.register.change import Diff, Offer
from ausguck.register.checking import offer_faults
from ausguck.register.diff import diff
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.port import AppliedRow, AuditRow, Issued, RegisterError
from ausguck.register.register import Register
from ausguck.register.rows import ROW_TYPES, Device

DAY_MS: Final = 86_400_000
LOADED_MS: Final = 40 * DAY_MS
"""Assignments that ended longer ago are not loaded: nothing so old is taken in any more."""


class SqliteRegistry(Writing):
    """The register in the desk's file."""

    def __init__(
        self, reader: Engine, writer: Engine, site: str = "", randomness: Randomness | None = None
    ) -> None:
        super().__init__(reader, writer)
        self._site = site
        self._randomness = randomness or secrets.token_bytes

    def revision(self) -> int:
        """A number that rises with each change of register, credentials, keys and people."""
        with _worded(), self.reading() as connection:
            return audit.revision(connection)

    def load(
        self, now_ms: int, known: tuple[Register, Keyring] | None = None
    ) -> tuple[Register, Keyring]:
        """Register and keyring of one revision; assignments from 40 days ago on.

        `known` is what was loaded before: what has not changed since is taken over from it.
        """
        register, keyring = known or (None, None)
        with _worded(), self._snapshot() as connection:
            revisions = revisions_of(connection)
            ring = _keyring(connection, revisions, now_ms, keyring)
            newest = max((revisions.get(table, 0) for table in ROW_TYPES), default=0)
            if register is not None and newest <= register.revision:
                return register, ring
            recent = Stretch(from_ms=now_ms - LOADED_MS)
            tables = tables_of(
                {
                    table: getattr(register.tables, table)
                    if register is not None and revisions.get(table, 0) <= register.revision
                    else load_rows(connection, table, recent if table == "assignments" else ALWAYS)
                    for table in ROW_TYPES
                }
            )
        return Register(tables, self._site, newest, register), ring

    def diff(self, offer: Offer, now_ms: int) -> Diff:
        """What an offer would change.

        Raises:
            RegisterError: its rows contradict each other or what is there.
        """
        if wrong := offer_faults(offer):
            raise RegisterError(wrong)
        with _worded(), self._snapshot() as connection:
            tables = load_tables(connection, stretch_of(offer))
        found = diff(tables, offer, now_ms)
        if contradictions := new_faults(tables, found.changes):
            raise RegisterError(contradictions)
        return found

    def apply(self, diff: Diff, who: str, now_ms: int) -> AppliedRow:
        """Make a change, unless what it goes out from has changed meanwhile.

        An empty one leaves nothing behind; what is returned has the id 0.

        Raises:
            RegisterError: it cannot be made; nothing was.
        """
        with self._changing(who, now_ms) as connection:
            return make(connection, diff, who=who, now_ms=now_ms, action="apply")

    def undo(self, applied_id: int | None, who: str, now_ms: int) -> AppliedRow:
        """Take back a change; for None the last that was neither taken back nor takes back.

        Raises:
            RegisterError: something later was built on it.
        """
        with self._changing(who, now_ms) as connection:
            return take_back(connection, applied_id, who, now_ms)

    def applied(self, *, limit: int = 100) -> Sequence[AppliedRow]:
        """Changes, the newest first."""
        with _worded(), self.reading() as connection:
            return changes_made(connection, limit)

    def swap(
        self, asset: str, out: str | None, into: str, *, at_ms: int, who: str, now_ms: int
    ) -> AppliedRow:
        """Take one device out of an asset and fit another, at one moment, in one transaction.

        Raises:
            RegisterError: `out` is not in the asset, `into` is elsewhere or barred, or `at_ms`
                lies before the asset's last swap.
        """
        with self._changing(who, now_ms) as connection:
            tables = load_tables(connection, None)
            if wrong := moves.swap_faults(tables, asset, out, into, at_ms):
                raise RegisterError(wrong)
            made = moves.swap(tables, asset, out, into, at_ms)
            return make(connection, made, who=who, now_ms=now_ms, action="swap", tables=tables)

    def set_device(self, device: Device, who: str, now_ms: int) -> AppliedRow:
        """Add a device, or change how it is from now on.

        A device that becomes stolen or retired is taken out of its asset. Its credentials and
        certificates are revoked with it, as by every change that says so.

        Raises:
            RegisterError: what it names is not known, or its serial is none.
        """
        with self._changing(who, now_ms) as connection:
            tables = load_tables(connection, None)
            made = moves.set_device(tables, device, now_ms)
            return make(connection, made, who=who, now_ms=now_ms, action="device", tables=tables)

    def issue(
        self, credential: Credential, who: str, now_ms: int, *, rotation_days: int = 14
    ) -> Issued:
        """Make a secret for a user; `id`, `secret_sha256` and `created_at_ms` are ours to fill.

        Where the user has one already, that one holds for `rotation_days` more, beside it.

        Raises:
            RegisterError: two credentials of the user hold already, or it is barred.
        """
        filled = replace(credential, created_at_ms=now_ms, revoked_at_ms=None, last_used_at_ms=None)
        with _worded(), self.writing() as connection:
            held = registry_keyring.credentials_of(connection, credential.user)
            held = [one for one in held if one.holds_at(now_ms)]
            state = registry_keyring.state_of(connection, credential.user, now_ms)
            if wrong := registry_keyring.issue_faults(filled, held, state):
                raise RegisterError(wrong)
            for one in held:
                registry_keyring.expire(connection, one, now_ms + rotation_days * DAY_MS)
            secret = registry_keyring.new_secret(self._randomness)
            issued = registry_keyring.add_credential(connection, filled, secret)
            mark(connection, [KEYRING])
            named = f"credential {issued.credential.id}"
            _note(connection, who, "credential.issue", credential.user, named, now_ms)
            return issued

    def revoke(self, user: str, who: str, now_ms: int, credential_id: int | None = None) -> int:
        """End one credential of a user, or all with the certificates; returns how many ended."""
        with _worded(), self.writing() as connection:
            return _revoke(connection, user, who=who, now_ms=now_ms, credential_id=credential_id)

    def used(self, times: Sequence[tuple[int, int]]) -> None:
        """Note when credentials (id, time) were last used; no new revision."""
        with _worded(), self.writing() as connection:
            registry_keyring.note_used(connection, times)

    def audit(self, *, before_id: int | None = None, limit: int = 100) -> Sequence[AuditRow]:
        """The audit log, the newest first."""
        with _worded(), self.reading() as connection:
            return audit.notes(connection, before_id, limit)

    def note(self, who: str, action: str, object_: str, detail: str, now_ms: int) -> None:
        """Add to the audit log, which is never changed."""
        with _worded(), self.writing() as connection:
            _note(connection, who, action, object_, detail, now_ms)

    @contextmanager
    def _changing(self, who: str, now_ms: int) -> Iterator[Connection]:
        """A transaction after which no device that is stolen or retired has anything that opens."""
        with _worded(), self.writing() as connection, barring(connection, who, now_ms):
            yield connection

    @contextmanager
    def _snapshot(self) -> Iterator[Connection]:
        """A connection on which every question is about one moment."""
        with self.reading() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection


@contextmanager
def open_registry(
    path: Path, site: str = "", randomness: Randomness | None = None
) -> Iterator[SqliteRegistry]:
    """The register in the desk's file, which is made or brought up to date if need be.

    Raises:
        StoreError: the file is not a desk of this version or an earlier one.
    """
    with both_engines(path) as (reader, writer):
        yield SqliteRegistry(reader, writer, site, randomness)


@contextmanager
def _worded() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(NAME, f"the register: {error.__cause__ or error}") from error


def _keyring(
    connection: Connection, revisions: dict[str, int], now_ms: int, known: Keyring | None
) -> Keyring:
    newest = max(revisions.get(KEYRING, 0), revisions.get("devices", 0))
    is_same = known is not None and newest <= known.revision
    if known is not None and is_same and (known.due_ms is None or now_ms < known.due_ms):
        return known
    return registry_keyring.load_keyring(connection, now_ms, newest)


def _revoke(
    connection: Connection, user: str, *, who: str, now_ms: int, credential_id: int | None = None
) -> int:
    ended = registry_keyring.end_credentials(connection, user, now_ms, credential_id)
    if credential_id is None:
        registry_keyring.deny_certificates(connection, user, now_ms)
    elif not ended:
        return 0
    mark(connection, [KEYRING])
    what = f"{ended} and certificates" if credential_id is None else f"credential {credential_id}"
    _note(connection, who, "credential.revoke", user, what, now_ms)
    return ended


def _note(
    connection: Connection, who: str, action: str, object_: str, detail: str, now_ms: int
) -> None:
    audit.note(connection, AuditRow(0, now_ms, who, action, object_, detail))
