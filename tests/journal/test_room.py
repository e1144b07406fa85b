"""Room: sources pause when it is short and go on by themselves; passed segments go first."""

import asyncio
import errno
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.clock import ManualClock
from ausguck.journal.disk import Space
from ausguck.journal.journal import Journal
from ausguck.journal.port import Pause
from ausguck.journal.room import Room, judge, shortage
from ausguck.journal.segment import Segment
from ausguck.journal.trim import passed_count, to_remove
from ausguck.model import Position
from tests.journal.fake_disk import NO_SPACE, FakeDisk
from tests.journal.harness import PLACE, append, append_all, payloads, read_all, small, until

SOON_S = 0.002
PLENTY = Space(1 << 40, 1 << 39)


@pytest.mark.parametrize(
    ("room", "before", "pause"),
    [
        (Room(0, 0, PLENTY), Pause.NONE, Pause.NONE),
        (Room(101, 0, PLENTY), Pause.NONE, Pause.BUDGET),
        (Room(51, 0, PLENTY), Pause.BUDGET, Pause.BUDGET),
        (Room(50, 0, PLENTY), Pause.BUDGET, Pause.NONE),
        (Room(51, 0, PLENTY), Pause.NONE, Pause.NONE),
        (Room(0, 10_001, PLENTY), Pause.NONE, Pause.CAP),
        (Room(0, 10_000, PLENTY), Pause.CAP, Pause.NONE),
        (Room(0, 0, Space(1000, 99)), Pause.NONE, Pause.RESERVE),
        (Room(0, 0, Space(1000, 100)), Pause.NONE, Pause.NONE),
        (Room(0, 0, Space(1000, 109)), Pause.RESERVE, Pause.RESERVE),
        (Room(0, 0, Space(1000, 110)), Pause.RESERVE, Pause.NONE),
        (Room(0, 0, PLENTY, is_full=True), Pause.NONE, Pause.RESERVE),
        (Room(0, 0, Space(1000, 0), is_broken=True), Pause.RESERVE, Pause.DISK),
    ],
)
def test_why_sources_pause(room: Room, before: Pause, pause: Pause) -> None:
    assert judge(small(budget_bytes=100, cap_bytes=10_000), room, before) is pause


def test_segments_go_before_sources_have_to_pause() -> None:
    settings = small(cap_bytes=10_000, segment_bytes=1000)
    assert shortage(settings, Room(0, 9000, PLENTY)) == 0
    assert shortage(settings, Room(0, 9001, PLENTY)) == 1
    assert shortage(settings, Room(0, 0, Space(10_000, 1999))) == 1
    assert judge(settings, Room(0, 9001, PLENTY), Pause.NONE) is Pause.NONE


def segments_of(count: int) -> list[Segment]:
    numbers = range(1, count + 1)
    return [Segment(Path(str(n)), n, 1, 1, 1000, made_at_ms=n * 100) for n in numbers]


@given(st.integers(1, 8), st.integers(0, 9), st.integers(0, 1100), st.integers(0, 9))
def test_nothing_goes_that_anyone_needs(
    count: int, number: int, offset: int, keep_from: int
) -> None:
    segments, passed = segments_of(count), Position(1, number, offset)
    going = segments[: passed_count(segments, passed, keep_from)]
    for segment in going:
        assert segment.position(segment.end) <= passed
        assert segment.number < min(keep_from, count)
    assert passed_count(segments, None, keep_from) == 0


@pytest.mark.parametrize(
    ("old_before_ms", "short_bytes", "numbers"),
    [(0, 0, []), (199, 0, []), (200, 0, [1]), (300, 0, [1, 2]), (0, 1, [1]), (0, 1001, [1, 2])],
)
def test_old_ones_go_and_as_many_as_are_short(
    old_before_ms: int, short_bytes: int, numbers: list[int]
) -> None:
    going = to_remove(segments_of(5), 3, old_before_ms, short_bytes)
    assert [segment.number for segment in going] == numbers


def test_an_overfull_line_pauses_and_resumes() -> None:
    async def scenario() -> None:
        settings = small(budget_bytes=10_000)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            resumed: list[Pause] = []
            journal.on_resume(lambda: resumed.append(journal.pause))
            append(journal, b"x" * 9000)
            assert not journal.stats.pauses
            ticket = append(journal, b"x" * 9000)
            assert journal.pause is Pause.BUDGET
            await journal.wait_committed(ticket)
            await until(lambda: resumed == [Pause.NONE])
            assert journal.stats.pauses == Counter({Pause.BUDGET: 1})

    asyncio.run(scenario())


