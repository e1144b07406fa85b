"""kill -9 on the way from a broker into InfluxDB: nothing acknowledged is lost, none doubled."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from ausguck.probe import CrashPoint
from tests.crash.books import BROKEN_EVERY, SMALL_SEGMENTS, Answers, publish, start_ms
from tests.device import Device
from tests.e2e.parts import at_broker, prepared, rows
from tests.influx import Influx
from tests.running import Running
from tests.subscriber.mosquitto import SAFE, Mosquitto

MESSAGES = 1200
ROUND = 200
BUS = "crash"
# Mosquitto 2.0 acknowledges and loses what comes beyond its Receive Maximum, 20 by default.
ROUNDS_FIT = "max_inflight_messages 1000"

POINTS = [point for point in CrashPoint if not point.value.startswith("listener")]
TIMES = {point: 3 for point in POINTS if point.value.startswith(("journal", "subscriber"))} | {
    CrashPoint.JOURNAL_NEW_SEGMENT: 2
}


def in_rounds(device: Device, begun_ms: int) -> None:
    """Send everything, a round at a time, each until the broker has acknowledged it."""
    while device.published < MESSAGES:
        first = device.published + 1
        publish(device, BUS, range(first, min(first + ROUND, MESSAGES + 1)), begun_ms)
        device.settle()


@pytest.mark.broker
@pytest.mark.influxdb
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.value)
def test_nothing_is_lost_or_doubled(
    point: CrashPoint, tmp_path: Path, influx: Influx, request: pytest.FixtureRequest
) -> None:
    begun_ms = start_ms()
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Mosquitto(folder, [*SAFE, ROUNDS_FIT])
    request.addfinalizer(broker.stop)
    broker.start()
    asyncio.run(broker.is_up())
    device = Device(broker.port, "crash-device")
    request.addfinalizer(device.close)
    environ = SMALL_SEGMENTS | prepared(influx, tmp_path) | at_broker(broker.port)
    crash = {"AUSGUCK_CRASH_AT": f"{point.value}:{TIMES.get(point, 1)}"}

    with Running(tmp_path / "data", environ | crash) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.wait_connected()
        device.connect()
        in_rounds(device, begun_ms)
        running.wait()
        assert running.was_killed()

    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.settle(MESSAGES)
        broken = {n for n in range(1, MESSAGES + 1) if n % BROKEN_EVERY == 0}
        good = set(range(1, MESSAGES + 1)) - broken

        assert answers.stored(BUS, begun_ms) == Counter(dict.fromkeys(good, 1))
        books = answers.books()
        assert books["stored"] == len(good)
        assert books["balanced"]
        assert answers.dead_letters() == Counter({"undecodable": books["dead_lettered"]})
        assert len(broken) <= books["dead_lettered"]
        assert rows(influx, environ, "telemetry", "hotspot") == len(good)
        assert running.stop() == 0
