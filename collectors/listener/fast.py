"""The hot path: a row of PUBLISH packets at QoS 0 or 1 into the journal, in one loop.

The codec is not called. What is taken here is a topic that was judged before, no properties
and a payload, found by the lengths in the packet; tests prove the parts equal to what `mqtt5`
reads. At anything else the loop stops, and the packet goes to `publishing`, which judges it in
full. Written for speed: 20,000 packets a second pass here, and calls and attributes are what
costs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ausguck.journal.port import RecordType, Ticket
from collectors.listener.publishing import FLAGS
from collectors.mqtt.protocol import PacketType

Append = Callable[[RecordType, int, int, bytes, int, bytes, bytes], Ticket]

UNUSUAL = -1
# By the first byte: the record's flags for PUBLISH at QoS 0 and 1, UNUSUAL for all else.
USUAL = tuple(
    flags if byte >> 4 == PacketType.PUBLISH and flags & 3 in {0, 1} and flags >= 0 else UNUSUAL
    for byte in range(256)
    for flags in (FLAGS[byte & 0x0F],)
)
MESSAGE = RecordType.MESSAGE
NO_ID = b"\0\0"
SHORTEST = 4  # body of a PUBLISH that is worth the fast path
FRAME_MAX = 5  # first byte and Remaining Length, at most
ONE_BYTE = 0x80  # a length under this takes one byte


@dataclass(slots=True)
class Row:
    """What the loop needs to know of its connection, and what it leaves behind."""

    append: Append
    source: bytes
    known: set[bytes]  # topics that are the publisher's own
    now_ms: int
    limit: int  # of a whole packet
    allowed: int  # how many may still be in flight
    properties: int  # bytes of an empty property set: 1 in MQTT 5, 0 in 3.1.1
    ticket: Ticket
    ids: list[bytes] = field(default_factory=list)  # to be acknowledged, in order
    unacknowledged: int = 0  # messages at QoS 0

    def take(self, buffer: bytes, position: int, end: int) -> int:  # noqa: C901 - see the module's docstring
        """Journal what is usual and return where something else, or nothing, begins."""
        append, source, known, now_ms = self.append, self.source, self.known, self.now_ms
        properties, allowed, ids = self.properties, self.allowed, self.ids
        ticket, limit = self.ticket, self.limit - FRAME_MAX
        while position + 2 < end:
            flags = USUAL[buffer[position]]
            length = buffer[position + 1]
            body = position + 2
            if length >= ONE_BYTE:
                if not 0 < buffer[body] < ONE_BYTE:
                    break
                length += (buffer[body] - 1) << 7
                body += 1
            after = body + length
            if flags < 0 or after > end or not SHORTEST <= length <= limit:
                break
            topic_end = body + 2 + (buffer[body] << 8 | buffer[body + 1])
            topic = buffer[body + 2 : topic_end]
            if topic not in known:
                break
            payload_at = topic_end + properties
            if flags & 1:
                payload_at += 2
                packet_id = buffer[topic_end : topic_end + 2]
                # A topic's length that lies ends behind the packet, whatever was found there.
                if packet_id == NO_ID or payload_at > after or len(ids) >= allowed:
                    break
                if properties and buffer[payload_at - 1]:
                    break
                ids.append(packet_id)
                number = packet_id[0] << 8 | packet_id[1]
            else:
                if payload_at > after or (properties and buffer[payload_at - 1]):
                    break
                number = 0
                self.unacknowledged += 1
            payload = buffer[payload_at:after]
            ticket = append(MESSAGE, flags, now_ms, source, number, topic, payload)
            position = after
        self.ticket = ticket
        return position
