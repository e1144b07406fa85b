"""Fakes of the API's ports: a small city in memory, on a clock wound by hand."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from api.health_metrics import health_samples
from api.metrics import Sample
from api.ports import (
    BooksReport,
    ClockReport,
    DeadLettersReport,
    DiskReport,
    FeedReport,
    HealthReport,
    HistoryReport,
    JournalReport,
    ListenerReport,
    RegisterReport,
    Status,
    SubscriberReport,
)
from ausguck import catalogue
from ausguck.catalogue.state import StateMeasurement
from ausguck.clock import Clock
from ausguck.desk.port import DeadLetterRow, DroppedValueRow, Waiting
from ausguck.errors import AusguckError
from ausguck.journal.port import Pause
from ausguck.model import (
    AssetId,
    Batch,
    Books,
    DeadLetter,
    DroppedValue,
    Inventory,
    Kind,
    Outcome,
    Position,
    Reading,
    Reason,
    Scalar,
)
from ausguck.store.port import (
    Every,
    Point,
    RefusalSink,
    Series,
    SeriesQuery,
    StateRow,
    StoredEvent,
)

SITE = "kiel"
BASE = "http://127.0.0.1:8080"
CHANGE = {"X-Ausguck": "1"}
NOW_MS = 1_800_000_000_000
STEPS = {
    Every.MINUTE: timedelta(minutes=1),
    Every.FIVE_MINUTES: timedelta(minutes=5),
    Every.QUARTER_HOUR: timedelta(minutes=15),
    Every.HOUR: timedelta(hours=1),
}


def reading(kind: Kind, name: str, at_ms: int, **values: Scalar) -> Reading:
    """A reading with these values and no others."""
    return Reading(
        asset=AssetId(SITE, kind, name),
        observed_at_ms=at_ms,
        received_at_ms=at_ms + 300,
        boot_id="b1",
        seq=at_ms // 1000,
        digest=at_ms,
        clock_suspect=False,
        values=tuple(values.get(key) for key in catalogue.keys(kind)),
    )


class FakeStore:
    """Readings in a list; series by the port's words, for gauges."""

    def __init__(self) -> None:
        self.readings: list[Reading] = []
        self.rows: list[StateRow] = []
        self.asked: list[SeriesQuery] = []
        self.error: AusguckError | Exception | None = None

    async def write(self, batch: Batch, _position: Position, _refuse: RefusalSink) -> Outcome:
        self.readings.extend(batch.readings)
        return Outcome(len(batch.readings), 0, ())

    async def position(self) -> Position | None:
        return None

    async def books(self) -> Books:
        return Books(stored=len(self.readings))

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        if self.error is not None:
            raise self.error
        newest: dict[str, Reading] = {}
        for entry in sorted(self.readings, key=lambda r: r.observed_at_ms):
            if entry.asset.kind is kind and name in {None, entry.asset.name}:
                newest[entry.asset.name] = entry
        return [newest[key] for key in sorted(newest)]

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        if self.error is not None:
            raise self.error
        self.asked.append(query)
        return [Series(metric, self._points(query, metric)) for metric in query.metrics]

    def _points(self, query: SeriesQuery, metric: str) -> list[Point]:
        index = catalogue.keys(query.asset.kind).index(metric)
        found = [
            (entry.observed_at_ms, entry.values[index])
            for entry in self.readings
            if entry.asset == query.asset
            and query.from_ms <= entry.observed_at_ms < query.to_ms
            and entry.values[index] is not None
        ]
        if query.every is None:
            return [Point(at_ms, value) for at_ms, value in found[: query.limit]]
        edges = _edges(query)
        return [
            _window(begin, [value for at_ms, value in found if begin <= at_ms < end])
            for begin, end in itertools.pairwise(edges)
        ]

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        del asset, from_ms, to_ms, limit
        return []

    async def record(self, rows: Sequence[StateRow]) -> None:
        self.rows.extend(rows)

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        found = [row for row in self.rows if row.measurement is measurement]
        return [row for row in found if from_ms <= row.at_ms < to_ms][:limit]

    async def prune(self, now_ms: int) -> int:
        del now_ms
        return 0


def _edges(query: SeriesQuery) -> list[int]:
    zone = ZoneInfo(query.timezone)
    moment = datetime.fromtimestamp(query.from_ms / 1000, tz=UTC)
    edges = []
    while True:
        at_ms = round(moment.timestamp() * 1000)
        edges.append(at_ms)
        if at_ms >= query.to_ms:
            return edges
        if query.every in STEPS:
            moment += STEPS[query.every]
        else:
            local = moment.astimezone(zone)
            moment = (local + timedelta(days=1)).replace(tzinfo=zone).astimezone(UTC)


