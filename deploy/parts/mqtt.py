"""One MQTT 3.1.1 message at QoS 1 over TLS: just enough to try a broker without any package."""

import socket
import ssl

from deploy.parts.private import DeployError

TIMEOUT_S = 15
CONNACK_BYTES = 4
PUBACK_BYTES = 4


def publish_once(
    address: tuple[str, int], tls: ssl.SSLContext, user: tuple[str, str], message: tuple[str, bytes]
) -> None:
    """Connect, publish, wait until it is acknowledged, and leave.

    Raises:
        DeployError: the broker refused; OSError when it cannot be reached.
    """
    # clean session, user name and password, keep-alive 60 s
    connect = _text(b"MQTT") + b"\x04\xc2\x00\x3c" + _text(b"smoke")
    connect += b"".join(_text(part.encode()) for part in user)
    publish = _text(message[0].encode()) + b"\x00\x01" + message[1]
    with (
        socket.create_connection(address, TIMEOUT_S) as raw,
        tls.wrap_socket(raw, server_hostname="localhost") as wire,
    ):
        wire.sendall(_packet(0x10, connect))
        answer = _read(wire, CONNACK_BYTES)
        if answer[-1]:
            raise DeployError(f"the broker refused the connection with code {answer[-1]}")
        wire.sendall(_packet(0x32, publish))
        if _read(wire, PUBACK_BYTES)[0] != 0x40:  # noqa: PLR2004 - PUBACK
            raise DeployError("the broker did not acknowledge the message")
        wire.sendall(b"\xe0\x00")


def _read(wire: ssl.SSLSocket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = wire.recv(count - len(data))
        if not more:
            raise DeployError("the broker closed the connection")
        data += more
    return data


def _text(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


def _packet(first: int, body: bytes) -> bytes:
    length, coded = len(body), bytearray()
    while True:
        length, low = length >> 7, length & 0x7F
        coded.append(low | (0x80 if length else 0))
        if not length:
            return bytes((first,)) + bytes(coded) + body
