"""The history role against scripted rooms: the order of its steps, and what it does in trouble."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from ausguck.clock import ManualClock
from ausguck.errors import StoreUnavailable
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import (
    AssetId,
    Batch,
    DeadLetter,
    Decoded,
    DroppedValue,
    Inventory,
    Kind,
    Origin,
    Outcome,
    Position,
    Reading,
    Reason,
    Refusal,
)
from ausguck.roles.gathered import Gathered, in_parts
from ausguck.roles.history import History
from ausguck.settings.tree import History as HistorySettings
from ausguck.store.port import RefusalSink

BUS = AssetId("kiel", Kind.BUS, "1")


def record(number: int, payload: bytes = b"good") -> Record:
    return Record(
        position=Position(1, 1, number),
        after=Position(1, 1, number + 1),
        type=RecordType.MESSAGE,
        flags=1,
        received_at_ms=number,
        source=Source("listener", "", "c"),
        packet_id=1,
        topic="v1/kiel/bus/1/telemetry",
        payload=payload,
    )


@dataclass
class ScriptedTail:
    """Hands out what it was given, then ends the role by cancelling it."""

    records: list[Record]
    failures: list[Exception] = field(default_factory=list)

    @property
    def start(self) -> Position:
        return Position(1, 1, 0)

    @property
    def position(self) -> Position:
        return Position(1, 1, 0)

    async def read(self, max_records: int) -> Sequence[Record]:
        if self.failures:
            raise self.failures.pop(0)
        if not self.records:
            raise asyncio.CancelledError
        await asyncio.sleep(0)
        taken, self.records = self.records[:max_records], self.records[max_records:]
        return taken

    def available(self) -> bool:
        return bool(self.records)


class ScriptedDecoder:
    """A payload of `bad` is a dead letter; everything else is a reading."""

    def decode_all(self, records: Sequence[Record]) -> Decoded:
        good = [record for record in records if record.payload != b"bad"]
        return Decoded(
            readings=[
                Reading(
                    asset=BUS,
                    observed_at_ms=record.received_at_ms,
                    received_at_ms=record.received_at_ms,
                    boot_id=None,
                    seq=1,
                    digest=1,
                    clock_suspect=False,
                    values=(),
                )
                for record in good
            ],
            reading_origins=[Origin(record.position, 0) for record in good],
            dead_letters=[
                self.dead_letter(record, 0, Reason.UNDECODABLE, "not JSON")
                for record in records
                if record.payload == b"bad"
            ],
            elements=len(records),
        )

    def dead_letter(self, record: Record, element: int, reason: Reason, detail: str) -> DeadLetter:
        origin = Origin(record.position, element)
        return DeadLetter(origin, record.received_at_ms, record.topic, reason, detail, b"")


@dataclass
class ScriptedDesk:
    """Notes what it is told, and the order of it among the store's steps."""

    steps: list[str]
    rows: list[int] = field(default_factory=lambda: [0])
    letters: list[DeadLetter] = field(default_factory=list)
    dropped: list[DroppedValue] = field(default_factory=list)

    def record(
        self,
        letters: Sequence[DeadLetter],
        dropped: Sequence[DroppedValue],
        inventories: Sequence[Inventory],
    ) -> None:
        assert not inventories
        self.steps.append("desk")
        self.letters += letters
        self.dropped += dropped

    def dead_letter_rows(self) -> int:
        return self.rows.pop(0) if len(self.rows) > 1 else self.rows[0]


@dataclass
class ScriptedStore:
    """Fails as often as told, refuses what it is told to."""

    steps: list[str]
    failures: list[Exception] = field(default_factory=list)
    refuses: Callable[[Batch], Sequence[Refusal]] = lambda _batch: ()
    batches: list[Batch] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    takes_s: float = 0.0
    clock: ManualClock = field(default_factory=ManualClock)

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        if self.failures:
            raise self.failures.pop(0)
        self.clock.advance_ms(round(self.takes_s * 1000))
        refused = self.refuses(batch)
        if refused:
            await refuse(refused)
        self.steps.append("store")
        self.batches.append(batch)
        self.positions.append(position)
        return Outcome(len(batch.readings) - len(refused), 0, refused)


