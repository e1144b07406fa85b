"""A device's last word is journalled when it is gone, and only then."""

import asyncio

import mqtt5
import pytest

from ausguck.clock import ManualClock
from ausguck.journal.port import Flag, RecordType
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, connect311, listening, settled, text, wind

STATUS = "v1/kiel/bus/0123/status"


def will(topic: str = STATUS, delay_s: int = 0) -> mqtt5.Will:
    return mqtt5.Will(
        topic,
        payload=b"offline",
        qos=mqtt5.QoS.AT_LEAST_ONCE,
        retain=True,
        will_delay_interval=delay_s,
    )


def test_a_lost_connection_speaks_the_will_at_our_time() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            wire = await Wire.of(listener, "a", will=will())
            clock.advance_ms(5000)
            wire.cut()
            await journal.until(lambda j: len(j.messages) == 1)
            (record,) = journal.messages
            assert record.type is RecordType.MESSAGE
            assert record.flags == Flag.WILL | Flag.RETAIN | Flag.QOS1
            assert (record.topic, record.payload) == (STATUS, b"offline")
            assert record.received_at_ms == clock.now_ms()
            assert record.source.client_id == "a"
            assert listener.stats.wills == 1

    asyncio.run(scene())


def test_311_has_wills_too() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.to(listener)
            wire.send(connect311("a", flags=0x34, will=text(STATUS) + text("lost")))
            await wire.raw()
            wire.cut()
            await journal.until(lambda j: len(j.messages) == 1)
            assert journal.messages[0].flags == Flag.WILL | Flag.RETAIN | Flag.QOS2

    asyncio.run(scene())


@pytest.mark.parametrize(("goodbye", "spoken"), [(b"\xe0\0", 0), (b"\xe0\x01\x04", 1)])
def test_goodbye_decides_over_the_will(goodbye: bytes, spoken: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", will=will())
            wire.send(goodbye)
            assert await wire.ended()
            await settled()
            assert len(journal.messages) == spoken

    asyncio.run(scene())


def test_our_own_shutdown_calls_nobody_lost() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            await Wire.of(listener, "a", will=will())
        assert not journal.messages

    asyncio.run(scene())


def test_a_malformed_packet_is_no_goodbye() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", will=will())
            wire.send(b"\x00\x00")
            await wire.expect(mqtt5.DisconnectPacket)
            assert len(journal.messages) == 1

    asyncio.run(scene())


def test_silence_beyond_one_and_a_half_keep_alives_is_the_end() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            wire = await Wire.of(listener, "a", will=will(), keep_alive=10)
            wind(listener, clock, 13)
            assert await wire.silent()
            wind(listener, clock, 14)
            assert not journal.messages
            wind(listener, clock, 3)
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.KEEP_ALIVE_TIMEOUT
            assert len(journal.messages) == 1
            assert listener.stats.keep_alive_timeouts == 1

    asyncio.run(scene())


def test_a_delayed_will_waits_and_is_not_spoken_when_the_device_is_back() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            options = {"will": will(delay_s=30), "session_expiry_interval": 600}
            wire = await Wire.of(listener, "a", **options)
            wire.cut()
            await settled()
            wind(listener, clock, 20)
            again = await Wire.of(listener, "a", **options)
            wind(listener, clock, 20)
            assert not journal.messages
            again.cut()
            await settled()
            wind(listener, clock, 29)
            assert not journal.messages
            wind(listener, clock, 2)
            assert len(journal.messages) == 1

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("clean", "delay_s", "spoken"), [(False, 0, 1), (False, 30, 0), (True, 30, 1)]
)
def test_a_takeover_speaks_the_will_as_the_protocol_has_it(
    delay_s: int, spoken: int, *, clean: bool
) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            old = await Wire.of(
                listener, "a", will=will(delay_s=delay_s), session_expiry_interval=600
            )
            new = await Wire.to(listener)
            await new.connect("a", clean_start=clean, session_expiry_interval=600)
            await old.expect(mqtt5.DisconnectPacket)
            assert len(journal.messages) == spoken

    asyncio.run(scene())


def test_a_will_waits_no_longer_than_its_session() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with listening(journal, clock) as listener:
            wire = await Wire.of(listener, "a", will=will(delay_s=300), session_expiry_interval=5)
            wire.cut()
            await settled()
            wind(listener, clock, 6)
            assert len(journal.messages) == 1

    asyncio.run(scene())


@pytest.mark.parametrize("topic", ["v1/bonn/bus/1/status", "other", "v1/kiel/bus/1/cmd"])
def test_a_will_that_may_not_be_published_is_kept_as_refused(topic: str) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", will=will(topic))
            wire.cut()
            await journal.until(lambda j: len(j.messages) == 1)
            assert journal.messages[0].type is RecordType.REFUSED

    asyncio.run(scene())
