"""Who is revoked is gone within a second, with all that was on the way, and stays out."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mqtt5
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from ausguck.clock import ManualClock, SystemClock
from ausguck.register.directory import Directory
from ausguck.register.keyring import Keyring
from ausguck.register.rows import DeviceState
from collectors.listener.server import Listener
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.registered import (
    SECRET,
    SERIAL,
    START_MS,
    credential,
    directory,
    fitting,
    keyring,
    new_one,
    register,
)
from tests.listener.wire import TOPIC, Wire, listening, packet, publish, settled, text, wind

CMD = "v1/kiel/device/SN77/cmd"
REVOKED = keyring(credential(revoked_at_ms=START_MS))
STOLEN = keyring(credential(), state=DeviceState.STOLEN)
GONE = keyring()
WAYS = pytest.mark.parametrize(
    ("after", "reason"), [(REVOKED, "revoked"), (STOLEN, "barred"), (GONE, "revoked")]
)
WILL = mqtt5.Will(
    "v1/kiel/bus/0123/status",
    payload=b"offline",
    qos=mqtt5.QoS.AT_LEAST_ONCE,
    will_delay_interval=20,
)


async def enter(listener: Listener, user: str = SERIAL, **options: object) -> Wire:
    wire = await Wire.to(listener)
    answer = await wire.connect(
        "a",
        username=user,
        password=SECRET.encode(),
        session_expiry_interval=3600,
        **options,
    )
    assert int(answer.reason_code) == 0
    return wire


async def dismissed(wire: Wire) -> bool:
    left = await wire.expect(mqtt5.DisconnectPacket)
    return int(left.reason_code) == 0x87 and await wire.ended()


def revoke(known: Directory, after: Keyring) -> None:
    known.replace(known.register, after)


@asynccontextmanager
async def within_a_second() -> AsyncIterator[None]:
    async with asyncio.timeout(1):
        yield


@WAYS
def test_a_live_session_ends_at_once(after: Keyring, reason: str) -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wire = await enter(listener, clean_start=False)
            wire.send(publish(V5, qos=1))
            await wire.expect(mqtt5.PubAckPacket)
            async with within_a_second():
                revoke(known, after)
                # What it says now is on its way already, and gets nowhere.
                wire.send(publish(V5, payload=b"late", qos=1), publish(V5, payload=b"late"))
                assert await dismissed(wire)
            assert [record.payload for record in journal.messages] == [b"{}"]
            assert listener.stats.revoked == 1
            assert listener.stats.refusals["session", reason] == 1
            assert listener.connected() == {}
            again = await Wire.to(listener)
            answer = await again.connect("a", username=SERIAL, password=SECRET.encode())
            assert int(answer.reason_code) == 0x86

    asyncio.run(scene())


def test_311_is_just_hung_up_on() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wire = await Wire.to(listener)
            head = text("MQTT") + bytes((V311, 0xC0)) + b"\0\x3c"
            wire.send(packet(0x10, head, text("a"), text(SERIAL), text(SECRET)))
            assert await wire.raw() == b"\x20\x02\0\0"
            async with within_a_second():
                revoke(known, REVOKED)
                wire.send(publish(V311, qos=1))
                assert await wire.ended()
            assert not journal.messages
            assert listener.stats.sessions == 0

    asyncio.run(scene())


def test_half_a_packet_that_is_completed_later_is_not_taken() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wire = await enter(listener)
            whole = publish(V5, payload=b"x" * 3000, qos=1)
            wire.send(b"\xc0\0", whole[:2000])
            await wire.raw()
            revoke(known, REVOKED)
            wire.send(whole[2000:])
            assert await dismissed(wire)
            assert not journal.messages

    asyncio.run(scene())


def test_nothing_is_acknowledged_to_who_was_revoked_meanwhile() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wire = await enter(listener)
            slow = MemoryJournal(by_itself=False)
        async with listening(slow, directory=known) as listener:
            wire = await Wire.to(listener)
            wire.send(
                mqtt5.ConnectPacket("a", username=SERIAL, password=SECRET.encode()).write(),
                publish(V5, qos=1),
            )
            await slow.until(lambda j: len(j.messages) == 1)
            revoke(known, REVOKED)
            slow.commit()
            assert await wire.ended()  # with neither CONNACK nor PUBACK

    asyncio.run(scene())


def test_a_session_is_not_resumed_by_a_new_secret() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        new = keyring(credential(revoked_at_ms=START_MS), new_one())
        async with listening(journal, directory=known) as listener:
            wire = await enter(listener)
            wire.send(publish(V5, qos=2, packet_id=7))
            await wire.expect(mqtt5.PubRecPacket)
            revoke(known, REVOKED)
            assert await dismissed(wire)
            assert listener.stats.sessions == 0
            revoke(known, new)
            again = await Wire.to(listener)
            answer = await again.connect("a", clean_start=False, username=SERIAL, password=b"new")
            assert int(answer.reason_code) == 0
            assert not answer.session_present

    asyncio.run(scene())


@pytest.mark.parametrize("by_restart", [False, True])
def test_a_session_that_lay_still_is_not_resumed_either(*, by_restart: bool) -> None:
    new = keyring(credential(revoked_at_ms=START_MS), new_one())
    both = keyring(credential(), new_one())

    async def resumed(listener: Listener, secret: str) -> bool:
        wire = await Wire.to(listener)
        answer = await wire.connect(
            "a",
            clean_start=False,
            session_expiry_interval=3600,
            username=SERIAL,
            password=secret.encode(),
        )
        assert int(answer.reason_code) == 0
        wire.send(mqtt5.DisconnectPacket().write())
        assert await wire.ended()
        return answer.session_present

    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            assert not await resumed(listener, SECRET)
            revoke(known, both)
            assert await resumed(listener, "new")  # a rotation changes nothing
            assert await resumed(listener, SECRET)
            if not by_restart:
                revoke(known, new)
                assert not await resumed(listener, "new")
                assert await resumed(listener, "new")
                return
        revoke(known, new)
        async with listening(journal.after_crash(), directory=known) as listener:
            assert not await resumed(listener, "new")
            assert await resumed(listener, "new")

    asyncio.run(scene())


def test_no_command_is_heard_any_more() -> None:
    async def scene() -> None:
        known = directory()
        async with listening(MemoryJournal(), directory=known) as listener:
            wire = await enter(listener)
            wire.send(mqtt5.SubscribePacket(5, [mqtt5.TopicFilter(CMD)]).write())
            await wire.expect(mqtt5.SubAckPacket)
            operator = await Wire.of(listener, "operator")
            revoke(known, STOLEN)
            operator.send(publish(V5, CMD, b"the new password", qos=1))
            assert int((await operator.expect(mqtt5.PubAckPacket)).reason_code) == 0x10
            assert await dismissed(wire)

    asyncio.run(scene())


@pytest.mark.parametrize("is_lost_first", [False, True])
def test_the_will_of_who_was_revoked_is_not_spoken(*, is_lost_first: bool) -> None:
    async def scene() -> None:
        known, journal, clock = directory(), MemoryJournal(), ManualClock(START_MS)
        async with listening(journal, clock, directory=known) as listener:
            wire = await enter(listener, will=WILL)
            if is_lost_first:  # its will waits for its delay
                wire.cut()
                async with asyncio.timeout(10):
                    while listener.connected():
                        await settled()
                revoke(known, REVOKED)
            else:
                revoke(known, REVOKED)
                assert await dismissed(wire)
            wind(listener, clock, 30)
            await settled()
            assert not journal.messages
            assert listener.stats.refusals["will", "revoked"] == 1

    asyncio.run(scene())


def test_a_secret_that_expires_ends_its_session_and_no_other() -> None:
    async def scene() -> None:
        old = credential(expires_at_ms=START_MS + 10_000)
        known = Directory(register(), keyring(old, credential(2, "SN78"), devices=("SN77", "SN78")))
        clock = ManualClock(START_MS)
        async with listening(MemoryJournal(), clock, directory=known) as listener:
            wire, other = await enter(listener), await enter(listener, "SN78")
            wind(listener, clock, 9)
            assert await wire.silent()
            wind(listener, clock, 2)
            assert await dismissed(wire)
            assert await other.silent()
            assert listener.stats.refusals == {("session", "expired"): 1}

    asyncio.run(scene())


def test_a_rotation_prolonged_by_the_register_ends_when_it_says() -> None:
    async def scene() -> None:
        known = Directory(register(), keyring(credential(expires_at_ms=START_MS + 5_000)))
        clock = ManualClock(START_MS)
        async with listening(MemoryJournal(), clock, directory=known) as listener:
            wire = await enter(listener)
            revoke(known, keyring(credential(expires_at_ms=START_MS + 20_000)))
            wind(listener, clock, 19)
            assert await wire.silent()
            wind(listener, clock, 2)
            assert await dismissed(wire)

    asyncio.run(scene())


def test_a_gateway_is_sent_away_like_a_device_and_users_of_the_settings_stay() -> None:
    async def scene() -> None:
        gate = credential(1, "gate", speaks_for=("*",))
        known = Directory(register(), keyring(gate))
        async with listening(MemoryJournal(), directory=known) as listener:
            wire, anonymous = await enter(listener, "gate"), await Wire.of(listener, "b")
            async with within_a_second():
                revoke(known, keyring())
                assert await dismissed(wire)
            assert await anonymous.silent()

    asyncio.run(scene())


def test_one_of_two_secrets_is_revoked_and_the_other_goes_on() -> None:
    async def scene() -> None:
        both = keyring(credential(), new_one())
        known = Directory(register(fitting("bus/0123")), both)
        async with listening(MemoryJournal(), directory=known) as listener:
            old = await enter(listener)
            new = await Wire.to(listener)
            await new.connect("b", username=SERIAL, password=b"new")
            revoke(known, keyring(credential(revoked_at_ms=START_MS), new_one()))
            assert await dismissed(old)
            new.send(publish(V5, qos=1))
            assert int((await new.expect(mqtt5.PubAckPacket)).reason_code) == 0

    asyncio.run(scene())


def test_a_thousand_are_sent_away_in_slices_and_not_one_is_heard() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wires = []
            for number in range(350):
                wire = await Wire.to(listener)
                await wire.connect(str(number), username=SERIAL, password=SECRET.encode())
                wires.append(wire)
            async with within_a_second():
                revoke(known, REVOKED)
                for wire in wires:
                    wire.send(publish(V5, qos=1))
                for wire in wires:
                    assert await dismissed(wire)
            assert not journal.messages
            assert listener.stats.revoked == 350

    asyncio.run(scene())


def test_we_may_leave_while_some_are_being_sent_away() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, directory=known) as listener:
            wires = []
            for number in range(250):
                wire = await Wire.to(listener)
                await wire.connect(str(number), username=SERIAL, password=SECRET.encode())
                wires.append(wire)
            revoke(known, REVOKED)
        for wire in wires:
            assert await dismissed(wire)
        assert listener.stats.connections == 0
        assert listener.stats.sessions == 0

    asyncio.run(scene())


# A client as it is sold


class Device:
    """paho, with what it was told and when."""

    def __init__(self, port: int) -> None:
        self.told: list[tuple[str, float]] = []
        self.changed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="a", protocol=paho.MQTTv5)
        self.client.username_pw_set(SERIAL, SECRET)
        self.client.on_connect = self.client.on_disconnect = self._note
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def _note(self, *arguments: object) -> None:
        self.told.append((str(arguments[3]), time.monotonic()))
        if self.told[-1][0] != "Success":
            self.changed.set()

    def rejected(self) -> tuple[str, float]:
        """Why and when it was sent away, or not let in."""
        assert self.changed.wait(10)
        self.client.disconnect()
        self.client.loop_stop()
        return next(one for one in self.told if one[0] != "Success")


def test_paho_is_gone_within_a_second_and_does_not_come_back() -> None:
    async def scene() -> None:
        known, journal = directory(), MemoryJournal()
        async with listening(journal, SystemClock(), directory=known) as listener:
            device = await asyncio.to_thread(Device, listener.port)
            sent = device.client.publish(TOPIC, b"1", 1)
            await asyncio.to_thread(sent.wait_for_publish, 10)
            begun = time.monotonic()
            revoke(known, GONE)
            reason, ended = await asyncio.to_thread(device.rejected)
            assert reason == "Not authorized"
            assert ended - begun < 1
            again = await asyncio.to_thread(Device, listener.port)
            reason, _at = await asyncio.to_thread(again.rejected)
            assert reason == "Bad user name or password"
            assert [record.payload for record in journal.messages] == [b"1"]

    asyncio.run(scene())
