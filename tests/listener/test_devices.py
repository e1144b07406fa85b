"""Registered devices come in by their secret, and speak for where they are."""

import asyncio

import mqtt5
import pytest

from ausguck.clock import ManualClock
from ausguck.journal.port import RecordType
from ausguck.register.directory import Directory
from ausguck.register.rows import DeviceState
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.registered import (
    DAY_MS,
    SECRET,
    SERIAL,
    START_MS,
    credential,
    directory,
    fitting,
    keyring,
    register,
)
from tests.listener.test_connect import USER
from tests.listener.wire import TOPIC, Wire, listening, packet, publish, settled, text, wind

OWN = "v1/kiel/device/SN77/telemetry"
OWN_CMD = "v1/kiel/device/SN77/cmd"
BUS_CMD = "v1/kiel/bus/0123/cmd"


async def entered(wire: Wire, user: str = SERIAL, secret: str = SECRET, **options: object) -> int:
    answer = await wire.connect("a", username=user, password=secret.encode(), **options)
    return int(answer.reason_code)


async def code(wire: Wire, topic: str) -> int:
    wire.send(publish(V5, topic, qos=1))
    return int((await wire.expect(mqtt5.PubAckPacket)).reason_code)


async def subscribed(wire: Wire, *topics: str) -> list[int]:
    filters = [mqtt5.TopicFilter(topic) for topic in topics]
    wire.send(mqtt5.SubscribePacket(5, filters).write())
    return [int(one) for one in (await wire.expect(mqtt5.SubAckPacket)).reason_codes]


def test_a_device_comes_in_and_speaks_for_itself_and_its_asset() -> None:
    async def scene() -> None:
        journal, uses = MemoryJournal(), list[tuple[int, int]]()
        async with listening(
            journal,
            anonymous=False,
            directory=directory(),
            used=lambda number, at_ms: uses.append((number, at_ms)),
        ) as listener:
            wire = await Wire.to(listener)
            assert await entered(wire) == 0
            assert uses == [(1, START_MS)]
            assert listener.connected() == {SERIAL: START_MS}
            assert [await code(wire, topic) for topic in (OWN, TOPIC)] == [0, 0]
            for foreign in ("v1/kiel/bus/9/telemetry", "v1/kiel/device/SN78/telemetry", BUS_CMD):
                assert await code(wire, foreign) == 0x87
            assert {record.source.identity for record in journal.messages} == {SERIAL}
            wire.cut()
            async with asyncio.timeout(10):
                while listener.connected():
                    await settled()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("user", "secret", "reason"),
    [
        (SERIAL, "wrong", "credentials"),
        ("SN78", SECRET, "credentials"),
        ("gone", "gone", "credentials"),
        ("stolen", SECRET, "barred"),
    ],
)
@pytest.mark.parametrize("anonymous", [True, False])
def test_nobody_else_comes_in(user: str, secret: str, reason: str, *, anonymous: bool) -> None:
    async def scene() -> None:
        credentials = (credential(), credential(2, "gone", "gone", revoked_at_ms=5))
        known = Directory(register(), keyring(*credentials))
        if user == "stolen":
            state = DeviceState.STOLEN
            known = Directory(
                register(), keyring(credential(3, user), devices=(user,), state=state)
            )
        async with listening(
            MemoryJournal(), anonymous=anonymous, directory=known, users=(USER,)
        ) as listener:
            wire = await Wire.to(listener)
            assert await entered(wire, user, secret) == 0x86
            assert listener.stats.refusals == {("connect", reason): 1}
            assert listener.connected() == {}

    asyncio.run(scene())


def test_users_of_the_settings_come_in_beside_devices() -> None:
    async def scene() -> None:
        async with listening(
            MemoryJournal(), anonymous=False, directory=directory(), users=(USER,)
        ) as listener:
            wire = await Wire.to(listener)
            assert await entered(wire, "bus-0123", "let me in") == 0

    asyncio.run(scene())


def test_a_register_without_devices_lets_nobody_in_yet() -> None:
    async def scene() -> None:
        known = Directory()
        async with listening(MemoryJournal(), anonymous=False, directory=known) as listener:
            assert await entered(await Wire.to(listener)) == 0x86
            known.replace(register(), keyring(credential()))
            assert await entered(await Wire.to(listener)) == 0

    asyncio.run(scene())


