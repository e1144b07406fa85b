"""What the journal promises to those who write to it and those who read from it.

A source appends a record and gets a ticket. When the records up to a ticket are on disk, the
journal calls back with that ticket, in the event loop, and only then may the source
acknowledge. Consumers read committed records from a position of their own.
"""

from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum, IntFlag, StrEnum
from typing import NamedTuple, Protocol

import msgspec

from ausguck.model import Position

Ticket = int


class RecordType(IntEnum):
    """What a record is; consumers see only the first three."""

    MESSAGE = 1
    REFUSED = 2  # acknowledged but not to be taken as sent: becomes a dead letter
    RETRY = 3  # an element of a dead letter, sent through once more
    SESSION = 16  # a change of the listener's sessions, in the listener's own words
    SNAPSHOT = 17  # all of the listener's sessions, at the head of a segment


class Flag(IntFlag):
    """How the message came; the two lowest bits are the QoS."""

    QOS1 = 1
    QOS2 = 2
    DUP = 4
    RETAIN = 8
    WILL = 16
    SET_ASIDE = 32  # of REFUSED: malformed, and not beyond the publisher's rights


class Source(NamedTuple):
    """Who a record came from; encoded once a connection by `Appender.source`."""

    name: str
    identity: str
    client_id: str


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record as a consumer reads it; `position` is its own, `after` the one behind it."""

    position: Position
    after: Position
    type: RecordType
    flags: int
    received_at_ms: int
    source: Source
    packet_id: int
    topic: str
    payload: bytes


class Pause(StrEnum):
    """Why the journal takes nothing just now."""

    NONE = "none"
    BUDGET = "budget"  # too many bytes wait for the disk
    RESERVE = "reserve"  # free space on the disk is under the reserve
    CAP = "cap"  # the journal has reached its size limit
    DISK = "disk"  # two writes in a row failed; a restart is needed


class Appender(Protocol):
    """The door for sources; to be called in the event loop's thread only."""

    def source(self, source: Source) -> bytes:
        """The source in the form `append` takes, encoded once."""
        ...

    def append(  # noqa: PLR0913, PLR0917 - a record has that many parts, and this is the hot path
        self,
        record_type: RecordType,
        flags: int,
        received_at_ms: int,
        source: bytes,
        packet_id: int,
        topic: bytes,
        payload: bytes | memoryview,
    ) -> Ticket:
        """Put a record in line for the next commit and return its ticket, one up each time.

        Never refuses and never waits; a source that sees `pause` other than NONE must stop
        reading from its peers until `on_resume` calls it.
        """
        ...

    @property
    def pause(self) -> Pause:
        """Why sources must not read just now, or NONE."""
        ...

    @property
    def committed(self) -> Ticket:
        """The last ticket that is on disk."""
        ...

    def on_commit(self, callback: Callable[[Ticket], None]) -> None:
        """Have `callback(ticket)` called after each commit, with the last ticket on disk."""
        ...

    def on_resume(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called when `pause` becomes NONE again."""
        ...

    async def wait_committed(self, ticket: Ticket) -> None:
        """Return once the record of this ticket is on disk."""
        ...

    def on_snapshot(self, take: Callable[[], bytes]) -> None:
        """Have `take()` called for the SNAPSHOT record at the head of each new segment.

        It is called between two steps of the event loop and tells the state behind every
        SESSION record appended until then. In the first segment after opening, and in one
        that replaces a failed one, it stands behind the first commit.
        """
        ...

    def session_records(self) -> Iterator[Record]:
        """What was found at opening, in order, for rebuilding sessions.

        The last SNAPSHOT, then every SESSION and every QoS 2 MESSAGE or REFUSED record
        behind it.
        """
        ...


class Tail(Protocol):
    """One consumer's way through the journal."""

    @property
    def start(self) -> Position:
        """Where this consumer began."""
        ...

    @property
    def position(self) -> Position:
        """Behind the last record that was read."""
        ...

    async def read(self, max_records: int) -> Sequence[Record]:
        """The next committed records, at most so many; waits until there is at least one."""
        ...

    def available(self) -> bool:
        """Whether `read` would return at once."""
        ...
