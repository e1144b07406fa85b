"""The reading half of a connection: bytes into packets, messages into the journal.

Ordinary messages go through the listener's hot loop in one step a read; whatever is unusual
about one, and every other packet, goes to `answers`.
"""

import logging

from ausguck.journal.port import Pause
from collectors.listener.fast import Row
from collectors.mqtt.framing import packet_end
from collectors.mqtt.protocol import Code, PacketType, ProtocolError
from collectors.subscriber import ends
from collectors.subscriber.answers import answer
from collectors.subscriber.generation import Generation, Phase

log = logging.getLogger(__name__)

PUBLISH_BITS = int(PacketType.PUBLISH) << 4
PUBACK_HEAD = bytes((PacketType.PUBACK << 4, 2))
HEADER_MIN = 2


class Connection(Generation):
    """One connection to the broker."""

    _parts: tuple[bytes, ...] | list[bytes] = ()  # a packet that has not arrived in full
    _held_bytes = 0
    _needed = 0
    _at = 0  # where in its buffer the packet begins that is being taken

    def data_received(self, data: bytes) -> None:
        """The event loop's word: take every whole packet."""
        if self.phase is Phase.CLOSED:
            return
        self.heard_s = self.intake.clock.monotonic_s()
        buffer = self._gather(data) if self._parts else data
        if buffer is None:
            return
        try:
            position = self._take(buffer)
        except ProtocolError as error:
            self.culprit = ends.culprit(buffer, self._at)
            self.end(ends.against_the_rules(error), error.code)
            return
        except Exception as error:  # noqa: BLE001 - counted, and the connection ends
            # The mouth of the loop: what was journalled so far stays, the broker sends the rest.
            self.culprit = ends.culprit(buffer, self._at)
            log.error("subscriber: %s while taking a packet", type(error).__name__)  # noqa: TRY400 - a traceback would hold the packet
            self.end(ends.internal(error), Code.UNSPECIFIED)
            return
        if position < len(buffer):
            self._keep(buffer[position:])
        if self.intake.journal.pause is not Pause.NONE:
            self.hold()

    # A packet that arrives in parts

    def _keep(self, rest: bytes) -> None:
        self._parts = [rest] if rest else []
        self._held_bytes = len(rest)

    def _gather(self, data: bytes) -> bytes | None:
        """What was held and what came, once that is a whole packet at least."""
        self._parts = [*self._parts, data]
        self._held_bytes += len(data)
        if self._held_bytes < self._needed:
            return None
        buffer = b"".join(self._parts)
        self._keep(b"")
        return buffer

    # Taking packets

    def _take(self, buffer: bytes) -> int:
        """Take every whole packet and return where the first unfinished one begins."""
        position, end = 0, len(buffer)
        self._needed = 0
        limit = self.intake.settings.max_packet_bytes
        is_hot = True
        while end - position >= HEADER_MIN and self.phase is not Phase.CLOSED:
            self._at = position
            is_publish = buffer[position] & 0xF0 == PUBLISH_BITS
            if is_hot and is_publish and self.phase is not Phase.NEW:
                position, is_hot = self._take_usual(buffer, position, end)
                self._at = position
                if end - position < HEADER_MIN:
                    break
            after = packet_end(buffer, position, end, limit)
            self._needed = after - position
            if not after or after > end:
                break
            answer(self, buffer[position:after])
            position = after
        return position

    def _take_usual(self, buffer: bytes, position: int, end: int) -> tuple[int, bool]:
        """Where the row of ordinary messages ends, and whether the hot loop can be trusted.

        Where it fails, all of its row goes the slow way, which can set one message aside; those
        before that one are journalled twice, and found out as duplicates by their identity.
        """
        try:
            return self._take_publishes(buffer, position, end), True
        except Exception as error:  # noqa: BLE001 - counted, and tried again packet by packet
            self.intake.stats.hot_faults += 1
            log.error("subscriber: %s in the hot loop", type(error).__name__)  # noqa: TRY400 - a traceback would hold the packet
            return position, False

    def _take_publishes(self, buffer: bytes, position: int, end: int) -> int:
        intake = self.intake
        row = Row(
            append=intake.journal.append,
            source=intake.source,
            known=intake.known,
            now_ms=intake.clock.now_ms(),
            limit=intake.settings.max_packet_bytes,
            allowed=end,  # as many as come: see `Generation.acknowledge`
            properties=1,  # the length of an empty set
            ticket=intake.last,
        )
        reached = row.take(buffer, position, end)
        if reached > position:
            intake.last = row.ticket
            intake.count(len(row.ids), row.unacknowledged, reached - position, row.now_ms)
            self.message_s = self.heard_s
            if row.ids:
                self.acknowledge(PUBACK_HEAD + PUBACK_HEAD.join(row.ids), len(row.ids))
        # Any stop but for want of bytes leaves a packet that `_take` sends the slow way.
        return reached
