"""How much is asked in one request: less where an answer was too large or too slow.

A question that failed for its size would fail for ever if it were asked again as it was.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ausguck.store.influxdb.questions import STATEMENTS, Row, Wanted, read
from ausguck.store.influxdb.server import Server, TooMuchError

LEAST_MS = 60_000
"""What a statement costs however short its time is; no shorter time is halved."""
HOUR_MS = 3_600_000
MOST_MS = 20 * 48 * HOUR_MS
TRIES = 3
"""So many failures with nothing between are no longer about size: the server is gone."""
MOST_BYTES = 16 * 1024 * 1024
"""A larger answer is not read to its end: as objects it is ten times as much."""
GOOD = 8
"""After so many good answers it is tried with twice as much."""

Part = tuple[int, Wanted]
"""Of which question, by index, and what of it is asked."""


@dataclass(slots=True)
class Stride:
    """The most of one request, in milliseconds of one asset's time; lasts over requests."""

    most_ms: int = MOST_MS
    failures: int = 0
    """Since the last answer."""
    good: int = 0
    """Since the last failure, or since more was tried."""

    def take(self, left: deque[Part]) -> list[Part]:
        """Take out what makes up the next request; what is too long for it is cut."""
        taken: list[Part] = []
        room = self.most_ms
        while left and len(taken) < STATEMENTS and room >= LEAST_MS:
            index, wanted = left.popleft()
            span = wanted.span
            if span.to_ms - span.from_ms > room:
                cut_ms = span.from_ms + room
                left.appendleft((index, wanted._replace(span=span._replace(from_ms=cut_ms))))
                wanted = wanted._replace(span=span._replace(to_ms=cut_ms))
            taken.append((index, wanted))
            room -= cost_ms(wanted)
        return taken

    def answered(self) -> None:
        """A request was answered."""
        self.failures = 0
        self.good += 1
        if self.good >= GOOD:
            self.good = 0
            self.most_ms = min(self.most_ms * 2, MOST_MS)

    def failed(self, parts: Sequence[Part]) -> bool:
        """A request was too much; whether to go on with less at once."""
        total = sum(cost_ms(part) for _, part in parts)
        self.good = 0
        self.failures += 1
        if total <= LEAST_MS:
            self.failures = 0
            return False
        self.most_ms = max(min(total, self.most_ms) // 2, LEAST_MS)
        if self.failures < TRIES:
            return True
        self.failures = 0
        return False


def cost_ms(wanted: Wanted) -> int:
    """How much of a request a question takes."""
    return max(wanted.span.to_ms - wanted.span.from_ms, LEAST_MS)


async def read_in_strides(
    server: Server, wanted: Sequence[Wanted], stride: Stride
) -> list[list[Row]]:
    """The rows of each, in order of time, in as many requests as it takes.

    Raises:
        StoreUnavailable: the server does not answer; asked again, it will be for less.
    """
    found: list[list[Row]] = [[] for _ in wanted]
    left = deque(enumerate(wanted))
    while left:
        now = stride.take(left)
        try:
            answers = await read(server, [part for _, part in now], MOST_BYTES)
        except TooMuchError:
            if not stride.failed(now):
                raise
            left.extendleft(reversed(now))
            continue
        stride.answered()
        for (index, _), rows in zip(now, answers, strict=True):
            found[index].extend(rows)
    return found
