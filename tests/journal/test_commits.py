"""Group commit: few syncs for many records, none of them waited for longer than needed."""

import asyncio
import errno
from pathlib import Path

import pytest

from ausguck.clock import ManualClock
from ausguck.errors import JournalError
from ausguck.journal.journal import Journal
from ausguck.journal.port import Pause, RecordType
from ausguck.probe import CrashPoint
from ausguck.settings import tree
from tests.journal.fake_disk import INPUT_OUTPUT, FakeDisk
from tests.journal.harness import (
    PLACE,
    SOURCE,
    TOPIC,
    append,
    append_all,
    payloads,
    read_all,
    small,
    until,
)

LONG_MS = 3_600_000


def test_records_of_one_moment_share_a_commit_and_one_sync() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            heard: list[int] = []
            journal.on_commit(heard.append)
            tickets = [append(journal, b"%d" % number) for number in range(100)]
            assert tickets == list(range(1, 101))
            await journal.wait_committed(100)
            await until(lambda: bool(heard))
            assert heard == [100]
            assert journal.stats.commits == disk.calls["sync"] == disk.calls["write"] == 1
            assert journal.committed == journal.stats.committed_records == 100

    asyncio.run(scenario())


def test_a_full_commit_does_not_wait_for_company() -> None:
    async def scenario() -> None:
        settings = small(commit_interval_ms=LONG_MS, commit_bytes=4096)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            append(journal, b"alone")
            ticket = append(journal, b"x" * 4096)
            await asyncio.wait_for(journal.wait_committed(ticket), 20)

    asyncio.run(scenario())


def test_the_next_commit_begins_when_the_one_before_has_ended() -> None:
    async def scenario() -> None:
        settings = small(commit_interval_ms=LONG_MS, commit_bytes=4096)
        async with Journal.open(PLACE, settings, ManualClock(), disk=FakeDisk()) as journal:
            first = append(journal, b"x" * 5000)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            second = append(journal, b"under way already: it waits for no company")
            await asyncio.wait_for(journal.wait_committed(second), 20)
            assert first < second
            assert journal.stats.commits == 2

    asyncio.run(scenario())


def test_closing_commits_what_waits() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        settings = small(commit_interval_ms=LONG_MS)
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            append(journal, b"last")
        assert journal.committed == 1
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            assert payloads(await read_all(journal.tail())) == [b"last"]

    asyncio.run(scenario())


def test_crash_points_come_in_order_and_acknowledgement_after_them() -> None:
    places: list[str] = []

    async def scenario() -> None:
        async with Journal.open(
            PLACE, small(), ManualClock(), disk=FakeDisk(), probe=places.append
        ) as journal:
            journal.on_commit(lambda ticket: places.append(f"acknowledge {ticket}"))
            await append_all(journal, [b"a"])
            await until(lambda: places[-1].startswith("acknowledge"))

    asyncio.run(scenario())
    assert places == [
        CrashPoint.JOURNAL_NEW_SEGMENT,
        CrashPoint.JOURNAL_BEFORE_WRITE,
        CrashPoint.JOURNAL_BEFORE_SYNC,
        CrashPoint.JOURNAL_AFTER_SYNC,
        "acknowledge 1",
    ]


def test_after_a_failed_sync_the_batch_goes_to_a_new_segment() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        settings = small(segment_bytes=1_000_000)
        async with Journal.open(PLACE, settings, ManualClock(), disk=disk) as journal:
            await append_all(journal, [b"a"])
            disk.fail("sync", INPUT_OUTPUT)
            await append_all(journal, [b"b"])
            assert (journal.stats.segments, journal.stats.fsync_failures) == (2, 1)
            assert journal.pause is Pause.NONE
            records = await read_all(journal.tail())
            assert payloads(records) == [b"a", b"b"]
            assert [record.position.segment for record in records] == [1, 2]

    asyncio.run(scenario())


