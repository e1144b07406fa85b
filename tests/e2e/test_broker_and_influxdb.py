"""A simulated city and a real fleet's morning, from a broker into InfluxDB and out again."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck.clock import SystemClock, iso_utc
from simulators.ledger import read_ledger
from tests.conftest import AUSTIN
from tests.crash.books import Answers
from tests.e2e.parts import at_broker, prepared, rows
from tests.influx import Influx
from tests.running import Running
from tests.subscriber.mosquitto import SAFE, Mosquitto

FIXES = 45_386
MORNING_MS = 11 * 3_600_000
SEND_S = 240
BUSES, STATIONS = 40, 60


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder, [*SAFE, "max_inflight_messages 1000"]) as running:
        asyncio.run(running.is_up())
        yield running


def send(*words: str) -> None:
    """Have one of our simulators send; it fails if anything stays unacknowledged."""
    subprocess.run([sys.executable, "-m", "ausguck", *words], check=True, timeout=SEND_S)


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.influxdb
@pytest.mark.timeout(300)
def test_a_simulated_city_is_complete(
    tmp_path: Path, broker: Mosquitto, influx: Influx, request: pytest.FixtureRequest
) -> None:
    environ = prepared(influx, tmp_path) | at_broker(broker.port)
    ledger = tmp_path / "ledger"
    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.wait_connected()
        send(
            *("simulate", "--port", str(broker.port), "--ledger", str(ledger)),
            *("--buses", str(BUSES), "--stations", str(STATIONS), "--connections", "gateway"),
            *("--speed", "60", "--duration-s", "10"),
        )
        acknowledged = read_ledger(ledger).acknowledged()
        answers.settle(len(acknowledged))
        books = answers.books()
        stored = sum(
            rows(influx, environ, bucket, measurement)
            for bucket, measurement in (("telemetry", "hotspot"), ("station", "station"))
        )

        assert len(acknowledged) > 3 * (BUSES + STATIONS)  # at night most buses sleep
        assert books["balanced"]
        assert books["dead_lettered"] == 0
        assert stored == len(set(acknowledged))
        assert len(list(answers.stations())) == STATIONS
        assert running.stop() == 0


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.influxdb
@pytest.mark.recordings
@pytest.mark.timeout(600)
def test_a_bus_fleets_morning_is_complete(
    tmp_path: Path, broker: Mosquitto, influx: Influx, request: pytest.FixtureRequest
) -> None:
    shift_to_ms = SystemClock().now_ms() - MORNING_MS
    environ = prepared(influx, tmp_path) | at_broker(broker.port)
    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.wait_connected()
        send(
            *("replay", str(AUSTIN), "--mapping", "austin-buses"),
            *("--shift-to", iso_utc(shift_to_ms), "--speed", "max"),
            *("--port", str(broker.port)),
        )
        answers.settle(FIXES)
        books = answers.books()
        dropped = answers.dropped_values()

        assert books["balanced"]
        assert books["stored"] == FIXES
        assert (books["duplicates"], books["dead_lettered"]) == (0, 0)
        assert rows(influx, environ, "telemetry", "hotspot") == FIXES
        assert dropped["speed_mps", "out_of_range"] == 7
        assert dropped["lat", "no_fix"] == 3

        pair = answers.readings("2630", "trip_id", shift_to_ms, MORNING_MS)
        times = [point["at"] for point in pair]
        assert len(times) - len(set(times)) == 1, "one bus has two trips in one second"
