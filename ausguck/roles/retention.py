"""Retention: what is past its time leaves the store and the journal."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from ausguck.clock import Clock
from ausguck.errors import StoreError
from ausguck.model import Position
from ausguck.store.port import Store

TRIM_S = 10.0
PRUNE_S = 3600.0
RETRY_S = 60.0

log = logging.getLogger(__name__)


class Trimmed(Protocol):
    """A journal that can drop what every consumer has passed."""

    def trim(self, passed: Position) -> int:
        """Drop old segments before a position; returns how many."""
        ...


async def retain(
    store: Store,
    journal: Trimmed,
    clock: Clock,
    passed: Callable[[], Position],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Trim the journal every ten seconds and prune the store every hour, for ever.

    A store that does not take it is asked again after a minute.
    """
    due_s = clock.monotonic_s()
    while True:
        journal.trim(passed())
        if clock.monotonic_s() >= due_s:
            try:
                rows = await store.prune(clock.now_ms())
            except StoreError as error:
                due_s = clock.monotonic_s() + RETRY_S
                log.info("retention will try again in a minute: %s", error)
            else:
                due_s = clock.monotonic_s() + PRUNE_S
                if rows:
                    log.info("retention: %d rows left the store", rows)
        await sleep(TRIM_S)