FLUSH_MAX_S = 0.2


class Scene:
    """A history role among scripted rooms, with a clock that its own waits wind."""

    def __init__(self, records: list[Record], **settings: int) -> None:
        self.steps: list[str] = []
        self.waits_s: list[float] = []
        self.is_patient = False
        self.clock = ManualClock()
        self.desk = ScriptedDesk(self.steps)
        self.store = ScriptedStore(self.steps)
        self.tail = ScriptedTail(records)
        self.history = History(
            self.tail,
            ScriptedDecoder(),
            self.store,
            self.desk,
            self.clock,
            HistorySettings(**settings),
            sleep=self.sleep,
        )

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.waits_s.append(seconds)
        if self.is_patient and seconds > FLUSH_MAX_S:
            await asyncio.Event().wait()
        self.clock.advance_ms(round(seconds * 1000))

    def play(self) -> None:
        try:
            asyncio.run(self.history.run())
        except asyncio.CancelledError:
            return


def test_dead_letters_are_kept_before_the_position_moves() -> None:
    scene = Scene([record(1), record(2, b"bad"), record(3)])
    scene.play()

    assert scene.steps == ["desk", "store"]
    assert [letter.reason for letter in scene.desk.letters] == [Reason.UNDECODABLE]
    assert scene.store.positions == [Position(1, 1, 4)]
    assert scene.store.batches[0].dead_lettered == 1
    assert scene.history.stats.stored == 2
    assert scene.history.stats.dead_letters == {Reason.UNDECODABLE: 1}


def test_a_store_that_is_away_costs_time_and_nothing_else() -> None:
    scene = Scene([record(1)])
    scene.store.failures = [StoreUnavailable("duckdb", "disk full")] * 3
    scene.play()

    assert len(scene.store.batches) == 1
    assert scene.history.stats.retries == {"StoreUnavailable": 3}
    assert scene.history.stats.last_error is None
    assert sorted(scene.waits_s[1:]) == scene.waits_s[1:]


def test_a_conflict_becomes_a_dead_letter_with_the_words_of_the_store() -> None:
    scene = Scene([record(1), record(2)])
    scene.store.refuses = lambda _batch: [Refusal(1, Reason.CONFLICT, "differs in clients")]
    scene.play()

    assert scene.steps == ["desk", "store"]
    letter = scene.desk.letters[0]
    assert (letter.reason, letter.detail) == (Reason.CONFLICT, "differs in clients")
    assert letter.origin == Origin(Position(1, 1, 2), 0)


def test_at_the_quota_history_waits_and_goes_on_by_itself() -> None:
    scene = Scene([record(1, b"bad")], dead_letter_rows=5)
    scene.desk.rows = [5, 5, 4]
    scene.play()

    assert scene.waits_s.count(1.0) == 2
    assert scene.steps == ["desk", "store"]
    assert not scene.history.stats.waits_for_quota


def test_a_batch_is_never_larger_than_asked_by_more_than_a_chunk() -> None:
    scene = Scene([record(number) for number in range(1000)], batch_records=300)
    scene.play()

    assert [len(batch.readings) for batch in scene.store.batches] == [512, 488]
    assert scene.history.stats.records == 1000


async def finish_while(scene: Scene, *, until: Callable[[], bool]) -> None:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(scene.history.run())
        while not until():  # noqa: ASYNC110 - the scene has no event of its own
            await asyncio.sleep(0)
        await scene.history.finish(running)


def test_finishing_moves_what_is_there_and_returns() -> None:
    scene = Scene([record(number) for number in range(1000)], batch_records=256)
    asyncio.run(finish_while(scene, until=lambda: scene.history.stats.batches > 0))

    assert scene.history.stats.stored == 1000


