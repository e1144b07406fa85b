"""Rot: a flipped bit costs the record it is in and no other, and is told."""

import asyncio
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.clock import ManualClock
from ausguck.journal.format import PREAMBLE
from ausguck.journal.inspection import FindingKind, verify
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record
from ausguck.journal.segment import GapReason
from ausguck.journal.stats import Stats
from ausguck.model import Position
from tests.journal.fake_disk import FakeDisk, Inode
from tests.journal.harness import PLACE, all_records, append_all, payloads, read_all, small

SENT = [b"%d-" % number + b"x" * (number * 37 % 200) for number in range(25)]


@cache
def written() -> dict[Path, bytes]:
    """Segments with all of SENT, closed in order."""
    disk = FakeDisk()

    async def write() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            await append_all(journal, SENT)

    asyncio.run(write())
    return {path: bytes(inode.content) for path, inode in disk.inodes.items()}


def disk_of(files: dict[Path, bytes]) -> FakeDisk:
    return FakeDisk(
        {
            path: Inode(bytearray(content), len(content), is_named=True)
            for path, content in files.items()
        }
    )


def reopened(disk: FakeDisk) -> tuple[list[Record], Stats]:
    async def read() -> tuple[list[Record], Stats]:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            records = await read_all(journal.tail())
            return records, journal.stats

    return asyncio.run(read())


paths = st.integers(0, 10**6).map(lambda number: sorted(written())[number % len(written())])


@given(paths, st.integers(0, 10**6), st.integers(0, 7))
@settings(max_examples=150, deadline=None)
def test_a_flipped_bit_costs_one_record_and_is_told(path: Path, at: int, bit: int) -> None:
    files = dict(written())
    content = bytearray(files[path])
    at %= len(content)
    content[at] ^= 1 << bit
    files[path] = bytes(content)
    report = verify(disk_of(files), PLACE)
    assert [finding.file for finding in report.findings] == [path.name]
    [finding] = report.findings
    assert finding.start <= at < finding.end

    records, stats = reopened(disk_of(files))
    lost = [payload for payload in SENT if payload not in payloads(records)]
    assert payloads(records) == [payload for payload in SENT if payload not in lost]
    if at < PREAMBLE:
        assert finding.kind is FindingKind.HEADER_COPY
        assert not lost
    elif stats.cut_bytes:
        # In the very last record it cannot be told from an unfinished end.
        assert lost == SENT[-1:]
        assert finding.kind is FindingKind.UNFINISHED
        assert stats.cut_bytes == finding.end - finding.start
    else:
        assert len(lost) == 1
        [gap] = stats.quarantined
        assert (gap.reason, gap.start.offset) == (GapReason.DAMAGED, finding.start)


@given(paths, st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_whatever_is_cut_off_a_segment_costs_nothing_else(path: Path, size: int) -> None:
    files = dict(written())
    is_last = path == max(files)
    whole = len(files[path])
    size %= whole
    files[path] = files[path][:size]
    records, stats = reopened(disk_of(files))
    lost = [payload for payload in SENT if payload not in payloads(records)]
    assert payloads(records) == [payload for payload in SENT if payload not in lost]
    position = SENT.index(lost[0]) if lost else 0
    assert lost == SENT[position : position + len(lost)]
    if not is_last:
        assert stats.quarantined
        assert not stats.cut_bytes
        assert stats.quarantined[-1].end.offset == whole
        assert verify(disk_of(files), PLACE).is_sound is False


@given(paths)
@settings(max_examples=20, deadline=None)
def test_a_segment_without_its_header_is_still_read(path: Path) -> None:
    files = dict(written())
    files[path] = bytes(PREAMBLE) + files[path][PREAMBLE:]
    records, stats = reopened(disk_of(files))
    assert payloads(records) == SENT
    assert [gap.reason for gap in stats.quarantined] == [GapReason.HEADER]


def test_a_lost_segment_is_told_to_who_has_not_passed_it() -> None:
    files = dict(written())
    first, second, *_ = sorted(files)
    del files[second]
    disk = disk_of(files)

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            tail = journal.tail()
            records = await read_all(tail)
            assert [gap.reason for gap in tail.gaps] == [GapReason.MISSING]
            assert journal.stats.quarantined == tail.gaps
            assert records[-1].payload == SENT[-1]

    asyncio.run(scenario())
    [finding] = verify(disk, PLACE).findings
    assert finding.kind is FindingKind.MISSING
    assert first.name < finding.file


def test_a_vanished_journal_begins_a_new_epoch() -> None:
    clock = ManualClock()
    first = Journal.open(PLACE, small(), clock, disk=FakeDisk())
    clock.advance_ms(1)
    second = Journal.open(PLACE, small(), clock, disk=FakeDisk())
    assert second.end.epoch > first.end.epoch
    tail = second.tail(first.end)
    assert tail.position == second.start
    assert [gap.reason for gap in tail.gaps] == [GapReason.FOREIGN]


def test_what_is_no_journal_of_ours_is_left_alone() -> None:
    disk = disk_of({PLACE / "000000000001.segment": b"not ours at all" * 20, PLACE / "a": b""})
    records, stats = reopened(disk)
    assert not records
    assert [gap.reason for gap in stats.quarantined] == [GapReason.HEADER]
    assert len(disk.inodes) == 2


def test_places_a_consumer_has_passed_are_not_given_out_again() -> None:
    """Else a store that knows them would take what comes now for what it has."""
    files = dict(written())
    del files[max(files)]
    disk = disk_of(files)

    async def scenario(passed: Position) -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            tail = journal.tail(passed)
            assert [gap.reason for gap in tail.gaps] == [GapReason.FOREIGN]
            await append_all(journal, [b"anew"])
            record = (await read_all(tail))[-1]
            assert record.payload == b"anew"
            assert record.position > passed
        assert [entry.payload for entry in all_records(disk)][-1] == b"anew"

    epoch = Journal.open(PLACE, small(), ManualClock(), disk=disk).end.epoch
    asyncio.run(scenario(Position(epoch, 90, 700)))
    asyncio.run(scenario(Position(epoch + 5, 3, 700)))
