"""What a publisher wrote wrongly costs its one message: a dead letter, never the session."""

import asyncio
from pathlib import Path

import mqtt5
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.journal.port import Flag, RecordType, Ticket
from collectors.mqtt.framing import encode_length
from tests.decode.records import DECODER, reasons
from tests.subscriber.living import TOPIC, fetching, living, records
from tests.subscriber.mosquitto import Mosquitto
from tests.subscriber.scripted import MemoryJournal, Scripted, acknowledged, message, packet, text

GOOD = b'{"clients": 3}'
SET_ASIDE = Flag.QOS1 | Flag.SET_ASIDE


def bent(topic: bytes, properties: bytes, packet_id: int = 1, payload: bytes = GOOD) -> bytes:
    """A PUBLISH at QoS 1 with any topic, and properties that only their length is right of."""
    sized = encode_length(len(properties)) + properties
    return packet(0x32, text(topic), packet_id.to_bytes(2, "big"), sized, payload)


FAULTS = {
    "topic_not_utf8": bent(b"v1/kiel/bus/\xff/telemetry", b""),
    "topic_nul_in_text": bent(b"v1/kiel/bus/\0/telemetry", b""),
    "topic_topic_wildcard": bent(b"v1/kiel/bus/+/telemetry", b""),
    "topic_topic_empty": bent(b"", b""),
    "properties_topic_wildcard": bent(TOPIC.encode(), b"\x08" + text("a/#")),
    "properties_topic_empty": bent(TOPIC.encode(), b"\x08" + text("")),
    "properties_property_not_0_or_1": bent(TOPIC.encode(), b"\x01\x02"),
    "properties_not_utf8": bent(TOPIC.encode(), b"\x26" + text(b"\xff") + text("b")),
    "properties_property_repeated": bent(TOPIC.encode(), 2 * (b"\x03" + text("a"))),
    "properties_topic_alias": bent(TOPIC.encode(), b"\x23\0\1"),
    "properties_property_unknown": bent(TOPIC.encode(), b"\x7f"),
    "properties_truncated": bent(TOPIC.encode(), b"\x02\0"),
    "properties_property_zero": bent(TOPIC.encode(), b"\x0b\0"),
}


@pytest.mark.parametrize("why", FAULTS)
def test_a_fault_of_the_publisher_makes_a_dead_letter(why: str) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(FAULTS[why], FAULTS[why], message(2), FAULTS[why])
            assert await acknowledged(wire, 4) == [1, 1, 2, 1]
            odd = [record for record in journal.messages if record.packet_id == 1]
            assert {(record.type, record.flags) for record in odd} == {
                (RecordType.REFUSED, SET_ASIDE)
            }
            assert {record.payload for record in odd} == {GOOD}
            assert reasons(DECODER.decode_all(odd)) == ["grammar"] * 3
            assert life.stats.set_aside == {why: 3}
            assert (life.stats.attempts, life.stats.messages) == (1, 4)
            life.subscriber.sweep()
            assert why in str(life.stats.last_error)

    asyncio.run(scene())


@pytest.mark.parametrize(
    "rest", [b"", b"\x05", b"\x05ab", b"\x80", b"\x80\0abc", b"\xff\xff\xff\xff\x7f{}"]
)
def test_without_a_length_of_properties_all_is_payload(rest: bytes) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(packet(0x32, text(TOPIC), b"\0\7", rest))
            assert await acknowledged(wire, 1) == [7]
            (record,) = journal.messages
            assert (record.type, record.topic, record.payload) == (RecordType.REFUSED, TOPIC, rest)
            assert sum(life.stats.set_aside.values()) == 1

    asyncio.run(scene())


def test_at_qos_0_and_2_too() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            wire.send(packet(0x30, text(b"\xff"), b"\0", b"a"))
            wire.send(packet(0x34, text(TOPIC), b"\0\1", b"\2\1\2", b"b"))
            assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 1
            wire.send(packet(0x3C, text(TOPIC), b"\0\1", b"\2\1\2", b"b"))
            assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 1
            assert [(record.flags, record.payload) for record in journal.messages] == [
                (Flag.SET_ASIDE, b"a"),
                (SET_ASIDE, b"b"),
            ]
            assert (life.stats.qos0, life.stats.resent) == (1, 1)

    asyncio.run(scene())


ODD_PROPERTIES = st.binary(max_size=40) | st.lists(
    st.sampled_from([b"\x01\0", b"\x01\2", b"\x08\0\1#", b"\x23\0\1", b"\x0b\1", b"\x03\0\1a"])
).map(b"".join)
ODD_TOPICS = st.binary(max_size=60) | st.sampled_from(
    [TOPIC.encode(), b"\xff" * 65_535, b"v1/kiel/bus/+/telemetry", b"a\0b"]
)


