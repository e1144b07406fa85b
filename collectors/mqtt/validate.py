"""Judges every packet a client may send in full, before the codec sees a byte of it.

`mqtt5.read` 0.8.0 panics on invalid UTF-8 and lets other faults pass, so nothing reaches it
that was not taken apart here first.
"""

from collections.abc import Callable
from typing import NamedTuple

from collectors.mqtt.framing import remaining_length
from collectors.mqtt.properties import AUTH_METHOD, check_properties
from collectors.mqtt.protocol import V5, V311, Code, PacketType, ProtocolError
from collectors.mqtt.reader import Reader

PROTOCOL_NAME = b"MQTT"
OLD_PROTOCOL_NAME = b"MQIsdp"  # MQTT 3.1
QOS_MAX = 2
ID_ONLY = 2

PUBLISH_CODES = frozenset((0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99))
RELEASE_CODES = frozenset((0x00, 0x92))
DISCONNECT_CODES = frozenset(
    (0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99)
)
AUTH_CODES = frozenset((0x18, 0x19))


class PublishParts(NamedTuple):
    """Where the parts of a PUBLISH lie; `packet_id` is 0 at QoS 0."""

    topic: bytes
    packet_id: int
    payload_at: int


def locate_publish(version: int, first: int, buffer: bytes, body: int, after: int) -> PublishParts:
    """Judge a client's PUBLISH in full and say where its parts lie.

    Raises:
        ProtocolError: it is malformed, or uses what CONNACK says we do not have.
    """
    reader = Reader("publish", buffer, body, after)
    qos = first >> 1 & 3
    if qos > QOS_MAX:
        raise reader.fail("qos_3")
    if not qos and first & 0x08:
        raise reader.fail("dup_at_qos_0")
    reader.topic()
    topic = buffer[body + 2 : reader.at]
    packet_id = reader.packet_id() if qos else 0
    if version == V5:
        check_properties(reader, "publish")
    return PublishParts(topic, packet_id, reader.at)


def _publish(version: int, reader: Reader, first: int) -> None:
    locate_publish(version, first, reader.buffer, reader.at, reader.end)


def _ack(codes: frozenset[int]) -> Callable[[int, Reader, int], None]:
    def check(version: int, reader: Reader, _first: int) -> None:
        reader.packet_id()
        _code_and_properties(version, reader, codes)

    return check


def _code_and_properties(version: int, reader: Reader, codes: frozenset[int]) -> None:
    # In MQTT 5 both may be left out from the end; in 3.1.1 neither exists.
    if version == V5 and reader.at < reader.end:
        if reader.number(1) not in codes:
            raise reader.fail("reason_code")
        if reader.at < reader.end:
            check_properties(reader, reader.packet)
    reader.done()


def _subscribe(version: int, reader: Reader, _first: int) -> None:
    reader.packet_id()
    if version == V5:
        check_properties(reader, "subscribe")
    if reader.at == reader.end:
        raise reader.fail("no_filters", Code.PROTOCOL_ERROR)
    while reader.at < reader.end:
        if not reader.text():
            raise reader.fail("filter_empty", Code.PROTOCOL_ERROR)
        _subscribe_options(version, reader)


def _subscribe_options(version: int, reader: Reader) -> None:
    options = reader.number(1)
    if options & 3 > QOS_MAX:
        raise reader.fail("qos_3", Code.PROTOCOL_ERROR)
    if options & (0xC0 if version == V5 else 0xFC):
        raise reader.fail("reserved_bits")
    if version == V5 and options >> 4 & 3 > QOS_MAX:
        raise reader.fail("retain_handling_3", Code.PROTOCOL_ERROR)


def _unsubscribe(version: int, reader: Reader, _first: int) -> None:
    reader.packet_id()
    if version == V5:
        check_properties(reader, "unsubscribe")
    if reader.at == reader.end:
        raise reader.fail("no_filters", Code.PROTOCOL_ERROR)
    while reader.at < reader.end:
        if not reader.text():
            raise reader.fail("filter_empty", Code.PROTOCOL_ERROR)


def _empty(_version: int, reader: Reader, _first: int) -> None:
    reader.done()


def _disconnect(version: int, reader: Reader, _first: int) -> None:
    _code_and_properties(version, reader, DISCONNECT_CODES)


def _auth(version: int, reader: Reader, _first: int) -> None:
    if version != V5:
        raise reader.fail("reserved_type")
    # Success, which may be left out, is the server's to say; the rest needs a method.
    if reader.at == reader.end or reader.number(1) not in AUTH_CODES:
        raise reader.fail("reason_code")
    if AUTH_METHOD not in check_properties(reader, "auth"):
        raise reader.fail("auth_method_missing", Code.PROTOCOL_ERROR)
    reader.done()


