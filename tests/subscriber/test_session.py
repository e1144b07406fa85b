"""What the subscriber says to a broker, and what it makes of the broker's words."""

import asyncio
from pathlib import Path
from typing import Any

import mqtt5
import pytest

from ausguck.clock import ManualClock
from tests.subscriber.living import fetching, living, until
from tests.subscriber.scripted import (
    TOPIC,
    MemoryJournal,
    Scripted,
    acknowledged,
    message,
    packet,
    suback,
    text,
)

CAP_S = 30.0


def test_it_asks_for_a_session_that_outlives_the_connection() -> None:
    async def scene() -> None:
        async with Scripted.listening() as broker:
            more: dict[str, Any] = {
                "user": "collector",
                "password": "secret",
                "receive_maximum": 321,
            }
            async with fetching(MemoryJournal(), broker.port, canary_interval_s=60, **more):
                wire, connect = await broker.connection()
                assert connect.client_id == "ausguck"
                assert not connect.clean_start
                assert connect.session_expiry_interval == 604_800
                assert connect.receive_max == 321
                assert connect.max_packet_size == 262_144
                assert connect.topic_alias_max == 0
                assert connect.keep_alive == 30
                assert (connect.username, connect.password) == ("collector", b"secret")
                wire.send(mqtt5.ConnAckPacket().write())
                subscribe = await wire.expect(mqtt5.SubscribePacket)
                assert [wish.pattern for wish in subscribe.topic_filters] == [
                    "v1/kiel/+/+/telemetry",
                    "v1/kiel/+/+/status",
                    "v1/kiel/+/+/inventory",
                    "v1/kiel/+/+/event",
                    "v1/kiel/ausguck/ausguck/canary",
                    "$SYS/broker/publish/messages/dropped",
                ]
                for wish in subscribe.topic_filters[:5]:
                    assert wish.max_qos == mqtt5.QoS.AT_LEAST_ONCE
                    assert wish.retain_handling == mqtt5.RetainHandling.SEND_NEVER
                    assert wish.retain_as_published

    asyncio.run(scene())


def test_a_group_shares_all_but_the_canary() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, share="city", canary_interval_s=60),
        ):
            _wire, subscribe = await broker.greeted()
            patterns = [wish.pattern for wish in subscribe.topic_filters]
            assert all(pattern.startswith("$share/city/v1/kiel/") for pattern in patterns[:4])
            assert patterns[4] == "v1/kiel/ausguck/ausguck/canary"

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("code", "words", "is_slow"),
    [
        (0x86, "refuses subscriber.user", True),
        (0x87, "does not let us in", True),
        (0x85, "does not take client id ausguck", True),
        (0x88, "server_unavailable", False),
    ],
)
def test_a_refused_connect_is_told(code: int, words: str, *, is_slow: bool) -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, reconnect_max_s=CAP_S) as life,
        ):
            for _ in range(3):
                wire, _connect = await broker.connection()
                wire.send(packet(0x20, bytes((0, code, 0))))
                assert await wire.ended()
            await life.until(lambda stats: stats.disconnects.total() == 3)
            assert words in str(life.stats.last_error)
            await until(lambda: len(life.waits.asked_s) == 3)
            assert life.waits.asked_s == ([CAP_S] * 3 if is_slow else [0.25, 0.5, 1.0])
            assert life.stats.connects == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("connack", "reason"),
    [
        ({"max_qos": mqtt5.QoS.AT_MOST_ONCE}, "qos_0_only"),
        ({"shared_subscription_available": False}, "no_shared_subscriptions"),
        ({"wildcard_subscription_available": False}, "no_wildcards"),
        ({"max_packet_size": 50}, "packets_too_small"),
    ],
)
def test_a_broker_that_cannot_do_it_is_told(connack: dict[str, object], reason: str) -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, share="g", reconnect_max_s=CAP_S) as life,
        ):
            wire, _connect = await broker.connection()
            wire.send(mqtt5.ConnAckPacket(**connack).write())  # type: ignore[arg-type] # they are ConnAckPacket's
            await wire.expect(mqtt5.DisconnectPacket)
            await until(lambda: life.waits.asked_s == [CAP_S])
            assert life.stats.disconnects == {reason: 1}

    asyncio.run(scene())


