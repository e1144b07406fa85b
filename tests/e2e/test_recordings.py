"""A real fleet's morning and a real city's stations, over MQTT into the store and out again."""

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ausguck.clock import SystemClock, iso_utc
from tests.conftest import AUSTIN, LONDON
from tests.crash.books import Answers
from tests.running import Running

FIXES = 45_386
LONDON_STATIONS = 742
MORNING_MS = 11 * 3_600_000
REPLAY_S = 240


def replay(running: Running, recording: Path, mapping: str, shift_to_ms: int, ledger: Path) -> None:
    """Send a recording as fast as it goes; every message must be acknowledged."""
    subprocess.run(
        [
            *(sys.executable, "-m", "ausguck", "replay", str(recording)),
            *("--mapping", mapping, "--shift-to", iso_utc(shift_to_ms), "--speed", "max"),
            *("--port", str(running.port), "--ledger", str(ledger)),
        ],
        check=True,
        timeout=REPLAY_S,
    )


@pytest.mark.slow
@pytest.mark.recordings
@pytest.mark.timeout(600)
def test_a_bus_fleets_morning_is_complete_and_sent_again_changes_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    shift_to_ms = SystemClock().now_ms() - MORNING_MS
    environ = {"AUSGUCK_LISTENER__MESSAGES_PER_S": "100000", "AUSGUCK_JOURNAL__KEEP_HOURS": "0"}
    with Running(tmp_path / "data", environ) as running:
        replay(running, AUSTIN, "austin-buses", shift_to_ms, tmp_path / "ledger")
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.settle(FIXES)
        first = answers.books()
        dropped = answers.dropped_values()
        replay(running, AUSTIN, "austin-buses", shift_to_ms, tmp_path / "again")
        answers.settle(2 * FIXES)
        second = answers.books()

        assert first["stored"] + first["dead_lettered"] == FIXES
        assert first["stored"] >= 0.999 * FIXES
        assert first["duplicates"] == 0
        assert dropped["speed_mps", "out_of_range"] == 7
        assert dropped["lat", "no_fix"] == 3
        assert second["stored"] == first["stored"]
        assert second["duplicates"] == first["stored"]
        assert answers.dropped_values() == dropped + dropped, "counted as often as it arrived"

        pair = answers.readings("2630", "trip_id", shift_to_ms, MORNING_MS)
        times = [point["at"] for point in pair]
        assert len(times) - len(set(times)) == 1, "one bus has two trips in one second"


@pytest.mark.stations
def test_a_citys_stations_are_complete(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    now_ms = SystemClock().now_ms() - 1000
    with Running(tmp_path / "data") as running:
        replay(running, LONDON, "london-stations", now_ms, tmp_path / "ledger")
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.settle(LONDON_STATIONS)
        stations = answers.stations()

        assert len(stations) == LONDON_STATIONS
        assert answers.books()["dead_lettered"] == 0
        assert all("num_vehicles_available" in station["values"] for station in stations)
        assert httpx.get(f"{running.page_url}/").status_code == httpx.codes.OK
        assert json.loads(httpx.get(f"{running.page_url}/api/v1/health").text)["status"] == "ok"
