"""The listener on the real journal: what was promised is there after a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import mqtt5
import uvloop

from ausguck.clock import SystemClock
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record, RecordType
from ausguck.settings.tree import Journal as Settings
from collectors.listener.server import Listener
from collectors.mqtt.protocol import V5
from tests.listener.wire import Wire, listening, publish

DURABLE = {"session_expiry_interval": 3600}
SMALL = Settings(segment_bytes=65_536)


def live(directory: Path, play: Callable[[Listener], Awaitable[None]]) -> list[Record]:
    """One life of the process; returns every message that consumers can read at its end."""

    async def scene() -> list[Record]:
        clock = SystemClock()
        async with Journal.open(directory, SMALL, clock) as journal:
            async with listening(journal, clock) as listener:
                await play(listener)
            tail = journal.tail()
            found: list[Record] = []
            while tail.available():
                found += await tail.read(1000)
            return found

    return uvloop.run(scene())


def test_exactly_once_over_a_restart(tmp_path: Path) -> None:
    async def first(listener: Listener) -> None:
        wire = await Wire.of(listener, "bus", **DURABLE)
        wire.send(publish(V5, payload=b"one", qos=2, packet_id=1))
        wire.send(publish(V5, payload=b"two", qos=2, packet_id=2))
        assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 1
        assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 2
        wire.send(b"\x62\x02\0\x01")
        assert (await wire.expect(mqtt5.PubCompPacket)).packet_id == 1

    async def second(listener: Listener) -> None:
        wire = await Wire.to(listener)
        assert (await wire.connect("bus", **DURABLE)).session_present
        wire.send(publish(V5, payload=b"two", qos=2, packet_id=2))
        wire.send(publish(V5, payload=b"three", qos=2, packet_id=1))
        assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 2
        assert (await wire.expect(mqtt5.PubRecPacket)).packet_id == 1
        assert listener.stats.resent == 1

    assert [record.payload for record in live(tmp_path, first)] == [b"one", b"two"]
    payloads = [record.payload for record in live(tmp_path, second)]
    assert payloads == [b"one", b"two", b"three"]


def test_sessions_outlive_many_segments_and_lives(tmp_path: Path) -> None:
    async def open_one(listener: Listener) -> None:
        wire = await Wire.of(listener, "quiet", **DURABLE)
        wire.send(publish(V5, qos=2, packet_id=7))
        await wire.expect(mqtt5.PubRecPacket)

    async def fill(listener: Listener) -> None:
        wire = await Wire.of(listener, "busy", **DURABLE)
        for turn in range(4):
            wire.send(*(publish(V5, payload=b"x" * 900, qos=1, packet_id=i) for i in range(1, 101)))
            for _ in range(100):
                await wire.expect(mqtt5.PubAckPacket)
            assert listener.stats.messages[1] == 100 * (turn + 1)

    async def resume(listener: Listener) -> None:
        wire = await Wire.to(listener)
        assert (await wire.connect("quiet", **DURABLE)).session_present
        wire.send(publish(V5, qos=2, packet_id=7))
        await wire.expect(mqtt5.PubRecPacket)
        assert listener.stats.messages == [0, 0, 0]

    live(tmp_path, open_one)
    for _ in range(3):
        live(tmp_path, fill)
    found = live(tmp_path, resume)
    assert len(found) == 1201
    assert {record.type for record in found} == {RecordType.MESSAGE}


def test_every_puback_is_of_a_message_on_disk(tmp_path: Path) -> None:
    acknowledged: list[bytes] = []

    async def play(listener: Listener) -> None:
        async def device(name: str) -> None:
            wire = await Wire.of(listener, name)
            for start in range(0, 300, 30):
                wire.send(
                    *(
                        publish(V5, payload=f"{name}-{i}".encode(), qos=1, packet_id=i + 1)
                        for i in range(start, start + 30)
                    )
                )
                for _ in range(30):
                    ack = await wire.expect(mqtt5.PubAckPacket)
                    acknowledged.append(f"{name}-{ack.packet_id - 1}".encode())

        async with asyncio.TaskGroup() as group:
            for name in "abcd":
                group.create_task(device(name))

    found = live(tmp_path, play)
    assert sorted(record.payload for record in found) == sorted(acknowledged)
    assert len(acknowledged) == 1200
