"""Dead letters of a device find their bus once somebody says where the device was."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ausguck.app.refitting import BATCH, Refitting
from ausguck.app.retry import JournalRetry
from ausguck.desk.desk import SqliteDesk, open_desk
from ausguck.desk.folding import FOLD_ROWS, OWN_ROWS
from ausguck.desk.packs import parts_of
from ausguck.desk.port import DeadLetterRow
from ausguck.errors import JournalError
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import Position, Reading
from ausguck.register.directory import Directory
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Device, Fitting, Tables
from ausguck.settings.tree import Retention, Site
from collectors.decode import Decoder
from tests.decode.records import RECEIVED_MS
from tests.listener.journal import MemoryJournal

HOUR_MS = 3_600_000
NOON_MS = RECEIVED_MS - HOUR_MS
PATIENCE_S = 20


def fitted(serial: str, asset: str, from_ms: int = 0, to_ms: int | None = None) -> Fitting:
    return Fitting(id=serial, asset=asset, valid_from_ms=from_ms, valid_to_ms=to_ms)


def register(*fittings: Fitting) -> Register:
    devices = tuple(Device(id=serial) for serial in {one.id: None for one in fittings})
    return Register(Tables(devices=devices, fittings=fittings), "kiel", 1)


class House:
    """Decoder, desk and journal, as history and the register's role hold them together."""

    def __init__(self, desk: SqliteDesk) -> None:
        self.desk = desk
        self.directory = Directory()
        self.decoder = Decoder(Site(), Retention(), self.directory)
        self.journal = MemoryJournal()
        self.read = 0
        self.readings: list[Reading] = []
        self.decoded = 0
        self.refused = 0

    def hear(self, topic: str, *documents: object, publisher: str = "") -> None:
        """What a listener journals."""
        for document in documents:
            self._append(RecordType.MESSAGE, topic, document, publisher)

    def refuse(self, topic: str, document: object) -> None:
        """What it journals of whoever may not speak there."""
        self._append(RecordType.REFUSED, topic, document, "intruder")

    def _append(self, kind: RecordType, topic: str, document: object, publisher: str) -> None:
        source = self.journal.source(Source("listener", publisher, "c1"))
        payload = json.dumps(document, separators=(",", ":")).encode()
        self.journal.append(kind, 1, RECEIVED_MS, source, 1, topic.encode(), payload)

    def consume(self) -> None:
        """What history does, with books of its own."""
        for record in self.journal.records[self.read :]:
            self._take(record)
        self.read = len(self.journal.records)

    def _take(self, record: Record) -> None:
        found = self.decoder.decode(record)
        self.readings += found.readings
        self.decoded += found.elements
        self.refused += len(found.dead_letters)
        self.desk.record(found.dead_letters, [], [])

    def assets(self) -> list[str]:
        return [str(reading.asset) for reading in self.readings]

    def is_balanced(self) -> bool:
        return self.decoded == len(self.readings) + self.refused


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with open_desk(tmp_path / "desk.sqlite") as desk:
        yield House(desk)


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(PATIENCE_S):
            await act()

    asyncio.run(main())


async def at_once(_seconds: float) -> None:
    await asyncio.sleep(0)


def new_refitting(
    house: House,
    retry: JournalRetry | None = None,
    sleep: Callable[[float], Awaitable[None]] = at_once,
) -> Refitting:
    retry = retry or JournalRetry(house.journal, house.desk)
    return Refitting("kiel", house.desk, retry, house.decoder, house.directory, sleep)


async def refit(house: House, *serials: str) -> Refitting:
    """Look through the letters of devices, and have history read what came of it."""
    refitting = new_refitting(house)
    await refitting.look(serials)
    house.consume()
    return refitting


def element(at_ms: int, seq: int = 1) -> dict[str, object]:
    return {"observed_at": at_ms, "boot_id": "b1", "seq": seq, "clients": 3}


SERIAL = "v1/kiel/device/SN77/telemetry"


