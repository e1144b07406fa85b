"""One good packet of every type a client may send, in both versions, and builders for bad ones."""

from collectors.mqtt.framing import encode_length
from collectors.mqtt.protocol import V5, V311


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(first: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return bytes((first,)) + encode_length(len(body)) + body


def properties(*parts: bytes) -> bytes:
    joined = b"".join(parts)
    return encode_length(len(joined)) + joined


NONE = b"\0"
ID = b"\0\x07"
USER = b"\x26" + text("k") + text("v")
REASON = b"\x1f" + text("because")


def connect5(
    flags: int = 0xEE,
    props: bytes = properties(b"\x11\0\0\0\x3c", b"\x21\0\x0a", USER),
    will_props: bytes = properties(b"\x18\0\0\0\x05", b"\x01\x01", USER),
    client_id: bytes = b"bus",
    topic: bytes = b"v1/kiel/bus/1/status",
) -> bytes:
    parts = [text("MQTT"), bytes((V5, flags)), b"\0\x3c", props, text(client_id)]
    if flags & 0x04:
        parts += [will_props, text(topic), text("offline")]
    parts += [text("user")] if flags & 0x80 else []
    parts += [text("secret")] if flags & 0x40 else []
    return packet(0x10, *parts)


def connect311(flags: int = 0xEE) -> bytes:
    parts = [text("MQTT"), bytes((V311, flags)), b"\0\x3c", text("bus")]
    if flags & 0x04:
        parts += [text("v1/kiel/bus/1/status"), text("offline")]
    parts += [text("user")] if flags & 0x80 else []
    parts += [text("secret")] if flags & 0x40 else []
    return packet(0x10, *parts)


GOOD5 = {
    "publish_0": packet(0x30, text("a/b"), NONE, b"payload"),
    "publish_1": packet(0x3B, text("a/b"), ID, NONE, b"payload"),
    "publish_2": packet(
        0x34,
        text("a/b"),
        ID,
        properties(
            b"\x01\x01",
            b"\x02\0\0\0\x09",
            b"\x03" + text("type"),
            b"\x08" + text("answer/here"),
            b"\x09" + text(b"\0\xff"),
            USER,
            USER,
        ),
        b"payload",
    ),
    "puback": packet(0x40, ID, b"\x10", properties(REASON, USER)),
    "pubrec": packet(0x50, ID, b"\x80"),
    "pubrel": packet(0x62, ID, b"\x92", properties(REASON)),
    "pubcomp": packet(0x70, ID),
    "subscribe": packet(0x82, ID, properties(USER), text("a/+"), b"\x2d", text("#"), b"\x02"),
    "unsubscribe": packet(0xA2, ID, properties(USER), text("a/+"), text("b")),
    "pingreq": packet(0xC0),
    "disconnect": packet(0xE0, b"\x04", properties(b"\x11\0\0\0\x09", REASON, USER)),
    "auth": packet(0xF0, b"\x18", properties(b"\x15" + text("m"), b"\x16" + text("d"))),
}
GOOD311 = {
    "publish_0": packet(0x31, text("a/b"), b"payload"),
    "publish_1": packet(0x32, text("a/b"), ID, b"payload"),
    "publish_2": packet(0x3C, text("a/b"), ID),
    "puback": packet(0x40, ID),
    "pubrec": packet(0x50, ID),
    "pubrel": packet(0x62, ID),
    "pubcomp": packet(0x70, ID),
    "subscribe": packet(0x82, ID, text("a/+"), b"\x01", text("#"), b"\x02"),
    "unsubscribe": packet(0xA2, ID, text("a/+"), text("b")),
    "pingreq": packet(0xC0),
    "disconnect": packet(0xE0),
}
GOOD = [(V5, name) for name in GOOD5] + [(V311, name) for name in GOOD311]


def good(version: int, name: str) -> bytes:
    return (GOOD5 if version == V5 else GOOD311)[name]
