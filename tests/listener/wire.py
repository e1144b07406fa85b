"""A client that says exactly the bytes it is told, and a listener for it to say them to."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self, TypeVar, cast

import mqtt5

from ausguck.clock import Clock, ManualClock
from ausguck.journal.port import Appender
from ausguck.probe import Probe, ignore
from ausguck.register.directory import Directory
from ausguck.settings.tree import Listener as Settings
from collectors.listener.server import Listener
from collectors.listener.service import ignore as unnoticed
from collectors.mqtt.framing import encode_length, packet_end
from collectors.mqtt.protocol import V5, V311

SITE = "kiel"
TOPIC = "v1/kiel/bus/0123/telemetry"
DEADLINE_S = 10
P = TypeVar("P")


@asynccontextmanager
async def listening(
    journal: Appender,
    clock: Clock | None = None,
    *,
    probe: Probe = ignore,
    directory: Directory | None = None,
    used: Callable[[int, int], None] = unnoticed,
    **settings: object,
) -> AsyncIterator[Listener]:
    """A listener on a free port of loopback."""
    tree = Settings.model_validate({"port": 0, **settings})
    clock = clock or ManualClock()
    async with Listener(
        tree, SITE, journal, clock, probe=probe, directory=directory, used=used
    ) as listener:
        yield listener
    await settled()


def wind(listener: Listener, clock: ManualClock, seconds: float) -> None:
    """Let time pass as it does in service, swept all along."""
    steps = round(seconds)
    for _ in range(steps):
        clock.advance_ms(round(1000 * seconds / steps))
        listener.sweep()


def text(value: str | bytes) -> bytes:
    """A string as MQTT writes it."""
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first: int, *parts: bytes) -> bytes:
    """A packet of this first byte and body."""
    body = b"".join(parts)
    return bytes((first,)) + encode_length(len(body)) + body


def connect311(
    client_id: str, *, clean: bool = True, keep_alive: int = 60, will: bytes = b"", flags: int = 0
) -> bytes:
    """CONNECT of MQTT 3.1.1; `will` is topic and message as they go over the wire."""
    flags |= 2 if clean else 0
    head = text("MQTT") + bytes((V311, flags)) + keep_alive.to_bytes(2, "big")
    return packet(0x10, head, text(client_id), will)


def publish(
    version: int, topic: str = TOPIC, payload: bytes = b"{}", *, qos: int = 0, packet_id: int = 1
) -> bytes:
    """PUBLISH without properties."""
    middle = packet_id.to_bytes(2, "big") if qos else b""
    return packet(0x30 | qos << 1, text(topic), middle, b"\0" if version == V5 else b"", payload)


class Wire(asyncio.Protocol):
    """One connection; closes by itself when the other side does."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._changed = asyncio.Event()
        self._ended = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: uvloop's transports are of no class of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._changed.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        self._ended = True
        self._changed.set()

    @property
    def transport(self) -> asyncio.Transport:
        """The socket's."""
        assert self._transport is not None
        return self._transport

    @classmethod
    async def to(cls, listener: Listener, tls: ssl.SSLContext | None = None) -> Self:
        """A connection on which nothing was said yet."""
        loop = asyncio.get_running_loop()
        _transport, wire = await loop.create_connection(cls, "127.0.0.1", listener.port, ssl=tls)
        return wire

    @classmethod
    async def of(cls, listener: Listener, client_id: str, **options: object) -> Self:
        """A connection of MQTT 5 whose CONNACK has been read."""
        wire = await cls.to(listener)
        await wire.connect(client_id, **options)
        return wire

    @classmethod
    async def of311(
        cls, listener: Listener, client_id: str, *, clean: bool = True, keep_alive: int = 60
    ) -> Self:
        """A connection of MQTT 3.1.1 whose CONNACK has been read."""
        wire = await cls.to(listener)
        wire.send(connect311(client_id, clean=clean, keep_alive=keep_alive))
        assert (await wire.raw())[0] == 0x20
        return wire

    async def connect(self, client_id: str, **options: object) -> mqtt5.ConnAckPacket:
        """CONNECT as MQTT 5, and what comes back."""
        self.send(mqtt5.ConnectPacket(client_id, **options).write())  # type: ignore[arg-type] # options are ConnectPacket's
        return await self.expect(mqtt5.ConnAckPacket)

    def send(self, *data: bytes) -> None:
        """Say these bytes in one go."""
        self.transport.write(b"".join(data))

    async def raw(self) -> bytes:
        """The next packet, or nothing at the end."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                after = packet_end(self._buffer, 0, len(self._buffer), 1 << 28)
                if after and len(self._buffer) >= after:
                    taken = bytes(self._buffer[:after])
                    del self._buffer[:after]
                    return taken
                if self._ended:
                    return b""
                self._changed.clear()
                await self._changed.wait()

    async def expect(self, kind: type[P]) -> P:
        """The next packet of MQTT 5, which must be of this kind."""
        decoded, _size = mqtt5.read(memoryview(await self.raw()))
        assert isinstance(decoded, kind), decoded
        return decoded

    async def ended(self) -> bool:
        """Wait for the other side to close, with nothing more said."""
        return await self.raw() == b""

    async def silent(self) -> bool:
        """Whether nothing was said so far; proven by a ping going round behind it."""
        self.send(b"\xc0\0")
        return await self.raw() == b"\xd0\0"

    def cut(self) -> None:
        """Go without goodbye."""
        self.transport.abort()


async def settled() -> None:
    """Let the loop do what lies ready for it."""
    for _ in range(20):
        await asyncio.sleep(0)
