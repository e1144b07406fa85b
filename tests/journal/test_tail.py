"""A consumer's way: committed records only, in order, at its own pace, none lost on the way."""

import asyncio
from itertools import pairwise

from ausguck.clock import ManualClock
from ausguck.journal.format import PREAMBLE
from ausguck.journal.journal import Journal
from ausguck.journal.port import RecordType
from ausguck.model import Position
from tests.journal.fake_disk import FakeDisk
from tests.journal.harness import (
    DEADLINE_S,
    PLACE,
    append,
    append_all,
    payloads,
    read_all,
    small,
    until,
)

LONG_MS = 3_600_000
SENT = [b"%d" % number + b"x" * 100 for number in range(40)]


def test_a_reader_waits_for_the_next_commit() -> None:
    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=FakeDisk()) as journal:
            tail = journal.tail()
            assert not tail.available()
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(tail.read(10))
                await asyncio.sleep(0)
                append(journal, b"a")
            assert payloads(reading.result()) == [b"a"]
            assert tail.position == journal.end

    asyncio.run(scenario())


def test_what_is_not_committed_cannot_be_read() -> None:
    async def scenario() -> None:
        settings = small(commit_interval_ms=LONG_MS)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            append(journal, b"a")
            assert not journal.tail().available()
            assert journal.end == journal.start

    asyncio.run(scenario())


def test_sessions_are_not_for_consumers() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            append(journal, b"s", RecordType.SESSION)
            append(journal, b"m", RecordType.REFUSED)
            await journal.wait_committed(append(journal, b"s", RecordType.SESSION))
            tail = journal.tail()
            [record] = await tail.read(10)
            assert (record.type, record.payload) == (RecordType.REFUSED, b"m")
            assert not tail.available()
        # Nor does what was found at opening promise more than there is.
        for _ in range(2):
            async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
                assert not journal.tail(tail.position).available()
                assert journal.tail().available()
                await journal.wait_committed(append(journal, b"s", RecordType.SESSION))
                assert not journal.tail(tail.position).available()

    asyncio.run(scenario())


def test_any_position_between_records_goes_on_with_the_rest() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            await append_all(journal, SENT)
            live = await read_all(journal.tail())
            assert journal.stats.segments > 3
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            for number, record in enumerate(live):
                tail = journal.tail(record.after)
                assert payloads(await read_all(tail, 7)) == SENT[number + 1 :]
                assert not tail.gaps
            assert await read_all(journal.tail()) == live

    asyncio.run(scenario())


def test_positions_follow_each_other_without_holes() -> None:
    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=FakeDisk()) as journal:
            await append_all(journal, SENT)
            records = await read_all(journal.tail(), 3)
            for record, following in pairwise(records):
                rolled = following.position.offset == PREAMBLE
                assert following.position == record.after or rolled
            assert journal.backlog(records[-1].after) == 0
            assert journal.backlog(journal.start) == sum(
                record.after.offset - record.position.offset for record in records
            )

    asyncio.run(scenario())


def test_a_cancelled_read_loses_nothing() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            await append_all(journal, SENT)
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            tail = journal.tail()
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(tail.read(1000))
                await asyncio.sleep(0)  # it waits for the file now
                reading.cancel()
            assert tail.position == journal.start
            assert payloads(await read_all(tail)) == SENT

    asyncio.run(scenario())


def test_a_record_larger_than_a_reader_takes_at_once() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        sent = [b"a", b"x" * (3 << 20), b"b"]
        settings = small(segment_bytes=1 << 30)
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            await append_all(journal, sent)
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            tail = journal.tail()
            assert payloads(await read_all(tail)) == sent
            assert not tail.gaps

    asyncio.run(scenario())


def test_a_backlog_larger_than_what_is_kept_in_memory() -> None:
    async def scenario() -> None:
        sent = [b"%d-" % number + b"x" * (1 << 20) for number in range(12)]
        settings = small(segment_bytes=5 << 20)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            await append_all(journal, sent)
            assert payloads(await read_all(journal.tail(), 1)) == sent

    asyncio.run(scenario())


def test_a_position_behind_the_end_goes_on_with_what_comes_next() -> None:
    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=FakeDisk()) as journal:
            await append_all(journal, [b"a"])
            beyond = Position(journal.end.epoch, 9, 10_000)
            tail = journal.tail(beyond)
            assert len(tail.gaps) == 1
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(tail.read(10))
                await append_all(journal, [b"b"])
            assert payloads(await asyncio.wait_for(reading, DEADLINE_S)) == [b"b"]

    asyncio.run(scenario())


def test_a_position_inside_a_record_goes_on_at_the_next_and_tells() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            await append_all(journal, [b"a", b"b"])
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            start = journal.start
            tail = journal.tail(start._replace(offset=start.offset + 1))
            assert payloads(await read_all(tail)) == [b"b"]
            assert len(tail.gaps) == 1

    asyncio.run(scenario())


def test_a_file_removed_beneath_a_reader_is_a_gap() -> None:
    async def scenario() -> None:
        disk = FakeDisk()
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            await append_all(journal, SENT)
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            disk.remove(min(disk.inodes))
            tail = journal.tail()
            found = payloads(await read_all(tail))
            assert found == SENT[-len(found) :]
            assert len(found) < len(SENT)
            assert len(tail.gaps) == 1
            await until(lambda: journal.stats.quarantined == tail.gaps)

    asyncio.run(scenario())
