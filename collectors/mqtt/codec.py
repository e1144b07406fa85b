"""Glue to the `mqtt5` codec, and the small adapter that lets MQTT 3.1.1 use it too.

A packet of 3.1.1 is one of MQTT 5 without its properties: put an empty set where each belongs
and the same codec reads it. What we send is turned back the same way.
"""

from typing import cast

import mqtt5

from collectors.mqtt.framing import encode_length, remaining_length
from collectors.mqtt.protocol import V5, V311, Code, PacketType, ProtocolError
from collectors.mqtt.reader import Reader

NO_PROPERTIES = b"\0"
LEVEL_AT = 6  # behind the name's length and `MQTT`
PANIC = "PanicException"

# CONNACK return codes of 3.1.1; it has no more than these.
RETURN_CODES = {
    Code.UNSUPPORTED_VERSION: 1,
    Code.CLIENT_ID_INVALID: 2,
    Code.SERVER_BUSY: 3,
    Code.QUOTA: 3,
    Code.BAD_CREDENTIALS: 4,
    Code.NOT_AUTHORIZED: 5,
    Code.BAD_AUTH_METHOD: 5,
}
REFUSED_FILTER = 0x80

PINGRESP = b"\xd0\0"


def frame(first: int, body: bytes) -> bytes:
    """A packet of this first byte and body."""
    return bytes((first,)) + encode_length(len(body)) + body


def _as_v5(packet: bytes) -> bytes:
    kind = packet[0] >> 4
    length, at = remaining_length(packet, 1, len(packet))
    body = packet[at : at + length]
    if kind == PacketType.CONNECT:
        return frame(packet[0], _connect_as_v5(body))
    if kind in {PacketType.SUBSCRIBE, PacketType.UNSUBSCRIBE}:
        return frame(packet[0], body[:2] + NO_PROPERTIES + body[2:])
    if kind == PacketType.PUBLISH:
        properties_at = 2 + int.from_bytes(body[:2], "big") + (2 if packet[0] & 0x06 else 0)
        return frame(packet[0], body[:properties_at] + NO_PROPERTIES + body[properties_at:])
    return packet


def _connect_as_v5(body: bytes) -> bytes:
    reader = Reader("connect", body, LEVEL_AT + 1, len(body))
    flags = reader.number(1)
    reader.number(2)
    head = body[:LEVEL_AT] + bytes((V5,)) + body[LEVEL_AT + 1 : reader.at] + NO_PROPERTIES
    start = reader.at
    reader.binary()
    if not flags & 0x04:
        return head + body[start:]
    return head + body[start : reader.at] + NO_PROPERTIES + body[reader.at :]


def decode(version: int, packet: bytes) -> mqtt5.Packet:
    """The packet's parts; of a packet that `validate` has passed.

    Raises:
        ProtocolError: the codec refused what our validation let pass, which is a fault of ours.
    """
    try:
        decoded, _size = mqtt5.read(memoryview(packet if version == V5 else _as_v5(packet)))
    except (ValueError, IndexError):
        raise ProtocolError("codec", "refused") from None
    except BaseException as panic:
        # Rust panics arrive as an exception that nothing but its name tells apart.
        if type(panic).__name__ != PANIC:
            raise
        raise ProtocolError("codec", "panicked") from None
    return decoded


def decode_connect(version: int, packet: bytes) -> mqtt5.ConnectPacket:
    """A CONNECT that `validate.check_connect` has passed; as for 3.1.1, without properties."""
    return cast("mqtt5.ConnectPacket", decode(version, packet))


def connack_refused(version: int, code: Code) -> bytes:
    """CONNACK that says no; empty where 3.1.1 knows no such answer and the close must do."""
    if version == V5:
        return mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode(code)).write()
    if code not in RETURN_CODES:
        return b""
    return frame(PacketType.CONNACK << 4, bytes((0, RETURN_CODES[code])))


def connack(version: int, packet: mqtt5.ConnAckPacket) -> bytes:
    """CONNACK that says yes."""
    if version == V5:
        return packet.write()
    return frame(PacketType.CONNACK << 4, bytes((packet.session_present, 0)))


def suback(version: int, packet_id: int, codes: list[Code]) -> bytes:
    """SUBACK with one code a filter."""
    if version == V5:
        return mqtt5.SubAckPacket(packet_id, [mqtt5.SubAckReasonCode(c) for c in codes]).write()
    plain = bytes(REFUSED_FILTER if code else 0 for code in codes)
    return frame(PacketType.SUBACK << 4, packet_id.to_bytes(2, "big") + plain)


def unsuback(version: int, packet_id: int, existed: list[bool]) -> bytes:
    """UNSUBACK; 3.1.1 says nothing about single filters."""
    if version == V311:
        return frame(PacketType.UNSUBACK << 4, packet_id.to_bytes(2, "big"))
    codes = [mqtt5.UnsubAckReasonCode(0 if found else 0x11) for found in existed]
    return mqtt5.UnsubAckPacket(packet_id, codes).write()


def acknowledge(version: int, kind: PacketType, packet_id: int, code: Code = Code.SUCCESS) -> bytes:
    """PUBACK, PUBREC, PUBREL or PUBCOMP."""
    first = kind << 4 | (2 if kind is PacketType.PUBREL else 0)
    body = packet_id.to_bytes(2, "big")
    if version == V5 and code:
        body += bytes((code,))
    return frame(first, body)


def disconnect(code: Code) -> bytes:
    """DISCONNECT from us, which only MQTT 5 has."""
    return mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode(code)).write()


def forward(version: int, packet: mqtt5.PublishPacket, topic: str) -> bytes:
    """A PUBLISH as we hand it on under a topic, at QoS 0; 3.1.1 gets no properties."""
    if version == V311:
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + packet.payload
        return frame(PacketType.PUBLISH << 4, body)
    return mqtt5.PublishPacket(
        topic,
        packet.payload,
        payload_format_indicator=packet.payload_format_indicator,
        message_expiry_interval=packet.message_expiry_interval,
        content_type=packet.content_type,
        response_topic=packet.response_topic,
        correlation_data=packet.correlation_data,
        user_properties=packet.user_properties,
    ).write()