def _window(begin: int, values: list[Scalar | None]) -> Point:
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    if not numbers:
        return Point(begin, None, samples=0)
    mean = sum(numbers) / len(numbers)
    return Point(begin, mean, len(numbers), min(numbers), max(numbers))


class FakeDesk:
    """Dead letters in a dict."""

    def __init__(self) -> None:
        self.letters: dict[int, DeadLetterRow] = {}
        self.dropped: list[DroppedValueRow] = []
        self.inventories: dict[AssetId, Inventory] = {}

    def record(
        self,
        letters: Sequence[DeadLetter],
        dropped: Sequence[DroppedValue],
        inventories: Sequence[Inventory],
    ) -> None:
        del letters, dropped
        self.inventories.update({entry.asset: entry for entry in inventories})

    def dead_letters(
        self, *, after_id: int = 0, limit: int = 100, reason: Reason | None = None, under: str = ""
    ) -> Sequence[DeadLetterRow]:
        rows = [self.letters[key] for key in sorted(self.letters) if key > after_id]
        rows = [row for row in rows if row.topic.startswith(under)]
        return [row for row in rows if reason in {None, row.reason}][:limit]

    def dead_letter(self, letter_id: int) -> DeadLetterRow | None:
        return self.letters.get(letter_id)

    def remove(self, letter_ids: Sequence[int]) -> int:
        return sum(self.letters.pop(key, None) is not None for key in letter_ids)

    def remove_unchanged(self, letter_id: int, last_position: Position) -> bool:
        letter = self.letters.get(letter_id)
        if letter is None or letter.last_position != last_position:
            return False
        return self.letters.pop(letter_id, None) is not None

    def remove_parts(self, letter: DeadLetterRow, parts: Sequence[DeadLetterRow]) -> None:
        if parts:
            self.letters.pop(letter.id, None)

    def waiting_by_name(self, prefix: str) -> Sequence[Waiting]:
        return [
            Waiting(one.topic.removeprefix(prefix).split("/")[0], one.count, one.last_at_ms)
            for one in self.letters.values()
            if one.topic.startswith(prefix)
        ]

    def dead_letter_rows(self) -> int:
        return len(self.letters)

    def dropped_values(self, *, limit: int = 1000) -> Sequence[DroppedValueRow]:
        return self.dropped[:limit]

    def inventory(self, asset: AssetId) -> Inventory | None:
        return self.inventories.get(asset)


class FakeHealth:
    """A report on the clock it was given; `shown` is what the next report says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.shown = HealthReport(
            status=Status.OK,
            why=(),
            version="0.1.0",
            started_at_ms=NOW_MS - 3_600_000,
            books=BooksReport(1000, 990, 7, 3, balanced=True),
            journal=JournalReport(
                1000, 1_048_576, 0, 2048, 0.4, 9_000_000_000, Pause.NONE, 0, 0, 1
            ),
            history=HistoryReport(NOW_MS - 500),
            listener=ListenerReport(120, 130, (1, 990, 9), {"identity": 2}),
            subscriber=SubscriberReport(
                is_connected=True,
                connects=1,
                messages=990,
                sessions_lost=0,
                stale_acks=0,
                set_aside={"topic": 1},
                canary_missing=False,
                dropped_at_broker=0,
                dropped=0,
                dropped_at_ms=None,
                last_message_at_ms=NOW_MS - 700,
                last_error=None,
            ),
            feeds=(
                FeedReport(
                    name="sprottenflotte",
                    stations=198,
                    unknown_stations=1,
                    messages=200,
                    polls={"changed": 12, "not_modified": 3},
                    unfit={"negative": 1},
                    overdue_s=0.0,
                    last_success_at_ms=NOW_MS - 40_000,
                    last_error=None,
                ),
            ),
            register=RegisterReport(7, NOW_MS - 60_000),
            clock=ClockReport(NOW_MS),
            disk=DiskReport(9_000_000_000, 20_000_000_000, 2_000_000_000),
            dead_letters=DeadLettersReport(2, 100_000),
        )

    async def report(self) -> HealthReport:
        now_ms = self._clock.now_ms()
        shown = self.shown
        clock = ClockReport(now_ms, shown.clock.jumped, shown.clock.last_jump_at_ms)
        return msgspec.structs.replace(shown, clock=clock)


class FakeRetry:
    """Takes letters off the desk, or refuses."""

    def __init__(self, desk: FakeDesk) -> None:
        self._desk = desk
        self.retried: list[int] = []
        self.error: AusguckError | None = None

    async def retry(self, letter: DeadLetterRow) -> None:
        if self.error is not None:
            raise self.error
        self.retried.append(letter.id)
        self._desk.remove([letter.id])


class FakeMetrics:
    """The samples of the health report."""

    def __init__(self, health: FakeHealth) -> None:
        self._health = health

    async def samples(self) -> Sequence[Sample]:
        return list(health_samples(await self._health.report()))
