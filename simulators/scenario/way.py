"""The way over the air: what was said, in the order in which a receiver gets it."""

from collections.abc import Iterator
from enum import StrEnum
from heapq import heappop, heappush
from typing import Final, NamedTuple
from zlib import crc32

from ausguck.model import Reason
from simulators.outgoing import Outgoing

SHORTEST_MS: Final = 60
LONGEST_MS: Final = 400


class What(StrEnum):
    """What reaches the receiver."""

    MESSAGE = "message"
    """A device's own message; the only kind that is sent over a real wire."""
    WILL = "will"
    """What the receiver publishes itself when it gives up a connection."""
    GREETING = "greeting"
    """Status or inventory said again on a new connection."""
    KNOCK = "knock"
    """An attempt to connect with a credential that was revoked; there is no message."""


class Delivery(NamedTuple):
    """One thing that reaches the receiver, and when."""

    received_at_ms: int
    asset: str
    what: What
    message: Outgoing | None = None
    dead_letter: Reason | None = None
    """As what the whole message ends, where it is poison."""


class Way:
    """Holds what was said until it is received; never lets one asset overtake itself."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Delivery]] = []
        self._sent: dict[str, tuple[int, int]] = {}
        self._number = 0

    def send(self, at_ms: int, delivery: Delivery) -> None:
        """Let it go at that moment; it is received a little later."""
        asset = delivery.asset
        count, last_ms = self._sent.get(asset, (0, 0))
        drawn = crc32(f"{asset}/{count}".encode()) % (LONGEST_MS - SHORTEST_MS)
        received_ms = max(last_ms, at_ms + SHORTEST_MS + drawn)
        self._sent[asset] = (count + 1, received_ms)
        self.happen(received_ms, delivery)

    def happen(self, at_ms: int, delivery: Delivery) -> None:
        """Let it be so at exactly that moment."""
        self._number += 1
        arrived = delivery._replace(received_at_ms=at_ms)
        heappush(self._heap, (at_ms, self._number, arrived))

    def until(self, at_ms: int) -> Iterator[Delivery]:
        """What is received up to and including that moment, in order."""
        while self._heap and self._heap[0][0] <= at_ms:
            yield heappop(self._heap)[2]

    def rest(self) -> Iterator[Delivery]:
        """All that is still on its way."""
        while self._heap:
            yield heappop(self._heap)[2]