@settings(max_examples=60, deadline=None)
@given(
    publishes=st.lists(
        st.tuples(ODD_TOPICS, ODD_PROPERTIES, st.booleans(), st.binary(max_size=20)),
        min_size=1,
        max_size=6,
    ),
    cut=st.integers(1, 200),
)
def test_whatever_the_bytes_it_is_journalled_and_acknowledged_once(
    publishes: list[tuple[bytes, bytes, bool, bytes]], cut: int
) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            stream = b"".join(
                bent(topic, properties, number, payload)
                if is_sized
                else packet(0x32, text(topic), number.to_bytes(2, "big"), properties, payload)
                for number, (topic, properties, is_sized, payload) in enumerate(publishes, start=1)
            )
            wire.send(stream[:cut])
            wire.send(stream[cut:], message(len(publishes) + 1))
            ids = list(range(1, len(publishes) + 2))
            assert await acknowledged(wire, len(ids)) == ids
            assert [record.packet_id for record in journal.messages] == ids
            for record, (topic, _properties, is_sized, payload) in zip(
                journal.messages[:-1], publishes, strict=True
            ):
                assert record.payload == payload or not is_sized
                if record.type is RecordType.MESSAGE:
                    assert record.topic.encode() == topic
            assert life.stats.attempts == 1

    asyncio.run(scene())


class Picky(MemoryJournal):
    """Fails over one payload, as a fault of our own would."""

    def append(  # noqa: PLR0917 - the port's
        self,
        record_type: RecordType,
        flags: int,
        received_at_ms: int,
        source: bytes,
        packet_id: int,
        topic: bytes,
        payload: bytes | memoryview,
    ) -> Ticket:
        if payload == b"poison" and record_type is RecordType.MESSAGE:
            raise RuntimeError("we")
        content = (topic, payload)
        return super().append(record_type, flags, received_at_ms, source, packet_id, *content)


@pytest.mark.parametrize("is_known", [False, True], ids=["slow", "hot"])
def test_a_message_our_code_fails_over_is_set_aside(*, is_known: bool) -> None:
    async def scene() -> None:
        journal = Picky()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            if is_known:
                wire.send(message(9))
                assert await acknowledged(wire, 1) == [9]
            wire.send(message(1, b"poison"), message(2, b"after"))
            assert await acknowledged(wire, 2) == [1, 2]
            found = [(record.type, record.payload) for record in journal.messages[-2:]]
            assert found == [(RecordType.REFUSED, b"poison"), (RecordType.MESSAGE, b"after")]
            assert life.stats.set_aside == {"internal_RuntimeError": 1}
            assert life.stats.hot_faults == int(is_known)
            assert life.stats.attempts == 1

    asyncio.run(scene())


def test_a_packet_that_ends_every_connection_is_named() -> None:
    async def scene() -> None:
        async with Scripted.listening() as broker, fetching(MemoryJournal(), broker.port) as life:
            for _ in range(3):
                wire = await broker.open()
                await life.until(lambda stats: stats.connected)
                wire.send(packet(0x36, text(TOPIC), b"\0\1", b"\0"))
                await wire.expect(mqtt5.DisconnectPacket)
            await broker.connection()
            assert life.stats.disconnects == {"protocol_publish_qos_3": 1, "same_packet": 2}
            assert "same packet again and again" in str(life.stats.last_error)
            assert life.waits.asked_s == sorted(set(life.waits.asked_s))  # each longer

    asyncio.run(scene())


@pytest.mark.broker
@pytest.mark.parametrize(
    "properties",
    [b"\x08" + text("a/#"), b"\x08" + text(""), b"\x01\x02"],
    ids=["response_topic_wildcard", "response_topic_empty", "payload_format_2"],
)
def test_what_mosquitto_forwards_holds_nothing_up(tmp_path: Path, properties: bytes) -> None:
    """Mosquitto 2.0.11 takes and forwards these three, and would send them again for ever."""
    folder, journal = tmp_path / "broker", tmp_path / "journal"
    folder.mkdir()
    behind = [b'{"clients": %d}' % number for number in range(100)]

    async def scene() -> None:
        with Mosquitto(folder) as broker:
            await broker.is_up()
            async with living(journal, broker.port) as life:
                await life.connected()
                reader, writer = await asyncio.open_connection("127.0.0.1", broker.port)
                writer.write(mqtt5.ConnectPacket("bent").write())
                writer.write(bent(TOPIC.encode(), properties))
                await broker.publish(TOPIC, behind)
                stats = await life.until(lambda stats: stats.messages == 101 and not stats.waiting)
                assert (stats.attempts, sum(stats.set_aside.values())) == (1, 1)
                writer.close()
                await writer.wait_closed()
                reader.feed_eof()
            async with living(journal, broker.port) as life:
                await life.connected()
                await broker.publish(TOPIC, [b"last"])
                stats = await life.until(lambda stats: stats.messages >= 1)
        found = await records(journal)
        odd = [record for record in found if record.flags & Flag.SET_ASIDE]
        assert [(record.topic, record.payload) for record in odd] == [(TOPIC, GOOD)]
        assert reasons(DECODER.decode_all(odd)) == ["grammar"]
        good = [record.payload for record in found if record.type is RecordType.MESSAGE]
        assert good == [*behind, b"last"]

    uvloop.run(scene())
