"""The acknowledgements of one connection that wait for the disk, in the order messages came.

There is one line a connection, and it ends with it: what was not said then is never said on a
later one, where the broker may have given the same packet ids to other messages.
"""

from collections import deque
from typing import NamedTuple

from ausguck.journal.port import Ticket


class Entry(NamedTuple):
    """Bytes to say once `ticket` is on disk, for so many messages."""

    ticket: Ticket
    data: bytes
    messages: int


class Line:
    """Entries whose tickets never fall."""

    __slots__ = ("_entries", "waiting")

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque()
        self.waiting = 0  # messages in all entries

    def put(self, ticket: Ticket, data: bytes, messages: int) -> None:
        """Have `data` said once `ticket` is on disk."""
        self._entries.append(Entry(ticket, data, messages))
        self.waiting += messages

    def take(self, committed: Ticket) -> bytes:
        """Everything that may be said now that `committed` is on disk, once."""
        entries = self._entries
        ready: list[bytes] = []
        while entries and entries[0].ticket <= committed:
            _ticket, data, messages = entries.popleft()
            self.waiting -= messages
            ready.append(data)
        return b"".join(ready)

    def abandon(self) -> int:
        """Forget everything; returns how many messages stay unacknowledged."""
        waiting, self.waiting = self.waiting, 0
        self._entries.clear()
        return waiting

    def __len__(self) -> int:
        return len(self._entries)
