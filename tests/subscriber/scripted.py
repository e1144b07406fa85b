"""A broker that says exactly the bytes a test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import mqtt5

from collectors.mqtt.protocol import V5
from tests.listener.journal import MemoryJournal
from tests.listener.wire import TOPIC, Wire, packet, publish, text

FILTERS = 5  # four kinds of message and the broker's counter
__all__ = ["FILTERS", "TOPIC", "MemoryJournal", "Scripted", "Wire", "packet", "publish", "text"]


GOODBYE = b"\xe0\0"


class Polite(Wire):
    """Closes when it is told goodbye, as a broker must."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if data.endswith(GOODBYE):
            self.transport.close()


class Scripted:
    """Listens on loopback; each connection the subscriber opens is one `Wire`."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[Wire] = asyncio.Queue()
        self.port = 0

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> "AsyncIterator[Scripted]":
        scripted = cls()

        def arrive() -> Wire:
            wire = Polite()
            scripted._arrived.put_nowait(wire)
            return wire

        server = await asyncio.get_running_loop().create_server(arrive, "127.0.0.1", 0)
        scripted.port = server.sockets[0].getsockname()[1]
        try:
            yield scripted
        finally:
            server.close()

    async def connection(self) -> tuple[Wire, mqtt5.ConnectPacket]:
        """The next connection, with its CONNECT read and nothing said."""
        async with asyncio.timeout(10):
            wire = await self._arrived.get()
        return wire, await wire.expect(mqtt5.ConnectPacket)

    async def greeted(
        self, *, session_present: bool = False, **connack: object
    ) -> tuple[Wire, mqtt5.SubscribePacket]:
        """The next connection behind a CONNACK, with its SUBSCRIBE read."""
        wire, _connect = await self.connection()
        answer = mqtt5.ConnAckPacket(session_present=session_present, **connack)  # type: ignore[arg-type] # they are ConnAckPacket's
        wire.send(answer.write())
        return wire, await wire.expect(mqtt5.SubscribePacket)

    async def open(self, *, session_present: bool = False, **connack: object) -> Wire:
        """The next connection, subscribed to all it asks for."""
        wire, subscribe = await self.greeted(session_present=session_present, **connack)
        codes = [int(wish.max_qos) for wish in subscribe.topic_filters]
        wire.send(suback(*codes))
        return wire


def suback(*codes: int) -> bytes:
    return packet(0x90, b"\0\1", b"\0", bytes(codes))


def message(number: int, payload: bytes = b"{}", *, topic: str = TOPIC, qos: int = 1) -> bytes:
    """A PUBLISH whose packet id is its number."""
    return publish(V5, topic, payload, qos=qos, packet_id=number)


async def acknowledged(wire: Wire, count: int) -> list[int]:
    """The packet ids of the next PUBACKs."""
    return [(await wire.expect(mqtt5.PubAckPacket)).packet_id for _ in range(count)]
