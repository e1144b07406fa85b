"""`ausguck replay` and `ausguck simulate`, with a real Mosquitto where something is sent."""

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.replay import find_shift_ms, progress_line, replay, speed_of
from ausguck.cli.simulate import simulate
from ausguck.clock import ManualClock
from ausguck.settings.tree import Listener, Settings
from simulators.ledger import read_ledger
from simulators.replay.mapping import load_mapping
from simulators.replay.recording import Recording, read_recording
from tests.simulators.broker import Broker
from tests.subscriber.mosquitto import free_port

CSV = "id,nbikes,nempty\n1,4,14\n2,0,9\n3,many,1\n"  # codespell:ignore
BUSES_CSV = (
    "vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude\n"
    "1,2017-03-21T00:00:00+00:00,1,1,1,30.1,-97.1\n"
    "1,2017-03-21T00:01:00+00:00,2,1,1,30.2,-97.2\n"
)
FIRST_MS = 1_490_054_400_000
NOW_MS = 1_800_000_000_000
T = "2026-11-22T12:00:00+01:00"
T_MS = 1_795_345_200_000


def run_replay(folder: Path, port: int, *options: str) -> Result:
    file = folder / "stations.csv"
    file.write_text(CSV)
    arguments = [str(file), "--mapping", "london-stations", "--port", str(port), *options]
    return CliRunner().invoke(replay, arguments, obj=Settings())


def recording(folder: Path) -> Recording:
    path = folder / "buses.csv"
    path.write_text(BUSES_CSV)
    return read_recording(path, load_mapping("austin-buses"), "kiel")


@pytest.mark.broker
def test_a_replay_says_what_became_of_it_and_a_second_one_sends_the_same(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    with Broker(tmp_path) as broker:
        asyncio.run(broker.is_up())
        first = run_replay(tmp_path, broker.port, "--shift-to", T, "--ledger", str(ledger))
        once = read_ledger(ledger).acknowledged()
        second = run_replay(tmp_path, broker.port, "--shift-to", "ledger", "--ledger", str(ledger))
    content = read_ledger(ledger)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "3 readings in 3 messages: 3 acknowledged, 0 not" in first.stdout
    assert "First reading at 2026-11-22T11:00:00.000Z" in first.stdout
    assert "3 of 3 acknowledged (100.0 %)" in first.stderr
    assert [run.shift_ms for run in content.runs] == [T_MS, T_MS]
    assert sorted(content.acknowledged()) == sorted(once * 2)


def test_a_replay_nobody_acknowledges_ends_with_status_1(tmp_path: Path) -> None:
    result = run_replay(tmp_path, free_port(), "--shift-to", T, "--give-up-s", "0.1")

    assert result.exit_code == 1
    assert "0 acknowledged, 3 not" in result.stdout


def test_a_wrong_time_is_answered_with_the_right_forms(tmp_path: Path) -> None:
    result = run_replay(tmp_path, free_port(), "--shift-to", "2026-11-22T12:00:00")

    assert result.exit_code == 2
    assert "found '2026-11-22T12:00:00', expected RFC 3339 with offset" in result.stderr


def test_where_the_first_reading_goes(tmp_path: Path) -> None:
    found = recording(tmp_path)
    clock = ManualClock(NOW_MS)

    def first_at(shift_to: str) -> int:
        return found.first_ms + find_shift_ms(found, shift_to, clock, None)

    assert found.first_ms == FIRST_MS
    assert first_at(T) == T_MS
    assert first_at(str(T_MS)) == T_MS
    assert first_at("now") == NOW_MS
    assert first_at("end-now") == NOW_MS - 60_000


def test_the_ledgers_shift_needs_a_ledger(tmp_path: Path) -> None:
    result = run_replay(tmp_path, free_port(), "--shift-to", "ledger")

    assert result.exit_code == 2
    assert "needs a --ledger FILE that has a run in it" in result.stderr


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan", "inf"])
def test_a_wrong_speed_is_refused(tmp_path: Path, speed: str) -> None:
    result = run_replay(tmp_path, free_port(), "--shift-to", T, "--speed", speed)

    assert result.exit_code == 2
    assert f"found '{speed}', expected a number above 0 or 'max'" in result.stderr


def test_speeds() -> None:
    assert speed_of("max") is None
    assert speed_of("60") == 60


def test_progress_says_count_share_rate_and_time_left() -> None:
    assert progress_line(1_500, 6_000, 3.0) == (
        "1,500 of 6,000 acknowledged (25.0 %), 500/s, 9 s left"
    )
    assert progress_line(0, 0, 0.0) == "0 of 0 acknowledged (100.0 %), 0/s, time left unknown"


@pytest.mark.broker
def test_simulate_sends_to_where_the_settings_say(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    with Broker(tmp_path) as broker:
        asyncio.run(broker.is_up())
        settings = Settings(listener=Listener(port=broker.port))
        arguments = ["--buses", "5", "--stations", "5", "--duration-s", "2.0"]
        result = CliRunner().invoke(simulate, [*arguments, "--ledger", str(ledger)], obj=settings)

    content = read_ledger(ledger)
    assert result.exit_code == 0, result.output
    assert "0 unacknowledged" in result.stderr
    assert content.unacknowledged() == 0
    assert {identity.asset for identity in content.acknowledged("status")} == {
        *(f"bus/{number:04d}" for number in range(101, 106)),
        *(f"station/{number}" for number in range(1001, 1006)),
    }


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--speed", "10"], "--speed above 1 needs --duration-s"),
        (["--user", "u", "--password-env", "NO_SUCH_VARIABLE"], "NO_SUCH_VARIABLE is not set"),
    ],
)
def test_simulate_says_what_is_missing(arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(simulate, arguments, obj=Settings())

    assert result.exit_code == 2
    assert complaint in result.stderr


def test_any_free_port_is_no_target() -> None:
    result = CliRunner().invoke(simulate, [], obj=Settings(listener=Listener(port=0)))

    assert result.exit_code == 2
    assert "listener.port is 0" in result.stderr
