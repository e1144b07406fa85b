"""`make bench`: what a message costs, how fast it goes and how soon it is answered, as JSON.

Figures that are compared are taken in the same run on the same machine: our CPU a message is
given beside that of paho's bare receive loop. Nothing here passes or fails.
"""

import argparse
import json
import math
import os
import platform
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import mqtt5

from ausguck.clock import SystemClock
from bench.load import connect, payload
from bench.processes import Served, ausguck, ended, go, intake_only, load, mosquitto

Figures = dict[str, float | int | str]
SETTLE_S = 120


def drained(page_url: str, stored: int) -> None:
    """Wait until the store holds so many."""
    end_s = time.monotonic() + SETTLE_S
    while time.monotonic() < end_s:
        if httpx.get(f"{page_url}/api/v1/health").json()["books"]["stored"] >= stored:
            return
        threading.Event().wait(0.1)
    raise AssertionError("the store did not get everything in time")


def paho_receive(messages: int) -> float:
    """µs of CPU a message in paho's bare receive loop, from a Mosquitto."""
    with tempfile.TemporaryDirectory() as name, mosquitto(Path(name)) as broker:
        receiver = subprocess.Popen(
            [sys.executable, "-m", "bench.paho_receive", str(broker.port), str(messages)],
            stdout=subprocess.PIPE,
            text=True,
        )
        with ended(receiver):
            assert receiver.stdout is not None
            assert receiver.stdout.readline() == "connected\n"
            with load(broker.port, "--peers", "20", "--messages", str(messages // 20)) as sender:
                go(sender)
                return float(receiver.stdout.readline())


def flood(served: Served, peers: int, each: int, after: Callable[[], None]) -> Figures:
    """Send as fast as it goes; CPU a message counts until `after` returns."""
    options = ("--peers", str(peers), "--messages", str(each))
    start_ms = str(SystemClock().now_ms() - each)
    with load(served.port, *options, "--start-ms", start_ms) as sender:
        cpu_s = served.cpu_s()
        sent = json.loads(go(sender))
        after()
        cpu_s = served.cpu_s() - cpu_s
    return {
        "messages": sent["messages"],
        "cpu_us_a_message": round(cpu_s / sent["messages"] * 1e6, 2),
        "acknowledged_per_s": round(sent["per_s"]),
        "rss_mb": round(served.rss_bytes() / 1e6),
    }


def intake(peers: int, each: int) -> Figures:
    """Listener and journal alone."""
    with tempfile.TemporaryDirectory() as name, intake_only(Path(name)) as served:
        return flood(served, peers, each, lambda: None)


def intake_and_history(peers: int, each: int) -> Figures:
    """The whole process, until the last reading is in DuckDB."""
    with tempfile.TemporaryDirectory() as name, ausguck(Path(name)) as served:
        return flood(served, peers, each, lambda: drained(served.page_url, peers * each))


def percentile(values: list[float], share: float) -> float:
    """The value under which that share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]


def publish_to_query(messages_per_s: int, seconds: int) -> Figures:
    """How long after its PUBLISH a reading is answered by the API, under a steady load."""
    with tempfile.TemporaryDirectory() as name, ausguck(Path(name)) as served:
        stop = threading.Event()
        background = threading.Thread(target=steady, args=(served.port, messages_per_s, stop))
        background.start()
        waits_ms: list[float] = []
        try:
            sock = connect(served.port, "probe")
            with httpx.Client(base_url=served.page_url) as client:
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


def idle(connections: int) -> Figures:
    """Bytes of memory an idle connection costs."""
    with tempfile.TemporaryDirectory() as name, intake_only(Path(name)) as served:
        warm = [connect(served.port, f"warm-{number}") for number in range(100)]
        before = served.rss_bytes()
        peers = [connect(served.port, f"idle-{number}") for number in range(connections)]
        used = served.rss_bytes() - before
        for peer in warm + peers:
            peer.close()
    return {"connections": connections, "bytes_a_connection": round(used / connections)}


def main() -> None:
    """Measure what is asked for, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the load")
    options = parser.parse_args()
    scale = 10 if options.quick else 1
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))
    baseline_us = paho_receive(100_000 // scale)
    intake_figures = intake(100, 4_000 // scale)
    whole = intake_and_history(100, 4_000 // scale)
    result = {
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
        "paho_receive_cpu_us_a_message": round(baseline_us, 2),
        "intake": intake_figures,
        "intake_and_history": whole,
        "ratio_to_paho": {
            "intake": round(float(intake_figures["cpu_us_a_message"]) / baseline_us, 3),
            "intake_and_history": round(float(whole["cpu_us_a_message"]) / baseline_us, 3),
        },
        "publish_to_query": publish_to_query(1000, 30 // scale),
        "idle": idle(8_000 // scale),
    }
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
