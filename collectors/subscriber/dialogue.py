"""A plain client for trying a broker out: one packet said, the next one heard."""

import asyncio
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Self, cast

import mqtt5

from ausguck.errors import BrokerUnavailable
from ausguck.settings.partners import Subscriber as Settings
from collectors.mqtt.codec import decode
from collectors.mqtt.framing import packet_end
from collectors.mqtt.from_server import check_server_packet
from collectors.mqtt.protocol import V5, ProtocolError
from collectors.subscriber import ends

PACKET_MAX = 1_048_576
READ_BYTES = 262_144
GOODBYE = b"\xe0\0"
PUBLISH_WINDOW = 100


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, and what kind of session it wants."""

    client_id: str
    clean: bool = True
    expiry_s: int = 0
    receive_maximum: int = 65_535


class Dialogue:
    """One connection; entered as an async context, it says goodbye when it is left.

    Whatever goes wrong on it is a BrokerUnavailable that says what.
    """

    def __init__(self, settings: Settings, tls: ssl.SSLContext | None, caller: Caller) -> None:
        self._settings = settings
        self._tls = tls
        self._caller = caller
        self._buffer = b""
        self.connack = mqtt5.ConnAckPacket()

    async def __aenter__(self) -> Self:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                self._reader, self._writer = await asyncio.open_connection(
                    settings.host, settings.port, ssl=self._tls
                )
        except TimeoutError:
            raise self._failed(ends.CONNECT_TIMEOUT.words) from None
        except OSError as error:
            raise self._failed(ends.unreachable(error).words) from error
        try:
            await self._greet()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writer.write(GOODBYE)
        await self._close()

    async def _close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(1):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            return

    async def _greet(self) -> None:
        self._writer.write(self._connect())
        self.connack = cast("mqtt5.ConnAckPacket", await self.answer(mqtt5.ConnAckPacket))
        if int(self.connack.reason_code):
            raise self._failed(ends.refused(self.connack, self._caller.client_id).words)

    def _connect(self) -> bytes:
        settings, caller = self._settings, self._caller
        password = settings.password
        return mqtt5.ConnectPacket(
            caller.client_id,
            username=settings.user,
            password=None if password is None else password.get_secret_value().encode(),
            clean_start=caller.clean,
            keep_alive=60,
            session_expiry_interval=caller.expiry_s,
            receive_max=caller.receive_maximum,
            max_packet_size=PACKET_MAX,
        ).write()

    def _failed(self, reason: str) -> BrokerUnavailable:
        return BrokerUnavailable(f"{self._settings.host}:{self._settings.port}", reason)

    def say(self, *packets: bytes) -> None:
        """Send these."""
        self._writer.write(b"".join(packets))

    async def hear(self, patience_s: float) -> mqtt5.Packet | None:
        """The next packet, or None when nothing came for so long."""
        try:
            async with asyncio.timeout(patience_s):
                packet = await self._next()
        except TimeoutError:
            return None
        except OSError as error:
            raise self._failed(ends.unreachable(error).words) from error
        except ProtocolError as error:
            raise self._failed(ends.against_the_rules(error).words) from error
        if isinstance(packet, mqtt5.DisconnectPacket):
            raise self._failed(ends.sent_away(packet, self._caller.client_id).words)
        return packet

    async def _next(self) -> mqtt5.Packet:
        while True:
            after = 0
            if len(self._buffer) > 1:
                after = packet_end(self._buffer, 0, len(self._buffer), PACKET_MAX)
            if after and after <= len(self._buffer):
                packet, self._buffer = self._buffer[:after], self._buffer[after:]
                check_server_packet(packet)
                return decode(V5, packet)
            data = await self._reader.read(READ_BYTES)
            if not data:
                raise self._failed(ends.LOST.words)
            self._buffer += data

    async def answer(self, kind: type[mqtt5.Packet]) -> mqtt5.Packet:
        """The next packet of a kind, skipping others."""
        while True:
            packet = await self.hear(self._settings.connect_timeout_s)
            if packet is None:
                raise self._failed(f"no {kind.__name__.removesuffix('Packet')} came in time")
            if isinstance(packet, kind):
                return packet

    async def subscribe(self, *filters: mqtt5.TopicFilter) -> list[int]:
        """Subscribe, and the broker's code for each filter."""
        self.say(mqtt5.SubscribePacket(1, list(filters)).write())
        suback = cast("mqtt5.SubAckPacket", await self.answer(mqtt5.SubAckPacket))
        return [int(code) for code in suback.reason_codes]

    async def publish(self, topic: str, payloads: list[bytes]) -> list[int]:
        """Publish at QoS 1, and the broker's code for each message."""
        window = min(self.connack.receive_max, PUBLISH_WINDOW)
        codes: list[int] = []
        for start in range(0, len(payloads), window):
            several = payloads[start : start + window]
            for packet_id, payload in enumerate(several, start=1):
                packet = mqtt5.PublishPacket(
                    topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id
                )
                self.say(packet.write())
            for _ in several:
                puback = cast("mqtt5.PubAckPacket", await self.answer(mqtt5.PubAckPacket))
                codes.append(int(puback.reason_code))
        return codes