def test_what_an_unknown_device_said_is_stored_once(house: House) -> None:
    async def act() -> None:
        house.hear(SERIAL, [element(NOON_MS + n, n) for n in range(5)], element(NOON_MS + 9, 9))
        house.hear(SERIAL, element(NOON_MS + 9, 9))  # once more, for want of an answer
        house.consume()
        assert (len(house.readings), house.desk.dead_letter_rows()) == (0, 6)
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        refitting = await refit(house, "SN77")
        assert house.assets() == ["bus/0123"] * 6
        assert len({reading.seq for reading in house.readings}) == 6
        assert (house.desk.dead_letter_rows(), refitting.stats.retried) == (0, 6)
        assert house.is_balanced()
        again = await refit(house, "SN77")
        assert (again.stats.retried, len(house.readings)) == (0, 6)

    play(act)


def test_a_second_chance_goes_by_time(house: House) -> None:
    async def act() -> None:
        backlog = [element(NOON_MS + offset, offset + 5) for offset in (-2, -1, 0, 1)]
        house.hear(SERIAL, backlog)
        house.consume()
        moved = register(
            fitted("SN77", "bus/0123", NOON_MS - 1, NOON_MS), fitted("SN77", "bus/0200", NOON_MS)
        )
        house.directory.replace(moved, Keyring())
        refitting = await refit(house, "SN77")
        assert house.assets() == ["bus/0123", "bus/0200", "bus/0200"]
        assert (refitting.stats.retried, refitting.stats.still_refused) == (3, 1)
        (left,) = house.desk.dead_letters()
        assert (left.count, json.loads(left.element)["seq"]) == (1, 3)
        assert house.is_balanced()

    play(act)


def test_nobody_speaks_for_a_device_by_waiting_for_it(house: House) -> None:
    async def act() -> None:
        house.refuse(SERIAL, element(NOON_MS))
        house.consume()
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        refitting = await refit(house, "SN77")
        assert (house.readings, refitting.stats.retried) == ([], 0)
        assert house.desk.dead_letter_rows() == 1

    play(act)


def test_only_devices_that_were_fitted_are_looked_at(house: House) -> None:
    async def act() -> None:
        for serial in ("SN7", "SN77", "sn77", "SN777"):
            house.hear(f"v1/kiel/device/{serial}/telemetry", element(NOON_MS))
        house.hear("v1/kiel/bus/0123/telemetry", {"clients": "many"})
        house.consume()
        known = register(fitted("SN77", "bus/0123"), fitted("SN777", "bus/0200"))
        house.directory.replace(known, Keyring())
        await refit(house, "SN77")
        assert house.assets() == ["bus/0123"]
        await refit(house, *(f"S{n}" for n in range(99)))
        assert house.assets() == ["bus/0123", "bus/0200"]

    play(act)


def test_what_was_said_for_a_bus_before_the_swap_was_recorded(house: House) -> None:
    async def act() -> None:
        house.directory.replace(
            register(fitted("S1", "bus/0123"), fitted("S2", "bus/0200")), Keyring()
        )
        bus = "v1/kiel/bus/0123/telemetry"
        house.hear(bus, element(NOON_MS - 1, 1), element(NOON_MS, 2), publisher="S2")
        house.consume()
        assert not house.readings
        swapped = register(
            fitted("S1", "bus/0123", 0, NOON_MS),
            fitted("S2", "bus/0200", 0, NOON_MS),
            fitted("S2", "bus/0123", NOON_MS),
        )
        house.directory.replace(swapped, Keyring())
        await refit(house, "S2")
        (reading,) = house.readings
        assert (str(reading.asset), reading.seq) == ("bus/0123", 2)
        assert reading.boot_id != "b1"
        assert house.desk.dead_letter_rows() == 1
        assert house.is_balanced()

    play(act)


def test_more_than_a_batch(house: House) -> None:
    async def act() -> None:
        house.hear(SERIAL, *(element(NOON_MS + n, n) for n in range(2 * BATCH + 7)))
        house.consume()
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        refitting = await refit(house, "SN77")
        assert refitting.stats.retried == len(house.readings) == 2 * BATCH + 7
        assert house.desk.dead_letter_rows() == 0

    play(act)


def test_a_full_journal_is_waited_for(house: House) -> None:
    class Full(JournalRetry):
        tries = 0

        async def retry_parts(
            self, letter: DeadLetterRow, chosen: Sequence[tuple[DeadLetterRow, str]]
        ) -> None:
            self.tries += 1
            if self.tries == 1:
                raise JournalError("retry", "takes nothing just now: cap")
            await super().retry_parts(letter, chosen)

    async def act() -> None:
        house.hear(SERIAL, element(NOON_MS))
        house.consume()
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        slept: list[float] = []

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await asyncio.sleep(0)

        refitting = new_refitting(house, Full(house.journal, house.desk), sleep)
        await refitting.look(["SN77"])
        house.consume()
        assert house.assets() == ["bus/0123"]
        assert dict(refitting.stats.held) == {"JournalError": 1}
        assert slept[0] > slept[-1]

    play(act)