def _second_connect(_version: int, reader: Reader, _first: int) -> None:
    raise reader.fail("second_connect", Code.PROTOCOL_ERROR)


class Rule(NamedTuple):
    """How one packet type is judged, and the only flags it may have."""

    check: Callable[[int, Reader, int], None]
    flags: int


RULES = {
    PacketType.CONNECT: Rule(_second_connect, 0),
    PacketType.PUBACK: Rule(_ack(PUBLISH_CODES), 0),
    PacketType.PUBREC: Rule(_ack(PUBLISH_CODES), 0),
    PacketType.PUBREL: Rule(_ack(RELEASE_CODES), 2),
    PacketType.PUBCOMP: Rule(_ack(RELEASE_CODES), 0),
    PacketType.SUBSCRIBE: Rule(_subscribe, 2),
    PacketType.UNSUBSCRIBE: Rule(_unsubscribe, 2),
    PacketType.PINGREQ: Rule(_empty, 0),
    PacketType.DISCONNECT: Rule(_disconnect, 0),
    PacketType.AUTH: Rule(_auth, 0),
}


def open_packet(packet: bytes) -> tuple[PacketType, Reader]:
    """What one whole packet is, and a reader of its body.

    Raises:
        ProtocolError: it is not one whole packet, or of no type there is.
    """
    length, body = remaining_length(packet, 1, len(packet))
    if not body or body + length != len(packet):
        raise ProtocolError("framing", "not_one_packet")
    try:
        kind = PacketType(packet[0] >> 4)
    except ValueError:
        raise ProtocolError("framing", "reserved_type") from None
    return kind, Reader(kind.name.lower(), packet, body, len(packet))


def check_packet(version: int, packet: bytes) -> PacketType:
    """Judge one whole packet of a client whose CONNECT was accepted, and say what it is.

    Raises:
        ProtocolError: it is malformed, or not for a client to send.
    """
    kind, reader = open_packet(packet)
    first = packet[0]
    if kind is PacketType.PUBLISH:
        _publish(version, reader, first)
        return kind
    rule = RULES.get(kind)
    if rule is None:
        raise reader.fail("not_from_a_client", Code.PROTOCOL_ERROR)
    if first & 0x0F != rule.flags:
        raise reader.fail("reserved_flags")
    rule.check(version, reader, first)
    return kind


def connect_version(packet: bytes) -> int:
    """The protocol level that a first packet asks for, or 0 if it is no CONNECT of MQTT.

    Looks no further than the level, so that even a malformed CONNECT can be answered in the
    client's own version.
    """
    kind, reader = open_packet(packet)
    if kind is not PacketType.CONNECT:
        raise reader.fail("before_connect", Code.PROTOCOL_ERROR)
    name = reader.binary()
    level = reader.number(1)
    return level if name in {PROTOCOL_NAME, OLD_PROTOCOL_NAME} else 0


def check_connect(packet: bytes) -> int:
    """Judge a whole CONNECT packet and return its version, `V311` or `V5`.

    Raises:
        ProtocolError: it is malformed, or of another version.
    """
    kind, reader = open_packet(packet)
    if kind is not PacketType.CONNECT:
        raise reader.fail("before_connect", Code.PROTOCOL_ERROR)
    if packet[0] & 0x0F:
        raise reader.fail("reserved_flags")
    if reader.binary() != PROTOCOL_NAME:
        raise reader.fail("protocol_name", Code.UNSUPPORTED_VERSION)
    version = reader.number(1)
    if version not in {V311, V5}:
        raise reader.fail("protocol_level", Code.UNSUPPORTED_VERSION)
    _connect_body(version, reader)
    return version


def _connect_body(version: int, reader: Reader) -> None:
    flags = reader.number(1)
    _connect_flags(version, flags, reader)
    reader.number(2)
    if version == V5:
        check_properties(reader, "connect")
    reader.text()
    if flags & 0x04:
        if version == V5:
            check_properties(reader, "will")
        reader.topic()
        reader.binary()
    if flags & 0x80:
        reader.text()
    if flags & 0x40:
        reader.binary()
    reader.done()


def _connect_flags(version: int, flags: int, reader: Reader) -> None:
    if flags & 0x01:
        raise reader.fail("reserved_bits")
    will_qos = flags >> 3 & 3
    if will_qos > QOS_MAX:
        raise reader.fail("will_qos_3")
    if not flags & 0x04 and flags & 0x38:
        raise reader.fail("will_flags")
    if version == V311 and flags & 0x40 and not flags & 0x80:
        raise reader.fail("password_alone")
