"""Every message a broker hands over: journalled, then acknowledged, in order, once."""

import asyncio
from pathlib import Path

import mqtt5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.journal.port import RecordType
from tests.listener.wire import settled
from tests.subscriber.living import fetching, living, payloads
from tests.subscriber.scripted import (
    TOPIC,
    MemoryJournal,
    Scripted,
    Wire,
    acknowledged,
    message,
    packet,
    text,
)

USER = b"\x26" + text("k") + text("v")


def resent(data: bytes) -> bytes:
    """A PUBLISH as it is sent the second time: with DUP."""
    return bytes((data[0] | 0x08,)) + data[1:]


async def nothing_but(wire: Wire, number: int) -> None:
    """What the subscriber says next is the PUBACK of a message sent only now."""
    wire.send(message(number))
    assert await acknowledged(wire, 1) == [number]


def test_pubacks_follow_the_disk_in_order() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            await life.connected()
            wire.send(message(5), message(3), message(9))
            await life.until(lambda stats: stats.messages == 3)
            wire.send(message(1, topic="v1/kiel/station/7/event"), message(4))
            await life.until(lambda stats: stats.messages == 5)
            assert life.stats.waiting == 5
            journal.commit(3)
            assert await acknowledged(wire, 1) == [5]
            journal.commit(5)
            assert await acknowledged(wire, 4) == [3, 9, 1, 4]
            assert life.stats.waiting == 0
            assert [record.packet_id for record in journal.messages] == [5, 3, 9, 1, 4]

    asyncio.run(scene())


def test_an_acknowledgement_dies_with_its_connection() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            await life.connected()
            wire.send(message(1), message(2))
            await life.until(lambda stats: stats.messages == 2)
            wire.cut()
            wire = await broker.open()
            await life.connected()
            journal.commit()
            wire.send(message(7))
            await life.until(lambda stats: stats.messages == 3)
            journal.commit()
            assert await acknowledged(wire, 1) == [7]
            assert life.stats.stale_acks == 2

    asyncio.run(scene())


@pytest.mark.parametrize(
    "topic", ["v1/kiel/bus/0123/cmd", "v2/what/ever", "a", "v1/other/bus/1/status", "ä/é"]
)
def test_what_is_not_of_the_grammar_is_journalled_too(topic: str) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port):
            wire = await broker.open()
            wire.send(message(1, topic=topic))
            assert await acknowledged(wire, 1) == [1]
            (record,) = journal.messages
            assert (record.type, record.topic) == (RecordType.MESSAGE, topic)

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("first", "middle", "flags"),
    [
        (0x30, b"\0", 0),
        (0x31, b"\0", 8),
        (0x32, b"\0\7\0", 1),
        (0x3B, b"\0\7\0", 1 | 4 | 8),
        (0x32, b"\0\7" + bytes((len(USER),)) + USER, 1),
        (0x32, b"\0\7\x09\x02\0\0\0\x05\x0b\x01\x0b\x02", 1),
        (0x32, b"\0\7\x02\x0b\x01", 1),
    ],
    ids=["qos0", "retained", "qos1", "dup_retained", "properties", "expiry_and_ids", "id"],
)
def test_every_way_a_message_may_be_wrapped(first: int, middle: bytes, flags: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port):
            wire = await broker.open()
            one = packet(first, text(TOPIC), middle, b'{"clients": 3}')
            wire.send(one, one)
            await journal.until(lambda journal: len(journal.messages) == 2)
            for record in journal.messages:
                assert record.payload == b'{"clients": 3}'
                assert record.flags == flags
                assert record.packet_id == (7 if flags & 1 else 0)

    asyncio.run(scene())


@settings(max_examples=40, deadline=None)
@given(
    sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=12),
    cuts=st.lists(st.integers(1, 5000), max_size=12),
)
def test_however_the_bytes_arrive(sizes: list[int], cuts: list[int]) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port):
            wire = await broker.open()
            bodies = [bytes((65 + n % 26,)) * size for n, size in enumerate(sizes)]
            stream = b"".join(message(n, body) for n, body in enumerate(bodies, start=1))
            at = 0
            for cut in cuts:
                wire.send(stream[at : at + cut])
                at += cut
                await settled()
            wire.send(stream[at:])
            assert await acknowledged(wire, len(sizes)) == list(range(1, len(sizes) + 1))
            assert [record.payload for record in journal.messages] == bodies

    asyncio.run(scene())


