"""Judges every packet a broker may send us, in full, before the codec sees a byte of it.

The other half of `validate`, for the connections on which we are the client.
"""

from collections.abc import Callable
from typing import NamedTuple

from collectors.mqtt.framing import remaining_length
from collectors.mqtt.properties import FROM_SERVER, check_properties
from collectors.mqtt.protocol import Code, PacketType, ProtocolError
from collectors.mqtt.reader import Reader
from collectors.mqtt.validate import PUBLISH_CODES, QOS_MAX, RELEASE_CODES, open_packet

CONNACK_CODES = frozenset(
    (0x00, *range(0x80, 0x8B), 0x8C, 0x90, 0x95, 0x97, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x9F)
)
SUBACK_CODES = frozenset((0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8F, 0x91, 0x97, 0x9E, 0xA1, 0xA2))
UNSUBACK_CODES = frozenset((0x00, 0x11, 0x80, 0x83, 0x87, 0x8F, 0x91))
DISCONNECT_CODES = frozenset(
    (0x00, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89, 0x8B, 0x8D, 0x8E, 0x8F, 0x90, *range(0x93, 0xA3))
)
OLD_CONNACK = 2  # bytes in the body of a CONNACK of MQTT 3.1.1


class Delivery(NamedTuple):
    """Where the parts of a PUBLISH lie; `packet_id` is 0 at QoS 0.

    A fault in what its publisher wrote, topic or properties, is no fault of the broker's: one
    that forwards it will do so again, on each connection. So it is told, not raised.
    """

    topic: bytes
    packet_id: int
    payload_at: int
    part: str = ""  # where the fault is: `topic` or `properties`
    fault: ProtocolError | None = None


def outline(packet: bytes) -> Delivery:
    """Say where the parts of a whole PUBLISH lie, going by lengths alone.

    Properties without a length that can be count as payload, so that nothing is left out.

    Raises:
        ProtocolError: its lengths, flags or packet id are malformed.
    """
    reader = _open(packet)
    topic = reader.binary()
    packet_id = reader.packet_id() if packet[0] & 0x06 else 0
    at = reader.at
    try:
        size = reader.varint()
    except ProtocolError:
        return Delivery(topic, packet_id, at)
    behind = reader.at + size
    return Delivery(topic, packet_id, behind if behind <= reader.end else at)


def locate(packet: bytes) -> Delivery:
    """Judge a whole PUBLISH of a broker and say where its parts lie, and what is wrong with it.

    Raises:
        ProtocolError: its lengths, flags or packet id are malformed.
    """
    found = outline(packet)
    reader = _open(packet)
    part = "topic"
    try:
        reader.topic()
        part = "properties"
        reader.take(2 if found.packet_id else 0)
        check_properties(reader, "publish", FROM_SERVER)
    except ProtocolError as error:
        # Without its traceback, which would hold the packet.
        return found._replace(part=part, fault=error.with_traceback(None))
    return found


def _open(packet: bytes) -> Reader:
    _length, body = remaining_length(packet, 1, len(packet))
    reader = Reader("publish", packet, body, len(packet))
    qos = packet[0] >> 1 & 3
    if qos > QOS_MAX:
        raise reader.fail("qos_3")
    if not qos and packet[0] & 0x08:
        raise reader.fail("dup_at_qos_0")
    return reader


def _connack(reader: Reader) -> None:
    if reader.end - reader.at == OLD_CONNACK:
        # What a broker that knows no MQTT 5 answers.
        raise reader.fail("not_mqtt5", Code.UNSUPPORTED_VERSION)
    flags = reader.number(1)
    code = reader.number(1)
    if flags > 1:
        raise reader.fail("reserved_bits")
    if code not in CONNACK_CODES:
        raise reader.fail("reason_code")
    if code and flags:
        raise reader.fail("session_of_refused", Code.PROTOCOL_ERROR)
    check_properties(reader, "connack", FROM_SERVER)
    reader.done()


def _ack(codes: frozenset[int]) -> Callable[[Reader], None]:
    def check(reader: Reader) -> None:
        reader.packet_id()
        _code_and_properties(reader, codes)

    return check


def _code_and_properties(reader: Reader, codes: frozenset[int]) -> None:
    # Both may be left out from the end.
    if reader.at < reader.end:
        if reader.number(1) not in codes:
            raise reader.fail("reason_code")
        if reader.at < reader.end:
            check_properties(reader, reader.packet, FROM_SERVER)
    reader.done()


def _codes(codes: frozenset[int]) -> Callable[[Reader], None]:
    def check(reader: Reader) -> None:
        reader.packet_id()
        check_properties(reader, reader.packet, FROM_SERVER)
        if reader.at == reader.end:
            raise reader.fail("no_codes", Code.PROTOCOL_ERROR)
        if not codes.issuperset(reader.take(reader.end - reader.at)):
            raise reader.fail("reason_code")

    return check


def _empty(reader: Reader) -> None:
    reader.done()


def _disconnect(reader: Reader) -> None:
    _code_and_properties(reader, DISCONNECT_CODES)


class Rule(NamedTuple):
    """How one packet type is judged, and the only flags it may have."""

    check: Callable[[Reader], None]
    flags: int = 0


RULES = {
    PacketType.CONNACK: Rule(_connack),
    PacketType.PUBACK: Rule(_ack(PUBLISH_CODES)),
    PacketType.PUBREL: Rule(_ack(RELEASE_CODES), 2),
    PacketType.SUBACK: Rule(_codes(SUBACK_CODES)),
    PacketType.UNSUBACK: Rule(_codes(UNSUBACK_CODES)),
    PacketType.PINGRESP: Rule(_empty),
    PacketType.DISCONNECT: Rule(_disconnect),
}
"""What a broker may say to a client that publishes at QoS 1 at most and never used AUTH."""


def check_server_packet(packet: bytes) -> PacketType:
    """Judge one whole packet of a broker, a PUBLISH with all that is in it, and say what it is.

    Raises:
        ProtocolError: it is malformed, or not for a broker to send.
    """
    kind, reader = open_packet(packet)
    if kind is PacketType.PUBLISH:
        fault = locate(packet).fault
        if fault is not None:
            raise fault
        return kind
    rule = RULES.get(kind)
    if rule is None:
        raise reader.fail("not_from_a_server", Code.PROTOCOL_ERROR)
    if packet[0] & 0x0F != rule.flags:
        raise reader.fail("reserved_flags")
    rule.check(reader)
    return kind
