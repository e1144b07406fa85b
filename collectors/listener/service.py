"""What all connections share, and what happens to a session when one begins or ends."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from ausguck.clock import Clock
from ausguck.journal.port import Appender, Pause, RecordType, Source, Ticket
from ausguck.settings.tree import Listener
from collectors.certificates import Seen
from collectors.listener import wills
from collectors.listener.access import Access, Proof
from collectors.listener.acks import Acks
from collectors.listener.identity import Identity, Verdict
from collectors.listener.limits import Wheel
from collectors.listener.peer import Hold, Peer
from collectors.listener.sessions import Begun, Change, SessionKey, Sessions
from collectors.listener.stats import ListenerStats
from collectors.listener.wills import SILENT_ENDS, Due, End, Will, Wills
from collectors.mqtt.protocol import Code

SESSIONS_PER_CONNECTION = 4  # sessions kept, as a multiple of max_connections
SOURCE_NAME = "listener"


def nobody_waits() -> None:
    """What is called after each connection's end, unless somebody waits for the last."""


Prove = Callable[[Proof, bytes, Callable[[bool], None]], bool]
Used = Callable[[int, int], None]


def ignore(credential_id: int, at_ms: int) -> None:
    """What is told of a credential's use, unless somebody wants to know."""


@dataclass(slots=True)
class Service:
    """The listener without its socket."""

    settings: Listener
    journal: Appender
    clock: Clock
    random: Callable[[int], bytes]
    acks: Acks
    access: Access
    prove: Prove  # checks a password off the loop; False when too many wait already
    wheel: Wheel[Peer]
    used: Used = ignore  # credential's id and time, at each CONNECT that was accepted by one
    seen: Seen = field(default_factory=Seen)  # client certificates
    sessions: Sessions = field(default_factory=Sessions)
    stats: ListenerStats = field(default_factory=ListenerStats)
    wills: Wills = field(default_factory=Wills)
    peers: set[Peer] = field(default_factory=set)
    live: dict[SessionKey, Peer] = field(default_factory=dict)
    hearers: dict[str, set[Peer]] = field(default_factory=dict)  # by `cmd` topic
    rated: set[Peer] = field(default_factory=set)
    departed: Callable[[], None] = nobody_waits
    held_bytes: int = 0  # of packets that have arrived in part

    def append(
        self,
        kind: RecordType,
        flags: int,
        peer_source: bytes,
        packet_id: int,
        content: tuple[bytes, bytes],
    ) -> Ticket:
        """Journal one record, with our receive time."""
        topic, payload = content
        ticket = self.journal.append(
            kind, flags, self.clock.now_ms(), peer_source, packet_id, topic, payload
        )
        self.acks.last = ticket
        return ticket

    def note(self, peer: Peer, change: Change, packet_id: int = 0) -> None:
        """Journal a change of the peer's session."""
        payload = msgspec.json.encode(change)
        self.append(RecordType.SESSION, 0, peer.source, packet_id, (b"", payload))

    def has_room(self, key: SessionKey) -> bool:
        """Whether a session of this key may begin, because it exists or because others end."""
        most = SESSIONS_PER_CONNECTION * self.settings.max_connections
        known = self.sessions.find(key, self.clock.monotonic_s()) is not None
        return known or len(self.sessions) < most

    def begin(self, peer: Peer, key: SessionKey, *, clean: bool, expiry_s: int) -> Begun:
        """Give the peer its session, taking it from whoever had it."""
        older = self.live.get(key)
        if older is not None:
            self.stats.takeovers += 1
            self.part(older, End.TAKEN_OVER)
            older.close(Code.TAKEN_OVER)
        now_s = self.clock.monotonic_s()
        claim = None if peer.identity is None else peer.identity.claim
        kept = self.sessions.find(key, now_s)
        if kept is not None and self.access.standing(kept.claim).fault:
            clean = True  # who had it came in with what was revoked meanwhile
        session, begun = self.sessions.begin(
            key, clean=clean, expiry_s=expiry_s, now_s=now_s, claim=claim
        )
        waiting = self.wills.take(key)
        if waiting is not None and begun.fresh:
            self.publish_will(waiting.source, waiting.identity, waiting.will)
        if peer.identity is not None:  # the settings may have changed since it subscribed
            session.topics = tuple(filter(peer.identity.may_hear, session.topics))
        peer.session = session
        peer.since_ms = self.clock.now_ms()
        peer.source = self.journal.source(Source(SOURCE_NAME, key.identity, key.client_id))
        self.live[key] = peer
        for topic in session.topics:
            self.hearers.setdefault(topic, set()).add(peer)
        self.stats.sessions = len(self.sessions)
        self.note(peer, begun)
        return begun

    def part(self, peer: Peer, end: End) -> None:
        """The peer is going: its session is left, its will spoken or put off; once only."""
        session, peer.session = peer.session, None
        if session is None:
            return
        will, peer.will = peer.will, None
        self.live.pop(session.key, None)
        self.unhear(peer, session.topics)
        left = self.sessions.leave(session, self.clock.monotonic_s())
        if will is not None and end not in SILENT_ENDS:
            self._bequeath(peer, session.key, will, left.expiry_s)
        if end is not End.TAKEN_OVER:
            self.note(peer, left)
        self.stats.sessions = len(self.sessions)

    def _bequeath(self, peer: Peer, key: SessionKey, will: Will, expiry_s: int) -> None:
        identity, delay_s = peer.identity, wills.delay_s(will, expiry_s)
        if identity is None:
            return
        if delay_s:
            due = Due(self.clock.monotonic_s() + delay_s, peer.source, identity, will)
            self.wills.wait(key, due)
        else:
            self.publish_will(peer.source, identity, will)

    def publish_will(self, source: bytes, identity: Identity, will: Will) -> None:
        """Journal a will under our receive time, judged by what its owner may now.

        A foreign one is journalled as refused; that of a revoked credential is not spoken.
        """
        fault = self.access.renew(identity)
        if fault:
            self.stats.refuse("will", fault)
            return
        kind, verdict = RecordType.MESSAGE, identity.judge_will(will.topic)
        if verdict is not Verdict.OK:
            kind = RecordType.REFUSED
            self.stats.refuse("will", verdict.name.lower())
        self.append(kind, will.flags, source, 0, (will.topic, will.payload))
        self.stats.wills += 1

    def unhear(self, peer: Peer, topics: tuple[str, ...]) -> None:
        """The peer no longer hears these topics."""
        for topic in topics:
            hearers = self.hearers.get(topic)
            if hearers is not None:
                hearers.discard(peer)
                if not hearers:
                    del self.hearers[topic]

    def pause_all(self) -> None:
        """The journal takes nothing: read from nobody until it does."""
        self.stats.paused = True
        for peer in self.peers:
            peer.hold(Hold.JOURNAL)

    def resume_all(self) -> None:
        """The journal takes messages again; nobody's silence so far is held against them."""
        if self.journal.pause is not Pause.NONE:
            return
        self.stats.paused = False
        now_s = self.clock.monotonic_s()
        for peer in self.peers:
            peer.release(Hold.JOURNAL, now_s)
