"""Scenario files: the library is whole, and every mistake is told by key, found and expected."""

from importlib import resources

import pytest

from ausguck.errors import ConfigError
from simulators.scenario.expected import Actor, Cause
from simulators.scenario.load import library, load, read
from simulators.scenario.moments import duration_ms
from simulators.scenario.scaled import scaled
from simulators.scenario.scenario import Scenario
from simulators.scenario.shape import KINDS

HOUR_MS = 3_600_000
GOOD = """\
seed = 7
start = 2026-06-16T07:00:00
duration = "45min"

[title]
en = "A carrier is down"
de = "Ein Netz ist ausgefallen"

[description]
en = "It is."
de = "Ist es."

[city]
buses = 40

[[faults]]
name = "mast"
kind = "carrier_down"
from = "07:15"
to = "07:35"
operator = "262-02"

[[expect]]
fault = "mast"
cause = "carrier_down"
severity = "critical"
actor = "carrier"
names = ["262-02"]
announced_within_s = 420
incidents = 1
resolved_by = "07:45"
why = { en = "One for all.", de = "Einer für alle." }
"""
TIME = 'a local time such as "07:30", or "+1 07:30" on the day after'
DURATION = 'a duration such as "90s", "20min", "2h30min" or "1d"'
QUIET = "no actor, time or incidents"

MISTAKES = [
    ("seed = 7", "seed = 7.5", "seed: found 7.5 (number), expected an integer"),
    ("seed = 7", "sead = 7", "sead: found an unknown key, expected seed"),
    ("seed = 7", "seed = ", "scenario x: found Invalid value (at line 1, column 8), expected"),
    (
        "start = 2026-06-16T07:00:00",
        'start = "seven"',
        "start: found 'seven' (string), expected a local date-time such as 2026-06-16T07:00:00",
    ),
    (
        "start = 2026-06-16T07:00:00",
        "start = 2026-06-16T07:00:00Z",
        "start: found 2026-06-16T07:00:00+00:00, expected a local date-time without offset",
    ),
    ('duration = "45min"', 'duration = "45"', f"duration: found '45', expected {DURATION}"),
    ('de = "Ist es."', "", "description.de: found nothing, expected a value for de"),
    ("buses = 40", "buses = -1", "city.buses: found -1 (integer), expected an integer >= 0"),
    ("buses = 40", 'buses = "a"', "city.buses: found 'a' (string), expected an integer"),
    ("buses = 40", "buse = 4", "city.buse: found an unknown key, expected buses"),
    (
        "buses = 40",
        "oddities = { wrap = 0.5 }",
        "city.oddities.wrap: found an unknown key, expected wraps",
    ),
    ('"carrier_down"\nfrom', '"outage"\nfrom', "faults[0].kind: found 'outage' (string), expected"),
    (
        'operator = "262-02"',
        'operators = "262-02"',
        "faults[0].operators: found an unknown key, expected operator",
    ),
    ('operator = "262-02"', "", "faults[0].operator: found nothing, expected a value for operator"),
    ('from = "07:15"', 'from = "7:15"', f"faults[0].from: found '7:15', expected {TIME}"),
    (
        'from = "07:15"',
        'from = "06:15"',
        "faults[0].from: found '06:15', expected a time between the scenario's start",
    ),
    (
        'to = "07:35"',
        'to = "07:05"',
        "faults[0].to: found '07:05', expected a time between what it follows",
    ),
    (
        'operator = "262-02"',
        'operator = "262-02"\nwho = { count = 2, line = "11" }',
        "faults[0].who.count: found 2, expected count alone, or with assets or kind",
    ),
    (
        'operator = "262-02"',
        'operator = "262-02"\nwho = { lines = "11" }',
        "faults[0].who.lines: found an unknown key, expected line",
    ),
    (
        'operator = "262-02"',
        'operator = "262-07"',
        "faults[0].operator: found '262-07', expected one of 262-01, 262-02, 262-03",
    ),
    (
        'kind = "carrier_down"\nfrom = "07:15"\nto = "07:35"\noperator = "262-02"',
        'kind = "depot_power"\nfrom = "07:15"\ndepot = "sued"',
        "faults[0].depot: found 'sued', expected one of ost, west",
    ),
    ("buses = 40", "buses = 0", "faults[0].who: found nobody, expected at least one bus"),
    ('fault = "mast"', 'fault = "must"', "expect[0].fault: found 'must', expected mast"),
    (
        'name = "mast"',
        'name = "scenario"',
        "faults[0].name: found 'scenario', expected a name that no other fault has",
    ),
    ('"carrier"\nnames', '"carriers"\nnames', "expect[0].actor: found 'carriers' (string)"),
    (
        'actor = "carrier"',
        "",
        "expect[0].actor: found nobody, expected whom to call, or quiet = true",
    ),
    ("incidents = 1", 'incidents = "one"', "expect[0].incidents: found 'one' (string)"),
    ("incidents = 1", "", 'expect[0].incidents: found none, expected a number, "each", or'),
    (
        "announced_within_s = 420",
        "",
        "expect[0].announced_within_s: found nothing, expected seconds, or quiet = true",
    ),
    (
        "incidents = 1",
        "incidents = 1\nquiet = true",
        f"expect[0].quiet: found true, beside a call, expected {QUIET}",
    ),
    (
        'fault = "mast"',
        "",
        "faults[0].name: found 'mast', expected an [[expect]] table with fault = \"mast\"",
    ),
    (
        'kind = "carrier_down"\nfrom = "07:15"\nto = "07:35"\noperator = "262-02"',
        'kind = "feed_frozen"\nfrom = "07:15"',
        "faults[0].kind: found 'feed_frozen', expected a [feed] table, for there is none to freeze",
    ),
]