def test_a_broker_of_mqtt_3_is_told() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port) as life,
        ):
            wire, _connect = await broker.connection()
            wire.send(b"\x20\x02\0\x01")
            await life.until(lambda stats: stats.disconnects["not_mqtt5"] == 1)
            assert life.stats.last_error == "the broker does not speak MQTT 5"

    asyncio.run(scene())


@pytest.mark.parametrize(("code", "why"), [(0x87, "0x87 not_authorized"), (0, "QoS 0 only")])
def test_a_refused_filter_is_named(code: int, why: str) -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, reconnect_max_s=CAP_S) as life,
        ):
            wire, _subscribe = await broker.greeted()
            wire.send(suback(1, code, 1, 1, 0))
            await wire.expect(mqtt5.DisconnectPacket)
            await until(lambda: life.waits.asked_s == [CAP_S])
            told = f"the broker refuses the filter v1/kiel/+/+/status: {why}"
            assert life.stats.last_error == told
            assert life.stats.disconnects == {"filter_refused": 1}
            assert not life.stats.connected

    asyncio.run(scene())


def test_without_the_brokers_counter_it_goes_on() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port) as life,
        ):
            wire, _subscribe = await broker.greeted()
            wire.send(suback(1, 1, 1, 1, 0x87))
            await life.connected()
            life.subscriber.sweep()
            assert "refuses the filter $SYS" in str(life.stats.last_error)
            assert life.stats.dropped_at_broker is None

    asyncio.run(scene())


def test_a_taken_session_is_not_fought_for() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, reconnect_max_s=CAP_S) as life,
        ):
            for times in (1, 2):
                wire = await broker.open(session_present=times == 2)
                await life.connected()
                wire.send(packet(0xE0, b"\x8e"))
                assert await wire.ended()
                await until(lambda n=times: len(life.waits.asked_s) == n)  # type: ignore[misc] # a lambda's default
            assert life.waits.asked_s == [CAP_S, CAP_S]
            assert life.stats.disconnects == {"session_taken_over": 2}
            assert "another process uses the client id ausguck" in str(life.stats.last_error)

    asyncio.run(scene())


def test_tries_grow_apart_and_a_good_connection_forgives() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock, reconnect_max_s=2) as life,
        ):
            for _ in range(4):
                wire, _connect = await broker.connection()
                wire.cut()
            wire = await broker.open()
            await life.connected()
            clock.advance_ms(11_000)
            wire.cut()
            await until(lambda: len(life.waits.asked_s) == 5)
            assert life.waits.asked_s == [0.25, 0.5, 1.0, 1.0, 0.25]
            assert life.stats.disconnects == {"connection_lost": 5}
            for _ in range(3):
                wire = await broker.open()
                await life.until(lambda stats: stats.connected)
                wire.cut()
                await life.until(lambda stats: not stats.connected)
            await until(lambda: len(life.waits.asked_s) == 8)
            assert life.waits.asked_s[5:] == [0.5, 1.0, 2.0]
            assert life.stats.disconnects["cut_again"] == 1

    asyncio.run(scene())


def test_nobody_there_and_nobody_answering() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, connect_timeout_s=0.05) as life,
        ):
            await broker.connection()
            await life.until(lambda stats: stats.disconnects["connect_timeout"] > 0)
            port = broker.port
        async with fetching(MemoryJournal(), port) as life:
            await life.until(lambda stats: stats.disconnects["unreachable"] > 1)
            assert life.stats.attempts > 1

    asyncio.run(scene())


