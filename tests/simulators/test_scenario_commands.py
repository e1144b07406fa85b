"""`ausguck simulate --scenario` and its companions, with a real Mosquitto where it sends."""

import asyncio
import csv
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from ausguck.cli.simulate import secrets_of, simulate
from ausguck.cli.simulate_scenario import progress_line
from ausguck.clock import SystemClock
from ausguck.errors import ConfigError
from ausguck.register.rows import DeviceState
from ausguck.settings.tree import Listener, Settings
from simulators.ledger import CountingLedger, read_ledger
from simulators.run import Connections, Job, device_session
from simulators.scenario.load import library, load, read
from simulators.scenario.perform import Staging, Step, perform
from simulators.scenario.play import Play
from simulators.scenario.register import scenario_tables
from simulators.send import Surroundings, Tally, Target
from tests.simulators.broker import Broker
from tests.subscriber.mosquitto import free_port

SMALL = """\
seed = 7
start = 2026-06-16T10:00:00
duration = "6min"
title = { en = "Nothing much", de = "Nicht viel" }
description = { en = "d", de = "d" }
city = { buses = 3, stations = 2, interval_s = 20.0 }
feed = { stations = 3 }

[[faults]]
name = "dead"
kind = "silent"
from = "10:02"
to = "10:04"
who = { assets = ["station/1001"] }

[[expect]]
fault = "dead"
cause = "station_silent"
severity = "major"
actor = "technician"
announced_within_s = 900
incidents = 1
why = { en = "w", de = "w" }
"""


def run(arguments: list[str], port: int = 1883) -> Result:
    return CliRunner().invoke(simulate, arguments, obj=Settings(listener=Listener(port=port)))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_the_list_has_every_scenario_on_a_line() -> None:
    lines = run(["--list"]).stdout.splitlines()

    assert [line.split()[0] for line in lines] == list(library())
    assert "A carrier's network is down" in "\n".join(lines)
    assert load("carrier-down").title.de in run(["--list", "--lang", "de"]).stdout


def test_a_scenario_is_shown_with_what_to_expect_in_one_language(small: Path) -> None:
    carrier = run(["--show", "carrier-down"]).stdout
    german = run(["--show", "carrier-down", "--lang", "de"]).stdout

    assert "One call to the carrier" in carrier
    assert "Ein Anruf beim Anbieter" not in carrier
    assert "Ein Anruf beim Anbieter" in german
    assert "One call to the carrier" not in german
    assert "- network (carrier_down), 2026-06-16 07:15 to 2026-06-16 07:35" in carrier
    assert "nobody is called" in run(["--show", "ordinary-day"]).stdout
    assert "station_silent (major), incidents: 1" in run(["--show", str(small)]).stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--scenario", "poison", "--duration-s", "5"], "a scenario has a length of its own"),
        (["--labels", "truth"], "--labels needs a --scenario"),
        (["--speed", "max"], "--speed max needs a --scenario"),
        (["--speed", "fast"], "found 'fast', expected a number above 0 or 'max'"),
    ],
)
def test_what_does_not_go_together_is_refused(arguments: list[str], complaint: str) -> None:
    result = run(arguments)

    assert result.exit_code == 2
    assert complaint in result.stderr


def test_an_unknown_scenario_is_told() -> None:
    result = run(["--scenario", "poisn"])

    assert isinstance(result.exception, ConfigError)
    assert "expected poison" in str(result.exception)


@pytest.mark.broker
@pytest.mark.parametrize("connections", list(Connections))
def test_a_scenario_is_played_to_its_end(
    tmp_path: Path, small: Path, connections: Connections
) -> None:
    labels, ledger = tmp_path / "truth.jsonl", tmp_path / "ledger"
    with Broker(tmp_path) as broker:
        asyncio.run(broker.is_up())
        before_ms = SystemClock().now_ms()
        result = run(
            [
                *("--scenario", str(small), "--speed", "max", "--connections", connections.value),
                *("--labels", str(labels), "--ledger", str(ledger)),
                *("--register", str(tmp_path / "city")),
            ],
            broker.port,
        )
        after_ms = SystemClock().now_ms()

    content = read_ledger(ledger)
    times = [each.observed_at_ms or 0 for each in content.acknowledged()]
    (label,) = (json.loads(line) for line in labels.read_text().splitlines())
    assert result.exit_code == 0, result.output
    assert "0 unacknowledged" in result.stderr
    assert "Nothing much: 5 assets" in result.stderr
    assert "dead (silent)" in result.stderr
    assert 'prefix = "feed-"' in result.stderr
    assert content.unacknowledged() == 0
    assert len(content.acknowledged()) > 20
    assert before_ms - 7 * 60_000 < min(times) <= max(times) <= after_ms
    assert (label["asset"], label["should_call"]) == ("station/1001", True)
    assert before_ms - 360_000 <= label["from_ms"] < label["to_ms"] <= after_ms
    with (tmp_path / "city" / "assets.csv").open(newline="") as file:
        assert {row["id"] for row in csv.DictReader(file)} >= {"bus/0101", "station/1001"}


