"""From a real Mosquitto through journal and history into a real InfluxDB: CPU, rate, memory."""

import json
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from ausguck.clock import SystemClock
from bench.answers import answered
from bench.partners import City, city, missing
from bench.processes import Figures, Served, cpu_s, go, load, until
from tests.e2e.parts import rows

PEERS = 20
WINDOW = 100
ROUNDS = 3
ROUND = 100_000
"""Messages the load holds encoded at a time."""


def absent() -> Figures | None:
    """What is said in place of figures where a server is missing."""
    names = missing()
    return {"missing": ", ".join(names)} if names else None


def send(city_: City, messages: int, start_ms: int) -> float:
    """Publish at QoS 1 as fast as the broker takes it; the seconds it took."""
    options = ("--peers", str(PEERS), "--window", str(WINDOW))
    number = ("--messages", str(messages // PEERS), "--start-ms", str(start_ms))
    with load(city_.broker.port, *options, *number) as sender:
        return float(json.loads(go(sender))["seconds"])


def in_influxdb(city_: City) -> int:
    """How many there are by InfluxDB's own count."""
    return rows(city_.influx, city_.environ, "telemetry", "hotspot")


def broker_influx(messages: int, baseline: Callable[[], float]) -> Figures:
    """CPU a message of the whole process, beside that of paho's bare receive loop.

    Each is measured in turn, several times: other work on the machine makes both dearer by up
    to a half, and the median of the ratios is what can be compared.
    """
    if told := absent():
        return told
    with city() as parts, parts.served() as served:
        first_ms = SystemClock().now_ms() - ROUNDS * messages - ROUND
        send(parts, PEERS * WINDOW, first_ms)  # so that everything is warm
        done = PEERS * WINDOW
        until(lambda: served.stored() >= PEERS * WINDOW)
        ours: list[Through] = []
        ratios: list[float] = []
        for _ in range(ROUNDS):
            baseline_us = baseline()
            ours.append(through(parts, served, messages, first_ms + done))
            ratios.append(ours[-1].ours_us / baseline_us)
            done += messages
        best = min(ours, key=lambda found: found.ours_us)
        return {
            "messages": ROUNDS * messages,
            "cpu_us_a_message": round(best.ours_us, 2),
            "ratio_to_paho": round(statistics.median(ratios), 3),
            "ratio_to_paho_best": round(min(ratios), 3),
            "published_per_s": round(best.published_per_s),
            "stored_per_s": round(best.stored_per_s),
            "rss_max_mb": round(served.rss_max_bytes() / 1e6),
            "mosquitto_cpu_us_a_message": round(best.mosquitto_us, 2),
            "influxdb_cpu_us_a_message": round(best.influxdb_us, 2),
            "missing_in_influxdb": done - in_influxdb(parts),
        }


class Through(NamedTuple):
    """What it took to bring some messages from the broker into InfluxDB."""

    ours_us: float
    mosquitto_us: float
    influxdb_us: float
    published_per_s: float
    stored_per_s: float


def through(parts: City, served: Served, messages: int, start_ms: int) -> Through:
    """Publish messages and wait until they are stored."""
    pids = (served.process.pid, parts.broker.process.pid, parts.influx.pid)
    before = served.stored()
    begun_s = time.monotonic()
    cpu_before_s = [cpu_s(pid) for pid in pids]
    sent_s = send(parts, messages, start_ms)
    until(lambda: served.stored() >= before + messages)
    taken_s = time.monotonic() - begun_s
    spent = zip(pids, cpu_before_s, strict=True)
    ours_us, mosquitto_us, influxdb_us = ((cpu_s(pid) - cpu) / messages * 1e6 for pid, cpu in spent)
    return Through(ours_us, mosquitto_us, influxdb_us, messages / sent_s, messages / taken_s)


def publish_to_query(messages_per_s: int, seconds: int) -> Figures:
    """How long after its PUBLISH at the broker a reading is answered by the API."""
    if told := absent():
        return told
    with city() as parts, parts.served() as served:
        return answered(parts.broker.port, served.page_url, messages_per_s, seconds)


def drain(messages: int) -> Figures:
    """Messages that queued at the broker while we were down: time, memory, and none lost."""
    if told := absent():
        return told
    with city() as parts:
        with parts.served():
            pass  # the broker keeps messages for a session that it knows
        first_ms = SystemClock().now_ms() - messages
        rounds = [min(ROUND, messages - done) for done in range(0, messages, ROUND)]
        for number, size in enumerate(rounds):
            send(parts, size, first_ms + number * ROUND)
        begun_s = time.monotonic()
        with parts.served() as served:
            until(lambda: served.stored() >= messages)
            taken_s = time.monotonic() - begun_s
            return {
                "messages": messages,
                "seconds": round(taken_s, 1),
                "stored_per_s": round(messages / taken_s),
                "cpu_us_a_message": round(served.cpu_s() / messages * 1e6, 2),
                "rss_max_mb": round(served.rss_max_bytes() / 1e6),
                "missing_in_influxdb": messages - in_influxdb(parts),
            }
