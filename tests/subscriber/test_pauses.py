"""The journal takes nothing for a while: nothing is read, nothing forgotten, nothing doubled."""

import asyncio

from ausguck.clock import ManualClock
from ausguck.journal.port import Pause
from tests.listener.wire import settled
from tests.subscriber.living import fetching, until
from tests.subscriber.scripted import (
    MemoryJournal,
    Scripted,
    Wire,
    acknowledged,
    message,
    text,
)

USER = b"\x26" + text("k") + text("v")


async def nothing_but(wire: Wire, number: int) -> None:
    """What the subscriber says next is the PUBACK of a message sent only now."""
    wire.send(message(number))
    assert await acknowledged(wire, 1) == [number]


def test_while_the_journal_pauses_nothing_is_read_and_nothing_forgotten() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(by_itself=False), ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(journal, broker.port, clock=clock, keep_alive_s=20) as life,
        ):
            wire = await broker.open()
            await life.connected()
            wire.send(message(1))
            await life.until(lambda stats: stats.messages == 1)
            journal.stop(Pause.RESERVE)
            life.subscriber.sweep()
            assert life.stats.waiting == 1
            wire.send(message(2), message(3))
            for _ in range(60):  # ten minutes
                clock.advance_ms(10_000)
                life.subscriber.sweep()
                await settled()
            assert life.stats.messages == 1
            assert life.stats.connected
            journal.commit()
            assert await behind_pings(wire) == [1]
            journal.stop(Pause.NONE)
            await life.until(lambda stats: stats.messages == 3)
            assert not life.stats.paused
            journal.commit()
            assert await behind_pings(wire) == [2]
            assert [record.packet_id for record in journal.messages] == [1, 2, 3]

    asyncio.run(scene())


async def behind_pings(wire: Wire) -> list[int]:
    """The packet id of the next PUBACK; PINGREQs before it prove that we kept saying we live."""
    while True:
        raw = await wire.raw()
        if raw[0] == 0x40:
            return [int.from_bytes(raw[2:4], "big")]
        assert raw == b"\xc0\0"


def test_a_broker_that_goes_while_we_do_not_read_is_noticed() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(by_itself=False), ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(journal, broker.port, clock=clock, keep_alive_s=20) as life,
        ):
            wire = await broker.open()
            await life.connected()
            wire.send(message(1))
            await life.until(lambda stats: stats.messages == 1)
            journal.stop(Pause.RESERVE)
            life.subscriber.sweep()
            wire.send(message(2))
            wire.cut()

            def noticed() -> bool:
                clock.advance_ms(10_000)
                life.subscriber.sweep()
                return not life.stats.connected

            await until(noticed)
            assert life.stats.attempts == 1
            journal.commit()
            journal.stop(Pause.NONE)
            wire = await broker.open(session_present=True)
            wire.send(message(1), message(2))
            await life.until(lambda stats: stats.messages == 3)
            journal.commit()
            assert await acknowledged(wire, 2) == [1, 2]
            assert life.stats.stale_acks == 1

    asyncio.run(scene())


def test_a_pause_that_begins_with_what_came_last() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            await life.connected()
            journal.stop(Pause.BUDGET)
            wire.send(message(1), message(2))
            await settled()
            journal.stop(Pause.NONE)
            await life.until(lambda stats: stats.messages == 2)
            journal.commit()
            assert await acknowledged(wire, 2) == [1, 2]

    asyncio.run(scene())


def test_it_does_not_connect_while_the_journal_pauses() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        journal.stop(Pause.CAP)
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            await life.until(lambda stats: stats.paused)
            assert life.stats.attempts == 0
            journal.stop(Pause.NONE)
            await broker.open()
            await life.connected()

    asyncio.run(scene())


def test_a_pause_during_connect_puts_it_off() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire, _connect = await broker.connection()
            journal.stop(Pause.CAP)
            life.subscriber.sweep()
            assert await wire.ended()
            await until(lambda: life.stats.disconnects == {"journal_paused": 1})
            journal.stop(Pause.NONE)
            await broker.open()
            await life.connected()

    asyncio.run(scene())
