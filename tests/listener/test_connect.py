"""What a client is granted, and what it is told."""

import asyncio

import mqtt5
import pytest

from ausguck.settings.tree import User
from collectors.listener.access import hash_password
from collectors.mqtt.protocol import V5
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, connect311, listening, packet, publish, settled, text

USER = User.model_validate(
    {
        "name": "bus-0123",
        "password_hash": hash_password("let me in", b"0123456789abcdef"),
        "assets": ("bus/0123",),
    }
)


def test_connack_tells_mqtt_5_what_there_is() -> None:
    async def scene() -> None:
        async with listening(
            MemoryJournal(),
            receive_maximum=77,
            max_packet_bytes=5000,
            keep_alive_max_s=120,
            session_expiry_max_s=900,
        ) as listener:
            wire = await Wire.to(listener)
            answer = await wire.connect("", keep_alive=300, session_expiry_interval=1000)
            assert not answer.session_present
            assert answer.receive_max == 77
            assert answer.max_packet_size == 5000
            assert answer.server_keep_alive == 120
            assert answer.session_expiry_interval == 900
            assert answer.topic_alias_max == 0
            assert answer.max_qos == mqtt5.QoS.EXACTLY_ONCE
            assert answer.retain_available
            assert not answer.wildcard_subscription_available
            assert not answer.shared_subscription_available
            assert not answer.subscription_id_available
            assert answer.assigned_client_id is not None
            assert answer.assigned_client_id.startswith("auto-")
            other = await Wire.to(listener)
            plain = await other.connect("named", keep_alive=60, session_expiry_interval=10)
            assert plain.assigned_client_id is None
            assert plain.server_keep_alive is None
            assert plain.session_expiry_interval is None

    asyncio.run(scene())


def test_311_without_client_id() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.to(listener)
            wire.send(connect311("", clean=True))
            assert await wire.raw() == b"\x20\x02\0\0"
            other = await Wire.to(listener)
            other.send(connect311("", clean=False))
            assert await other.raw() == b"\x20\x02\0\x02"
            assert await other.ended()
            assert listener.stats.refusals["connect", "client_id_empty"] == 1

    asyncio.run(scene())


FIRST = {
    "protocol_name": (
        packet(0x10, text("MQIsdp"), b"\x03\x02\0\x3c", text("a")),
        b"\x20\x02\0\x01",
    ),
    "protocol_level": (packet(0x10, text("MQTT"), b"\6\2\0\x3c", text("a")), b"\x20\3\0\x84\0"),
    "not_utf8": (packet(0x10, text("MQTT"), b"\5\2\0\x3c\0", text(b"\xff")), b"\x20\3\0\x81\0"),
    "nul_in_text": (packet(0x10, text("MQTT"), b"\4\2\0\x3c", text("\0")), b""),
    "before_connect": (publish(V5), b""),
    "auth_method": (
        mqtt5.ConnectPacket("a", authentication_method="SCRAM").write(),
        b"\x20\x03\0\x8c\0",
    ),
    "client_id_too_long": (mqtt5.ConnectPacket("a" * 257).write(), b"\x20\x03\0\x85\0"),
    "truncated": (packet(0x10, text("HTTP")), b""),
    "length_too_long": (b"\x10\xff\xff\xff\xff", b""),
    "packet_too_large": (b"\x10\xff\xff\x7f", b""),
}


def test_a_bridge_is_told_in_311_to_try_without_its_mark() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.to(listener)
            wire.send(packet(0x10, text("MQTT"), b"\x84\2\0\x3c", text("a")))
            assert await wire.raw() == b"\x20\x02\0\x01"
            assert await wire.ended()

    asyncio.run(scene())


@pytest.mark.parametrize("reason", FIRST)
def test_a_bad_first_packet_gets_the_protocols_answer(reason: str) -> None:
    sent, answer = FIRST[reason]

    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.to(listener)
            wire.send(sent)
            assert await wire.raw() == answer
            assert await wire.ended()
            assert [why for _packet, why in listener.stats.refusals] == [reason]
            assert not journal.records
            await settled()
            assert listener.stats.connections == 0

    asyncio.run(scene())


def test_a_password_opens_and_a_wrong_one_does_not() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), users=(USER,), anonymous=False) as listener:
            for name, password, code in (
                ("bus-0123", b"let me in", 0x00),
                ("bus-0123", b"let me out", 0x86),
                ("nobody", b"let me in", 0x86),
                ("bus-0123", None, 0x86),
                (None, None, 0x87),
            ):
                wire = await Wire.to(listener)
                answer = await wire.connect("a", username=name, password=password)
                assert answer.reason_code == code
            assert listener.stats.refusals["connect", "credentials"] == 3
            assert listener.stats.refusals["connect", "anonymous"] == 1

    asyncio.run(scene())


