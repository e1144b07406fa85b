"""Takes one packet's body apart field by field, never reading past its end."""

from collectors.mqtt.framing import remaining_length
from collectors.mqtt.protocol import Code, ProtocolError

NUL = "\0"
WILDCARDS = ("+", "#")


class Reader:
    """A place in a packet's body; each method takes the next field or raises ProtocolError."""

    __slots__ = ("at", "buffer", "end", "packet")

    def __init__(self, packet: str, buffer: bytes, at: int, end: int) -> None:
        self.packet = packet
        self.buffer = buffer
        self.at = at
        self.end = end

    def fail(self, reason: str, code: Code = Code.MALFORMED) -> ProtocolError:
        """The error to raise about this packet."""
        return ProtocolError(self.packet, reason, code)

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        start, self.at = self.at, self.at + size
        if self.at > self.end:
            raise self.fail("truncated")
        return self.buffer[start : self.at]

    def number(self, size: int) -> int:
        """An unsigned integer of `size` bytes."""
        return int.from_bytes(self.take(size), "big")

    def varint(self) -> int:
        """A variable byte integer in its shortest form."""
        value, at = remaining_length(self.buffer, self.at, self.end)
        if not at:
            raise self.fail("truncated")
        self.at = at
        return value

    def binary(self) -> bytes:
        """Bytes behind their two-byte length."""
        return self.take(self.number(2))

    def text(self) -> str:
        """UTF-8 behind its two-byte length: well-formed, no surrogates, no NUL."""
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            raise self.fail("not_utf8") from None
        if NUL in text:
            raise self.fail("nul_in_text")
        return text

    def topic(self) -> str:
        """The name of a topic: text, not empty, no wildcards."""
        topic = self.text()
        if not topic:
            raise self.fail("topic_empty", Code.PROTOCOL_ERROR)
        if WILDCARDS[0] in topic or WILDCARDS[1] in topic:
            raise self.fail("topic_wildcard", Code.TOPIC_INVALID)
        return topic

    def packet_id(self) -> int:
        """A packet id, which is never 0."""
        packet_id = self.number(2)
        if not packet_id:
            raise self.fail("packet_id_zero", Code.PROTOCOL_ERROR)
        return packet_id

    def done(self) -> None:
        """Nothing may follow."""
        if self.at != self.end:
            raise self.fail("trailing_bytes")
