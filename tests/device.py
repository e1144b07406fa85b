"""A device for tests: MQTT 5 over a plain socket, with a ledger of what was acknowledged.

It keeps what a real one would keep over its own restart and ours: messages without an
acknowledgement, their packet ids, and how far each QoS 2 exchange has come.
"""

import socket
from collections.abc import Callable

import mqtt5

READ_BYTES = 65_536
REFUSED = 0x80


class Device:
    """Speaks for one client id over as many connections as it takes."""

    def __init__(
        self, port: int, client_id: str, *, secret: str | None = None, timeout_s: float = 10
    ) -> None:
        self._port = port
        self._client_id = client_id
        self._secret = secret  # with one, the client id is also the user
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None
        self._buffer = bytearray()
        self._next_id = 0
        self.unacknowledged: dict[int, mqtt5.PublishPacket] = {}
        self.received: set[int] = set()  # QoS 2 ids with a PUBREC
        self.published = 0
        self.acknowledged: list[bytes] = []
        self.session_present = False

    def connect(self, port: int | None = None, *, clean_start: bool = False) -> None:
        """Connect, and send again what has no acknowledgement yet."""
        self._port = port or self._port
        self._buffer.clear()
        self._socket = socket.create_connection(("127.0.0.1", self._port), self._timeout_s)
        self._send(
            mqtt5.ConnectPacket(
                self._client_id,
                username=None if self._secret is None else self._client_id,
                password=None if self._secret is None else self._secret.encode(),
                clean_start=clean_start,
                session_expiry_interval=3600,
                keep_alive=60,
            ).write()
        )
        connack = self._read()
        assert isinstance(connack, mqtt5.ConnAckPacket), connack
        self.session_present = connack.session_present
        if not self.session_present:
            self.received.clear()
        for packet_id, packet in self.unacknowledged.items():
            if packet_id in self.received:
                self._send(mqtt5.PubRelPacket(packet_id).write())
            else:
                again = mqtt5.PublishPacket(
                    packet.topic,
                    packet.payload,
                    qos=packet.qos,
                    packet_id=packet_id,
                    duplicate=True,
                )
                self._send(again.write())

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Send a message and remember it until it is acknowledged."""
        self.published += 1
        if qos == 0:
            self._send(mqtt5.PublishPacket(topic, payload).write())
            return
        self._next_id = self._next_id % 65_535 + 1
        packet = mqtt5.PublishPacket(topic, payload, qos=mqtt5.QoS(qos), packet_id=self._next_id)
        self.unacknowledged[self._next_id] = packet
        self._send(packet.write())

    def settle(self, done: Callable[[], bool] | None = None) -> None:
        """Read answers until nothing is unacknowledged, or `done()` says so.

        Raises:
            OSError: the connection ended first, or nothing came in time.
        """
        while self.unacknowledged and not (done and done()):
            self._answer(self._read())

    def close(self) -> None:
        """Let the connection go without a word."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _answer(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.PubAckPacket):
            self._finish(packet.packet_id, refused=int(packet.reason_code) >= REFUSED)
        elif isinstance(packet, mqtt5.PubRecPacket):
            if int(packet.reason_code) >= REFUSED:
                self._finish(packet.packet_id, refused=True)
                return
            self.received.add(packet.packet_id)
            self._send(mqtt5.PubRelPacket(packet.packet_id).write())
        elif isinstance(packet, mqtt5.PubCompPacket):
            self.received.discard(packet.packet_id)
            self._finish(packet.packet_id, refused=False)
        else:
            raise ConnectionError(f"unexpected {type(packet).__name__}")

    def _finish(self, packet_id: int, *, refused: bool) -> None:
        packet = self.unacknowledged.pop(packet_id, None)
        if packet is not None and not refused:
            self.acknowledged.append(packet.payload)

    def _send(self, data: bytes) -> None:
        if self._socket is None:
            raise ConnectionError("not connected")
        self._socket.sendall(data)

    def _read(self) -> mqtt5.Packet:
        if self._socket is None:
            raise ConnectionError("not connected")
        while True:
            try:
                packet, size = mqtt5.read(memoryview(bytes(self._buffer)))
            except IndexError:
                data = self._socket.recv(READ_BYTES)
                if not data:
                    raise ConnectionError("closed by the listener") from None
                self._buffer += data
            else:
                del self._buffer[:size]
                return packet