def test_a_forgotten_session_is_noticed(tmp_path: Path) -> None:
    marker = tmp_path / "session"

    async def scene() -> None:
        async with Scripted.listening() as broker:
            async with living(tmp_path / "j", broker.port, marker=marker) as life:
                wire = await broker.open()
                await life.connected()
                assert life.stats.session_lost == 0
                wire.cut()
                wire = await broker.open(session_present=True)
                await life.connected()
                assert life.stats.session_lost == 0
                wire.cut()
                await broker.open()
                await life.until(lambda stats: stats.session_lost == 1)
                assert "what was sent meanwhile is lost" in str(life.stats.last_error)
                assert "at the broker" in str(life.stats.last_error)
            async with living(tmp_path / "j", broker.port, marker=marker) as life:
                await broker.open()
                await life.until(lambda stats: stats.session_lost == 1)
            async with living(tmp_path / "j", broker.port, marker=marker, client_id="x") as life:
                await broker.open()
                await life.connected()
                assert life.stats.session_lost == 0

    asyncio.run(scene())


def test_half_open_is_noticed_within_twice_the_interval() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock, keep_alive_s=20) as life,
        ):
            wire = await broker.open()
            await life.connected()
            for _ in range(5):  # a broker that answers is kept
                clock.advance_ms(4_000)
                life.subscriber.sweep()
            assert await wire.raw() == b"\xc0\0"
            wire.send(b"\xd0\0")
            wire.send(message(1, topic="v1/kiel/bus/1/event"))
            assert await acknowledged_behind_pings(wire) == 1
            elapsed_s = 0
            while life.stats.connected and elapsed_s < 60:
                clock.advance_ms(2_000)
                elapsed_s += 2
                life.subscriber.sweep()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            assert elapsed_s < 40
            assert life.stats.disconnects == {"silent": 1}

    asyncio.run(scene())


async def acknowledged_behind_pings(wire: object) -> int:
    while True:
        raw = await wire.raw()  # type: ignore[attr-defined] # a Wire
        if raw[0] == 0x40:
            return int.from_bytes(raw[2:4], "big")
        assert raw == b"\xc0\0"


def test_the_brokers_keep_alive_holds() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock, keep_alive_s=600) as life,
        ):
            wire = await broker.open(server_keep_alive=6)
            await life.connected()
            clock.advance_ms(3_000)
            life.subscriber.sweep()
            assert await wire.raw() == b"\xc0\0"

    asyncio.run(scene())


def test_silence_while_we_stood_still_proves_nothing() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock, keep_alive_s=5) as life,
        ):
            await broker.open()
            await life.connected()
            clock.advance_ms(60_000)
            life.subscriber.sweep()
            assert life.stats.connected
            assert life.stats.stalls == 1

    asyncio.run(scene())


def test_a_broker_without_suback_is_left() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock) as life,
        ):
            await broker.greeted()
            await life.until(lambda stats: stats.connects == 1)
            for _ in range(3):
                clock.advance_ms(4_000)
                life.subscriber.sweep()
            await life.until(lambda stats: stats.disconnects["subscribe_timeout"] == 1)

    asyncio.run(scene())


def test_a_shorter_session_is_said() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port) as life,
        ):
            await broker.open(session_expiry_interval=7200)
            await life.connected()
            life.subscriber.sweep()
            assert "for 7200 s only" in str(life.stats.last_error)

    asyncio.run(scene())


def test_what_the_broker_threw_away_is_known_and_not_journalled() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with Scripted.listening() as broker, fetching(journal, broker.port) as life:
            wire = await broker.open()
            counter = "$SYS/broker/publish/messages/dropped"
            wire.send(message(0, b"4711", topic=counter, qos=0), message(1))
            assert await acknowledged(wire, 1) == [1]
            assert life.stats.dropped_at_broker == 4711
            assert [record.topic for record in journal.messages] == [TOPIC]

    asyncio.run(scene())


def test_text_is_never_sent_before_connack() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port) as life,
        ):
            wire, _connect = await broker.connection()
            wire.send(packet(0x30, text(TOPIC), b"\0", b"{}"))
            assert await wire.ended()
            await life.until(lambda stats: stats.disconnects.total() == 1)
            assert life.stats.disconnects == {"protocol_publish_before_connack": 1}

    asyncio.run(scene())
