"""A load of pre-encoded MQTT 5 packets over many connections, so that sending costs little.

Run as a program it sends to 127.0.0.1 and prints one line of JSON: messages, seconds, rate.
"""

import argparse
import contextlib
import json
import selectors
import socket
import time
from dataclasses import dataclass, field

import mqtt5

BASE_MS = 1_790_000_000_000
PUBACK_BYTES = 4


def payload(number: int, at_ms: int) -> bytes:
    """About 230 bytes of telemetry, each message its own."""
    return (
        b'{"observed_at":%d,"boot_id":"bench0","seq":%d,"clients":%d,"clients_guest":%d,'
        b'"guest_down_bytes_total":%d,"rtt_ms":%d.5,"rsrp_dbm":-%d,"access_technology":"4g",'
        b'"lat":54.%04d,"lon":10.%04d,"speed_mps":%d.25,"temperature_c":41.5,"uptime_s":%d}'
    ) % (
        at_ms,
        number,
        number % 60,
        number % 50,
        number * 1000,
        20 + number % 80,
        60 + number % 50,
        3000 + number % 900,
        1000 + number % 900,
        number % 20,
        number,
    )


@dataclass
class Peer:
    """One connection and what it has still to send, in chunks of one window."""

    socket: socket.socket
    chunks: list[tuple[bytes, int]]
    owed_bytes: int = 0
    sending: memoryview = field(default_factory=lambda: memoryview(b""))


def connect(port: int, client_id: str) -> socket.socket:
    """A connection that has its CONNACK."""
    sock = socket.create_connection(("127.0.0.1", port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return greet(sock, client_id)


def greet(sock: socket.socket, client_id: str) -> socket.socket:
    """The same socket, once it has its CONNACK."""
    sock.sendall(mqtt5.ConnectPacket(client_id, clean_start=True, keep_alive=600).write())
    data = b""
    while True:
        data += sock.recv(4096)
        try:
            packet, _ = mqtt5.read(memoryview(data))
        except IndexError:
            continue
        assert isinstance(packet, mqtt5.ConnAckPacket)
        assert packet.reason_code == mqtt5.ConnAckReasonCode.SUCCESS, packet
        return sock


def chunks(name: str, messages: int, window: int, start_ms: int) -> list[tuple[bytes, int]]:
    """Packets of one device, encoded, a window at a time."""
    topic = f"v1/kiel/bus/{name}/telemetry"
    made = []
    for first in range(0, messages, window):
        numbers = range(first, min(first + window, messages))
        made.append(
            (
                b"".join(
                    mqtt5.PublishPacket(
                        topic,
                        payload(number, start_ms + number),
                        qos=mqtt5.QoS.AT_LEAST_ONCE,
                        packet_id=number % 65_535 + 1,
                    ).write()
                    for number in numbers
                ),
                len(numbers),
            )
        )
    return made


def feed(peer: Peer, selector: selectors.BaseSelector) -> bool:
    """Send what the socket takes; False once the last window is acknowledged."""
    if not peer.sending and not peer.owed_bytes:
        if not peer.chunks:
            return False
        data, count = peer.chunks.pop()
        peer.sending = memoryview(data)
        peer.owed_bytes = count * PUBACK_BYTES
    if peer.sending:
        with contextlib.suppress(BlockingIOError):
            peer.sending = peer.sending[peer.socket.send(peer.sending) :]
    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if peer.sending else 0)
    selector.modify(peer.socket, wanted, peer)
    return True


def send(peers: list[Peer]) -> float:
    """Send everything, never more than a window unacknowledged; returns the seconds it took."""
    selector = selectors.DefaultSelector()
    for peer in peers:
        peer.socket.settimeout(0)
        selector.register(peer.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, peer)
    begun = time.perf_counter()
    left = len(peers)
    while left:
        for key, events in selector.select(5):
            peer = key.data
            if events & selectors.EVENT_READ:
                peer.owed_bytes -= len(peer.socket.recv(65_536))
            if not feed(peer, selector):
                selector.unregister(peer.socket)
                left -= 1
    return time.perf_counter() - begun


def main() -> None:
    """Read the arguments, send, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--peers", type=int, default=100)
    parser.add_argument("--messages", type=int, default=1000, help="of each peer")
    parser.add_argument("--window", type=int, default=250)
    parser.add_argument("--start-ms", type=int, default=BASE_MS)
    options = parser.parse_args()
    peers = []
    for number in range(options.peers):
        made = chunks(f"b{number}", options.messages, options.window, options.start_ms)
        made.reverse()
        peers.append(Peer(connect(options.port, f"load-{number}"), made))
    print("connected", flush=True)
    input()
    seconds = send(peers)
    total = options.peers * options.messages
    print(json.dumps({"messages": total, "seconds": seconds, "per_s": total / seconds}))


if __name__ == "__main__":
    main()
