"""One batch: judged, written as lines, proven, and only then the position behind it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from ausguck.catalogue.state import Bucket
from ausguck.model import Batch, Books, Event, Kind, Outcome, Position, Reading, Reason, Refusal
from ausguck.probe import CrashPoint, Probe
from ausguck.store.influxdb.answers import Meaning, meaning, unavailable
from ausguck.store.influxdb.columns import Columns
from ausguck.store.influxdb.delivery import Delivery, Lines, Refusals
from ausguck.store.influxdb.lines import (
    UnfitError,
    batch_name,
    cursor_line,
    event_line,
)
from ausguck.store.influxdb.lookups import StoredIdentities
from ausguck.store.influxdb.places import CURSOR, EVENTS, IDENTITY, SPARSE, STORE
from ausguck.store.influxdb.server import Server
from ausguck.store.influxdb.stride import Stride
from ausguck.store.judging.judgement import FitPart, Judgement, awaited, fit_part, judge
from ausguck.store.judging.memory import Memory
from ausguck.store.port import RefusalSink

BREATH = 1_000
"""Readings written as lines before the event loop gets its turn, about five milliseconds."""


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
        self._columns = Columns()
        self._stride = Stride()
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
        self._delivery.settled(rejected)
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
            return whole, await self._plan(batch, position, memory)
        except UnfitError:
            part = fit_part(batch, lambda member: _unfit(self._columns, member))
        return part, await self._plan(part.batch, position, memory)

    async def _plan(self, batch: Batch, position: Position, memory: Memory) -> Plan:
        stored = StoredIdentities(self._server, self._consumer, memory.position, self._stride)
        judgement = await awaited(judge(batch, memory), stored.answer)
        plan = Plan(judgement)
        name = batch_name(self._consumer, position)
        slots = stored.readings.of_readings(judgement.readings)
        for start in range(0, len(slots), BREATH):
            self._line_up(plan, slots, slice(start, start + BREATH), name)
            await asyncio.sleep(0)
        if judgement.events:
            lines = plan.main.setdefault(EVENTS.bucket, Lines())
            times = stored.events.of_events(judgement.events)
            for event, place, ns in zip(
                judgement.events, judgement.event_places, times, strict=True
            ):
                lines.add(event_line(event, ns, name), len(batch.readings) + place)
        return plan

    def _line_up(self, plan: Plan, slots: list[int], part: slice, name: str) -> None:
        """Write some readings as lines."""
        readings = plan.judgement.readings[part]
        places = plan.judgement.reading_places[part]
        times = slots[part]
        for kind, mine in _by_kind(readings).items():
            written = self._columns.write(
                kind, [readings[index] for index in mine], [times[index] for index in mine], name
            )
            members = [places[index] for index in mine]
            plan.main.setdefault(IDENTITY[kind].bucket, Lines()).extend(written.main, members)
            if written.apart:
                lines = plan.apart.setdefault(SPARSE[kind][0].bucket, Lines())
                lines.extend(written.apart, [members[index] for index in written.apart_of])

    async def _deliver(self, plan: Plan, batch: Batch, memory: Memory) -> Refusals:
        """Store all but what the server refuses; a point refused in one place is so in all."""

        async def prove() -> None:
            """A server that refuses even our own books is not one to believe about readings."""
            await self.move(memory.position, memory.books)

        refusals = self._delivery.begin(len(batch.readings) + len(batch.events), prove)
        await self._delivery.deliver(plan.apart, refusals)
        # What is kept apart is kept for a shorter time; without it a reading is whole.
        self._delivery.counts.expired += len(refusals.expired)
        refusals.expired.clear()
        main = plan.main
        if refusals.words:
            main = {bucket: lines.without(refusals.words) for bucket, lines in main.items()}
        await self._delivery.deliver(main, refusals)
        if refusals.words:
            await prove()
        refusals.words.update(refusals.expired)
        self._delivery.counts.refused += len(refusals.words)
        return refusals


def _by_kind(readings: Sequence[Reading]) -> dict[Kind, Sequence[int]]:
    kinds = {reading.asset.kind for reading in readings}
    if len(kinds) == 1:
        return dict.fromkeys(kinds, range(len(readings)))
    return {
        kind: [index for index, reading in enumerate(readings) if reading.asset.kind is kind]
        for kind in kinds
    }


def _unfit(columns: Columns, member: Reading | Event) -> str | None:
    """What is wrong with a member, or nothing."""
    try:
        if isinstance(member, Reading):
            columns.write(member.asset.kind, [member], [0], "")
        else:
            event_line(member, 0, "")
    except UnfitError as error:
        return str(error)
    return None


def _remember(memory: Memory, judgement: Judgement, rejected: Refusals) -> None:
    memory.newest_readings = judgement.newest_readings
    memory.newest_suspects = judgement.newest_suspects
    memory.newest_events = judgement.newest_events
    kept = judgement.readings
    if rejected.words:
        places = judgement.reading_places
        kept = [r for r, place in zip(kept, places, strict=True) if place not in rejected.words]
    memory.remember(kept)
