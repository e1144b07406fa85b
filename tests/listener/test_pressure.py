"""A journal that takes nothing, a peer that says too much, or nothing, or does not read."""

import asyncio

import pytest

from ausguck.clock import ManualClock
from ausguck.journal.port import Pause
from collectors.mqtt.protocol import V5
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, listening, publish, settled, wind


async def still(journal: MemoryJournal, count: int) -> None:
    for _ in range(5):
        await settled()
        assert len(journal.messages) == count


def test_a_paused_journal_is_not_written_to_and_nobody_is_called_silent() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            talker = await Wire.of(listener, "a", keep_alive=10)
            listener_only = await Wire.of(listener, "b", keep_alive=10)
            journal.stop(Pause.BUDGET)
            talker.send(publish(V5, qos=1, packet_id=1))
            await journal.until(lambda j: len(j.messages) == 1)
            await talker.raw()
            assert (listener.stats.paused, listener.stats.connections) == (True, 2)
            talker.send(publish(V5, qos=1, packet_id=2))
            newcomer = await Wire.to(listener)
            newcomer.send(b"\x10")
            wind(listener, clock, 100)
            await still(journal, 1)
            assert listener.stats.keep_alive_timeouts == 0
            journal.stop(Pause.NONE)
            await journal.until(lambda j: len(j.messages) == 2)
            assert (listener.stats.paused, listener.stats.connections) == (False, 3)
            wind(listener, clock, 9)
            assert await listener_only.silent()
            assert listener.stats.connections == 3

    asyncio.run(scene())


def test_a_pause_that_others_caused_is_noticed() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            wire = await Wire.of(listener, "a")
            journal.stop(Pause.CAP)
            listener.sweep()
            wire.send(publish(V5))
            await still(journal, 0)
            journal.stop(Pause.NONE)
            await journal.until(lambda j: len(j.messages) == 1)

    asyncio.run(scene())


def test_a_fast_talker_waits_and_loses_nothing() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock, messages_per_s=10, burst_messages=20) as listener:
            wire = await Wire.of(listener, "a", keep_alive=5)
            other = await Wire.of(listener, "b")
            wire.send(*(publish(V5, qos=1, packet_id=i) for i in range(1, 51)))
            await journal.until(lambda j: len(j.messages) == 50)
            wire.send(publish(V5, qos=1, packet_id=51))
            await still(journal, 50)
            assert listener.stats.rate_pauses == 1
            assert await other.silent()
            wind(listener, clock, 2)
            await still(journal, 50)
            wind(listener, clock, 2)
            await journal.until(lambda j: len(j.messages) == 51)
            assert [await wire.raw() for _ in range(51)][-1] == b"\x40\x02\0\x33"

    asyncio.run(scene())


def test_who_does_not_finish_connect_is_closed() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with listening(MemoryJournal(), clock, connect_timeout_s=5) as listener:
            wire = await Wire.to(listener)
            wire.send(b"\x10\x20")
            await settled()
            wind(listener, clock, 7)
            assert await wire.ended()
            assert listener.stats.refusals["connect", "timeout"] == 1

    asyncio.run(scene())


def test_311_keeps_the_longer_keep_alive_that_it_cannot_be_told_out_of() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with listening(MemoryJournal(), clock, keep_alive_max_s=20) as listener:
            await Wire.of311(listener, "a", keep_alive=40)
            wind(listener, clock, 58)
            assert listener.stats.keep_alive_timeouts == 0
            wind(listener, clock, 4)
            assert listener.stats.keep_alive_timeouts == 1

    asyncio.run(scene())


def test_no_keep_alive_means_our_longest() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with listening(MemoryJournal(), clock, keep_alive_max_s=20) as listener:
            await Wire.of311(listener, "a", keep_alive=0)
            silent = await Wire.of(listener, "b", keep_alive=0)
            wind(listener, clock, 28)
            assert listener.stats.keep_alive_timeouts == 0
            wind(listener, clock, 4)
            assert listener.stats.keep_alive_timeouts == 2
            await silent.raw()
            assert await silent.ended()

    asyncio.run(scene())


def test_our_own_standstill_is_nobodys_silence() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with listening(MemoryJournal(), clock) as listener:
            wire = await Wire.of(listener, "a", keep_alive=10)
            clock.advance_ms(60_000)
            listener.sweep()
            assert listener.stats.keep_alive_timeouts == 0
            assert listener.stats.stalls == 1
            assert await wire.silent()

    asyncio.run(scene())


def test_sessions_expire() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with listening(MemoryJournal(), clock) as listener:
            wire = await Wire.of(listener, "a", session_expiry_interval=30)
            wire.cut()
            await settled()
            assert listener.stats.sessions == 1
            wind(listener, clock, 45)
            assert listener.stats.sessions == 0

    asyncio.run(scene())


@pytest.mark.parametrize("size", [200, 20_000, 200_000])
def test_a_large_packet_may_take_many_reads(size: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a")
            data = publish(V5, payload=b"x" * size, qos=1, packet_id=8)
            step = max(1, size // 20)
            for start in range(0, len(data), step):
                wire.send(data[start : start + step])
                await settled()
            assert await wire.raw() == b"\x40\x02\0\x08"
            assert len(journal.messages[0].payload) == size
            assert listener.stats.bytes > size

    asyncio.run(scene())


def test_packets_that_never_end_do_not_fill_the_memory() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wires = [await Wire.of(listener, f"c{number}") for number in range(140)]
            for wire in wires:
                wire.send(publish(V5, payload=b"x" * 262_000)[:-1])
            async with asyncio.timeout(20):
                while not listener.stats.refusals["framing", "held_bytes"]:
                    await settled()
            assert listener.stats.refusals["framing", "held_bytes"] <= 40
            listener_goes_on = await Wire.of(listener, "new")
            assert await listener_goes_on.silent()

    asyncio.run(scene())


def test_sessions_are_bounded_but_an_existing_one_can_always_be_resumed() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), max_connections=1) as listener:
            for number in range(5):
                wire = await Wire.to(listener)
                answer = await wire.connect(f"c{number}", session_expiry_interval=60)
                assert int(answer.reason_code) == (0x97 if number == 4 else 0)
                wire.cut()
                await settled()
            wire = await Wire.to(listener)
            assert (await wire.connect("c1", session_expiry_interval=60)).session_present

    asyncio.run(scene())
