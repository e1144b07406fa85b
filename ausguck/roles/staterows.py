"""Rows of state on their way into the store: tried again while they are young, then given up.

What a minute looked like is worth little later, and nothing may wait for it. A row that is
given up is counted, and stays a gap: it is never computed again.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from ausguck.catalogue.state import StateRow
from ausguck.clock import Clock
from ausguck.errors import StoreError, StoreUnavailable

GIVE_UP_S = 300.0
RETRY_MAX_S = 30.0

log = logging.getLogger(__name__)


class RecordsStates(Protocol):
    """What rows of state need of the store."""

    async def record(self, rows: Sequence[StateRow]) -> None:
        """As `ausguck.store.port.Store` says."""
        ...


class StateRowStats(msgspec.Struct):
    """What became of rows since the process started."""

    stored: int = 0
    waiting: int = 0  # now
    given_up: Counter[str] = msgspec.field(default_factory=Counter)  # rows, by reason
    retries: int = 0
    last_error: str | None = None  # since the last good write


class StateRows:
    """The rows that wait, and the loop that writes them; `put` never waits itself."""

    def __init__(
        self,
        store: RecordsStates,
        clock: Clock,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.stats = StateRowStats()
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._waiting: deque[tuple[float, Sequence[StateRow]]] = deque()
        self._filled = asyncio.Event()

    def put(self, rows: Sequence[StateRow]) -> None:
        """Have these rows written, together and in order."""
        self._waiting.append((self._clock.monotonic_s(), rows))
        self.stats.waiting += len(rows)
        self._filled.set()

    async def run(self) -> None:
        """Write what comes, for ever."""
        attempt = 0
        while True:
            await self._filled.wait()
            wait_s = await self._write_first(attempt)
            attempt = attempt + 1 if wait_s else 0
            if wait_s:
                await self._sleep(wait_s)
            self._give_up_old()
            if not self._waiting:
                self._filled.clear()

    async def _write_first(self, attempt: int) -> float:
        """Write the oldest rows; returns the seconds to wait before the next try."""
        _, rows = self._waiting[0]
        stats = self.stats
        try:
            await self._store.record(rows)
        except StoreUnavailable as error:
            stats.retries += 1
            self._note(error)
            return min(RETRY_MAX_S, max(2.0 ** min(attempt, 5), error.retry_after_s))
        except StoreError as error:
            self._note(error)
            self._give_up("refused")
        except Exception:
            # Rows that are only derived must not take intake down with them.
            log.exception("rows of state could not be written")
            self._give_up("broken")
        else:
            stats.last_error = None
            stats.stored += len(rows)
            self._take()
        return 0.0

    def _note(self, error: StoreError) -> None:
        if self.stats.last_error is None:
            log.warning("rows of state are not written: %s", error)
        self.stats.last_error = str(error)

    def _give_up_old(self) -> None:
        now_s = self._clock.monotonic_s()
        while self._waiting and now_s - self._waiting[0][0] > GIVE_UP_S:
            self._give_up("store_unavailable")

    def _give_up(self, reason: str) -> None:
        self.stats.given_up[reason] += self._take()

    def _take(self) -> int:
        _, rows = self._waiting.popleft()
        self.stats.waiting -= len(rows)
        return len(rows)