def test_two_failures_in_a_row_stop_intake_and_nothing_is_acknowledged() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            disk.fail("sync", INPUT_OUTPUT, INPUT_OUTPUT)
            ticket = append(journal, b"a")
            with pytest.raises(JournalError, match="two writes in a row failed"):
                await journal.wait_committed(ticket)
            assert journal.pause is Pause.DISK
            with pytest.raises(JournalError):
                await journal.wait_committed(append(journal, b"b"))
            assert journal.committed == 0

    asyncio.run(scenario())


def test_what_nobody_foresaw_ends_the_journal_with_its_cause() -> None:
    def probe(point: str) -> None:
        raise LookupError(point)

    async def scenario() -> None:
        async with Journal.open(
            PLACE, small(), ManualClock(), disk=FakeDisk(), probe=probe
        ) as journal:
            with pytest.raises(JournalError, match="unforeseen"):
                await journal.wait_committed(append(journal, b"a"))

    with pytest.raises(JournalError) as raised:
        asyncio.run(scenario())
    assert isinstance(raised.value.__cause__, LookupError)


def test_a_snapshot_stands_at_the_head_of_each_segment_and_folds() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        open_count = 0

        def take() -> bytes:
            return b"%d" % open_count

        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            journal.on_snapshot(take)
            for _ in range(12):
                open_count += 1
                append(journal, b"+1", RecordType.SESSION)
                await append_all(journal, [b"x" * 300])
            await journal.wait_committed(append(journal, b"qos 2", flags=2))
            assert journal.stats.segments > 2

        journal = Journal.open(PLACE, small(), ManualClock(), disk=disk)
        snapshot, *changes = journal.session_records()
        assert snapshot.type is RecordType.SNAPSHOT
        assert snapshot.position.segment == journal.end.segment
        counted = sum(record.type is RecordType.SESSION for record in changes)
        assert int(snapshot.payload) + counted == open_count
        assert changes[-1].payload == b"qos 2"

    asyncio.run(scenario())


def test_a_listener_that_cannot_tell_its_sessions_stops_no_message() -> None:
    def take() -> bytes:
        raise LookupError

    async def scenario() -> None:
        told: list[object] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: told.append(context["exception"]))
        async with Journal.open(PLACE, small(), ManualClock(), disk=FakeDisk()) as journal:
            journal.on_snapshot(take)
            await append_all(journal, [b"a", b"b"])
            assert journal.stats.snapshot_failures == len(told) > 0

    asyncio.run(scenario())


def test_on_a_real_disk(tmp_path: Path) -> None:
    sent = [b"%d-" % number + b"x" * 5000 for number in range(60)]

    async def scenario() -> None:
        settings = tree.Journal(segment_bytes=65_536, reserve_percent=0)
        async with Journal.open(tmp_path / "journal", settings, ManualClock()) as journal:
            await append_all(journal, sent[:30])
        async with Journal.open(tmp_path / "journal", settings, ManualClock()) as journal:
            tail = journal.tail()
            await append_all(journal, sent[30:])
            records = await read_all(tail)
            assert payloads(records) == sent
            assert {(record.source, record.topic) for record in records} == {(SOURCE, TOPIC)}
            assert journal.stats.segments > 2
            assert journal.backlog(tail.position) == 0

    asyncio.run(scenario())


def test_a_directory_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"a file")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(tmp_path / "journal", small(), ManualClock())


def test_a_disk_that_cannot_make_the_segment_counts_as_failing() -> None:
    disk = FakeDisk()

    async def scenario() -> None:
        async with Journal.open(PLACE, small(), ManualClock(), disk=disk) as journal:
            disk.fail("create", OSError(errno.EROFS, "Read-only file system"))
            disk.fail("sync_directory", INPUT_OUTPUT)
            with pytest.raises(JournalError):
                await journal.wait_committed(append(journal, b"a"))
            assert journal.pause is Pause.DISK
            assert not disk.inodes

    asyncio.run(scenario())
