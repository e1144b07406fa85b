"""Sessions as the records tell them are the sessions as they were."""

import string

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ausguck.journal.port import Flag, Record, RecordType, Source
from ausguck.model import Position
from collectors.listener.sessions import (
    Change,
    Released,
    Session,
    SessionKey,
    Sessions,
    Subscribed,
)

NOW_MS = 1_800_000_000_000
KEYS = [SessionKey(identity, name) for identity in ("", "depot") for name in ("a", "b")]
Seen = dict[SessionKey, tuple[int, frozenset[int], tuple[str, ...]]]


def record(kind: RecordType, key: SessionKey, now_ms: int, payload: bytes = b"") -> Record:
    return Record(
        Position(0, 0, 0),
        Position(0, 0, 0),
        kind,
        0,
        now_ms,
        Source("listener", *key),
        0,
        "",
        payload,
    )


def change(key: SessionKey, what: Change, now_ms: int = NOW_MS, packet_id: int = 0) -> Record:
    plain = record(RecordType.SESSION, key, now_ms, msgspec.json.encode(what))
    return msgspec.structs.replace(plain, packet_id=packet_id)


def seen(sessions: Sessions, now_s: float) -> Seen:
    found: Seen = {}
    for key in KEYS:
        session = sessions.find(key, now_s)
        if session is not None:
            found[key] = (session.expiry_s, frozenset(session.open_ids), session.topics)
    return found


class Life(RuleBasedStateMachine):
    """Sessions come, go and expire; at any time a restart knows those that may still be used."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions = Sessions()
        self.records: list[Record] = []
        self.connected: dict[SessionKey, Session] = {}
        self.now_s = 0.0

    @property
    def now_ms(self) -> int:
        return NOW_MS + int(1000 * self.now_s)

    def note(self, key: SessionKey, what: Change, packet_id: int = 0) -> None:
        self.records.append(change(key, what, self.now_ms, packet_id))

    @rule(key=st.sampled_from(KEYS), clean=st.booleans(), expiry_s=st.sampled_from([0, 10, 100]))
    def connect(self, key: SessionKey, clean: bool, expiry_s: int) -> None:  # noqa: FBT001 - hypothesis passes by name
        self.leave(key)
        session, begun = self.sessions.begin(key, clean=clean, expiry_s=expiry_s, now_s=self.now_s)
        self.connected[key] = session
        self.note(key, begun)

    @rule(key=st.sampled_from(KEYS))
    def leave(self, key: SessionKey) -> None:
        session = self.connected.pop(key, None)
        if session is not None:
            self.note(key, self.sessions.leave(session, self.now_s))

    @rule(key=st.sampled_from(KEYS), packet_id=st.integers(1, 4))
    def publish(self, key: SessionKey, packet_id: int) -> None:
        if key in self.connected:
            self.connected[key].open_ids.add(packet_id)
            plain = record(RecordType.MESSAGE, key, self.now_ms)
            self.records.append(
                msgspec.structs.replace(plain, flags=int(Flag.QOS2), packet_id=packet_id)
            )

    @rule(key=st.sampled_from(KEYS), packet_id=st.integers(1, 4))
    def release(self, key: SessionKey, packet_id: int) -> None:
        if key in self.connected and packet_id in self.connected[key].open_ids:
            self.connected[key].open_ids.discard(packet_id)
            self.note(key, Released(), packet_id)

    @rule(key=st.sampled_from(KEYS), name=st.sampled_from(string.ascii_lowercase))
    def subscribe(self, key: SessionKey, name: str) -> None:
        if key in self.connected:
            self.connected[key].topics = (name,)
            self.note(key, Subscribed((name,)))

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds: int) -> None:
        self.now_s += seconds
        for session in self.sessions.expire(self.now_s):
            assert session.key not in self.connected

    @rule()
    def new_segment(self) -> None:
        taken = self.sessions.snapshot(self.now_ms, self.now_s)
        plain = record(RecordType.SNAPSHOT, SessionKey("", ""), self.now_ms)
        self.records.append(msgspec.structs.replace(plain, payload=taken))

    @invariant()
    def a_restart_knows_the_same(self) -> None:
        restarted = Sessions()
        restarted.load(iter(self.records), self.now_ms, 5000.0)
        expected = {k: v for k, v in seen(self.sessions, self.now_s).items() if v[0]}
        assert seen(restarted, 5000.0) == expected


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@given(st.integers(-10_000_000, 10_000_000))
def test_a_clock_that_jumped_between_restarts_lengthens_no_session(jump_ms: int) -> None:
    sessions = Sessions()
    session, begun = sessions.begin(KEYS[0], clean=False, expiry_s=100, now_s=0)
    left = sessions.leave(session, 0)
    restarted = Sessions()
    restarted.load([change(KEYS[0], begun), change(KEYS[0], left)], NOW_MS + jump_ms, 0)
    assert restarted.find(KEYS[0], 100) is None
    assert (restarted.find(KEYS[0], 0) is not None) == (jump_ms < 100_000)


def test_an_unreadable_record_is_counted_and_passed_over() -> None:
    sessions = Sessions()
    records = [record(RecordType.SESSION, KEYS[0], NOW_MS, b"{"), change(KEYS[0], Released())]
    sessions.load(records, NOW_MS, 0)
    assert (sessions.unreadable, len(sessions)) == (1, 0)
