"""API keys and sessions in the desk's SQL."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, delete, func, insert, select, update

from ausguck.desk.access_book import Page
from ausguck.desk.access_port import AccessRefused, AccessUnknown
from ausguck.desk.access_rows import (
    LIVE_MAX,
    SESSION_MS,
    SESSION_WHOLE_MS,
    SESSIONS_MAX,
    IssuedKey,
    Key,
    Narrowing,
    NewKey,
    Session,
    digest,
    new_key,
    new_session,
)
from ausguck.desk.access_tables import keys, sessions
from ausguck.desk.access_writing import Writing, noted
from ausguck.desk.audit import note
from ausguck.desk.people_tables import people
from ausguck.settings.tree import Scope

_SCOPES: Final = msgspec.json.Decoder(tuple[Scope, ...])
_NARROWING: Final = msgspec.json.Decoder(Narrowing)
_COLUMNS: Final = keys.c


class KeysDesk(Writing):
    """Keys and the sessions made with them."""

    def key(self, prefix: str) -> Key | None:
        """The key with this visible part, also one that is over."""
        with self.reading() as connection:
            row = connection.execute(select(keys).where(_COLUMNS.prefix == prefix)).one_or_none()
        return None if row is None else key_of(row)

    def all_keys(self) -> Sequence[Key]:
        """Every key there is or was, by name, the oldest first."""
        with self.reading() as connection:
            rows = connection.execute(select(keys).order_by(_COLUMNS.name, _COLUMNS.id))
            return [key_of(row) for row in rows]

    def has_live_key(self, now_ms: int) -> bool:
        """Whether anybody could come in."""
        with self.reading() as connection:
            return any(key.holds_at(now_ms) for key in _unrevoked(connection))

    def add_key(self, new: NewKey, who: str, now_ms: int) -> IssuedKey:
        """Make a key.

        Raises:
            AccessRefused: a key of this name holds, or its person has left.
            AccessUnknown: its person is not known.
        """
        with self.writing() as connection:
            if live_of(connection, new.name, now_ms):
                raise AccessRefused(
                    f"a key named {new.name!r} holds already; `ausguck keys rotate {new.name}` "
                    "makes one beside it"
                )
            if new.person is not None:
                must_be_here(connection, new.person)
            issued = _kept(connection, new, now_ms)
            noted(connection, who, "key.add", f"key/{new.name}", _words(issued.key), now_ms)
        return issued

    def rotate_key(
        self, name: str, *, old_until_ms: int, expires_at_ms: int | None, who: str, now_ms: int
    ) -> IssuedKey:
        """Make another key like the one of this name, which holds until `old_until_ms`.

        Raises:
            AccessRefused: two of the name hold already.
            AccessUnknown: none does.
        """
        with self.writing() as connection:
            live = live_of(connection, name, now_ms)
            if not live:
                raise AccessUnknown(f"no key named {name!r} holds")
            if len(live) >= LIVE_MAX:
                raise AccessRefused(
                    f"{len(live)} keys named {name!r} hold already: end the older one with "
                    f"`ausguck keys revoke {name} --prefix {live[0].prefix}`"
                )
            old = live[0]
            until_ms = min(old_until_ms, old.expires_at_ms or old_until_ms)
            connection.execute(
                update(keys).where(_COLUMNS.id == old.id).values(expires_at_ms=until_ms)
            )
            issued = _kept(connection, _asked_again(old, expires_at_ms), now_ms)
            detail = f"{issued.key.prefix} beside {old.prefix}"
            noted(connection, who, "key.rotate", f"key/{name}", detail, now_ms)
        return issued

    def end_keys(self, name: str, who: str, now_ms: int, prefix: str | None = None) -> int:
        """End all live keys of a name, or the one with this prefix, with their sessions."""
        with self.writing() as connection:
            ended = [
                key for key in live_of(connection, name, now_ms) if prefix in {None, key.prefix}
            ]
            end(connection, ended, who, now_ms)
        return len(ended)

    def begin_session(self, key: Key, now_ms: int) -> str:
        """The id of a new session, which is kept nowhere; ends what is over or too many."""
        secret = new_session()
        with self.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at_ms <= now_ms))
            _end_oldest(connection, key.id)
            connection.execute(
                insert(sessions).values(
                    sha256=secret.sha256,
                    key_id=key.id,
                    created_at_ms=now_ms,
                    touched_at_ms=now_ms,
                    expires_at_ms=now_ms + SESSION_MS,
                )
            )
        return secret.text

    def session(self, secret: str, now_ms: int) -> Session | None:
        """The session with this id, if it and its key hold."""
        asked = (
            select(keys, sessions.c.expires_at_ms.label("until_ms"), sessions.c.touched_at_ms)
            .join(sessions, sessions.c.key_id == _COLUMNS.id)
            .where(sessions.c.sha256 == digest(secret))
        )
        with self.reading() as connection:
            row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        found = Session(key_of(row), row.until_ms, row.touched_at_ms)
        return found if now_ms < found.expires_at_ms and found.key.holds_at(now_ms) else None

    def write_down(self, page: Page, now_ms: int) -> None:
        """Note when keys and sessions were used, so that these last from then, and refusals."""
        with self.writing() as connection:
            for sha256, at_ms in page.sessions.items():
                _used_session(connection, sha256, at_ms)
            for key_id, at_ms in page.keys.items():
                _used(connection, key_id, at_ms)
            for row in page.rows(now_ms):
                note(connection, row)

    def end_session(self, secret: str) -> None:
        """Forget a session, if there is one."""
        with self.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.sha256 == digest(secret)))


def key_of(row: Row[Any]) -> Key:
    """A key from its row."""
    return Key(
        id=row.id,
        prefix=row.prefix,
        sha256=row.sha256,
        name=row.name,
        scopes=_SCOPES.decode(row.scopes),
        narrowing=_NARROWING.decode(row.narrowing),
        person=row.person,
        is_service=row.is_service,
        created_at_ms=row.created_at_ms,
        expires_at_ms=row.expires_at_ms,
        last_used_at_ms=row.last_used_at_ms,
        revoked_at_ms=row.revoked_at_ms,
    )


def live_of(connection: Connection, name: str, now_ms: int) -> list[Key]:
    """The keys of a name that hold, the oldest first."""
    found = _unrevoked(connection, _COLUMNS.name == name)
    return [key for key in found if key.holds_at(now_ms)]


def live_of_person(connection: Connection, person: str, now_ms: int) -> list[Key]:
    """The keys that hold and that somebody answers for, the oldest first."""
    found = _unrevoked(connection, _COLUMNS.person == person)
    return [key for key in found if key.holds_at(now_ms)]


def end(connection: Connection, ended: Iterable[Key], who: str, now_ms: int) -> None:
    """End keys with their sessions."""
    for key in ended:
        connection.execute(update(keys).where(_COLUMNS.id == key.id).values(revoked_at_ms=now_ms))
        connection.execute(delete(sessions).where(sessions.c.key_id == key.id))
        noted(connection, who, "key.revoke", f"key/{key.name}", key.prefix, now_ms)


def must_be_here(connection: Connection, person: str) -> None:
    """Make sure that somebody is known and has not left.

    Raises:
        AccessUnknown: they are not known.
        AccessRefused: they have left.
    """
    row = connection.execute(
        select(people.c.left_at_ms).where(people.c.name == person)
    ).one_or_none()
    if row is None:
        raise AccessUnknown(
            f"there is no person {person!r}; `ausguck people add {person}` adds one"
        )
    if row.left_at_ms is not None:
        raise AccessRefused(f"{person} has left")


def _unrevoked(connection: Connection, *conditions: Any) -> list[Key]:  # noqa: ANN401 - SQLAlchemy's own conditions
    asked = select(keys).where(_COLUMNS.revoked_at_ms.is_(None), *conditions)
    return [key_of(row) for row in connection.execute(asked.order_by(_COLUMNS.id))]


def _kept(connection: Connection, new: NewKey, now_ms: int) -> IssuedKey:
    secret = new_key()
    row = connection.execute(
        insert(keys)
        .values(
            prefix=secret.prefix,
            sha256=secret.sha256,
            name=new.name,
            scopes=msgspec.json.encode(new.scopes).decode(),
            narrowing=msgspec.json.encode(new.narrowing).decode(),
            person=new.person,
            is_service=new.is_service,
            created_at_ms=now_ms,
            expires_at_ms=new.expires_at_ms,
        )
        .returning(keys)
    ).one()
    return IssuedKey(key_of(row), secret.text)


def _asked_again(old: Key, expires_at_ms: int | None) -> NewKey:
    return NewKey(
        name=old.name,
        scopes=old.scopes,
        narrowing=old.narrowing,
        person=old.person,
        is_service=old.is_service,
        expires_at_ms=expires_at_ms,
    )


def _used_session(connection: Connection, sha256: bytes, at_ms: int) -> None:
    # Sliding, but never beyond its week; and who was here later than this stays so.
    ends = func.min(at_ms + SESSION_MS, sessions.c.created_at_ms + SESSION_WHOLE_MS)
    connection.execute(
        update(sessions)
        .where(sessions.c.sha256 == sha256, sessions.c.touched_at_ms < at_ms)
        .values(touched_at_ms=at_ms, expires_at_ms=ends)
    )


def _end_oldest(connection: Connection, key_id: int) -> None:
    """Make room for one more session of a key."""
    newest = (
        select(sessions.c.sha256)
        .where(sessions.c.key_id == key_id)
        .order_by(sessions.c.created_at_ms.desc(), sessions.c.touched_at_ms.desc())
        .limit(SESSIONS_MAX - 1)
    )
    others = sessions.c.sha256.not_in(newest)
    connection.execute(delete(sessions).where(sessions.c.key_id == key_id, others))


def _used(connection: Connection, key_id: int, now_ms: int) -> None:
    latest = func.max(func.coalesce(_COLUMNS.last_used_at_ms, 0), now_ms)
    connection.execute(update(keys).where(_COLUMNS.id == key_id).values(last_used_at_ms=latest))


def _words(key: Key) -> str:
    narrowed = (*key.narrowing.sites, *key.narrowing.kinds, *key.narrowing.zones)
    within = f", only {' '.join(narrowed)}" if narrowed else ""
    person = f", of {key.person}" if key.person else ""
    return f"{key.prefix}: {' '.join(key.scopes)}{within}{person}"
