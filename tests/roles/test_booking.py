"""The callers' book is emptied every minute and at the end."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck.clock import ManualClock
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_book import Book, Page
from ausguck.desk.access_rows import NewKey
from ausguck.errors import StoreUnavailable
from ausguck.roles.booking import EVERY_MS, Booking

NOW_MS = 1_800_000_000_000


@pytest.fixture
def access(tmp_path: Path) -> Iterator[AccessDesk]:
    with open_access(tmp_path / "desk.sqlite") as desk:
        yield desk


class Minutes:
    """Each sleep is over at once; after so many the clock stands still."""

    def __init__(self, clock: ManualClock, count: int) -> None:
        self.left = count
        self.over = asyncio.Event()
        self._clock = clock

    async def sleep(self, seconds: float) -> None:
        if not self.left:
            self.over.set()
            await asyncio.Event().wait()
        self.left -= 1
        self._clock.advance_ms(round(seconds * 1000))


async def run_for(booking: Booking, minutes: Minutes) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(booking.run())
        await minutes.over.wait()
        running.cancel()


def test_uses_and_refusals_are_written(access: AccessDesk) -> None:
    async def scene() -> None:
        clock, book = ManualClock(NOW_MS), Book()
        key = access.add_key(NewKey(name="one", scopes=("view",)), "test", NOW_MS).key
        book.used(key.id, NOW_MS + 7)
        book.refused("nobody", "192.0.2.1", "GET /api/v1/keys (no-key)")
        minutes = Minutes(clock, 1)
        booking = Booking(book, access.write_down, clock, minutes.sleep)

        await run_for(booking, minutes)

        assert access.all_keys()[0].last_used_at_ms == NOW_MS + 7
        line = access.audit()[0]
        assert (line.object, line.at_ms) == ("192.0.2.1", NOW_MS - NOW_MS % EVERY_MS + EVERY_MS)
        assert (booking.stats.pages, booking.stats.failures) == (1, 0)

    asyncio.run(scene())


def test_the_rest_is_written_at_the_end(access: AccessDesk) -> None:
    async def scene() -> None:
        clock, book = ManualClock(NOW_MS), Book()
        minutes = Minutes(clock, 0)
        booking = Booking(book, access.write_down, clock, minutes.sleep)
        book.refused("nobody", "192.0.2.1", "GET /api/v1/keys (no-key)")
        await run_for(booking, minutes)
        assert len(access.audit()) == 1

    asyncio.run(scene())


def test_what_the_desk_does_not_take_is_tried_again(
    access: AccessDesk, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        clock, book = ManualClock(NOW_MS), Book()
        key = access.add_key(NewKey(name="one", scopes=("view",)), "test", NOW_MS).key
        book.used(key.id, NOW_MS)
        refusals = [StoreUnavailable("desk", "locked")] * 2

        def write_down(page: Page, now_ms: int) -> None:
            if refusals:
                raise refusals.pop()
            access.write_down(page, now_ms)

        minutes = Minutes(clock, 3)
        booking = Booking(book, write_down, clock, minutes.sleep)
        await run_for(booking, minutes)
        assert (booking.stats.pages, booking.stats.failures) == (1, 2)
        assert booking.stats.last_error is None
        assert access.all_keys()[0].last_used_at_ms == NOW_MS
        assert len(caplog.records) == 1

    asyncio.run(scene())
