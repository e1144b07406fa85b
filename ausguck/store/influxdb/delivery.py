"""From lines to proof: chunks, halving what is refused, and holding when too much is.

Only a 204 proves that lines are stored. A refused point is found by halving, because the
server names the first one alone; but a server that refuses many is not believed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass, field

from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreUnavailable
from ausguck.store.influxdb.answers import Meaning, expired, meaning, unavailable, words
from ausguck.store.influxdb.places import STORE
from ausguck.store.influxdb.server import Server

AT_ONCE = 2
"""Chunks of one bucket under way, so that one is compressed while the server reads another."""
ALL_PERCENT = 100.0
MOST_IN_A_ROW = 100
FEW = 5
"""So many of a batch may be refused, however small it is."""
HOLD_S = 60.0
_WAY_OUT = (
    "; where the readings are wrong after all, store.influxdb.most_refused_percent = 100 makes "
    "them dead letters"
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some points, and which member of the batch each is of."""

    texts: list[str] = field(default_factory=list)
    members: list[int] = field(default_factory=list)

    def add(self, text: str, member: int) -> None:
        """One more."""
        self.texts.append(text)
        self.members.append(member)

    def extend(self, texts: list[str], members: list[int]) -> None:
        """Some more."""
        self.texts.extend(texts)
        self.members.extend(members)

    def part(self, start: int, end: int) -> "Lines":
        """Some of them."""
        return Lines(self.texts[start:end], self.members[start:end])

    def parted(self, old: int) -> "tuple[Lines, Lines]":
        """The oldest so many, and the rest; a line ends in its time."""
        by_time = sorted(
            zip(self.texts, self.members, strict=True),
            key=lambda line: int(line[0].rpartition(" ")[2]),
        )
        whole = Lines([text for text, _ in by_time], [member for _, member in by_time])
        return whole.part(0, old), whole.part(old, len(by_time))

    def without(self, members: Container[int]) -> "Lines":
        """Those of other members."""
        kept = Lines()
        for text, member in zip(self.texts, self.members, strict=True):
            if member not in members:
                kept.add(text, member)
        return kept


@dataclass(slots=True)
class DeliveryCounts:
    """What deliveries met since the process started."""

    bisections: int = 0
    refused: int = 0
    expired: int = 0
    """Values that are kept apart, and were older than that is kept."""
    holds: int = 0


@dataclass(slots=True)
class Refusals:
    """What the server refused of one batch, with its words, by member."""

    size: int
    words: dict[int, str] = field(default_factory=dict)
    expired: dict[int, str] = field(default_factory=dict)
    """Members older than their bucket keeps any: nobody's fault, and no reason to hold."""
    in_a_row: int = 0
    """Refused since a line was last stored, from the batches that are settled on."""
    prove: Callable[[], Awaitable[None]] | None = None
    """Writes something of our own that the server must take; it raises where it does not."""


class Delivery:
    """Brings batches to the server."""

    def __init__(self, server: Server, chunk: int, most_refused_percent: float) -> None:
        self.counts = DeliveryCounts()
        self.chunk = chunk
        """Most lines in one write."""
        self._server = server
        self._most_percent = most_refused_percent
        self._in_a_row = 0

    def begin(self, size: int, prove: Callable[[], Awaitable[None]]) -> Refusals:
        """What is to be noted of a batch that is tried now."""
        return Refusals(size, in_a_row=self._in_a_row, prove=prove)

    def settled(self, refusals: Refusals) -> None:
        """A batch's position is written. Only now do its refusals count for the next.

        A batch that is held refuses the same line each time it is tried, which says nothing new.
        """
        self._in_a_row = refusals.in_a_row

    async def deliver(self, by_bucket: Mapping[Bucket, Lines], refusals: Refusals) -> None:
        """Store every line; the members of those that the server refuses are noted.

        Raises:
            StoreUnavailable: it is not known that every other line is stored.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                for bucket, lines in by_bucket.items():
                    tasks.create_task(self._in_chunks(bucket, lines, refusals))
        except* StoreUnavailable as errors:
            first = _first(errors)
        else:
            return
        raise first

    async def _in_chunks(self, bucket: Bucket, lines: Lines, refusals: Refusals) -> None:
        size, number = self.chunk, len(lines.texts)
        parts = iter([lines.part(start, start + size) for start in range(0, number, size)])

        async def work() -> None:
            for part in parts:
                await self._send(bucket, part, refusals)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(min(AT_ONCE, -(-number // size))):
                tasks.create_task(work())

    async def _send(self, bucket: Bucket, lines: Lines, refusals: Refusals) -> None:
        answer = await self._server.write(bucket, lines.texts)
        means = meaning(answer.status)
        if means is Meaning.STORED:
            refusals.in_a_row = 0
            return
        if means is Meaning.UNAVAILABLE:
            raise unavailable(f"a write to bucket {self._server.bucket(bucket)}", answer)
        size, old = len(lines.texts), expired(answer)
        if old == size:
            refusals.expired.update(dict.fromkeys(lines.members, words(answer)))
        elif size > 1:
            self.counts.bisections += 1
            # Retention cuts by time: of so many that are too old it is the oldest.
            halves = (
                lines.parted(old)
                if 0 < old < size
                else (lines.part(0, size // 2), lines.part(size // 2, size))
            )
            for half in halves:
                await self._send(bucket, half, refusals)
        elif means is Meaning.TOO_LARGE:
            raise self._hold(f"one line is too large: {words(answer)}")
        else:
            await self._refused(lines.members[0], words(answer), refusals)

    async def _refused(self, member: int, said: str, refusals: Refusals) -> None:
        refusals.words.setdefault(member, said)
        refusals.in_a_row += 1
        if self._most_percent >= ALL_PERCENT:
            return
        number, size = len(refusals.words), refusals.size
        if number > FEW and number * ALL_PERCENT > self._most_percent * size:
            raise self._hold(f"{number} of a batch of {size} were refused: {said}", _WAY_OUT)
        if refusals.in_a_row >= MOST_IN_A_ROW:
            await self._prove(said, refusals)

    async def _prove(self, said: str, refusals: Refusals) -> None:
        """Hold after so many in a row, unless the server takes what is known to be good."""
        why = f"{refusals.in_a_row} points in a row were refused: {said}"
        if refusals.prove is None:
            raise self._hold(why, _WAY_OUT)
        try:
            await refusals.prove()
        except StoreUnavailable as error:
            raise self._hold(f"{why}; and so were our own books: {error.reason}") from error
        refusals.in_a_row = 0

    def _hold(self, why: str, way_out: str = "") -> StoreUnavailable:
        self.counts.holds += 1
        return StoreUnavailable(
            STORE,
            f"{why}; that is a wrong proxy or schema rather than wrong readings, so everything "
            "is held and tried again: see what stands at store.influxdb.url, and the field "
            f"types in its buckets{way_out}",
            HOLD_S,
        )


def _first(errors: BaseExceptionGroup[StoreUnavailable]) -> StoreUnavailable:
    for error in errors.exceptions:
        if isinstance(error, StoreUnavailable):
            return error
        if isinstance(error, BaseExceptionGroup):
            return _first(error)
    raise errors