def test_it_waits_to_be_told(house: House) -> None:
    async def act() -> None:
        house.hear(SERIAL, element(NOON_MS))
        house.consume()
        looked = asyncio.Event()

        async def sleep(_seconds: float) -> None:
            looked.set()
            await asyncio.sleep(0)

        refitting = new_refitting(house, sleep=sleep)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(refitting.run())
            for known in (Register(), register(fitted("SN77", "bus/0123"))):
                house.directory.replace(known, Keyring())
                await refitting.fitted(["SN77"])
                assert refitting.stats.waiting == 1
                await looked.wait()
                looked.clear()
            running.cancel()
        house.consume()
        assert house.assets() == ["bus/0123"]
        assert refitting.stats.still_refused == 1

    play(act)


def test_letters_whose_origin_cannot_be_read_any_more_stay(house: House) -> None:
    async def act() -> None:
        # A serial that looks like an IMEI is redacted, so nobody can say where it was.
        serial = "490154203237518"
        swapped = register(
            fitted(serial, "bus/0123", 0, NOON_MS), fitted("S2", "bus/0123", NOON_MS)
        )
        house.directory.replace(swapped, Keyring())
        house.hear("v1/kiel/bus/0123/telemetry", element(NOON_MS), publisher=serial)
        house.consume()
        (letter,) = house.desk.dead_letters()
        assert serial not in letter.detail
        assert letter.last_position == Position(0, 0, 0)
        refitting = await refit(house, serial, "S2")
        assert (house.readings, refitting.stats.retried) == ([], 0)

    play(act)


MANY = 4 * (OWN_ROWS + FOLD_ROWS)


async def fill(house: House) -> None:
    """A spare on a bench, of which history reads some hundred messages at a time."""
    for start in range(0, MANY, 300):
        numbers = range(start, min(start + 300, MANY))
        house.hear(SERIAL, *(element(NOON_MS + n, n) for n in numbers))
        house.consume()


def test_a_spare_on_a_bench_fills_few_rows_and_loses_nothing(house: House) -> None:
    async def act() -> None:
        await fill(house)
        assert house.desk.dead_letter_rows() < OWN_ROWS + FOLD_ROWS + 3
        (waiting,) = house.desk.waiting_by_name("v1/kiel/device/")
        assert waiting.count == house.refused == MANY
        assert await new_refitting(house).unfitted() == [waiting]
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        refitting = await refit(house, "SN77")
        assert sorted(reading.seq or 0 for reading in house.readings) == [*range(MANY)]
        assert (house.desk.dead_letter_rows(), refitting.stats.retried) == (0, MANY)
        assert house.is_balanced()

    play(act)


def test_of_packed_letters_those_stay_that_are_still_refused(house: House) -> None:
    async def act() -> None:
        await fill(house)
        since_ms = NOON_MS + MANY // 2
        house.directory.replace(register(fitted("SN77", "bus/0123", since_ms)), Keyring())
        await refit(house, "SN77")
        assert sorted(reading.seq or 0 for reading in house.readings) == [*range(MANY // 2, MANY)]
        left = [part for row in house.desk.dead_letters() for part in parts_of(row)]
        assert [json.loads(part.element)["seq"] for part in left] == [*range(MANY // 2)]
        assert sum(row.count for row in house.desk.dead_letters()) == MANY // 2
        assert house.is_balanced()
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        await refit(house, "SN77")
        assert (len(house.readings), house.desk.dead_letter_rows()) == (MANY, 0)

    play(act)


def test_a_packed_row_is_retried_by_hand_whole(house: House) -> None:
    async def act() -> None:
        await fill(house)
        house.directory.replace(register(fitted("SN77", "bus/0123")), Keyring())
        for letter in house.desk.dead_letters():
            await JournalRetry(house.journal, house.desk).retry(letter)
        house.consume()
        assert sorted(reading.seq or 0 for reading in house.readings) == [*range(MANY)]
        assert house.desk.dead_letter_rows() == 0
        assert house.is_balanced()

    play(act)