class SlowDisk(FakeDisk):
    """A disk whose next look at its room waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()

    def space(self, directory: Path) -> Space:
        if "write" in self.calls:
            assert self.may_go_on.wait(20)
        return super().space(directory)


def test_the_line_overflows_while_a_commit_is_under_way() -> None:
    disk = SlowDisk()

    async def scenario() -> None:
        settings = small(budget_bytes=10_000)
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            append(journal, b"x" * 6000)
            await until(lambda: disk.calls["write"] == 1)
            assert not journal.stats.pauses
            ticket = append(journal, b"x" * 6000)
            assert journal.pause is Pause.BUDGET
            disk.may_go_on.set()
            await journal.wait_committed(ticket)
            await until(lambda: journal.pause is Pause.NONE)

    asyncio.run(scenario())


def test_free_space_under_the_reserve_pauses_until_there_is_more() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk, tidy_s=SOON_S) as journal:
            disk.room = Space(1000, 50)
            await append_all(journal, [b"still taken"])
            await until(lambda: journal.pause is Pause.RESERVE)
            assert journal.stats.free_bytes == 50
            disk.room = Space(1000, 500)
            await until(lambda: journal.pause is Pause.NONE)

    asyncio.run(scenario())


def test_a_full_disk_keeps_the_batch_and_writes_it_once_there_is_room() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk, tidy_s=SOON_S) as journal:
            await append_all(journal, [b"a"])
            resumed: list[Pause] = []
            journal.on_resume(lambda: resumed.append(journal.pause))
            disk.fail("write", NO_SPACE, NO_SPACE)
            disk.fail("create", OSError(errno.EMFILE, "Too many open files"))
            await append_all(journal, [b"b"])
            await until(lambda: resumed == [Pause.NONE])
            assert journal.stats.full_failures == 3
            assert journal.stats.fsync_failures == 0
            assert payloads(await read_all(journal.tail())) == [b"a", b"b"]
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            assert payloads(await read_all(journal.tail())) == [b"a", b"b"]
            assert not journal.stats.quarantined

    asyncio.run(scenario())


def test_at_the_cap_sources_pause_until_a_consumer_has_passed() -> None:
    async def scenario() -> None:
        settings = small(cap_bytes=5000)
        async with Journal.open(
            PLACE, settings, ManualClock(), disk=FakeDisk(), tidy_s=SOON_S
        ) as journal:
            await append_all(journal, [b"x" * 300 for _ in range(15)])
            assert journal.pause is Pause.CAP
            tail = journal.tail()
            assert len(await read_all(tail)) == 15
            assert journal.pause is Pause.CAP
            journal.trim(tail.position)  # now, or with the look around that is under way
            await until(lambda: journal.pause is Pause.NONE)
            assert journal.stats.bytes_on_disk < 5000
            assert journal.stats.trimmed_segments > 0
            assert journal.tail(tail.position).gaps == ()

    asyncio.run(scenario())


def test_passed_segments_stay_until_they_are_old() -> None:
    clock, disk = ManualClock(), FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(keep_hours=24), clock, disk=disk) as journal:
            await append_all(journal, [b"x" * 300 for _ in range(15)])
            assert journal.stats.segments > 1
            assert journal.trim(journal.end) == 0
            clock.advance_ms(24 * 3_600_000)
            journal.trim(journal.end)
            await until(lambda: journal.stats.segments == 1)
            assert journal.start.segment == journal.end.segment
            # Who stood at the start has missed what is gone, and is told.
            tail = journal.tail(Position(journal.end.epoch, 1, 0))
            assert len(tail.gaps) == 1

    asyncio.run(scenario())


def test_the_newest_snapshot_is_never_trimmed() -> None:
    clock, disk = ManualClock(), FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(keep_hours=0), clock, disk=disk) as journal:
            journal.on_snapshot(lambda: b"all sessions")
            await append_all(journal, [b"x" * 300 for _ in range(15)])
            journal.trim(journal.end)
            await until(lambda: journal.stats.trimmed_segments > 0)
        journal = Journal.open(PLACE, small(), clock, disk=disk)
        assert [record.payload for record in journal.session_records()] == [b"all sessions"]

    asyncio.run(scenario())
