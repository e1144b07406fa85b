"""Who waits for which record to be on disk, and who is told after each commit."""

import asyncio
from collections.abc import Callable

from ausguck.errors import JournalError
from ausguck.journal.port import Ticket


class Tickets:
    """The last ticket on disk, and those who want to know."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.committed: Ticket = 0
        self._callbacks: list[Callable[[Ticket], None]] = []
        self._waiters: dict[asyncio.Future[None], Ticket] = {}
        self._ended: str | None = None

    def on_commit(self, callback: Callable[[Ticket], None]) -> None:
        """Have `callback(ticket)` called after each commit."""
        self._callbacks.append(callback)

    def commit(self, ticket: Ticket) -> None:
        """All up to this ticket are on disk: tell everyone."""
        self.committed = ticket
        for waiter in [waiter for waiter, wanted in self._waiters.items() if wanted <= ticket]:
            del self._waiters[waiter]
            if not waiter.done():
                waiter.set_result(None)
        loop = asyncio.get_running_loop()
        for callback in self._callbacks:
            # Each in a step of its own: one that fails must not keep the others from hearing.
            loop.call_soon(callback, ticket)

    def end(self, reason: str) -> None:
        """Nothing more will be committed: whoever waits is told why."""
        self._ended = reason
        waiters, self._waiters = self._waiters, {}
        for waiter in waiters:
            if not waiter.done():
                waiter.set_exception(JournalError(self._name, reason))

    async def wait(self, ticket: Ticket) -> None:
        """Return once the record of this ticket is on disk.

        Raises:
            JournalError: it will not be; the process has to be started anew.
        """
        if ticket <= self.committed:
            return
        if self._ended is not None:
            raise JournalError(self._name, self._ended)
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters[waiter] = ticket
        try:
            await waiter
        finally:
            self._waiters.pop(waiter, None)
