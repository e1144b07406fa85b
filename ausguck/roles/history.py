"""History: from the journal into the store, once, with the books balanced.

The order is what keeps the promise: dead letters first, then rows, position and books in one
transaction of the store. A crash between any two of them repeats the batch, and repeating it
changes nothing.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from ausguck.clock import Clock
from ausguck.errors import AusguckError, StoreUnavailable
from ausguck.journal.port import Record, Tail
from ausguck.model import (
    Batch,
    DeadLetter,
    DroppedValue,
    Inventory,
    Outcome,
    Position,
    Refusal,
)
from ausguck.probe import CrashPoint, Probe, ignore
from ausguck.roles.gathered import Decoder, Gathered, in_parts
from ausguck.settings.tree import History as HistorySettings
from ausguck.store.port import RefusalSink

CHUNK_RECORDS = 256
"""Decoded in one go, about half a millisecond, before the event loop gets its turn."""
CHUNK_BYTES = 65_536
"""The same for records that are long, of which some hold hundreds of elements."""
RETRY_MAX_S = 30.0
QUOTA_POLL_S = 1.0
FINISH_S = 10.0
"""What is not in the store by then stays in the journal for the next start."""
UNKNOWN_KEY = "unknown_key"
ANY_KEY = "(any)"

log = logging.getLogger(__name__)


class WritesHistory(Protocol):
    """What history needs of the store."""

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """As `ausguck.store.port.Store` says."""
        ...


class KeepsLetters(Protocol):
    """What history needs of the desk."""

    def record(
        self,
        letters: Sequence[DeadLetter],
        dropped: Sequence[DroppedValue],
        inventories: Sequence[Inventory],
    ) -> None:
        """As `ausguck.desk.port.Desk` says."""
        ...

    def dead_letter_rows(self) -> int:
        """As `ausguck.desk.port.Desk` says."""
        ...


class HistoryStats(msgspec.Struct):
    """What history did since the process started."""

    records: int = 0
    batches: int = 0
    stored: int = 0
    duplicates: int = 0
    inventories: int = 0
    dead_letters: Counter[str] = msgspec.field(default_factory=Counter)
    dropped_values: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    retries: Counter[str] = msgspec.field(default_factory=Counter)
    last_write_at_ms: int | None = None
    last_error: str | None = None
    waits_for_quota: bool = False


class History:
    """The consumer that fills the store."""

    def __init__(  # noqa: PLR0913, PLR0917 - it stands where six rooms meet
        self,
        tail: Tail,
        decoder: Decoder,
        store: WritesHistory,
        desk: KeepsLetters,
        clock: Clock,
        settings: HistorySettings,
        probe: Probe = ignore,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._tail = tail
        self._decoder = decoder
        self._store = store
        self._desk = desk
        self._clock = clock
        self._settings = settings
        self._probe = probe
        self._sleep = sleep
        self._idle = False
        self._ending = asyncio.Event()
        self._end_by_s = 0.0
        self._settled: Position | None = None
        self.stats = HistoryStats()
        self.oldest_ms: int | None = None
        """Receive time of the oldest record in hand, None when there is none.

        Of retries alone, which keep the time they were received at first, it is when they
        were taken in hand.
        """

    async def run(self) -> None:
        """Move batches until `finish` is called; then what is committed already, and return.

        Finishing takes no new batch after `FINISH_S`.

        To be ended by `finish` alone: a batch in hand that is cancelled would be passed over.
        """
        last_s = self._clock.monotonic_s()
        while not self._finishing or (
            self._tail.available() and self._clock.monotonic_s() < self._end_by_s
        ):
            self._idle = True
            records = await self._read()
            self._idle = False
            if records is None:
                return
            due_s = last_s + self._settings.flush_interval_ms / 1000
            gathered = await self._gather(records, due_s)
            last_s = self._clock.monotonic_s()
            if not await self.settle(gathered):
                return

    @property
    def position(self) -> Position:
        """Behind the last record whose readings the store holds."""
        return self._settled or self._tail.start

    @property
    def _finishing(self) -> bool:
        return self._ending.is_set()

    @property
    def is_behind(self) -> bool:
        """Whether there is anything on disk that the store does not hold yet."""
        return not self._idle or self._tail.available()

    async def finish(self, running: asyncio.Task[None]) -> None:
        """End the task that runs `run`, with nothing in its hands."""
        self._end_by_s = self._clock.monotonic_s() + FINISH_S
        self._ending.set()
        if self._idle and not self._tail.available():
            running.cancel()
        await asyncio.wait({running}, timeout=FINISH_S)
        if self._idle:  # it still waits for a store that may never answer, with nothing in hand
            running.cancel()
        await asyncio.wait({running})

    async def settle(self, gathered: Gathered) -> bool:
        """Bring a batch to its end, however long desk or store take to answer.

        False when they did not answer and the process is to end: the journal keeps it all.
        """
        attempt = 0
        while True:
            try:
                await self._to_desk(gathered)
                outcome = await self._to_store(gathered)
            except (AusguckError, SQLAlchemyError, OSError) as error:
                attempt += 1
                await self._hold(error, attempt)
            else:
                if attempt:
                    log.warning("history goes on, after %d tries", attempt)
                self._count(gathered, outcome)
                return True
            if self._finishing:
                return False

    async def _gather(self, records: Sequence[Record], due_s: float) -> Gathered:
        """A batch: these records and what comes by `due_s`, or until it is full."""
        gathered = Gathered(self._tail.position)
        await self._add(gathered, records)
        while gathered.size < self._settings.batch_records:
            if self._tail.available():
                more = await self._read()
                if more is None:
                    break
                await self._add(gathered, more)
            elif not self._finishing and (wait_s := due_s - self._clock.monotonic_s()) > 0:
                await self._sleep(wait_s)
            else:
                break
        return gathered

    async def _read(self) -> Sequence[Record] | None:
        """The next records; None when there are none to be had and the process is to end."""
        attempt = 0
        while True:
            try:
                return await self._tail.read(CHUNK_RECORDS)
            except (AusguckError, OSError) as error:
                attempt += 1
                await self._hold(error, attempt)
            if self._finishing:
                return None

    async def _add(self, gathered: Gathered, records: Sequence[Record]) -> None:
        for part in in_parts(records, CHUNK_BYTES):
            gathered.add(part, self._decoder)
            await asyncio.sleep(0)
        # Still set while there is a backlog: what is in it came after that.
        self.oldest_ms = gathered.oldest_ms or self.oldest_ms or self._clock.now_ms()

    async def _to_desk(self, gathered: Gathered) -> None:
        letters, dropped, inventories = (
            gathered.dead_letters,
            gathered.dropped,
            gathered.inventories,
        )
        self._probe(CrashPoint.HISTORY_BEFORE_DEADLETTERS)
        if letters:
            await self._quota()
        if letters or dropped or inventories:
            await asyncio.to_thread(self._desk.record, letters, dropped, inventories)
        self._probe(CrashPoint.HISTORY_AFTER_DEADLETTERS)

    async def _to_store(self, gathered: Gathered) -> Outcome:
        batch = gathered.batch

        async def refuse(refusals: Sequence[Refusal]) -> None:
            await self._quota()
            letters = [self._letter(gathered, batch, refusal) for refusal in refusals]
            await asyncio.to_thread(self._desk.record, letters, [], [])

        return await self._store.write(batch, gathered.position, refuse)

    def _letter(self, gathered: Gathered, batch: Batch, refusal: Refusal) -> DeadLetter:
        origin = batch.origins[refusal.index]
        record = gathered.record_of(origin)
        return self._decoder.dead_letter(record, origin.element, refusal.reason, refusal.detail)

    async def _quota(self) -> None:
        """Wait while the dead letters are at their quota; nothing is lost meanwhile."""
        quota = self._settings.dead_letter_rows
        while not self._finishing and await asyncio.to_thread(self._desk.dead_letter_rows) >= quota:
            if not self.stats.waits_for_quota:
                log.error(
                    "history waits: %d dead letters are kept, which is the quota; "
                    "see `ausguck deadletters list`, then retry or purge",
                    quota,
                )
            self.stats.waits_for_quota = True
            await self._sleep(QUOTA_POLL_S)
        self.stats.waits_for_quota = False

    async def _hold(self, error: Exception, attempt: int) -> None:
        """Keep the batch, say why, and wait before it is tried again."""
        self.stats.retries[type(error).__name__] += 1
        self.stats.last_error = str(error)
        wait_s = min(RETRY_MAX_S, 0.2 * 2 ** min(attempt, 10))
        if isinstance(error, StoreUnavailable):
            wait_s = max(wait_s, error.retry_after_s)
        log.warning("history holds what it has and tries again in %.1f s: %s", wait_s, error)
        async with asyncio.TaskGroup() as group:
            waits = {
                group.create_task(self._wait(wait_s)),
                group.create_task(self._wait_for_end()),
            }
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()

    async def _wait(self, wait_s: float) -> None:
        await self._sleep(wait_s)

    async def _wait_for_end(self) -> None:
        await self._ending.wait()

    def _count(self, gathered: Gathered, outcome: Outcome) -> None:
        stats = self.stats
        stats.records += len(gathered.records)
        stats.batches += 1
        stats.stored += outcome.stored
        stats.duplicates += outcome.duplicates
        stats.inventories += len(gathered.inventories)
        stats.dead_letters.update(letter.reason for letter in gathered.dead_letters)
        stats.dead_letters.update(refusal.reason for refusal in outcome.refused)
        stats.dropped_values.update(map(_counted_as, gathered.dropped))
        stats.last_write_at_ms = self._clock.now_ms()
        stats.last_error = None
        self._settled = gathered.position
        if not self._tail.available():  # else the next batch is as old, or nearly
            self.oldest_ms = None


def _counted_as(value: DroppedValue) -> tuple[str, str]:
    """Its key and reason; keys we do not know count as one, for devices may invent any number."""
    return (ANY_KEY if value.reason == UNKNOWN_KEY else value.key, value.reason)
