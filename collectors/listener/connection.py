"""One socket: bytes into packets, and each packet to where it is answered.

PUBLISH goes to `fast` first; what is unusual about one sends it to `publishing`, and every
other packet goes to `requests`.
"""

import asyncio
import logging

from ausguck.journal.port import Pause
from collectors.listener.acks import Said
from collectors.listener.fast import Row
from collectors.listener.greeting import greet
from collectors.listener.identity import Identity
from collectors.listener.limits import Bucket
from collectors.listener.peer import Hold, Peer, Phase
from collectors.listener.publishing import publish
from collectors.listener.requests import answer
from collectors.listener.service import Service
from collectors.listener.sessions import Session
from collectors.listener.wills import End
from collectors.mqtt.framing import packet_end
from collectors.mqtt.protocol import V5, V311, Code, PacketType, ProtocolError

log = logging.getLogger(__name__)

PUBLISH_BITS = int(PacketType.PUBLISH) << 4
PUBACK_HEAD = bytes((PacketType.PUBACK << 4, 2))
HEADER_MIN = 2
HELD_LIMIT_BYTES = 33_554_432  # of half-arrived packets, all connections together
SPARE_SOCKETS = 64  # beyond max_connections, to be told politely that we are full


class Connection(Peer):
    """One client's connection."""

    __slots__ = ("_held", "_needed", "_parts", "service")

    def __init__(self, service: Service) -> None:
        now_s = service.clock.monotonic_s()
        super().__init__(service.acks, Bucket(service.settings.burst_messages, now_s), now_s)
        self.service = service
        self.limit_s = service.settings.connect_timeout_s
        self._parts: list[bytes] | None = None  # a packet that has not arrived in full
        self._held = 0
        self._needed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's word."""
        super().connection_made(transport)
        service = self.service
        if service.stats.connections >= service.settings.max_connections + SPARE_SOCKETS:
            service.stats.refuse("connection", "max_connections")
            self.phase = Phase.CLOSED
            if self.transport is not None:
                self.transport.abort()
            return
        service.peers.add(self)
        service.stats.connections += 1
        self.slot = service.wheel.put(self, self.heard_s + self.limit_s)
        if service.journal.pause is not Pause.NONE:
            self.hold(Hold.JOURNAL)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """The event loop's word."""
        service = self.service
        if self in service.peers:
            service.peers.discard(self)
            service.rated.discard(self)
            service.stats.connections -= 1
            service.wheel.drop(self, self.slot)
        self._keep(b"")
        service.part(self, End.LOST)
        self.phase = Phase.CLOSED
        self.transport = None
        service.departed()

    def data_received(self, data: bytes) -> None:
        """The event loop's word."""
        if self.phase is Phase.CLOSED:
            return
        buffer = self._gather(data) if self._parts is not None else data
        if buffer is None:
            return
        try:
            position = self._take(buffer)
        except ProtocolError as error:
            self._refuse(error.packet, error.reason, error.code)
            return
        except Exception as error:  # noqa: BLE001 - counted, and the connection ends
            # The mouth of the loop: one client's packet must not end everybody's listener.
            log.error("listener: %s while taking a packet", type(error).__name__)  # noqa: TRY400 - a traceback would hold the packet
            self._refuse("internal", type(error).__name__, Code.UNSPECIFIED)
            return
        if position < len(buffer) and not self.is_closed:
            self._keep(buffer[position:])
        self._watch_journal()

    def proved(self) -> None:
        """The password was judged; look at what came behind CONNECT."""
        self.release(Hold.PROOF, self.service.clock.monotonic_s())
        if self._parts is not None and self.phase is Phase.OPEN:
            self._needed = 0
            self.data_received(b"")

    def caught_up(self) -> None:
        """Some of what waited for the disk was told."""
        if self.holds & Hold.BACKLOG and self.waiting < self.service.settings.receive_maximum:
            self.release(Hold.BACKLOG, self.service.clock.monotonic_s())

    def _refuse(self, packet: str, reason: str, code: Code) -> None:
        self.service.stats.refuse(packet, reason)
        self._keep(b"")  # at once, so that no more connections than need be pay for this one
        self.service.part(self, End.REFUSED)
        self.close(code)

    def _watch_journal(self) -> None:
        service = self.service
        if service.journal.pause is not Pause.NONE and not service.stats.paused:
            service.pause_all()

    # A packet that arrives in parts

    def _keep(self, rest: bytes) -> None:
        """Hold what is left of a read until the packet it begins is whole."""
        self.service.held_bytes += len(rest) - self._held
        self._held = len(rest)
        self._parts = [rest] if rest else None

    def _gather(self, data: bytes) -> bytes | None:
        """What was held and what came, once that is a whole packet at least."""
        parts = self._parts
        if parts is None:
            return data
        parts.append(data)
        self._held += len(data)
        self.service.held_bytes += len(data)
        if self._held < self._needed and self.phase is not Phase.PROVING:
            if self.service.held_bytes > HELD_LIMIT_BYTES:
                self._refuse("framing", "held_bytes", Code.QUOTA)
            return None
        buffer = b"".join(parts)
        self._keep(b"")
        return buffer

    # Taking packets

    def _take(self, buffer: bytes) -> int:
        """Take every whole packet and return where the first unfinished one begins."""
        position, end = 0, len(buffer)
        self._needed = 0
        limit = self.service.settings.max_packet_bytes
        while end - position >= HEADER_MIN:
            if self.is_open and buffer[position] & 0xF0 == PUBLISH_BITS:
                position = self._take_publishes(buffer, position, end)
                if end - position < HEADER_MIN:
                    break
            after = packet_end(buffer, position, end, limit)
            self._needed = after - position
            if not after or after > end or self.phase not in {Phase.NEW, Phase.OPEN}:
                break
            self._take_other(buffer[position:after])
            position = after
        return position

    def _take_other(self, packet: bytes) -> None:
        self.heard_s = self.service.clock.monotonic_s()
        self.service.stats.bytes += len(packet)
        if self.phase is Phase.NEW:
            greet(self.service, self, packet)
            if self.is_open:
                self.service.wheel.drop(self, self.slot)
                self.slot = self.service.wheel.put(self, self.heard_s + self.limit_s)
            return
        self._charge(1)
        if packet[0] & 0xF0 == PUBLISH_BITS:
            publish(self.service, self, *self._member(), packet)
        else:
            answer(self.service, self, self._member()[1], packet)

    def _member(self) -> tuple[Identity, Session]:
        if self.identity is None or self.session is None:
            raise ProtocolError("internal", "no_session", Code.UNSPECIFIED)
        return self.identity, self.session

    def _take_publishes(self, buffer: bytes, position: int, end: int) -> int:
        service = self.service
        identity, _session = self._member()
        settings = service.settings
        is_v5 = self.version == V5
        row = Row(
            append=service.journal.append,
            source=self.source,
            known=identity.known,
            now_ms=service.clock.now_ms(),
            limit=settings.max_packet_bytes,
            allowed=settings.receive_maximum - self.waiting - self.open2 if is_v5 else end,
            properties=1 if is_v5 else 0,
            ticket=service.acks.last,
        )
        reached = row.take(buffer, position, end)
        if reached > position:
            service.acks.last = row.ticket
            self._took(row.ids, row.unacknowledged, reached - position)
        # Any stop but for want of bytes leaves a packet that `_take` sends the slow way.
        return reached

    def _took(self, ids: list[bytes], unacknowledged: int, size: int) -> None:
        service = self.service
        service.stats.messages[0] += unacknowledged
        service.stats.messages[1] += len(ids)
        service.stats.bytes += size
        self.heard_s = service.clock.monotonic_s()
        if ids:
            data = PUBACK_HEAD + PUBACK_HEAD.join(ids)
            service.acks.put(self, data, Said.PUBACK, len(ids))
        self._charge(unacknowledged + len(ids))
        if self.version == V311 and self.waiting >= service.settings.receive_maximum:
            self.hold(Hold.BACKLOG)

    def _charge(self, packets: int) -> None:
        """Let the connection pay for what it sent; in debt it is not read from for a while."""
        settings = self.service.settings
        wait_s = self.bucket.take(
            packets, self.heard_s, settings.messages_per_s, settings.burst_messages
        )
        if wait_s:
            self.service.stats.rate_pauses += not self.holds & Hold.RATE
            self.rate_until_s = self.heard_s + wait_s
            self.service.rated.add(self)
            self.hold(Hold.RATE)
