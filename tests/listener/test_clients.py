"""Real clients, unchanged: mosquitto's, paho and aiomqtt."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from ausguck.clock import SystemClock
from ausguck.journal.port import Flag
from collectors.listener.server import Listener
from tests.listener.journal import MemoryJournal
from tests.listener.wire import TOPIC, Wire, listening, settled

CMD = "v1/kiel/bus/0123/cmd"
VERSIONS = pytest.mark.parametrize("version", ["311", "5"])
QOS = pytest.mark.parametrize("qos", [0, 1, 2])


async def run(program: str, listener: Listener, version: str, *arguments: str) -> tuple[int, str]:
    version_name = "mqttv" + version
    process = await asyncio.create_subprocess_exec(
        *(program, "-h", "127.0.0.1", "-p", str(listener.port), "-V", version_name, *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(20):
        output, _nothing = await process.communicate()
    return process.returncode or 0, output.decode()


def scene(play: Callable[[MemoryJournal, Listener], Any]) -> MemoryJournal:
    journal = MemoryJournal()

    async def whole() -> None:
        async with listening(journal, SystemClock()) as listener:
            await play(journal, listener)

    asyncio.run(whole())
    return journal


@pytest.mark.broker
@VERSIONS
@QOS
def test_mosquitto_pub(version: str, qos: int) -> None:
    async def play(journal: MemoryJournal, listener: Listener) -> None:
        arguments = ("-t", TOPIC, "-m", "hello", "-q", str(qos), "-i", "bus", "--repeat", "3")
        assert await run("mosquitto_pub", listener, version, *arguments) == (0, "")
        await journal.until(lambda j: len(j.messages) == 3)

    journal = scene(play)
    assert {(r.topic, r.payload, r.flags) for r in journal.messages} == {(TOPIC, b"hello", qos)}


@pytest.mark.broker
@VERSIONS
@QOS
def test_mosquitto_pub_with_a_will(version: str, qos: int) -> None:
    async def play(journal: MemoryJournal, listener: Listener) -> None:
        process = await asyncio.create_subprocess_exec(
            *(
                "mosquitto_pub",
                "-h",
                "127.0.0.1",
                "-p",
                str(listener.port),
                "-V",
                "mqttv" + version,
            ),
            *("-t", TOPIC, "-l", "-q", str(qos), "-i", "bus", "--will-topic", TOPIC),
            *("--will-payload", "gone", "--will-qos", "1", "--will-retain"),
            stdin=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(b"first\n")
        await journal.until(lambda j: len(j.messages) == 1)
        process.kill()
        await process.wait()
        process.stdin.close()
        await journal.until(lambda j: len(j.messages) == 2)

    journal = scene(play)
    assert [r.payload for r in journal.messages] == [b"first", b"gone"]
    assert journal.messages[1].flags == Flag.WILL | Flag.RETAIN | Flag.QOS1


@pytest.mark.broker
@VERSIONS
def test_mosquitto_sub_hears_its_commands(version: str) -> None:
    async def play(_journal: MemoryJournal, listener: Listener) -> None:
        async with asyncio.TaskGroup() as group:
            heard = group.create_task(
                run(
                    "mosquitto_sub", listener, version, "-t", CMD, "-C", "1", "-i", "bus", "-q", "1"
                )
            )
            wire = await Wire.of(listener, "operator")
            async with asyncio.timeout(10):
                while not listener.stats.commands:
                    wire.send(b"\x30\x1e\0\x14" + CMD.encode() + b"\0restart")
                    assert await wire.silent()
                    await settled()
        assert heard.result() == (0, "restart\n")

    scene(play)


@pytest.mark.broker
@VERSIONS
def test_mosquitto_sub_is_refused_anything_else(version: str) -> None:
    async def play(_journal: MemoryJournal, listener: Listener) -> None:
        _code, output = await run("mosquitto_sub", listener, version, "-t", "#", "-E", "-i", "bus")
        assert listener.stats.refusals["subscribe", "not_own_cmd"] == 1
        assert "denied" in output.lower() or "not authorized" in output.lower()

    scene(play)


@pytest.mark.broker
@VERSIONS
def test_mosquitto_pub_is_told_of_a_wrong_password(version: str) -> None:
    async def play(_journal: MemoryJournal, listener: Listener) -> None:
        code, output = await run(
            "mosquitto_pub", listener, version, "-t", TOPIC, "-m", "x", "-u", "a", "-P", "b"
        )
        assert code
        assert "authori" in output.lower() or "bad user name" in output.lower()

    scene(play)


@contextmanager
def paho_client(listener: Listener, version: str, **options: object) -> Iterator[paho.Client]:
    protocol = paho.MQTTv5 if version == "5" else paho.MQTTv311
    client = paho.Client(
        CallbackAPIVersion.VERSION2,
        client_id="bus",
        protocol=protocol,
        **options,  # type: ignore[arg-type] # paho's own
    )
    properties = None
    if version == "5":
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho's
        properties.SessionExpiryInterval = 60
    client.connect("127.0.0.1", listener.port, 30, properties=properties)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


@VERSIONS
@QOS
def test_paho_publishes(version: str, qos: int) -> None:
    def publish(listener: Listener) -> None:
        with paho_client(listener, version) as client:
            for number in range(100):
                sent = client.publish(TOPIC, str(number), qos)
            sent.wait_for_publish(10)

    async def play(journal: MemoryJournal, listener: Listener) -> None:
        await asyncio.to_thread(publish, listener)
        await journal.until(lambda j: len(j.messages) == 100)

    journal = scene(play)
    assert [int(r.payload) for r in journal.messages] == list(range(100))
    assert {r.flags for r in journal.messages} == {qos}


def test_paho_resumes_its_session_and_hears_commands() -> None:
    def live(listener: Listener) -> list[bytes]:
        heard: list[bytes] = []
        got, ready = threading.Event(), threading.Event()

        def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            heard.append(bytes(message.payload))
            got.set()

        with paho_client(listener, "5") as client:
            client.on_message = on_message
            client.on_subscribe = lambda *_arguments: ready.set()
            client.subscribe(CMD, 1)
            assert ready.wait(10)
            client.publish(CMD, b"restart", 2).wait_for_publish(10)
            assert got.wait(10)
        return heard

    async def play(_journal: MemoryJournal, listener: Listener) -> None:
        assert await asyncio.to_thread(live, listener) == [b"restart"]

    scene(play)


@VERSIONS
@QOS
def test_aiomqtt_publishes(version: str, qos: int) -> None:
    protocol = aiomqtt.ProtocolVersion.V5 if version == "5" else aiomqtt.ProtocolVersion.V311

    async def play(journal: MemoryJournal, listener: Listener) -> None:
        will = aiomqtt.Will(TOPIC, b"gone", 1)
        client = aiomqtt.Client(
            "127.0.0.1", listener.port, identifier="bus", protocol=protocol, will=will
        )
        async with client:
            for number in range(20):
                await client.publish(TOPIC, str(number), qos)
            await client.subscribe(CMD)
            await client.publish(CMD, b"restart", qos)
            async with asyncio.timeout(10):
                async for message in client.messages:
                    assert message.payload == b"restart"
                    break
        await journal.until(lambda j: len(j.messages) == 20)

    journal = scene(play)
    assert [int(r.payload) for r in journal.messages] == list(range(20))
