"""What waits for the disk before it may be said: one line for all connections, in order."""

from collections import deque
from enum import IntFlag
from typing import NamedTuple, Protocol

from ausguck.journal.port import Appender, Ticket
from ausguck.probe import CrashPoint, Probe


class Said(IntFlag):
    """What kinds of packet an entry holds."""

    CONNACK = 1
    PUBACK = 2
    PUBREC = 4
    PUBCOMP = 8
    OTHER = 16


BEFORE = {
    Said.CONNACK: CrashPoint.LISTENER_BEFORE_CONNACK,
    Said.PUBACK: CrashPoint.LISTENER_BEFORE_PUBACK,
    Said.PUBREC: CrashPoint.LISTENER_BEFORE_PUBREC,
    Said.PUBCOMP: CrashPoint.LISTENER_BEFORE_PUBCOMP,
}


class Hearer(Protocol):
    """The one connection, and no later one of the same client, that an entry is for."""

    pending: int  # entries of its that wait
    waiting: int  # unacknowledged messages in them

    def __hash__(self) -> int: ...

    def tell(self, data: bytes) -> None:
        """Send, unless the connection has ended."""
        ...

    def caught_up(self) -> None:
        """Some of what waited was told."""
        ...


class Entry(NamedTuple):
    """Bytes for one connection once `ticket` is on disk, acknowledging `messages` messages."""

    ticket: Ticket
    hearer: Hearer
    data: bytes
    messages: int
    said: int


class Acks:
    """The line of entries; tickets in it never fall."""

    def __init__(self, journal: Appender, probe: Probe) -> None:
        self.last: Ticket = journal.committed  # the newest ticket we were given
        self._journal = journal
        self._probe = probe
        self._line: deque[Entry] = deque()
        journal.on_commit(self.commit)

    def put(self, hearer: Hearer, data: bytes, said: Said, messages: int = 0) -> None:
        """Have `data` told once everything appended so far is on disk."""
        hearer.pending += 1
        hearer.waiting += messages
        self._line.append(Entry(self.last, hearer, data, messages, said))
        committed = self._journal.committed
        if self.last <= committed:
            self.commit(committed)

    def commit(self, ticket: Ticket) -> None:
        """Everything up to `ticket` is on disk: say what waited for it, one write a connection."""
        line = self._line
        said = 0
        told: dict[Hearer, list[bytes]] = {}
        while line and line[0].ticket <= ticket:
            _ticket, hearer, data, messages, kinds = line.popleft()
            hearer.pending -= 1
            hearer.waiting -= messages
            said |= kinds
            if hearer in told:
                told[hearer].append(data)
            else:
                told[hearer] = [data]
        self._reach(BEFORE, said)
        for hearer, parts in told.items():
            hearer.tell(b"".join(parts))
        if said & Said.PUBACK:
            self._probe(CrashPoint.LISTENER_AFTER_PUBACK)
        for hearer in told:
            hearer.caught_up()

    def _reach(self, points: dict[Said, CrashPoint], said: int) -> None:
        for kind, point in points.items():
            if said & kind:
                self._probe(point)

    def __len__(self) -> int:
        return len(self._line)