def test_311_is_told_of_bad_credentials_in_its_own_words() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), users=(USER,), anonymous=False) as listener:
            wire = await Wire.to(listener)
            wire.send(connect311("a", flags=0xC0, will=text("bus-0123") + text("wrong")))
            assert await wire.raw() == b"\x20\x02\0\x04"
            assert await wire.ended()
            wire = await Wire.to(listener)
            wire.send(connect311("a"))
            assert await wire.raw() == b"\x20\x02\0\x05"

    asyncio.run(scene())


def test_what_comes_behind_connect_waits_for_the_password() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal, users=(USER,)) as listener:
            wire = await Wire.to(listener)
            connect = mqtt5.ConnectPacket("a", username="bus-0123", password=b"let me in")
            wire.send(connect.write(), publish(V5, qos=1, packet_id=4), b"\xc0")
            wire.send(b"\0")
            await wire.expect(mqtt5.ConnAckPacket)
            assert (await wire.expect(mqtt5.PubAckPacket)).packet_id == 4
            assert await wire.raw() == b"\xd0\0"
            assert journal.messages[0].source.identity == "bus-0123"

    asyncio.run(scene())


def test_a_client_id_belongs_to_its_identity() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), users=(USER,)) as listener:
            anonymous = await Wire.of(listener, "a", session_expiry_interval=60)
            wire = await Wire.to(listener)
            answer = await wire.connect(
                "a", username="bus-0123", password=b"let me in", session_expiry_interval=60
            )
            assert not answer.session_present
            assert await anonymous.silent()
            assert listener.stats.takeovers == 0
            assert listener.stats.sessions == 2

    asyncio.run(scene())


def test_a_full_house_says_so() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), max_connections=2) as listener:
            inside = [await Wire.of(listener, name) for name in "ab"]
            late = await Wire.to(listener)
            assert (await late.connect("c")).reason_code == 0x89
            old = await Wire.to(listener)
            old.send(connect311("d"))
            assert await old.raw() == b"\x20\x02\0\x03"
            assert await old.ended()
            assert listener.stats.refusals["connect", "max_connections"] == 2
            assert await inside[0].silent()
            crowd = [await Wire.to(listener) for _ in range(70)]
            assert await crowd[-1].ended()
            assert listener.stats.refusals["connection", "max_connections"] > 0

    asyncio.run(scene())


def test_a_second_connect_is_an_error() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of(listener, "a")
            wire.send(mqtt5.ConnectPacket("a").write())
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.PROTOCOL_ERROR
            assert await wire.ended()

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("opened", "asked", "present"), [(60, None, True), (60, 0, False), (60, 90, True)]
)
def test_disconnect_may_change_the_expiry(opened: int, asked: int | None, *, present: bool) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", session_expiry_interval=opened)
            wire.send(mqtt5.DisconnectPacket(session_expiry_interval=asked).write())
            assert await wire.ended()
            after = journal.after_crash()
            again = await Wire.to(listener)
            answer = await again.connect("a", session_expiry_interval=60)
            assert answer.session_present == present
        async with listening(after) as listener:
            again = await Wire.to(listener)
            answer = await again.connect("a", session_expiry_interval=60)
            assert answer.session_present == present

    asyncio.run(scene())


def test_a_session_that_was_to_end_cannot_be_prolonged() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of(listener, "a")
            wire.send(mqtt5.DisconnectPacket(session_expiry_interval=5).write())
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.PROTOCOL_ERROR

    asyncio.run(scene())


def test_a_clean_session_of_311_is_gone_when_it_ends() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of311(listener, "a", clean=True)
            wire.send(b"\xe0\0")
            assert await wire.ended()
            again = await Wire.to(listener)
            again.send(connect311("a", clean=False))
            assert await again.raw() == b"\x20\x02\0\0"
            # A takeover of a clean session finds nothing to resume either.
            clean = await Wire.of311(listener, "b", clean=True)
            third = await Wire.to(listener)
            third.send(connect311("b", clean=False))
            assert await third.raw() == b"\x20\x02\0\0"
            assert await clean.ended()

    asyncio.run(scene())


def test_who_leaves_while_the_password_is_checked_is_forgotten() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal, users=(USER,)) as listener:
            for _ in range(3):
                wire = await Wire.to(listener)
                connect = mqtt5.ConnectPacket("a", username="bus-0123", password=b"let me in")
                wire.send(connect.write())
                await settled()
                wire.cut()
            last = await Wire.to(listener)
            # Under a name of its own: a proof that began earlier may be ready later.
            answer = await last.connect("b", username="bus-0123", password=b"let me in")
            assert int(answer.reason_code) == 0
            async with asyncio.timeout(10):
                while listener.stats.connections > 1:
                    await settled()

    asyncio.run(scene())


def test_we_may_leave_while_a_password_is_checked() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal(), users=(USER,)) as listener:
            wire = await Wire.to(listener)
            connect = mqtt5.ConnectPacket("a", username="bus-0123", password=b"let me in")
            wire.send(connect.write())
            await settled()
        assert listener.stats.connections == 0

    asyncio.run(scene())
