"""How soon after its PUBLISH a reading is answered by the API, under a steady load."""

import math
import socket
import tempfile
import threading
import time
from pathlib import Path

import httpx
import mqtt5

from ausguck.clock import SystemClock
from bench.load import connect, payload
from bench.processes import Figures, ausguck


def percentile(values: list[float], share: float) -> float:
    """The value under which that share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def publish_to_query(messages_per_s: int, seconds: int) -> Figures:
    """How long after its PUBLISH a reading is answered by the API, with all in one process."""
    with tempfile.TemporaryDirectory() as name, ausguck(Path(name)) as served:
        return answered(served.port, served.page_url, messages_per_s, seconds)


def answered(port: int, page_url: str, messages_per_s: int, seconds: int) -> Figures:
    """The same under a steady load, published to whoever listens on a port."""
    stop = threading.Event()
    background = threading.Thread(target=steady, args=(port, messages_per_s, stop))
    background.start()
    waits_ms: list[float] = []
    try:
        sock = connect(port, "probe")
        with httpx.Client(base_url=page_url) as client:
            end_s = time.monotonic() + seconds
            number = 0
            while time.monotonic() < end_s:
                number += 1
                waits_ms.append(visible_ms(client, sock, number))
    finally:
        stop.set()
        background.join()
    return {
        "messages_per_s": messages_per_s,
        "samples": len(waits_ms),
        "p50_ms": round(percentile(waits_ms, 0.5)),
        "p99_ms": round(percentile(waits_ms, 0.99)),
    }


def visible_ms(client: httpx.Client, sock: socket.socket, number: int) -> float:
    """Publish one reading and ask until it is there."""
    packet = mqtt5.PublishPacket(
        "v1/kiel/bus/probe/telemetry", payload(number, SystemClock().now_ms())
    )
    begun_s = time.monotonic()
    sock.sendall(packet.write())
    while True:
        answer = client.get("/api/v1/buses/probe")
        if answer.status_code == httpx.codes.OK and (
            answer.json()["values"].get("uptime_s") == number
        ):
            return (time.monotonic() - begun_s) * 1000
        threading.Event().wait(0.005)


def steady(port: int, messages_per_s: int, stop: threading.Event) -> None:
    """A load that does not vary, from 50 devices at QoS 0."""
    peers = [connect(port, f"steady-{number}") for number in range(50)]
    number = 0
    while not stop.wait(len(peers) / messages_per_s):
        now_ms = SystemClock().now_ms()
        for index, peer in enumerate(peers):
            number += 1
            packet = mqtt5.PublishPacket(f"v1/kiel/bus/s{index}/telemetry", payload(number, now_ms))
            peer.sendall(packet.write())
    for peer in peers:
        peer.close()