def test_byte_by_byte() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port):
            wire = await broker.open()
            for byte in message(1, b"x" * 200) + message(2, b"y"):
                wire.send(bytes((byte,)))
                await settled()
            assert await acknowledged(wire, 2) == [1, 2]

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("data", "reason", "code"),
    [
        (packet(0x36, text(TOPIC), b"\0\1", b"\0"), "protocol_publish_qos_3", 0x81),
        (packet(0x32, text(TOPIC), b"\0\0", b"\0"), "protocol_publish_packet_id_zero", 0x82),
        (packet(0x38, text(TOPIC), b"\0"), "protocol_publish_dup_at_qos_0", 0x81),
        (packet(0x32, text(TOPIC)[:-1]), "protocol_publish_truncated", 0x81),
        (b"\x30\xff\xff\xff\xff", "protocol_framing_length_too_long", 0x81),
        (b"\x30\xff\xff\xff\x7f", "protocol_framing_packet_too_large", 0x95),
        (packet(0x10, b"x"), "protocol_connect_not_from_a_server", 0x82),
        (packet(0x80, b"x"), "protocol_subscribe_not_from_a_server", 0x82),
        (packet(0x50, b"\0\1"), "protocol_pubrec_not_from_a_server", 0x82),
        (packet(0xF0, b"\x18\0"), "protocol_auth_not_from_a_server", 0x82),
        (packet(0x00), "protocol_framing_reserved_type", 0x81),
        (packet(0x20, b"\0\0\0"), "protocol_connack_second_connack", 0x82),
        (packet(0x90, b"\0\1\0\0"), "protocol_suback_not_asked_for", 0x82),
        (packet(0xD0, b"\0"), "protocol_pingresp_trailing_bytes", 0x81),
        (packet(0x60, b"\0\1"), "protocol_pubrel_reserved_flags", 0x81),
        (packet(0xE0, b"\x77"), "protocol_disconnect_reason_code", 0x81),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_against_the_rules_ends_it(data: bytes, reason: str, code: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(message(1))
            assert await acknowledged(wire, 1) == [1]
            wire.send(data)
            assert int((await wire.expect(mqtt5.DisconnectPacket)).reason_code) == code
            await broker.open(session_present=True)
            await life.connected()
            assert life.stats.disconnects == {reason: 1}
            assert len(journal.messages) == 1

    asyncio.run(scene())


def test_more_than_the_window_is_taken_and_counted() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with (
            Scripted.listening() as broker,
            fetching(journal, broker.port, receive_maximum=3) as life,
        ):
            wire = await broker.open()
            wire.send(*(message(number) for number in range(1, 6)))
            await life.until(lambda stats: stats.messages == 5)
            assert life.stats.beyond_window == 2
            journal.commit()
            assert await acknowledged(wire, 5) == [1, 2, 3, 4, 5]

    asyncio.run(scene())


def test_qos_2_is_answered_right() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(message(1, b"a", qos=2))
            await life.until(lambda stats: stats.messages == 1)
            wire.cut()
            wire = await broker.open(session_present=True)
            wire.send(resent(message(1, b"a", qos=2)))
            await life.until(lambda stats: stats.resent == 1)
            assert life.stats.connected
            journal.commit()
            assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 1
            wire.send(b"\x62\x02\0\1", b"\x62\x02\0\1")
            first = await wire.expect(mqtt5.PubCompPacket)
            again = await wire.expect(mqtt5.PubCompPacket)
            assert [int(first.reason_code), int(again.reason_code)] == [0, 0x92]
            wire.send(message(1, b"b", qos=2))
            await life.until(lambda stats: stats.messages == 2)
            journal.commit()
            await wire.expect(mqtt5.PubRecPacket)
            wire.cut()
            wire = await broker.open()  # a new session: its ids mean other messages
            wire.send(message(1, b"c", qos=2))
            await life.until(lambda stats: stats.messages == 3)
            assert [record.payload for record in journal.messages] == [b"a", b"b", b"c"]
            journal.commit()

    asyncio.run(scene())


def test_a_reused_id_at_qos_2_is_another_message() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(message(1, b"a", qos=2), message(1, b"b", qos=2))
            wire.send(resent(message(1, b"b", qos=2)), resent(message(2, b"c", qos=2)))
            ids = [(await wire.expect(mqtt5.PubRecPacket)).packet_id for _ in range(4)]
            assert ids == [1, 1, 1, 2]
            # The last was sent before, but not to us.
            assert [record.payload for record in journal.messages] == [b"a", b"b", b"c"]
            assert life.stats.resent == 1

    asyncio.run(scene())


def test_a_crash_can_be_planned_around_the_puback(tmp_path: Path) -> None:
    reached: list[str] = []

    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            living(tmp_path, broker.port, probe=reached.append),
        ):
            wire = await broker.open()
            wire.send(message(1))
            assert await acknowledged(wire, 1) == [1]

    asyncio.run(scene())
    names = [point for point in reached if point.startswith(("subscriber", "journal.after"))]
    assert names == ["journal.after_sync", "subscriber.before_puback", "subscriber.after_puback"]


def test_it_ends_with_everything_acknowledged(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Scripted.listening() as broker:
            async with living(tmp_path, broker.port) as life:
                wire = await broker.open()
                await life.connected()
                wire.send(*(message(number, b"%d" % number) for number in range(1, 401)))
                await life.until(lambda stats: stats.messages > 0)
            kept = await payloads(tmp_path)
            assert await acknowledged(wire, len(kept)) == list(range(1, len(kept) + 1))
            goodbye = await wire.expect(mqtt5.DisconnectPacket)
            assert int(goodbye.reason_code) == 0
            assert goodbye.session_expiry_interval is None  # so the session stays
            assert life.stats.stale_acks == 0

    asyncio.run(scene())


def test_the_end_does_not_wait_for_a_broker_that_is_gone() -> None:
    async def scene() -> None:
        async with Scripted.listening() as broker, fetching(MemoryJournal(), broker.port):
            await broker.connection()

    asyncio.run(scene())


def test_a_huge_message_fits_or_ends_it() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with (
            Scripted.listening() as broker,
            fetching(journal, broker.port, max_packet_bytes=1_048_576) as life,
        ):
            wire = await broker.open()
            wire.send(message(1, b"x" * 1_000_000))
            assert await acknowledged(wire, 1) == [1]
            await nothing_but(wire, 2)
            wire.send(message(3, b"x" * 1_048_576)[:100])
            assert int((await wire.expect(mqtt5.DisconnectPacket)).reason_code) == 0x95
            assert life.stats.disconnects == {"protocol_framing_packet_too_large": 1}

    asyncio.run(scene())
