"""MQTT 5 properties: who may send which, where, how often, and with what values."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from collectors.mqtt.protocol import Code
from collectors.mqtt.reader import Reader

USER_PROPERTY = 0x26
AUTH_METHOD = 0x15
AUTH_DATA = 0x16
TOPIC_ALIAS = 0x23
SUBSCRIPTION_ID = 0x0B


def _flag(reader: Reader) -> None:
    if reader.number(1) > 1:
        raise reader.fail("property_not_0_or_1", Code.PROTOCOL_ERROR)


def _two(reader: Reader) -> None:
    reader.take(2)


def _four(reader: Reader) -> None:
    reader.take(4)


def _two_not_zero(reader: Reader) -> None:
    if not reader.number(2):
        raise reader.fail("property_zero", Code.PROTOCOL_ERROR)


def _four_not_zero(reader: Reader) -> None:
    if not reader.number(4):
        raise reader.fail("property_zero", Code.PROTOCOL_ERROR)


def _text(reader: Reader) -> None:
    reader.text()


def _topic(reader: Reader) -> None:
    reader.topic()


def _binary(reader: Reader) -> None:
    reader.binary()


def _pair(reader: Reader) -> None:
    reader.text()
    reader.text()


def _alias(reader: Reader) -> None:
    # Our Topic Alias Maximum is 0, so there is no value that would do.
    raise reader.fail("topic_alias", Code.TOPIC_ALIAS_INVALID)


def _subscription_id(reader: Reader) -> None:
    # CONNACK says that subscription identifiers are not available.
    raise reader.fail("subscription_id", Code.SUBSCRIPTION_IDS)


def _subscription_id_of_server(reader: Reader) -> None:
    # We never ask for one; one that comes nevertheless does no harm.
    if not reader.varint():
        raise reader.fail("property_zero", Code.PROTOCOL_ERROR)


class Property(NamedTuple):
    """What the value of a property must look like, and the packets that may carry it."""

    check: Callable[[Reader], None]
    packets: frozenset[str]

    @property
    def repeatable(self) -> bool:
        """Whether one packet may carry several."""
        return self.check in {_pair, _subscription_id_of_server}


def _in(check: Callable[[Reader], None], *packets: str) -> Property:
    return Property(check, frozenset(packets))


ACKS = ("puback", "pubrec", "pubrel", "pubcomp")
PROPERTIES = {
    0x01: _in(_flag, "publish", "will"),
    0x02: _in(_four, "publish", "will"),
    0x03: _in(_text, "publish", "will"),
    0x08: _in(_topic, "publish", "will"),
    0x09: _in(_binary, "publish", "will"),
    SUBSCRIPTION_ID: _in(_subscription_id, "subscribe"),
    0x11: _in(_four, "connect", "disconnect"),
    AUTH_METHOD: _in(_text, "connect", "auth"),
    AUTH_DATA: _in(_binary, "connect", "auth"),
    0x17: _in(_flag, "connect"),
    0x18: _in(_four, "will"),
    0x19: _in(_flag, "connect"),
    0x1F: _in(_text, *ACKS, "disconnect", "auth"),
    0x21: _in(_two_not_zero, "connect"),
    0x22: _in(_two, "connect"),
    TOPIC_ALIAS: _in(_alias, "publish"),
    USER_PROPERTY: _in(
        _pair,
        *("connect", "publish", "will", "subscribe", "unsubscribe", "disconnect", "auth"),
        *ACKS,
    ),
    0x27: _in(_four_not_zero, "connect"),
}
"""What a client may send."""

FROM_SERVER = {
    0x01: _in(_flag, "publish"),
    0x02: _in(_four, "publish"),
    0x03: _in(_text, "publish"),
    0x08: _in(_topic, "publish"),
    0x09: _in(_binary, "publish"),
    SUBSCRIPTION_ID: _in(_subscription_id_of_server, "publish"),
    0x11: _in(_four, "connack"),
    0x12: _in(_text, "connack"),
    0x13: _in(_two, "connack"),
    AUTH_METHOD: _in(_text, "connack"),
    AUTH_DATA: _in(_binary, "connack"),
    0x1A: _in(_text, "connack"),
    0x1C: _in(_text, "connack", "disconnect"),
    0x1F: _in(_text, "connack", "suback", "unsuback", "disconnect", *ACKS),
    0x21: _in(_two_not_zero, "connack"),
    0x22: _in(_two, "connack"),
    TOPIC_ALIAS: _in(_alias, "publish"),
    0x24: _in(_flag, "connack"),
    0x25: _in(_flag, "connack"),
    USER_PROPERTY: _in(_pair, "connack", "publish", "suback", "unsuback", "disconnect", *ACKS),
    0x27: _in(_four_not_zero, "connack"),
    0x28: _in(_flag, "connack"),
    0x29: _in(_flag, "connack"),
    0x2A: _in(_flag, "connack"),
}
"""What a server may send to us, who use neither topic aliases nor AUTH."""


def check_properties(
    reader: Reader, place: str, table: Mapping[int, Property] = PROPERTIES
) -> frozenset[int]:
    """Judge the properties that come next and return which there were.

    Raises:
        ProtocolError: one is unknown, out of place, repeated, cut short or out of range.
    """
    size = reader.varint()
    end = reader.at + size
    if end > reader.end:
        raise reader.fail("properties_truncated")
    part = Reader(reader.packet, reader.buffer, reader.at, end)
    seen: set[int] = set()
    while part.at < end:
        identifier = part.varint()
        known = table.get(identifier)
        if known is None:
            raise part.fail("property_unknown")
        if place not in known.packets:
            raise part.fail("property_out_of_place", Code.PROTOCOL_ERROR)
        if identifier in seen and not known.repeatable:
            raise part.fail("property_repeated", Code.PROTOCOL_ERROR)
        seen.add(identifier)
        known.check(part)
    reader.at = end
    if AUTH_DATA in seen and AUTH_METHOD not in seen:
        raise reader.fail("auth_data_alone", Code.PROTOCOL_ERROR)
    return frozenset(seen)
