"""An acknowledgement is said only behind the commit, on the connection that delivered."""

import asyncio

import mqtt5
import pytest

from ausguck.journal.port import Flag, RecordType
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.wire import TOPIC, Wire, listening, publish

QOS1 = 1
QOS2 = 2


def test_puback_waits_for_the_disk() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            wire = await Wire.to(listener)
            wire.send(mqtt5.ConnectPacket("bus").write(), publish(V5, qos=1, packet_id=7))
            await journal.until(lambda j: len(j.messages) == 1)
            journal.commit(1)
            await wire.expect(mqtt5.ConnAckPacket)
            assert listener.stats.messages == [0, 1, 0]
            journal.commit(2)
            assert (await wire.expect(mqtt5.PubAckPacket)).packet_id == 7

    asyncio.run(scene())


def test_connack_waits_for_the_session_record() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            wire = await Wire.to(listener)
            wire.send(mqtt5.ConnectPacket("bus", session_expiry_interval=60).write())
            await journal.until(lambda j: bool(j.records))
            assert journal.records[0].type is RecordType.SESSION
            assert listener.stats.accepted == 1
            journal.commit()
            await wire.expect(mqtt5.ConnAckPacket)

    asyncio.run(scene())


@pytest.mark.parametrize("version", [V311, V5])
def test_pubacks_come_in_order_and_together(version: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            opening = Wire.of if version == V5 else Wire.of311
            task = asyncio.get_running_loop().call_later(0, journal.commit)
            wire = await asyncio.wait_for(_committing(journal, opening(listener, "bus")), 10)
            task.cancel()
            many = range(1, 201)
            wire.send(*(publish(version, qos=1, packet_id=i) for i in many))
            await journal.until(lambda j: len(j.messages) == len(many))
            journal.commit()
            acks = [await wire.raw() for _ in many]
            assert acks == [b"\x40\x02" + i.to_bytes(2, "big") for i in many]

    asyncio.run(scene())


async def _committing(journal: MemoryJournal, opening: object) -> Wire:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(opening)  # type: ignore[arg-type,var-annotated] # a coroutine
        await journal.until(lambda j: bool(j.records))
        journal.commit()
    wire = task.result()
    assert isinstance(wire, Wire)
    return wire


def test_a_message_is_journalled_as_it_came() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "bus-7")
            sent = mqtt5.PublishPacket(
                TOPIC,
                b'{"clients": 3}',
                qos=mqtt5.QoS.AT_LEAST_ONCE,
                packet_id=9,
                duplicate=True,
                retain=True,
                content_type="application/json",
            )
            wire.send(sent.write(), publish(V5))
            await wire.expect(mqtt5.PubAckPacket)
            await journal.until(lambda j: len(j.messages) == 2)
            first, second = journal.messages
            assert first.flags == Flag.QOS1 | Flag.DUP | Flag.RETAIN
            assert (first.topic, first.payload, first.packet_id) == (TOPIC, b'{"clients": 3}', 9)
            assert (first.source.name, first.source.identity, first.source.client_id) == (
                "listener",
                "",
                "bus-7",
            )
            assert (second.flags, second.payload) == (0, b"{}")

    asyncio.run(scene())


def test_a_packet_in_single_bytes_is_one_message() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "bus")
            data = publish(V5, payload=b"x" * 300, qos=1) + publish(V5, qos=1, packet_id=2)
            for index in range(len(data)):
                wire.send(data[index : index + 1])
                await asyncio.sleep(0)
            assert [(await wire.expect(mqtt5.PubAckPacket)).packet_id for _ in "12"] == [1, 2]
            assert [len(record.payload) for record in journal.messages] == [300, 2]

    asyncio.run(scene())


def test_a_taken_over_connection_is_not_acknowledged_on_the_new_one() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            old = await _committing(journal, Wire.of(listener, "bus", session_expiry_interval=60))
            old.send(publish(V5, qos=1, packet_id=5))
            await journal.until(lambda j: len(j.messages) == 1)
            new = await Wire.to(listener)
            new.send(mqtt5.ConnectPacket("bus", session_expiry_interval=60).write())
            left = await old.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER
            assert await old.ended()
            journal.commit()
            assert (await new.expect(mqtt5.ConnAckPacket)).session_present
            journal.commit()
            assert await new.silent()
            assert len(journal.messages) == 1
            assert listener.stats.takeovers == 1

    asyncio.run(scene())


def test_shutdown_acknowledges_what_was_read_and_says_goodbye() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            wire = await _committing(journal, Wire.of(listener, "bus"))
            wire.send(publish(V5, qos=1, packet_id=3))
            await journal.until(lambda j: len(j.messages) == 1)
            asyncio.get_running_loop().call_soon(journal.commit)
        assert (await wire.expect(mqtt5.PubAckPacket)).packet_id == 3
        left = await wire.expect(mqtt5.DisconnectPacket)
        assert left.reason_code == mqtt5.DisconnectReasonCode.SERVER_SHUTTING_DOWN
        assert await wire.ended()
        assert listener.stats.connections == 0

    asyncio.run(scene())
