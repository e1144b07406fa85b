"""One batch: judged, written as lines, proven, and only then the position behind it."""

import asyncio
from dataclasses import dataclass, field

from ausguck.catalogue.state import Bucket
from ausguck.model import Batch, Books, Outcome, Position, Reason, Refusal
from ausguck.probe import CrashPoint, Probe
from ausguck.store.influxdb.answers import Meaning, meaning, unavailable
from ausguck.store.influxdb.delivery import Delivery, Lines, Refusals
from ausguck.store.influxdb.lines import (
    ReadingLines,
    UnfitError,
    batch_name,
    cursor_line,
    event_line,
    is_writable,
    unfit,
)
from ausguck.store.influxdb.lookups import StoredIdentities
from ausguck.store.influxdb.places import CURSOR, EVENTS, IDENTITY, SPARSE, STORE
from ausguck.store.influxdb.server import Server
from ausguck.store.judging.judgement import FitPart, Judgement, awaited, fit_part, judge
from ausguck.store.judging.memory import Memory
from ausguck.store.port import RefusalSink

BREATH = 256
"""Readings written as lines before the event loop gets its turn, about a millisecond."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be sent of a batch: first what is kept apart, then the rest."""

    judgement: Judgement
    apart: dict[Bucket, Lines] = field(default_factory=dict)
    main: dict[Bucket, Lines] = field(default_factory=dict)


class Writer:
    """Everything that changes readings, events and books; one batch at a time."""

    def __init__(self, server: Server, consumer: str, delivery: Delivery, probe: Probe) -> None:
        self._server = server
        self._consumer = consumer
        self._delivery = delivery
        self._probe = probe
        self._lines = ReadingLines()
        self.checked = 0

    async def write(
        self, batch: Batch, position: Position, memory: Memory, refuse: RefusalSink
    ) -> Outcome:
        """Write a batch that is behind the stored position, and remember it."""
        part, plan = await self._planned(batch, position, memory)
        self.checked += plan.judgement.checked
        refused = part.told(plan.judgement.outcome.refused)
        if refused:
            await refuse(refused)
        self._probe(CrashPoint.STORE_BEFORE_COMMIT)
        rejected = await self._deliver(plan, part.batch, memory)
        if rejected.words:
            late = [
                Refusal(part.places[member], Reason.REJECTED, f"{STORE} refused it: {said}")
                for member, said in sorted(rejected.words.items())
            ]
            await refuse(late)
            refused = (*refused, *late)
        judged = plan.judgement.outcome
        outcome = Outcome(judged.stored - len(rejected.words), judged.duplicates, refused)
        books = Books(
            memory.books.stored + outcome.stored + batch.inventories,
            memory.books.duplicates + outcome.duplicates,
            memory.books.dead_lettered + batch.dead_lettered + len(refused),
            memory.books.decoded + batch.decoded,
        )
        self._probe(CrashPoint.INFLUXDB_BEFORE_CURSOR)
        await self.move(position, books)
        memory.position, memory.books = position, books
        _remember(memory, plan.judgement, rejected)
        self._probe(CrashPoint.STORE_AFTER_COMMIT)
        return outcome

    async def move(self, position: Position | None, books: Books) -> None:
        """Write position and books.

        Raises:
            StoreUnavailable: they are not known to be written.
        """
        line = cursor_line(self._consumer, position, books)
        answer = await self._server.write(CURSOR.bucket, [line])
        if meaning(answer.status) is not Meaning.STORED:
            raise unavailable(f"a write to bucket {self._server.bucket(CURSOR.bucket)}", answer)

    async def _planned(
        self, batch: Batch, position: Position, memory: Memory
    ) -> tuple[FitPart, Plan]:
        size = len(batch.readings) + len(batch.events)
        whole = FitPart(batch, range(size), ())
        try:
            return whole, await self._plan(batch, position, memory, is_fit=False)
        except (UnfitError, UnicodeEncodeError):
            part = fit_part(batch, lambda member: unfit(self._lines, member))
        return part, await self._plan(part.batch, position, memory, is_fit=True)

    async def _plan(
        self, batch: Batch, position: Position, memory: Memory, *, is_fit: bool
    ) -> Plan:
        stored = StoredIdentities(self._server, self._consumer, memory.position)
        judgement = await awaited(judge(batch, memory), stored.answer)
        plan = Plan(judgement)
        name = batch_name(self._consumer, position)
        slots = stored.readings.of_readings(judgement.readings)
        for start in range(0, len(slots), BREATH):
            written = self._line_up(plan, slots, slice(start, start + BREATH), name)
            if not is_fit:
                _check("\n".join(written))
            await asyncio.sleep(0)
        if judgement.events:
            lines = plan.main.setdefault(EVENTS.bucket, Lines())
            times = stored.events.of_events(judgement.events)
            for event, place, ns in zip(
                judgement.events, judgement.event_places, times, strict=True
            ):
                lines.add(event_line(event, ns, name), len(batch.readings) + place)
            if not is_fit:
                "\n".join(lines.texts).encode()
        return plan

    def _line_up(self, plan: Plan, slots: list[int], part: slice, name: str) -> list[str]:
        """Write some readings as lines, and return those of what each asset is known by."""
        write = self._lines.write
        judgement = plan.judgement
        written: list[str] = []
        for reading, place, ns in zip(
            judgement.readings[part], judgement.reading_places[part], slots[part], strict=True
        ):
            kind = reading.asset.kind
            main, apart = write(reading, ns, name)
            plan.main.setdefault(IDENTITY[kind].bucket, Lines()).add(main, place)
            written.append(main)
            if apart is not None:
                plan.apart.setdefault(SPARSE[kind][0].bucket, Lines()).add(apart, place)
                written.append(apart)
        return written

    async def _deliver(self, plan: Plan, batch: Batch, memory: Memory) -> Refusals:
        """Store all but what the server refuses; a point refused in one place is so in all."""
        refusals = Refusals(len(batch.readings) + len(batch.events))
        await self._delivery.deliver(plan.apart, refusals)
        main = plan.main
        if refusals.words:
            main = {bucket: lines.without(refusals.words) for bucket, lines in main.items()}
        await self._delivery.deliver(main, refusals)
        if refusals.words:
            # A server that refuses even our own books is not one to believe about readings.
            await self.move(memory.position, memory.books)
        self._delivery.counts.refused += len(refusals.words)
        return refusals


def _check(written: str) -> None:
    if not is_writable(written):
        raise UnfitError("a value is no finite number")
    if not written.isascii():
        written.encode()


def _remember(memory: Memory, judgement: Judgement, rejected: Refusals) -> None:
    memory.newest_readings = judgement.newest_readings
    memory.newest_suspects = judgement.newest_suspects
    memory.newest_events = judgement.newest_events
    kept = judgement.readings
    if rejected.words:
        places = judgement.reading_places
        kept = [r for r, place in zip(kept, places, strict=True) if place not in rejected.words]
    memory.remember(kept)