def test_nobody_acknowledges_is_status_1(small: Path) -> None:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ausguck", "simulate", "--scenario", str(small)),
            *("--speed", "max", "--port", str(free_port())),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr as said:
        assert "Nothing much" in said.readline()
        process.terminate()
        rest = said.read()
    assert process.wait(30) == 1
    assert "0 acknowledged" in rest


@pytest.mark.broker
def test_the_child_of_a_demo_plays_a_scenario_too(tmp_path: Path, small: Path) -> None:
    async def first_status(broker: Broker) -> str:
        async with broker.subscriber() as client:
            return str((await anext(client.messages)).topic)

    with Broker(tmp_path) as broker:
        job = Job(port=broker.port, scenario=str(small))
        child = subprocess.Popen(
            [sys.executable, "-m", "simulators", msgspec.json.encode(job).decode()],
            stdin=subprocess.PIPE,
        )
        with child:
            assert asyncio.run(first_status(broker)).startswith("v1/kiel/")
            assert child.stdin is not None
            child.stdin.close()
            assert child.wait(20) == 0


def test_secrets_are_read_and_never_said(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("user,secret\nAG1,hush\n")
    bad.write_text("AG1,hush\n")

    assert secrets_of(good) == {"AG1": "hush"}
    assert secrets_of(None) == {}
    result = run(["--scenario", "poison", "--credentials", str(bad)])
    assert result.exit_code == 2
    assert "expected user,secret" in result.stderr
    assert "hush" not in result.output
    assert "hush" not in repr(Staging(load("poison"), credentials=secrets_of(good)))


def test_progress_says_the_time_the_counts_and_what_is_wrong() -> None:
    scenario = load("carrier-down")
    step = Step(scenario.start_ms, Tally(sent=1_200, acknowledged=1_100))
    calm = progress_line(step)
    step.wrong = scenario.faults

    assert calm == "2026-06-16T05:00:00Z  1,200 sent, 1,100 acknowledged; nothing is wrong"
    assert progress_line(step).endswith("network (carrier_down)")


def test_the_register_knows_of_swaps_and_planned_work_in_the_receivers_time() -> None:
    day_ms = 86_400_000
    swap = Play(load("router-swap"), shift_ms=day_ms)
    found = scenario_tables(swap)
    at_ms = swap.scenario.faults[0].from_ms + day_ms
    fitted = [row for row in found.fittings if row.asset == "bus/0104" and row.holds_at(at_ms)]
    before = [row for row in found.fittings if row.asset == "bus/0104" and row.holds_at(at_ms - 1)]
    spare = next(row for row in found.devices if row.id == "SPARE-0001")

    assert [row.id for row in fitted] == ["SPARE-0001"]
    assert [row.id for row in before] == [swap.serial("bus/0104")]
    assert spare.state is DeviceState.FITTED
    work = scenario_tables(Play(load("planned-maintenance"), shift_ms=day_ms)).events
    assert [each.kind for each in work] == ["works"]
    assert work[0].valid_from_ms == load("planned-maintenance").faults[0].from_ms + day_ms


def test_by_serial_only_the_register_knows_the_bus() -> None:
    scenario = load("bus-silent")
    play = Play(scenario, by_serial=True)
    found = list(play.advance(play.start_ms + 60_000))

    assert {each.asset.partition("/")[0] for each in found} == {"bus", "station"}
    for each in found:
        assert each.message is not None
        assert each.message.asset == f"device/{play.serial(each.asset)}"


def test_a_device_whose_secret_is_known_connects_as_itself() -> None:
    play = Play(load("bus-silent"))
    will, serial = play.will("bus/0101"), play.serial("bus/0101")
    known = device_session(will, serial, {serial: "hush"})
    unknown = device_session(will, serial, {})

    assert (known.username, known.password, known.client_id) == (serial, "hush", "bus-0101")
    assert (unknown.username, unknown.password) == (None, None)
    assert "hush" not in repr(known)


@pytest.mark.broker
def test_every_knock_is_tried_and_counted(tmp_path: Path) -> None:
    thief = SMALL.replace('kind = "silent"', 'kind = "router_stolen"\nrevoked = "10:02"')
    scenario = read("thief", thief.replace("station/1001", "bus/0102").encode())
    serial = Play(scenario).serial("bus/0102")
    staging = Staging(scenario, speed=None, credentials={serial: "hush"})

    async def main(port: int) -> Step:
        around = Surroundings(Target("127.0.0.1", port), SystemClock(), CountingLedger(), Tally())
        play = staging.play(around.clock.now_ms())
        return await perform(play, staging, around, asyncio.Event())

    with Broker(tmp_path) as broker:
        asyncio.run(broker.is_up())
        step = asyncio.run(main(broker.port))

    assert (step.let_in, step.turned_away) == (2, 0), "this broker lets everybody in"
    assert step.tally.unacknowledged == 0