def test_finishing_while_the_store_is_away_leaves_the_batch_to_the_journal() -> None:
    scene = Scene([record(1), record(2)])
    scene.store.failures = [StoreUnavailable("duckdb", "disk full")] * 1_000_000
    asyncio.run(finish_while(scene, until=lambda: len(scene.waits_s) > 3))

    assert not scene.store.positions


def test_finishing_does_not_wait_for_the_next_try() -> None:
    scene = Scene([record(1)])
    scene.is_patient = True
    scene.store.failures = [StoreUnavailable("influxdb", "no answer")]
    is_holding = lambda: max(scene.waits_s, default=0) > FLUSH_MAX_S  # noqa: E731 - short
    asyncio.run(finish_while(scene, until=is_holding))

    assert not scene.store.positions


def test_finishing_leaves_a_long_backlog_to_the_next_start() -> None:
    scene = Scene([record(number) for number in range(1000)], batch_records=256)
    scene.store.takes_s = 6.0
    scene.store.clock = scene.clock
    asyncio.run(finish_while(scene, until=lambda: scene.history.stats.batches > 0))

    assert scene.history.stats.stored == 3 * 256, "two more in twelve seconds, and no fourth"
    assert scene.history.position == scene.store.positions[-1]


def test_before_the_first_batch_the_position_is_where_reading_begins() -> None:
    assert Scene([record(1)]).history.position == Position(1, 1, 0)


def test_a_store_that_is_not_there_yet_is_waited_for() -> None:
    scene = Scene([record(1), record(2)])
    scene.tail.failures = [StoreUnavailable("influxdb", "not reached yet")] * 3
    scene.play()

    assert scene.history.stats.stored == 2
    assert scene.history.stats.retries == {"StoreUnavailable": 3}


def test_finishing_at_the_quota_does_not_wait_for_ever() -> None:
    scene = Scene([record(1, b"bad")], dead_letter_rows=5)
    scene.desk.rows = [5]
    asyncio.run(finish_while(scene, until=lambda: len(scene.waits_s) > 3))

    assert scene.history.stats.dead_letters == {Reason.UNDECODABLE: 1}


def test_keys_that_devices_invent_are_counted_as_one() -> None:
    scene = Scene([])
    gathered = Gathered(Position(1, 1, 0))
    gathered.records = [record(1)]
    gathered.dropped = [
        DroppedValue(Origin(Position(1, 1, 1), 0), BUS, 1, key, reason, "1")
        for key, reason in (("a", "unknown_key"), ("b", "unknown_key"), ("lat", "no_fix"))
    ]
    asyncio.run(scene.history.settle(gathered))

    assert [value.key for value in scene.desk.dropped] == ["a", "b", "lat"]
    assert scene.history.stats.dropped_values == {("(any)", "unknown_key"): 2, ("lat", "no_fix"): 1}


def test_long_records_are_taken_in_parts() -> None:
    records = [record(number, b"x" * 400) for number in range(5)]
    assert list(in_parts(records, 10_000)) == [records]
    assert list(in_parts(records, 800)) == [records[:2], records[2:4], records[4:]]
    assert list(in_parts(records, 1)) == [[each] for each in records]


def test_a_batch_is_as_large_as_its_elements() -> None:
    class Arrays(ScriptedDecoder):
        def decode_all(self, records: Sequence[Record]) -> Decoded:
            return msgspec.structs.replace(super().decode_all(records), elements=1000)

    gathered = Gathered(Position(1, 1, 0))
    gathered.add([record(1), record(2)], Arrays())
    assert gathered.size == 1000


def test_a_journal_that_cannot_be_read_is_asked_again() -> None:
    scene = Scene([record(1), record(2)])
    scene.tail.failures = [OSError(5, "Input/output error")] * 2
    scene.play()

    assert scene.history.stats.stored == 2
    assert scene.history.stats.retries == {"OSError": 2}


def test_finishing_while_the_journal_cannot_be_read_ends() -> None:
    scene = Scene([record(1)])
    scene.tail.failures = [OSError(5, "Input/output error")] * 1_000_000
    asyncio.run(finish_while(scene, until=lambda: len(scene.waits_s) > 3))

    assert not scene.store.positions
