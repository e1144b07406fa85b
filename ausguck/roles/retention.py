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
    """Trim the journal every ten seconds and prune the store every hour, for ever."""
    pruned_s = -PRUNE_S
    while True:
        journal.trim(passed())
        if clock.monotonic_s() - pruned_s >= PRUNE_S:
            pruned_s = clock.monotonic_s()
            try:
                rows = await store.prune(clock.now_ms())
                if rows:
                    log.info("retention: %d rows left the store", rows)
            except StoreError as error:
                log.warning("retention will try again in an hour: %s", error)
        await sleep(TRIM_S)
