"""Towards the device: its own `cmd`, best effort while connected, never journalled."""

import asyncio

import mqtt5
import pytest

from ausguck.settings.tree import User
from collectors.listener.access import hash_password
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, listening, packet, publish, settled, text

CMD = "v1/kiel/bus/0123/cmd"
HASH = hash_password("secret", b"0123456789abcdef")


def subscribe(*filters: str) -> bytes:
    return mqtt5.SubscribePacket(5, [mqtt5.TopicFilter(name) for name in filters]).write()


def test_only_an_own_cmd_is_granted() -> None:
    users = [User.model_validate({"name": "x", "password_hash": HASH, "assets": ["bus/0123"]})]

    async def scene() -> None:
        async with listening(MemoryJournal(), users=users) as listener:
            wire = await Wire.to(listener)
            await wire.connect("a", username="x", password=b"secret")
            wire.send(subscribe(CMD, "v1/kiel/bus/9/cmd", "#", "$share/g/" + CMD, "v1/#"))
            answer = await wire.expect(mqtt5.SubAckPacket)
            assert [int(code) for code in answer.reason_codes] == [0, 0x87, 0x87, 0x87, 0x87]
            assert listener.stats.refusals["subscribe", "not_own_cmd"] == 4
            wire.send(packet(0x82, b"\0\5", b"\0", text("a#/b+"), b"\0"))
            assert await wire.raw() == b"\x90\x04\0\5\0\x87"
            wire.send(mqtt5.UnsubscribePacket(6, [CMD, "other"]).write())
            gone = await wire.expect(mqtt5.UnsubAckPacket)
            assert [int(code) for code in gone.reason_codes] == [0, 0x11]

    asyncio.run(scene())


def test_311_is_granted_and_refused_in_its_own_codes() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of311(listener, "a")
            wire.send(packet(0x82, b"\0\5", text(CMD), b"\1", text("a/b"), b"\0"))
            assert await wire.raw() == b"\x90\x04\0\5\0\x80"
            wire.send(packet(0xA2, b"\0\6", text(CMD)))
            assert await wire.raw() == b"\xb0\x02\0\6"

    asyncio.run(scene())


@pytest.mark.parametrize("version", [V311, V5])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_command_reaches_who_hears_it(version: int, qos: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            new, old = await Wire.of(listener, "new"), await Wire.of311(listener, "old")
            new.send(subscribe(CMD))
            await new.raw()
            old.send(packet(0x82, b"\0\5", text(CMD), b"\1"))
            await old.raw()
            sender = await (Wire.of if version == V5 else Wire.of311)(listener, "sender")
            sender.send(publish(version, CMD, b"reboot", qos=qos, packet_id=2))
            if qos:
                assert await sender.raw() == bytes((0x30 + 0x10 * qos, 2, 0, 2))
            assert await old.raw() == publish(V311, CMD, b"reboot")
            assert await new.raw() == publish(V5, CMD, b"reboot")
            if qos == 2:
                sender.send(publish(version, CMD, b"reboot", qos=qos, packet_id=2))
                await sender.raw()
                sender.send(b"\x62\x02\0\2")
                assert await sender.raw() == b"\x70\x02\0\2"
            assert await new.silent()
            assert not journal.messages
            assert listener.stats.commands == 2

    asyncio.run(scene())


def test_properties_of_a_command_stay() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of(listener, "a")
            wire.send(subscribe(CMD))
            await wire.raw()
            sent = mqtt5.PublishPacket(
                CMD,
                b"x",
                response_topic="v1/kiel/bus/0123/event",
                correlation_data=b"7",
                user_properties=[("k", "v")],
            )
            wire.send(sent.write())
            heard = await wire.expect(mqtt5.PublishPacket)
            assert (heard.response_topic, heard.correlation_data, heard.user_properties) == (
                sent.response_topic,
                b"7",
                [("k", "v")],
            )

    asyncio.run(scene())


@pytest.mark.parametrize(("operator", "code"), [(False, 0x87), (True, 0x10)])
def test_only_operators_send_and_hear_when_nobody_listens(code: int, *, operator: bool) -> None:
    user = {"name": "x", "password_hash": HASH, "assets": ["bus/0123"], "operator": operator}

    async def scene() -> None:
        journal = MemoryJournal()
        users = [User.model_validate(user)]
        async with listening(journal, users=users) as listener:
            wire = await Wire.to(listener)
            await wire.connect("a", username="x", password=b"secret")
            wire.send(publish(V5, CMD, qos=1))
            assert int((await wire.expect(mqtt5.PubAckPacket)).reason_code) == code
            assert not journal.messages

    asyncio.run(scene())


def test_a_subscription_outlives_the_connection_and_our_death() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", session_expiry_interval=60)
            wire.send(subscribe(CMD))
            await wire.raw()
            wire.cut()
            await settled()
            sender = await Wire.of(listener, "sender")
            sender.send(publish(V5, CMD, qos=1))
            assert int((await sender.expect(mqtt5.PubAckPacket)).reason_code) == 0x10
            after = journal.after_crash()
        async with listening(after) as listener:
            wire = await Wire.of(listener, "a", session_expiry_interval=60)
            sender = await Wire.of(listener, "sender")
            sender.send(publish(V5, CMD, qos=1))
            assert int((await sender.expect(mqtt5.PubAckPacket)).reason_code) == 0
            await wire.expect(mqtt5.PublishPacket)

    asyncio.run(scene())


def test_a_device_that_takes_no_such_packet_or_does_not_read_is_counted() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            small = await Wire.of(listener, "small", max_packet_size=100)
            small.send(subscribe(CMD))
            await small.raw()
            sender = await Wire.of(listener, "sender")
            sender.send(publish(V5, CMD, b"x" * 200))
            assert await sender.silent()
            assert await small.silent()
            assert listener.stats.qos0_overflow == 1
            deaf = await Wire.of(listener, "deaf")
            deaf.send(subscribe(CMD))
            await deaf.raw()
            deaf.transport.pause_reading()
            for _ in range(200):
                sender.send(publish(V5, CMD, b"x" * 100_000))
                assert await sender.silent()
            assert listener.stats.qos0_overflow > 201
            deaf.cut()

    asyncio.run(scene())
