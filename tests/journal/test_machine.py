"""The no-loss promise as a state machine: whatever happens, what was acknowledged is there."""

import asyncio
from collections.abc import Iterable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ausguck.clock import ManualClock
from ausguck.errors import JournalError
from ausguck.journal.journal import Journal
from ausguck.journal.port import Pause, Record, RecordType, Ticket
from ausguck.model import Position
from ausguck.probe import CrashPoint
from tests.journal.fake_disk import INPUT_OUTPUT, FakeDisk
from tests.journal.harness import PLACE, all_records, append, payloads, read_all, small

POINTS = (
    CrashPoint.JOURNAL_BEFORE_WRITE,
    CrashPoint.JOURNAL_BEFORE_SYNC,
    CrashPoint.JOURNAL_AFTER_SYNC,
    CrashPoint.JOURNAL_NEW_SEGMENT,
)
EVERYTHING = 10**9
survivors = st.one_of(st.none(), st.just(0), st.just(EVERYTHING), st.integers(0, 3000))
"""How many unsynced bytes of a file outlast a power cut; None: the process alone is killed."""


class CrashError(BaseException):
    """The process ends here."""


def fold(records: Iterable[Record]) -> set[bytes]:
    """The sessions that a SNAPSHOT and the SESSION records behind it tell of."""
    sessions: set[bytes] = set()
    for record in records:
        if record.type is RecordType.SNAPSHOT:
            sessions = set(record.payload.split())
        elif record.type is RecordType.SESSION:
            sessions.add(record.payload)
    return sessions


class JournalMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.disk = FakeDisk()
        self.clock = ManualClock()
        self.count = 0
        self.proven: list[bytes] = []  # found at opening: may never be missed again
        self.lined_up: list[tuple[Ticket, bytes]] = []  # appended to the present journal
        self.sessions: set[bytes] = set()  # as the listener knows them now
        self.consumed: list[bytes] = []
        self.position: Position | None = None
        self.crash_at: CrashPoint | None = None

    @initialize()
    def open(self) -> None:
        self.journal = Journal.open(
            PLACE, small(), self.clock, disk=self.disk, probe=self.probe, tidy_s=1000
        )
        told = [r for r in all_records(self.disk) if r.type is RecordType.SESSION]
        self.sessions = fold(self.journal.session_records())
        assert self.sessions == {record.payload for record in told}
        self.journal.on_snapshot(lambda: b" ".join(sorted(self.sessions)))
        self.runner.run(self.journal.__aenter__())
        self.tail = self.journal.tail(self.position)
        self.lined_up = []

    def probe(self, point: str) -> None:
        if point == self.crash_at:
            self.crash_at = None
            raise CrashError(point)

    def next_payload(self, size: int = 0) -> bytes:
        self.count += 1
        return b"%d-" % self.count + b"x" * size

    def append(self, size: int) -> Ticket:
        payload = self.next_payload(size)
        ticket = append(self.journal, payload)
        self.lined_up.append((ticket, payload))
        return ticket

    def is_on_disk(self, ticket: Ticket) -> bool:
        try:
            self.runner.run(self.journal.wait_committed(ticket))
        except JournalError:
            return False
        assert self.journal.committed >= ticket
        return True

    def end_and_open(self, disk: FakeDisk, error: BaseException | None = None) -> None:
        """Open what is left: all that was acknowledged is in it, in order, and nothing twice."""
        committed = self.journal.committed
        kind = type(error) if error else None
        if error is not None:
            self.disk = disk
        self.runner.run(self.journal.__aexit__(kind, error, None))
        if error is None:
            committed = self.journal.committed
            assert all(ticket <= committed for ticket, _ in self.lined_up)
        must = self.proven + [payload for ticket, payload in self.lined_up if ticket <= committed]
        may = self.proven + [payload for _, payload in self.lined_up]
        self.open()
        found = payloads(self.runner.run(read_all(self.journal.tail())))
        assert found[: len(must)] == must
        assert found == may[: len(found)]
        assert not self.journal.stats.quarantined
        self.proven = found

    @rule(sizes=st.lists(st.integers(0, 700), min_size=1, max_size=5))
    def append_messages(self, sizes: list[int]) -> None:
        for size in sizes:
            self.append(size)

    @rule()
    def change_a_session(self) -> None:
        session = self.next_payload()
        self.sessions.add(session)
        append(self.journal, session, RecordType.SESSION)

    @rule(size=st.integers(0, 700))
    def acknowledge(self, size: int) -> None:
        assert self.is_on_disk(self.append(size))

    @rule(size=st.integers(0, 700), call=st.sampled_from(["sync", "write"]))
    def write_fails_once(self, size: int, call: str) -> None:
        before = self.journal.stats.fsync_failures
        self.disk.fail(call, INPUT_OUTPUT)
        assert self.is_on_disk(self.append(size))
        assert self.journal.stats.fsync_failures == before + 1

    @rule(size=st.integers(0, 700), kept=survivors, call=st.sampled_from(["sync", "write"]))
    def write_fails_twice(self, size: int, kept: int | None, call: str) -> None:
        self.disk.fail(call, INPUT_OUTPUT, INPUT_OUTPUT)
        assert not self.is_on_disk(self.append(size))
        assert self.journal.pause is Pause.DISK
        self.cut_power(kept)

    @rule(size=st.integers(0, 700), kept=survivors, point=st.sampled_from(POINTS))
    def crash(self, size: int, kept: int | None, point: CrashPoint) -> None:
        self.crash_at = point
        is_on_disk = self.is_on_disk(self.append(size))
        assert is_on_disk == (self.crash_at is not None)  # it did not come by there
        self.crash_at = None
        self.cut_power(kept)

    @rule(kept=survivors)
    def cut_power(self, kept: int | None) -> None:
        if kept is None:
            disk = self.disk.after_kill()
        else:
            disk = self.disk.after_power_cut(lambda _, unsynced: min(kept, unsynced))
        self.end_and_open(disk, CrashError())

    @rule()
    def stop_and_start(self) -> None:
        self.end_and_open(self.disk)

    @rule(max_records=st.integers(1, 10))
    def consume(self, max_records: int) -> None:
        if self.tail.available():
            records = self.runner.run(self.tail.read(max_records))
            assert 0 < len(records) <= max_records
            self.consumed += payloads(records)
            self.position = self.tail.position

    @precondition(lambda self: hasattr(self, "tail"))
    @invariant()
    def a_consumer_misses_nothing_and_sees_nothing_twice(self) -> None:
        everything = self.proven + [payload for _, payload in self.lined_up]
        assert self.consumed == everything[: len(self.consumed)]
        assert not self.tail.gaps

    def teardown(self) -> None:
        with self.runner:
            self.stop_and_start()
            self.consumed += payloads(self.runner.run(read_all(self.tail)))
            assert self.consumed == self.proven
            self.runner.run(self.journal.__aexit__(None, None, None))


JournalMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestJournalMachine = JournalMachine.TestCase