def test_a_swap_is_followed_at_once() -> None:
    async def scene() -> None:
        known, journal, clock = directory(), MemoryJournal(), ManualClock(START_MS)
        async with listening(journal, clock, directory=known) as listener:
            wire = await Wire.to(listener)
            assert await entered(wire) == 0
            assert await code(wire, TOPIC) == 0
            assert await code(wire, "v1/kiel/bus/9/telemetry") == 0x87
            assert await subscribed(wire, BUS_CMD, "v1/kiel/bus/9/cmd") == [0, 0x87]
            moved = register(
                fitting("bus/0123", to_ms=START_MS), fitting("bus/9", from_ms=START_MS)
            )
            known.replace(moved, keyring(credential()))
            # What it saw in the old one may still come, but no command for it is heard.
            assert [await code(wire, topic) for topic in (TOPIC, "v1/kiel/bus/9/telemetry")] == [
                0,
                0,
            ]
            assert await subscribed(wire, BUS_CMD, "v1/kiel/bus/9/cmd") == [0x87, 0]
            operator = await Wire.of(listener, "operator")
            operator.send(publish(V5, BUS_CMD, b"reboot", qos=1))
            assert int((await operator.expect(mqtt5.PubAckPacket)).reason_code) == 0x10
            assert await wire.silent()
            assert listener.stats.refusals["command", "not_own_cmd"] == 1
            # Thirty days later the old one's backlog is nobody's.
            wind(listener, clock, 600)
            clock.advance_ms(30 * DAY_MS)
            wire.send(b"\xc0\0")
            assert await wire.raw() == b"\xd0\0"
            listener.sweep()
            assert await code(wire, TOPIC) == 0x87
            assert await code(wire, "v1/kiel/bus/9/telemetry") == 0

    asyncio.run(scene())


def test_what_is_no_longer_known_of_a_device_is_no_longer_taken() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wire = await Wire.to(listener)
            await entered(wire)
            assert [await code(wire, TOPIC), await code(wire, TOPIC)] == [0, 0]
            known.replace(register(), keyring(credential()))
            # In one read with others, as the hot path takes them.
            wire.send(*(publish(V5, topic, qos=1, packet_id=9) for topic in (OWN, TOPIC, OWN)))
            answers = [await wire.expect(mqtt5.PubAckPacket) for _ in "123"]
            assert [int(answer.reason_code) for answer in answers] == [0, 0x87, 0]
            assert len(journal.messages) == 4

    asyncio.run(scene())


@pytest.mark.parametrize("version", [V311, V5])
def test_a_command_to_the_asset_reaches_the_device_in_it(version: int) -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), directory=directory()) as listener:
            wire = await Wire.to(listener)
            if version == V5:
                await entered(wire)
                await subscribed(wire, OWN_CMD)
            else:
                head = text("MQTT") + bytes((V311, 0xC2)) + b"\0\x3c"
                wire.send(packet(0x10, head, text("a"), text(SERIAL), text(SECRET)))
                assert await wire.raw() == b"\x20\x02\0\0"
                wire.send(packet(0x82, b"\0\5", text(OWN_CMD), b"\0"))
                await wire.raw()
            operator = await Wire.of(listener, "operator")
            for topic in (BUS_CMD, OWN_CMD):
                operator.send(publish(V5, topic, b"reboot", qos=1))
                assert int((await operator.expect(mqtt5.PubAckPacket)).reason_code) == 0
                assert await wire.raw() == publish(version, OWN_CMD, b"reboot")
            assert listener.stats.commands == 2

    asyncio.run(scene())


def test_who_hears_both_topics_hears_a_command_once_and_under_the_name_it_was_sent_to() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), directory=directory()) as listener:
            wire = await Wire.to(listener)
            await entered(wire)
            assert await subscribed(wire, OWN_CMD, BUS_CMD) == [0, 0]
            operator = await Wire.of(listener, "operator")
            operator.send(publish(V5, BUS_CMD, b"reboot"))
            assert await wire.raw() == publish(V5, BUS_CMD, b"reboot")
            assert await wire.silent()

    asyncio.run(scene())


def test_gateway_and_operator_of_the_register() -> None:
    async def scene() -> None:
        credentials = (
            credential(1, "gate", speaks_for=("bus/0123",)),
            credential(2, "all", speaks_for=("*",)),
            credential(3, "op", is_operator=True),
        )
        known = Directory(register(), keyring(*credentials))
        async with listening(MemoryJournal(), anonymous=False, directory=known) as listener:
            topics = (TOPIC, "v1/kiel/station/4/telemetry", "v1/bonn/bus/0123/telemetry", BUS_CMD)
            for user, codes in (
                ("gate", [0, 0x87, 0x87, 0x87]),
                ("all", [0, 0, 0x87, 0x87]),
                ("op", [0x87, 0x87, 0x87, 0x10]),
            ):
                wire = await Wire.to(listener)
                assert await entered(wire, user) == 0
                assert [await code(wire, topic) for topic in topics] == codes

    asyncio.run(scene())


def test_a_will_speaks_of_where_the_device_is_when_it_is_lost() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        will = mqtt5.Will("v1/kiel/bus/0123/status", payload=b"offline", qos=mqtt5.QoS.AT_MOST_ONCE)
        async with listening(journal, directory=known) as listener:
            for number in (1, 2):
                wire = await Wire.to(listener)
                assert await entered(wire, will=will) == 0
                wire.cut()
                async with asyncio.timeout(10):
                    while listener.stats.wills < number:
                        await settled()
                known.replace(register(fitting("bus/0123", to_ms=5)), keyring(credential()))
            kinds = [record.type for record in journal.messages]
            assert kinds == [RecordType.MESSAGE, RecordType.REFUSED]
            assert listener.stats.refusals["will", "foreign"] == 1

    asyncio.run(scene())
