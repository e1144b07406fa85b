"""A store that comes later than we do: intake has begun, and history begins where it stands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ausguck.app.late import LateStore, LateTail, begin_by_clock
from ausguck.clock import ManualClock
from ausguck.errors import JournalError, StoreUnavailable
from ausguck.journal.journal import Journal
from ausguck.journal.port import RecordType, Source
from ausguck.model import Batch, Books, Kind, Position
from ausguck.settings import tree
from ausguck.store.port import Store
from tests.api.fakes import FakeStore

SETTINGS = tree.Journal(reserve_percent=0)


class Door:
    """Opens a store, as soon as it is told to."""

    def __init__(self, position: Position | None = None) -> None:
        self.is_open = False
        self.opened = 0
        self.closed = 0
        self.store = StandingStore(position)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Store]:
        if not self.is_open:
            raise StoreUnavailable("influxdb", "connection refused", retry_after_s=2.0)
        self.opened += 1
        yield self.store
        self.closed += 1


class StandingStore(FakeStore):
    """A store whose cursor stands somewhere."""

    def __init__(self, position: Position | None) -> None:
        super().__init__()
        self.at = position

    async def position(self) -> Position | None:
        return self.at


async def nothing(_refusals: object) -> None:
    """Take no refusals."""


def test_until_it_is_there_everything_is_unavailable_in_the_words_of_the_last_try() -> None:
    async def scene() -> None:
        door = Door()
        async with LateStore("influxdb", door.open) as store:
            with pytest.raises(StoreUnavailable, match="not reached yet"):
                await store.books()
            with pytest.raises(StoreUnavailable, match="connection refused"):
                await store.position()
            with pytest.raises(StoreUnavailable, match="connection refused"):
                await store.latest(Kind.BUS)
            with pytest.raises(StoreUnavailable) as caught:
                await store.write(Batch((), (), (), 0), Position(1, 1, 1), nothing)
            assert caught.value.retry_after_s == 2.0

    asyncio.run(scene())


def test_it_is_opened_once_and_closed_at_the_end() -> None:
    door = Door()

    async def scene() -> None:
        async with LateStore("influxdb", door.open) as store:
            door.is_open = True
            async with asyncio.TaskGroup() as group:
                for _ in range(5):
                    group.create_task(store.reach())
            assert await store.books() == Books()
            assert await store.prune(0) == 0
            assert (door.opened, door.closed) == (1, 0)

    asyncio.run(scene())

    assert door.closed == 1


async def fill(journal: Journal, word: bytes) -> None:
    """Ten more records."""
    source = journal.source(Source("listener", "", "c"))
    for number in range(10):
        ticket = journal.append(RecordType.MESSAGE, 1, 1, source, 1, b"t", word + b"%d" % number)
    await journal.wait_committed(ticket)


async def restored(stack: AsyncExitStack, directory: Path) -> tuple[Journal, Position]:
    """A journal that was brought back from a copy, and where the lost one had reached."""
    async with Journal.open(directory, SETTINGS, ManualClock()) as journal:
        await fill(journal, b"old")
        epoch, segment, _offset = journal.end
    opened = Journal.open(directory, SETTINGS, ManualClock())
    return await stack.enter_async_context(opened), Position(epoch, segment + 3, 4000)


def test_what_was_acknowledged_before_the_store_answered_is_read(tmp_path: Path) -> None:
    async def scene() -> tuple[list[bytes], bool]:
        async with AsyncExitStack() as stack:
            journal, lost = await restored(stack, tmp_path)
            begin_by_clock(journal, ManualClock())
            door = Door(lost)
            store = await stack.enter_async_context(LateStore("influxdb", door.open))
            tail = LateTail(journal, store)
            await fill(journal, b"new")
            door.is_open = True
            records = await tail.read(100)
            return [record.payload for record in records], records[0].position > lost

    assert asyncio.run(scene()) == ([b"new%d" % number for number in range(10)], True)


def test_segments_numbered_by_the_clock_are_there_at_each_opening(tmp_path: Path) -> None:
    clock = ManualClock()

    async def start() -> list[bytes]:
        async with Journal.open(tmp_path, SETTINGS, clock) as journal:
            begin_by_clock(journal, clock)
            found = journal.tail(None)
            before = await found.read(1000) if found.available() else []
            await fill(journal, b"more")
            clock.advance_ms(60_000)
            return [record.payload for record in before]

    assert [len(asyncio.run(start())) for _ in range(4)] == [0, 10, 20, 30]


def test_a_place_no_segment_can_have_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Journal.open(tmp_path, SETTINGS, ManualClock()) as journal:
            with pytest.raises(JournalError, match="is no number of a segment"):
                journal.begin_behind(Position(journal.end.epoch, 10**12, 0))

    asyncio.run(scene())


def test_a_store_ahead_of_all_there_is_takes_nothing_new_for_old(tmp_path: Path) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            journal, lost = await restored(stack, tmp_path)
            door = Door(lost)
            store = await stack.enter_async_context(LateStore("influxdb", door.open))
            tail = LateTail(journal, store)
            await fill(journal, b"new")
            door.is_open = True
            with pytest.raises(StoreUnavailable, match="further than this journal reaches"):
                await tail.read(100)

    asyncio.run(scene())


async def filled(stack: AsyncExitStack, directory: Path) -> tuple[Journal, list[Position]]:
    """A journal with ten records, and the position behind each."""
    opened = Journal.open(directory, SETTINGS, ManualClock())
    journal = await stack.enter_async_context(opened)
    source = journal.source(Source("listener", "", "c"))
    for number in range(10):
        ticket = journal.append(RecordType.MESSAGE, 1, number, source, 1, b"t", b"%d" % number)
    await journal.wait_committed(ticket)
    records = await journal.tail(None).read(100)
    return journal, [record.after for record in records]


def test_reading_begins_where_the_store_stands(tmp_path: Path) -> None:
    async def scene() -> None:
        async with AsyncExitStack() as stack:
            journal, behind = await filled(stack, tmp_path)
            door = Door(behind[6])
            store = await stack.enter_async_context(LateStore("influxdb", door.open))
            tail = LateTail(journal, store)

            assert tail.available()
            assert tail.start < behind[0]
            with pytest.raises(StoreUnavailable):
                await tail.read(10)
            assert tail.position < behind[0]

            door.is_open = True
            records = await tail.read(10)

            assert [record.payload for record in records] == [b"7", b"8", b"9"]
            assert tail.start == behind[6]
            assert tail.position == behind[9]
            assert not tail.available()

    asyncio.run(scene())
