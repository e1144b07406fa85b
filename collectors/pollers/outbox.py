"""The way of a feed's messages into the journal, where they wait while it takes none."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from ausguck.clock import Clock
from ausguck.journal.port import Appender, Pause, RecordType, Source, Ticket
from collectors.pollers.memory import Outgoing
from collectors.pollers.stats import FeedStats

SOURCE_NAME: Final = "gbfs"
APPEND_AT_ONCE: Final = 200


class Outbox:
    """What one feed has to say and has not journalled yet."""

    def __init__(self, journal: Appender, clock: Clock, stats: FeedStats) -> None:
        self._journal = journal
        self._clock = clock
        self._stats = stats
        identity = f"{SOURCE_NAME}/{stats.name}"
        self._source = journal.source(Source(SOURCE_NAME, identity, stats.name))
        self._waiting: deque[Outgoing] = deque()
        self._room = asyncio.Event()
        journal.on_resume(self._room.set)

    def put(self, messages: Iterable[Outgoing]) -> None:
        """Have messages wait for the next `flush`."""
        self._waiting.extend(messages)

    async def flush(self) -> None:
        """Journal what waits, and see it on disk.

        Raises:
            JournalError: it will not be; the process has to be started anew.
        """
        ticket: Ticket | None = None
        while self._waiting:
            await self.has_room()
            for _ in range(min(APPEND_AT_ONCE, len(self._waiting))):
                ticket = self._append(self._waiting.popleft())
        if ticket is not None:
            await self._journal.wait_committed(ticket)

    async def has_room(self) -> None:
        """Return when the journal takes messages."""
        while self._journal.pause is not Pause.NONE:
            self._stats.waits_for_journal = True
            self._room.clear()
            await self._room.wait()
        self._stats.waits_for_journal = False

    def _append(self, outgoing: Outgoing) -> Ticket:
        self._stats.messages[outgoing.message.value] += 1
        return self._journal.append(
            RecordType.MESSAGE,
            0,
            self._clock.now_ms(),
            self._source,
            0,
            outgoing.topic,
            outgoing.payload,
        )
