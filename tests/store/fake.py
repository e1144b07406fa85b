"""A store in memory, written from the port's words, by which the contract suite is checked."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import msgspec

from ausguck import catalogue
from ausguck.catalogue import DataClass, Metric, Shape
from ausguck.catalogue.state import Bucket, StateMeasurement, StateRow, table
from ausguck.errors import StoreError
from ausguck.model import (
    AssetId,
    Batch,
    Books,
    Event,
    Kind,
    Outcome,
    Position,
    Reading,
    Reason,
    Refusal,
    Scalar,
)
from ausguck.settings.tree import Retention
from ausguck.store.port import Point, RefusalSink, Series, SeriesQuery, StoredEvent
from ausguck.store.windows import windows

DAY_MS = 86_400_000


class Shelf(msgspec.Struct):
    """What outlives a closing of the store."""

    readings: list[Reading] = msgspec.field(default_factory=list)
    events: list[Event] = msgspec.field(default_factory=list)
    position: Position | None = None
    books: Books = msgspec.field(default_factory=Books)
    states: dict[tuple[str, int, tuple[str, ...]], StateRow] = msgspec.field(default_factory=dict)


class FakeStore:
    def __init__(self, shelf: Shelf, retention: Retention) -> None:
        self._shelf = shelf
        self._retention = retention

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        shelf = self._shelf
        size = len(batch.readings) + len(batch.events)
        if shelf.position is not None and position <= shelf.position:
            return Outcome(0, size, ())
        known = {_identity(reading): reading.digest for reading in shelf.readings}
        known_events = {_event_identity(event) for event in shelf.events}
        readings: list[Reading] = []
        events: list[Event] = []
        refusals: list[Refusal] = []
        for index, reading in enumerate(batch.readings):
            first = known.setdefault(_identity(reading), reading.digest)
            if first != reading.digest:
                refusals.append(Refusal(index, Reason.CONFLICT, f"{reading.seq} has other content"))
            elif len(known) > len(shelf.readings) + len(readings):
                readings.append(reading)
        for event in batch.events:
            if _event_identity(event) not in known_events:
                known_events.add(_event_identity(event))
                events.append(event)
        if refusals:
            await refuse(refusals)
        stored = len(readings) + len(events)
        outcome = Outcome(stored, size - stored - len(refusals), refusals)
        shelf.readings = sorted(shelf.readings + readings, key=_order)
        shelf.events = sorted(shelf.events + events, key=lambda event: event.observed_at_ms)
        shelf.position = position
        shelf.books = Books(
            shelf.books.stored + outcome.stored + batch.inventories,
            shelf.books.duplicates + outcome.duplicates,
            shelf.books.dead_lettered + batch.dead_lettered + len(refusals),
            shelf.books.decoded + batch.decoded,
        )
        return outcome

    async def position(self) -> Position | None:
        return self._shelf.position

    async def books(self) -> Books:
        return self._shelf.books

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        newest: dict[AssetId, Reading] = {}
        for reading in sorted(self._shelf.readings, key=_age):
            if reading.asset.kind is kind and name in {None, reading.asset.name}:
                newest[reading.asset] = reading
        return sorted(newest.values(), key=lambda reading: reading.asset.name)

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        by_key = catalogue.by_key(query.asset.kind)
        for key in query.metrics:
            if key not in by_key:
                raise StoreError("fake", f"no metric {key}")
        return [self._one_series(query, by_key[key]) for key in query.metrics]

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        return [
            StoredEvent(asset, event.observed_at_ms, event.received_at_ms, event.type, event.detail)
            for event in self._shelf.events
            if event.asset == asset and from_ms <= event.observed_at_ms < to_ms
        ][:limit]

    async def record(self, rows: Sequence[StateRow]) -> None:
        for row in rows:
            if any(value is not None for value in row.values):
                self._shelf.states[row.measurement, row.at_ms, row.tags] = row

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        rows = [
            row
            for row in self._shelf.states.values()
            if row.measurement is measurement and from_ms <= row.at_ms < to_ms
        ]
        return sorted(rows, key=lambda row: (row.at_ms, row.tags))[:limit]

    async def prune(self, now_ms: int) -> int:
        shelf, days = self._shelf, self._retention
        telemetry_ms = now_ms - days.telemetry_days * DAY_MS
        keep_from = {Kind.BUS: telemetry_ms, Kind.STATION: now_ms - days.station_days * DAY_MS}
        before = len(shelf.readings) + len(shelf.events)
        readings = [r for r in shelf.readings if r.observed_at_ms >= keep_from[r.asset.kind]]
        shelf.events = [event for event in shelf.events if event.observed_at_ms >= telemetry_ms]
        gone = before - len(readings) - len(shelf.events)
        position_ms = now_ms - days.position_days * DAY_MS
        shelf.readings = [
            _without_position(reading) if reading.observed_at_ms < position_ms else reading
            for reading in readings
        ]
        kept_from = {Bucket.TELEMETRY: telemetry_ms, Bucket.POSITION: position_ms}
        states = {
            key: row
            for key, row in shelf.states.items()
            if row.at_ms >= kept_from[table(row.measurement).bucket]
        }
        gone += len(shelf.states) - len(states)
        shelf.states = states
        return gone

    def _one_series(self, query: SeriesQuery, metric: Metric) -> Series:
        index = catalogue.keys(query.asset.kind).index(metric.key)
        known = [
            (reading, value)
            for reading in self._shelf.readings
            if reading.asset == query.asset and (value := reading.values[index]) is not None
        ]
        within = [
            (reading.observed_at_ms, value)
            for reading, value in known
            if query.from_ms <= reading.observed_at_ms < query.to_ms
        ]
        if query.every is None:
            points = [Point(at_ms, value) for at_ms, value in within]
            return Series(metric.key, points[: query.limit], truncated=len(points) > query.limit)
        cut = windows(query.from_ms, query.to_ms, query.every, query.timezone, query.limit)
        if metric.shape is Shape.COUNTER:
            within = [(at, v) for at, v in _increases(known) if query.from_ms <= at < query.to_ms]
        cells: list[list[Scalar]] = [[] for _ in cut.starts]
        for at_ms, value in within:
            if at_ms < cut.end_ms:
                cells[bisect_right(cut.starts, at_ms) - 1].append(value)
        sum_up = _SUMMARIES[metric.shape]
        points = [
            sum_up(start, cell) if cell else Point(start, None, samples=0)
            for start, cell in zip(cut.starts, cells, strict=True)
        ]
        return Series(metric.key, points, truncated=cut.truncated)


def _age(reading: Reading) -> tuple[int, int, int]:
    seq = -1 if reading.seq is None else reading.seq
    return reading.observed_at_ms, seq, reading.received_at_ms


def _identity(reading: Reading) -> tuple[object, ...]:
    if reading.clock_suspect and reading.seq is not None:
        return (reading.asset, reading.boot_id, reading.seq, reading.digest)
    if reading.seq is None:
        return (reading.asset, reading.observed_at_ms, reading.digest)
    return (reading.asset, reading.observed_at_ms, reading.boot_id, reading.seq)


def _event_identity(event: Event) -> tuple[object, ...]:
    return (event.asset, event.observed_at_ms, event.type, event.digest)


def _order(reading: Reading) -> tuple[int, int, int]:
    return reading.observed_at_ms, -1 if reading.seq is None else reading.seq, reading.digest


def _without_position(reading: Reading) -> Reading:
    metrics = catalogue.metrics(reading.asset.kind)
    values = tuple(
        None if metric.data_class is DataClass.EMPLOYEE_RELATED else value
        for metric, value in zip(metrics, reading.values, strict=True)
    )
    return msgspec.structs.replace(reading, values=values)


def _increases(known: Iterable[tuple[Reading, Scalar]]) -> list[tuple[int, Scalar]]:
    return [
        (later.observed_at_ms, int(total) - int(before))
        for suspect in (False, True)
        for (earlier, before), (later, total) in pairwise(
            pair for pair in known if pair[0].clock_suspect is suspect
        )
        if earlier.boot_id == later.boot_id
        and int(total) >= int(before)
        and later.observed_at_ms - earlier.observed_at_ms <= DAY_MS
    ]


def _gauge(start: int, cell: Sequence[Scalar]) -> Point:
    numbers = [float(value) for value in cell]
    return Point(start, sum(numbers) / len(numbers), len(cell), min(numbers), max(numbers))


def _counter(start: int, cell: Sequence[Scalar]) -> Point:
    return Point(start, sum(int(value) for value in cell), len(cell))


def _last(start: int, cell: Sequence[Scalar]) -> Point:
    return Point(start, cell[-1], len(cell))


_SUMMARIES: dict[Shape, Callable[[int, Sequence[Scalar]], Point]] = {
    Shape.GAUGE: _gauge,
    Shape.COUNTER: _counter,
    Shape.STATE: _last,
    Shape.TEXT: _last,
}
