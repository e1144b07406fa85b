"""Writes down once a minute when keys and sessions were used, and who was refused."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ausguck.clock import Clock
from ausguck.desk.access_book import Book, Page
from ausguck.roles.ticks import Sleep, ticks

WriteDown = Callable[[Page, int], None]

EVERY_MS: Final = 60_000

log = logging.getLogger(__name__)


@dataclass(slots=True)
class BookingStats:
    """What is said of it; `last_error` is None once the desk takes it again."""

    pages: int = 0
    failures: int = 0
    last_error: str | None = None


class Booking:
    """Empties the book into the desk; what the desk does not take is tried again."""

    def __init__(
        self, book: Book, write_down: WriteDown, clock: Clock, sleep: Sleep = asyncio.sleep
    ) -> None:
        self.stats = BookingStats()
        self._book = book
        self._write_down = write_down
        self._clock = clock
        self._sleep = sleep

    async def run(self) -> None:
        """Write at every minute, for ever, and all there is at the end."""
        try:
            async for _ in ticks(EVERY_MS, self._clock, self._sleep):
                await self._write(whole=False)
        finally:
            await self._write(whole=True)

    async def _write(self, *, whole: bool) -> None:
        now_ms = self._clock.now_ms()
        page = self._book.take(now_ms, whole=whole)
        if not page:
            return
        try:
            await asyncio.to_thread(self._write_down, page, now_ms)
        except Exception as error:  # noqa: BLE001 - the loop's mouth: counted, told, tried again
            self._book.put_back(page)
            self.stats.failures += 1
            if self.stats.last_error is None:
                log.warning("last uses and refusals cannot be written yet: %s", error)
            self.stats.last_error = str(error)
        except BaseException:
            self._book.put_back(page)  # it may be written all the same: rather twice than never
            raise
        else:
            self.stats.pages += 1
            self.stats.last_error = None
