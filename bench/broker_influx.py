"""From a real Mosquitto through journal and history into a real InfluxDB: CPU, rate, memory."""

import json
import time

from ausguck.clock import SystemClock
from bench.answers import answered
from bench.partners import City, city, missing
from bench.processes import Figures, cpu_s, go, load, until
from tests.e2e.parts import rows

PEERS = 20
WINDOW = 100
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


def broker_influx(messages: int, baseline_us: float) -> Figures:
    """CPU a message of the whole process, beside paho's bare receive loop in the same run."""
    if told := absent():
        return told
    with city() as parts, parts.served() as served:
        send(parts, PEERS * WINDOW, SystemClock().now_ms() - messages - ROUND)
        warm = PEERS * WINDOW
        until(lambda: served.stored() >= warm)
        begun_s = time.monotonic()
        ours_s, broker_s, store_s = (
            cpu_s(pid) for pid in (served.process.pid, parts.broker.process.pid, parts.influx.pid)
        )
        sent_s = send(parts, messages, SystemClock().now_ms() - messages)
        until(lambda: served.stored() >= warm + messages)
        taken_s = time.monotonic() - begun_s
        ours_us = (served.cpu_s() - ours_s) / messages * 1e6
        return {
            "messages": messages,
            "cpu_us_a_message": round(ours_us, 2),
            "ratio_to_paho": round(ours_us / baseline_us, 3),
            "published_per_s": round(messages / sent_s),
            "stored_per_s": round(messages / taken_s),
            "rss_max_mb": round(served.rss_max_bytes() / 1e6),
            "mosquitto_cpu_us_a_message": round(
                (parts.broker.cpu_s() - broker_s) / messages * 1e6, 2
            ),
            "influxdb_cpu_us_a_message": round(
                (cpu_s(parts.influx.pid) - store_s) / messages * 1e6, 2
            ),
            "missing_in_influxdb": warm + messages - in_influxdb(parts),
        }


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
