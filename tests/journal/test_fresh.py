"""What a consumer that keeps up is given: the records as they stand in the file, from memory."""

import asyncio
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.clock import ManualClock
from ausguck.journal.commits import KEPT_BYTES, KEPT_RECORDS
from ausguck.journal.committed import RECENT_BYTES, Committed
from ausguck.journal.format import PREAMBLE
from ausguck.journal.fresh import OVERHEAD_BYTES, Entry
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record, RecordType
from ausguck.journal.segment import GapReason, Segment, Segments
from ausguck.journal.tail import JournalTail
from ausguck.model import Position
from tests.journal.fake_disk import INPUT_OUTPUT, FakeDisk
from tests.journal.harness import DEADLINE_S, PLACE, SOURCE, append, payloads, read_all, small

KINDS = st.sampled_from(RecordType)
texts = st.binary(max_size=12)
records = st.tuples(
    KINDS,
    st.integers(0, 31),
    st.integers(0, 2**50),
    texts,  # source
    st.integers(0, 65_535),
    texts,  # topic
    st.binary(max_size=400) | st.just(b"x" * 1500),
)
commits = st.lists(st.lists(records, min_size=1, max_size=8), max_size=12)
limits = st.lists(st.integers(1, 9), min_size=1, max_size=5)


async def taken(tail: JournalTail, limits: Iterable[int]) -> list[Record]:
    """All that is there, so many at a time."""
    found: list[Record] = []
    while tail.available():
        found += await asyncio.wait_for(tail.read(next(iter(limits))), DEADLINE_S)
    return found


@settings(deadline=None, max_examples=60)
@given(commits, limits, st.integers(0, 12), st.booleans())
def test_what_memory_gives_is_what_the_file_gives(
    made: list[list[tuple[RecordType, int, int, bytes, int, bytes, bytes]]],
    limits: list[int],
    late: int,
    has_failure: bool,  # noqa: FBT001 - drawn
) -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        live: list[Record] = []
        sizes = cycle(limits)
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            journal.on_snapshot(lambda: b"sessions")
            tail = journal.tail()
            for number, commit in enumerate(made):
                if has_failure and number == late:
                    disk.fail("sync", INPUT_OUTPUT)
                for record in commit:
                    ticket = journal.append(*record)
                await journal.wait_committed(ticket)
                if number >= late:
                    live += await taken(tail, sizes)
            live += await taken(tail, sizes)
            assert not tail.gaps
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            again = journal.tail()
            assert await read_all(again) == live
            assert not again.gaps

    asyncio.run(scenario())


def rot(disk: FakeDisk, paths: Iterable[Path]) -> None:
    """Turn every byte behind the headers."""
    for path in paths:
        content = disk.inodes[path].content
        content[PREAMBLE:] = bytes(byte ^ 0xFF for byte in content[PREAMBLE:])


def test_a_consumer_that_keeps_up_does_not_read_files() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            tail = journal.tail()
            for number in range(50):
                await journal.wait_committed(append(journal, b"%d" % number))
                rot(disk, disk.inodes)
                assert payloads(await read_all(tail)) == [b"%d" % number]
            assert not tail.gaps

    asyncio.run(scenario())


def test_who_has_fallen_behind_reads_files_and_then_memory_again() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        large = small(segment_bytes=1 << 30)
        async with Journal.open(PLACE, large, ManualClock(), disk=disk) as journal:
            behind = journal.tail()
            sent = [b"%03d" % number + b"x" * (1 << 20) for number in range(40)]
            for payload in sent:
                await journal.wait_committed(append(journal, payload))
            # Half of the file is damaged: the older of it, and the newer, which is in memory.
            [path] = disk.inodes
            content = disk.inodes[path].content
            content[PREAMBLE + 100] ^= 0xFF
            content[-100] ^= 0xFF
            found = payloads(await read_all(behind, 3))
            assert found == sent[1:]
            assert [gap.reason for gap in behind.gaps] == [GapReason.DAMAGED]
            assert journal.stats.quarantined == behind.gaps
            await journal.wait_committed(append(journal, b"more"))
            assert payloads(await read_all(behind)) == [b"more"]

    asyncio.run(scenario())


def test_a_batch_too_large_to_keep_is_read_from_its_file() -> None:
    async def scenario(sent: Sequence[bytes]) -> None:
        settings = small(segment_bytes=1 << 30)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            tail = journal.tail()
            for payload in sent:
                ticket = append(journal, payload)
            await journal.wait_committed(ticket)
            assert payloads(await read_all(tail)) == sent
            assert not tail.gaps

    asyncio.run(scenario([b"%d" % number for number in range(KEPT_RECORDS + 1)]))
    asyncio.run(scenario([b"%d" % number + b"x" * (KEPT_BYTES // 4) for number in range(5)]))


def test_a_view_into_a_buffer_is_kept_as_it_was() -> None:
    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=FakeDisk()) as journal:
            buffer = bytearray(b"first")
            source = journal.source(SOURCE)
            ticket = journal.append(RecordType.MESSAGE, 0, 0, source, 1, b"t", memoryview(buffer))
            buffer[:] = b"other"
            await journal.wait_committed(ticket)
            assert payloads(await read_all(journal.tail())) == [b"first"]

    asyncio.run(scenario())


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(1, 30_000), st.integers(36, 400_000)), max_size=60))
def test_memory_is_bounded(made: list[tuple[int, int]]) -> None:
    """Commits of many small records or a few large ones; only their sizes are looked at."""
    committed = Committed(Segments((), Position(1, 1, PREAMBLE)), Position(1, 1, PREAMBLE))
    end = PREAMBLE
    places: list[tuple[int, int, int]] = []
    for count, length in made:
        entry: Entry = (RecordType.MESSAGE, 0, 0, b"", 0, b"", b"", length)
        start, end = end, end + count * length
        segment = Segment(Path("1"), 1, epoch=1, sync=1, end=end, made_at_ms=0)
        committed.add(segment, start, [entry] * count, 0)
        places.append((start, count, count * (length + OVERHEAD_BYTES)))
        kept = [place for place in places if committed.recent(1, place[0]) is not None]
        assert committed.recent_bytes == sum(size for _, _, size in kept) <= RECENT_BYTES
        assert kept == places[len(places) - len(kept) :]
