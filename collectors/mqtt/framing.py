"""Where one packet ends and the next begins, judged before anything is buffered for it."""

from collectors.mqtt.protocol import Code, ProtocolError

MORE = 0x80
LENGTH_BYTES = 4
INCOMPLETE = (0, 0)


def remaining_length(buffer: bytes | bytearray, at: int, end: int) -> tuple[int, int]:
    """The Remaining Length that begins at `at`, and where the packet's body begins.

    Returns:
        `INCOMPLETE` when the length itself has not arrived in full.

    Raises:
        ProtocolError: the length is longer than four bytes or not the shortest form.
    """
    value = 0
    for index in range(LENGTH_BYTES):
        if at + index >= end:
            return INCOMPLETE
        byte = buffer[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < MORE:
            if index and not byte:
                raise ProtocolError("framing", "length_not_minimal")
            return value, at + index + 1
    raise ProtocolError("framing", "length_too_long")


def packet_end(buffer: bytes | bytearray, position: int, end: int, limit: int) -> int:
    """Where the packet that begins at `position` ends; may lie behind `end`, 0 if unknown.

    Raises:
        ProtocolError: its length is malformed, or the whole packet exceeds `limit`.
    """
    length, body = remaining_length(buffer, position + 1, end)
    if not body:
        return 0
    after = body + length
    if after - position > limit:
        raise ProtocolError("framing", "packet_too_large", Code.TOO_LARGE)
    return after


def encode_length(length: int) -> bytes:
    """A Remaining Length as it goes over the wire."""
    encoded = bytearray()
    while True:
        length, byte = divmod(length, MORE)
        encoded.append(byte | (MORE if length else 0))
        if not length:
            return bytes(encoded)