def parsed(text: str) -> Scenario:
    return read("x", text.encode())


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES, ids=lambda each: each[:30])
def test_a_mistake_is_told_by_key_found_and_expected(old: str, new: str, words: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(ConfigError) as caught:
        parsed(GOOD.replace(old, new))

    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ('assets = ["bus/9999"]', ".assets: found 'bus/9999', expected one of 50, bus/0101 to"),
        ('assets = ["lighthouse"]', ".assets: found 'lighthouse', expected one of 50, bus/0101 to"),
        ('devices = ["X"]', ".devices: found 'X', expected one of 50, "),
        ('depot = "nord"', ".depot: found 'nord', expected one of ost, west"),
        ('operator = "262-09"', ".operator: found '262-09', expected one of 262-01, 262-02"),
        ('line = "999"', ".line: found '999', expected one of 17, 100 to N1"),
        ("share = 0.0001", ".share: found 0.0001, expected at least one bus of the city"),
        (
            'kind = "station", assets = ["bus/0103"]',
            ": found nobody, expected at least one station of the city",
        ),
        (
            'kind = "station", depot = "ost"',
            ".depot: found 'ost', expected one that fits any of the 10 whom the other keys",
        ),
        (
            'kind = "station", line = "11"',
            ".line: found '11', expected one that fits any of the 10 whom the other keys",
        ),
    ],
)
def test_a_fault_that_concerns_nobody_is_a_mistake(who: str, words: str) -> None:
    text = GOOD.replace('operator = "262-02"', f'operator = "262-02"\nwho = {{ {who} }}')
    with pytest.raises(ConfigError) as caught:
        parsed(text)

    assert str(caught.value).startswith(f"faults[0].who{words}")


def test_whoever_is_there_may_be_concerned() -> None:
    for who in ('assets = ["station/1010"]', 'depot = "ost", line = "11"', "count = 900"):
        text = GOOD.replace('operator = "262-02"', f'operator = "262-02"\nwho = {{ {who} }}')
        assert len(parsed(text).faults) == 1


def test_what_a_file_says_is_what_it_becomes() -> None:
    scenario = parsed(GOOD)
    fault, expected = scenario.faults[0], scenario.expected[0]

    assert scenario.duration_ms == 45 * 60_000
    assert (fault.from_ms - scenario.start_ms, fault.to_ms - fault.from_ms) == (900_000, 1_200_000)
    assert expected.announced_by_ms == fault.from_ms + 420_000
    assert expected.resolved_by_ms == scenario.end_ms
    assert expected.should_call
    assert (expected.cause, expected.actor) == (Cause.CARRIER_DOWN, Actor.CARRIER)
    assert expected.incident_key("bus/1") == expected.incident_key("bus/2")


def test_with_each_every_asset_is_an_incident_of_its_own() -> None:
    expected = parsed(GOOD.replace("incidents = 1", 'incidents = "each"')).expected[0]

    assert expected.incident_key("bus/1") != expected.incident_key("bus/2")


def test_the_days_of_a_time_are_those_of_local_clocks() -> None:
    """The night in which summer time ends has 25 hours."""
    text = GOOD.replace("2026-06-16T07:00:00", "2026-10-24T20:00:00").replace("45min", "1d")
    text = text.replace('"07:15"', '"20:30"').replace('"07:35"', '"+1 08:00"')
    fault = parsed(text.replace('resolved_by = "07:45"', "")).faults[0]

    assert fault.to_ms - fault.from_ms == 12.5 * HOUR_MS


@pytest.mark.parametrize(
    ("text", "ms"), [("90s", 90_000), ("1h5min", 3_900_000), ("1d", 24 * HOUR_MS)]
)
def test_durations(text: str, ms: int) -> None:
    assert duration_ms("duration", text) == ms


@pytest.mark.parametrize("text", ["", "0s", "5", "min", "5 min", "-5min", "5min2h"])
def test_no_duration(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a duration"):
        duration_ms("duration", text)


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"found carrier-dwn .*, expected carrier-down"):
        load("carrier-dwn")


def test_the_library_has_every_kind_of_fault_and_enough_that_is_quiet() -> None:
    found = [load(name) for name in library()]
    kinds = {type(planned.fault) for scenario in found for planned in scenario.faults}
    quiet = [each for each in found if all(expected.quiet for expected in each.expected)]

    assert len(found) >= 15
    assert kinds == set(KINDS.values())
    assert len(quiet) >= 8


def test_the_library_is_part_of_the_package() -> None:
    folder = resources.files("simulators") / "scenarios"

    assert {f"{name}.toml" for name in library()} == {file.name for file in folder.iterdir()}


def test_a_smaller_city_keeps_its_faults() -> None:
    scenario = load("carrier-down")
    small = scaled(scenario, buses=8, stations=2, slower=2.0)

    assert (small.city.buses, small.city.stations, small.city.interval_s) == (8, 2, 20.0)
    assert small.faults == scenario.faults


def test_a_city_may_not_become_so_small_that_nobody_is_left() -> None:
    with pytest.raises(ConfigError, match=r"faults\[0\].who.assets: found 'bus/0104'"):
        scaled(load("flapping-bus"), buses=3, stations=2, slower=1.0)
