"""What the listener must still know after a crash: sessions and their open QoS 2 packet ids.

Pure state. Changes are journal records of type SESSION in the words below; a SNAPSHOT holds
them all. An open id needs no record of its own: the QoS 2 message that opened it carries
client and packet id. Every change is absolute, so folding a record twice changes nothing.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from ausguck.journal.port import Flag, Record, RecordType
from collectors.listener.identity import Claim


class Begun(msgspec.Struct, tag="begun", frozen=True, omit_defaults=True):
    """A connection was accepted; `fresh` when nothing of an older session remains.

    `claim` is what it came in with, by which a session whose owner was revoked is not resumed.
    """

    fresh: bool
    expiry_s: int
    claim: Claim | None = None


class Left(msgspec.Struct, tag="left", frozen=True):
    """The connection ended; the session ends `expiry_s` later."""

    expiry_s: int


class Released(msgspec.Struct, tag="released", frozen=True):
    """The record's packet id is no longer open."""


class Subscribed(msgspec.Struct, tag="subscribed", frozen=True):
    """All the topics the session now hears."""

    topics: tuple[str, ...]


Change = Begun | Left | Released | Subscribed


class Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """One session in a snapshot; `expires_in_ms` is None while connected."""

    identity: str
    client_id: str
    expiry_s: int
    expires_in_ms: int | None = None
    open_ids: tuple[int, ...] = ()
    topics: tuple[str, ...] = ()
    claim: Claim | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """All sessions at one time."""

    taken_at_ms: int
    sessions: tuple[Kept, ...]


class SessionKey(NamedTuple):
    """A client id belongs to whoever connects with it, so two identities may use the same."""

    identity: str
    client_id: str


RELEASED = msgspec.json.encode(Released())
_changes = msgspec.json.Decoder(Change)
_snapshots = msgspec.json.Decoder(Snapshot)


class Session:
    """One client's session."""

    __slots__ = ("claim", "expires_at_s", "expiry_s", "key", "open_ids", "topics")

    def __init__(self, key: SessionKey, expiry_s: int, claim: Claim | None = None) -> None:
        self.key = key
        self.claim = claim
        self.expiry_s = expiry_s
        self.expires_at_s: float | None = None  # None while connected
        self.open_ids: set[int] = set()
        self.topics: tuple[str, ...] = ()

    def is_over(self, now_s: float) -> bool:
        """Whether nothing of it may be used any more."""
        return self.expires_at_s is not None and self.expires_at_s <= now_s


class Sessions:
    """All sessions there are; times are monotonic seconds, so that no clock jump ends one."""

    def __init__(self) -> None:
        self._sessions: dict[SessionKey, Session] = {}
        self.unreadable = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, key: SessionKey, now_s: float) -> Session | None:
        """The session, if there is one that has not expired."""
        session = self._sessions.get(key)
        return None if session is None or session.is_over(now_s) else session

    def begin(
        self,
        key: SessionKey,
        *,
        clean: bool,
        expiry_s: int,
        now_s: float,
        claim: Claim | None = None,
    ) -> tuple[Session, Begun]:
        """Open or resume a session; `fresh` in the change is the opposite of session_present."""
        session = None if clean else self.find(key, now_s)
        fresh = session is None
        if session is None:
            session = self._sessions[key] = Session(key, expiry_s)
        session.expiry_s = expiry_s
        session.expires_at_s = None
        session.claim = claim
        return session, Begun(fresh, expiry_s, claim)

    def leave(self, session: Session, now_s: float) -> Left:
        """The session's connection ended."""
        session.expires_at_s = now_s + session.expiry_s
        if not session.expiry_s:
            self._forget(session)
        return Left(session.expiry_s)

    def expire(self, now_s: float) -> list[Session]:
        """Forget the sessions whose time is over, and return them."""
        over = [session for session in self._sessions.values() if session.is_over(now_s)]
        for session in over:
            self._forget(session)
        return over

    def _forget(self, session: Session) -> None:
        if self._sessions.get(session.key) is session:
            del self._sessions[session.key]

    def snapshot(self, now_ms: int, now_s: float) -> bytes:
        """Everything, as the payload of a SNAPSHOT record."""
        kept = tuple(
            Kept(
                session.key.identity,
                session.key.client_id,
                session.expiry_s,
                None
                if session.expires_at_s is None
                else int(1000 * (session.expires_at_s - now_s)),
                tuple(sorted(session.open_ids)),
                session.topics,
                session.claim,
            )
            for session in self._sessions.values()
        )
        return msgspec.json.encode(Snapshot(now_ms, kept))

    def load(self, records: Iterable[Record], now_ms: int, now_s: float) -> None:
        """Rebuild from what the journal found at opening.

        Our end was everybody's disconnection: sessions that were connected expire from now.
        """
        fold = _Fold()
        for record in records:
            try:
                fold.add(record)
            except msgspec.MsgspecError:
                self.unreadable += 1
        for key, session in fold.sessions.items():
            ends_ms = fold.ends_at_ms.get(key)
            left_s = session.expiry_s if ends_ms is None else (ends_ms - now_ms) / 1000
            session.expires_at_s = now_s + min(left_s, session.expiry_s)
            if not session.is_over(now_s):
                self._sessions[key] = session


class _Fold:
    """Sessions as the records tell them, with wall-clock ends, which alone survive a restart."""

    def __init__(self) -> None:
        self.sessions: dict[SessionKey, Session] = {}
        self.ends_at_ms: dict[SessionKey, int] = {}

    def add(self, record: Record) -> None:
        if record.type is RecordType.SNAPSHOT:
            self._start_from(_snapshots.decode(record.payload))
            return
        key = SessionKey(record.source.identity, record.source.client_id)
        if record.type is RecordType.SESSION:
            self._change(key, _changes.decode(record.payload), record)
        elif record.flags & Flag.QOS2 and key in self.sessions and not record.flags & Flag.WILL:
            self.sessions[key].open_ids.add(record.packet_id)

    def _start_from(self, snapshot: Snapshot) -> None:
        self.sessions.clear()
        self.ends_at_ms.clear()
        for kept in snapshot.sessions:
            key = SessionKey(kept.identity, kept.client_id)
            session = self.sessions[key] = Session(key, kept.expiry_s, kept.claim)
            session.open_ids.update(kept.open_ids)
            session.topics = kept.topics
            if kept.expires_in_ms is not None:
                self.ends_at_ms[key] = snapshot.taken_at_ms + kept.expires_in_ms

    def _change(self, key: SessionKey, change: Change, record: Record) -> None:
        if isinstance(change, Begun):
            self._begin(key, change)
            return
        session = self.sessions.get(key)
        if session is None:
            return
        if isinstance(change, Left):
            session.expiry_s = change.expiry_s
            self.ends_at_ms[key] = record.received_at_ms + 1000 * change.expiry_s
        elif isinstance(change, Released):
            session.open_ids.discard(record.packet_id)
        else:
            session.topics = change.topics

    def _begin(self, key: SessionKey, change: Begun) -> None:
        if change.fresh or key not in self.sessions:
            self.sessions[key] = Session(key, change.expiry_s)
        self.sessions[key].expiry_s = change.expiry_s
        self.sessions[key].claim = change.claim
        self.ends_at_ms.pop(key, None)
