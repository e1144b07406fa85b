"""What is not taken is answered as the protocol has it, counted, and where possible kept."""

import asyncio

import mqtt5
import pytest

from ausguck.journal.port import RecordType
from collectors.mqtt.framing import encode_length
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.wire import TOPIC, Wire, connect311, listening, packet, publish, text

FOREIGN = "v1/bonn/bus/0123/telemetry"
NO_TOPIC = "v2/what/ever"


@pytest.mark.parametrize(
    ("topic", "code", "reason"),
    [(FOREIGN, 0x87, "foreign"), (NO_TOPIC, 0x90, "grammar")],
)
def test_mqtt_5_is_told_and_nothing_is_journalled(topic: str, code: int, reason: str) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a")
            wire.send(
                publish(V5, qos=1, packet_id=1),
                publish(V5, topic, qos=1, packet_id=2),
                publish(V5, qos=1, packet_id=3),
            )
            acks = [await wire.expect(mqtt5.PubAckPacket) for _ in range(3)]
            assert [ack.packet_id for ack in acks] == [1, 2, 3]
            assert [int(ack.reason_code) for ack in acks] == [0, code, 0]
            assert [record.packet_id for record in journal.messages] == [1, 3]
            assert listener.stats.refusals["publish", reason] == 1

    asyncio.run(scene())


@pytest.mark.parametrize("topic", [FOREIGN, NO_TOPIC])
@pytest.mark.parametrize(
    ("version", "qos", "answer"),
    [(V311, 0, b""), (V311, 1, b"\x40\x02\0\x07"), (V311, 2, b"\x50\x02\0\x07"), (V5, 0, b"")],
)
def test_who_cannot_be_told_is_kept_as_refused(
    version: int, qos: int, answer: bytes, topic: str
) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await (Wire.of if version == V5 else Wire.of311)(listener, "a")
            wire.send(publish(version, topic, b"what", qos=qos, packet_id=7))
            if answer:
                assert await wire.raw() == answer
            assert await wire.silent()
            (record,) = journal.messages
            assert record.type is RecordType.REFUSED
            assert (record.topic, record.payload, record.flags) == (topic, b"what", qos)

    asyncio.run(scene())


MALFORMED = [
    (packet(0x30, text(b"\xff"), b"\0"), 0x81, ("publish", "not_utf8")),
    (packet(0x30, text("a/#"), b"\0"), 0x90, ("publish", "topic_wildcard")),
    (packet(0x30, text(TOPIC), b"\x03\x23\0\x01"), 0x94, ("publish", "topic_alias")),
    (packet(0x32, text(TOPIC), b"\0\0", b"\0"), 0x82, ("publish", "packet_id_zero")),
    (packet(0x36, text(TOPIC), b"\0\x01", b"\0"), 0x81, ("publish", "qos_3")),
    (packet(0x38, text(TOPIC), b"\0"), 0x81, ("publish", "dup_at_qos_0")),
    (packet(0x30, b"\0"), 0x81, ("publish", "truncated")),
    (packet(0x32, text(TOPIC), b"\0"), 0x81, ("publish", "truncated")),
    (packet(0x32, text(TOPIC), b"\0\x01"), 0x81, ("publish", "truncated")),
    (packet(0x30, b"\xff\xff", b"abc"), 0x81, ("publish", "truncated")),
    (b"\x30\xff\xff\xff\xff", 0x81, ("framing", "length_too_long")),
    (b"\x30\x80\x00", 0x81, ("framing", "length_not_minimal")),
    (b"\x30" + encode_length(300_000), 0x95, ("framing", "packet_too_large")),
    (packet(0x20, b"\0\0\0"), 0x82, ("connack", "not_from_a_client")),
    (packet(0xF0, b"\x18", b"\x04\x15" + text("m")), 0x82, ("auth", "no_method")),
    (packet(0x82, b"\0\1\2\x0b\1", text("a"), b"\0"), 0xA1, ("subscribe", "subscription_id")),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "code", "counted"), MALFORMED)
@pytest.mark.parametrize("known", [False, True], ids=["first", "behind"])
def test_a_malformed_packet_ends_the_connection_with_its_reason(
    sent: bytes, code: int, counted: tuple[str, str], *, known: bool
) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a")
            if known:  # the topic was judged before, and a good message stands in front
                wire.send(publish(V5))
                await journal.until(lambda j: len(j.messages) == 1)
                wire.send(publish(V5) + sent)
            else:
                wire.send(sent)
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert int(left.reason_code) == code
            assert await wire.ended()
            assert listener.stats.refusals == {counted: 1}
            assert len(journal.messages) == (2 if known else 0)

    asyncio.run(scene())


def test_311_is_just_closed() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of311(listener, "a")
            wire.send(packet(0x30, text(b"\xff")))
            assert await wire.ended()
            assert listener.stats.refusals == {("publish", "not_utf8"): 1}

    asyncio.run(scene())


@pytest.mark.parametrize("qos", [1, 2])
def test_more_in_flight_than_granted_ends_the_connection(qos: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=qos == 2)
        async with listening(journal, receive_maximum=3) as listener:
            wire = await Wire.to(listener)
            wire.send(mqtt5.ConnectPacket("a").write())
            await journal.until(lambda j: bool(j.records))
            journal.commit()
            await wire.expect(mqtt5.ConnAckPacket)
            wire.send(*(publish(V5, qos=qos, packet_id=i) for i in (1, 2, 3)))
            if qos == 2:
                for _ in range(3):
                    await wire.expect(mqtt5.PubRecPacket)
            wire.send(publish(V5, qos=qos, packet_id=4))
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.RECEIVE_MAX_EXCEEDED
            assert len(journal.messages) == 3
            journal.commit()

    asyncio.run(scene())


def test_in_flight_within_the_grant_goes_on_for_ever() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal, receive_maximum=3) as listener:
            wire = await Wire.of(listener, "a")
            for turn in range(20):
                wire.send(*(publish(V5, qos=1 + turn % 2, packet_id=i) for i in (1, 2, 3)))
                for i in (1, 2, 3):
                    await wire.raw()
                    if turn % 2:
                        wire.send(b"\x62\x02\0" + bytes((i,)))
                        await wire.raw()
            assert len(journal.messages) == 60

    asyncio.run(scene())


def test_311_that_sends_too_much_at_once_is_not_read_from_for_a_while() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal, receive_maximum=3) as listener:
            wire = await Wire.to(listener)
            wire.send(connect311("a"))
            await journal.until(lambda j: bool(j.records))
            journal.commit()
            await wire.raw()
            wire.send(*(publish(V311, qos=1, packet_id=i) for i in range(1, 6)))
            await journal.until(lambda j: len(j.messages) == 5)
            wire.send(publish(V311, qos=1, packet_id=6))
            for _ in range(50):
                await asyncio.sleep(0)
            assert len(journal.messages) == 5
            journal.commit()
            await journal.until(lambda j: len(j.messages) == 6)
            journal.commit()

    asyncio.run(scene())
