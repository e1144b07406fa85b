"""The city's truth against what a receiver can reckon from the counters, by brute force."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from ausguck.topics import Message, parse
from simulators.city import City, CityPlan, Oddities
from simulators.city.conditions import Conditions
from simulators.city.truth import (
    Doing,
    Duty,
    Fitted,
    Gap,
    Happened,
    Misdated,
    Mishap,
    Parked,
    Truth,
    Usage,
    Why,
)
from simulators.outgoing import Element, Outgoing

MORNING_MS = 1_772_434_800_000  # Monday, 2 March 2026, 08:00 in Kiel
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
HOURS = 9
WRAP = 2**32
FASTEST_BYTES_S = 1_000_000
WRONG = replace(Oddities.all(1.0), no_boot_id=0.0, clock_1970=0.0, clock_ahead=0.0, clock_drift=0.0)
BUSES = CityPlan(seed=5, buses=8, stations=0, interval_ms=20_000)
DOWN, WAN = "guest_down_bytes_total", "wan_rx_bytes_total"


@dataclass
class Lived:
    """A city's messages and its truth."""

    messages: list[Outgoing] = field(default_factory=list)
    truth: list[Truth] = field(default_factory=list)

    def readings(self) -> dict[str, list[Element]]:
        """Telemetry by asset, in the order in which it was observed."""
        found: dict[str, list[Element]] = defaultdict(list)
        for message in self.messages:
            if parse(message.topic).message is Message.TELEMETRY:
                found[message.asset] += message.elements
        return found


def live(
    plan: CityPlan, hours: float, conditions: Conditions | None = None, start_ms: int = MORNING_MS
) -> Lived:
    lived = Lived()
    city = City(plan, start_ms, conditions, lived.truth.append)
    end_ms = start_ms + int(hours * HOUR_MS)
    lived.messages += city.advance(end_ms)
    city.conclude(end_ms)
    return lived


def number(element: Element, key: str) -> int:
    return int(str(element[key]))


def difference(before: Element, after: Element, key: str) -> int:
    """Bytes between two readings of a counter that may begin anew, wrap, or change its SIM."""
    was, now = number(before, key), number(after, key)
    if before.get("boot_id") != after.get("boot_id"):
        return now
    if now >= was:
        return now - was
    if key.startswith("wan") and before["sim_slot"] != after["sim_slot"]:
        return now
    seconds = float(str(after["uptime_s"])) - float(str(before["uptime_s"]))
    wrapped = now + WRAP - was
    return wrapped if 0 <= wrapped <= FASTEST_BYTES_S * seconds else now


def by_hour(readings: Sequence[Element], key: str) -> dict[tuple[object, int], int]:
    """Bytes by line and hour; a difference belongs to the later reading."""
    found: dict[tuple[object, int], int] = defaultdict(int)
    for before, after in pairwise(readings):
        hour = number(after, "observed_at") // HOUR_MS
        found[after.get("line"), hour] += difference(before, after, key)
    return whole_hours(found)


def told_by_hour(truth: Sequence[Truth], asset: str, what: str) -> dict[tuple[object, int], int]:
    found: dict[tuple[object, int], int] = defaultdict(int)
    for usage in truth:
        if isinstance(usage, Usage) and usage.asset == asset:
            found[usage.line, usage.from_ms // HOUR_MS] += getattr(usage, what)
    return whole_hours(found)


def whole_hours(found: Mapping[tuple[object, int], int]) -> dict[tuple[object, int], int]:
    """Those by whose end every backlog has come in."""
    last = MORNING_MS // HOUR_MS + HOURS
    return {where: volume for where, volume in found.items() if volume and where[1] < last}


@pytest.mark.parametrize(
    "oddities",
    [
        Oddities(),
        Oddities(reboots=1.0),
        Oddities(counter_resets=1.0),
        Oddities(wraps=1.0),
        Oddities(sim_switches=1.0),
        Oddities(spare_swaps=1.0),
        WRONG,
    ],
    ids=["healthy", "reboots", "resets", "wraps", "sims", "swaps", "everything"],
)
def test_volumes_by_bus_line_and_hour_are_those_of_the_counters(oddities: Oddities) -> None:
    lived = live(replace(BUSES, oddities=oddities, swap_every_days=1), HOURS + 0.5)

    backlogs = [message for message in lived.messages if message.is_array]
    assert backlogs, "some were cut off for a while"
    for asset, readings in lived.readings().items():
        for key, what in ((DOWN, "guest_down_bytes"), (WAN, "wan_rx_bytes")):
            assert told_by_hour(lived.truth, asset, what) == by_hour(readings, key)


def test_every_kind_of_counter_trouble_happens_when_asked_for() -> None:
    happened = {
        each.what
        for oddities in (WRONG, Oddities(wraps=1.0))
        for each in live(replace(BUSES, oddities=oddities, swap_every_days=1), 9).truth
        if isinstance(each, Happened)
    }

    assert happened >= {
        Mishap.REBOOT,
        Mishap.COUNTER_RESET,
        Mishap.COUNTER_WRAP,
        Mishap.SIM_SWITCH,
        Mishap.SWAP,
        Mishap.WAKE,
    }


def test_truth_covers_every_moment_of_every_bus_once() -> None:
    lived = live(replace(BUSES, buses=25, interval_ms=MINUTE_MS), 26)
    duties = [each for each in lived.truth if isinstance(each, Duty)]

    for asset in {each.asset for each in duties}:
        own = [each for each in duties if each.asset == asset]
        assert own[0].from_ms == MORNING_MS
        assert own[-1].to_ms == MORNING_MS + 26 * HOUR_MS
        assert all(a.to_ms == b.from_ms for a, b in pairwise(own))
        for each in own:
            is_on_line = each.doing in {Doing.IN_SERVICE, Doing.LAYOVER}
            assert (each.line is not None) is is_on_line
            assert (each.trip is not None) is is_on_line
            assert (each.block is None) is (each.doing is Doing.SLEEPING)
    assert {each.doing for each in duties} == set(Doing)


def test_what_a_bus_says_of_its_line_is_what_it_did() -> None:
    lived = live(BUSES, 4)
    duties = [each for each in lived.truth if isinstance(each, Duty)]

    for asset, readings in lived.readings().items():
        for reading in readings:
            at_ms = number(reading, "observed_at")
            for duty in duties:
                if duty.asset == asset and duty.from_ms <= at_ms < duty.to_ms:
                    assert reading.get("line") == duty.line
                    assert reading.get("trip_id") == duty.trip
                    assert reading["ignition"] is (duty.doing is not Doing.SLEEPING)


def test_a_gap_is_what_comes_as_a_backlog_and_tunnels_last_minutes_at_most() -> None:
    lived = live(CityPlan(seed=2, buses=60, stations=0), 2)
    gaps = [each for each in lived.truth if isinstance(each, Gap)]
    tunnels = [each.to_ms - each.from_ms for each in gaps if each.why is Why.TUNNEL]

    assert {Why.TUNNEL, Why.DEAD_SPOT, Why.OUTAGE} <= {each.why for each in gaps}
    assert len(tunnels) > 20
    within = [length for length in tunnels if 20_000 <= length <= 180_000]
    assert len(within) > 0.8 * len(tunnels)
    assert max(tunnels) < 6 * MINUTE_MS
    for message in lived.messages:
        if not message.is_array:
            continue
        *unheard, last = (number(element, "observed_at") for element in message.elements)
        own = [gap for gap in gaps if gap.asset == message.asset]
        assert all(any(gap.from_ms <= at_ms < gap.to_ms for gap in own) for at_ms in unheard)
        assert not any(gap.from_ms <= last < gap.to_ms for gap in own)


@pytest.mark.parametrize(
    ("oddity", "least_ms"),
    [("clock_1970", 10**12), ("clock_ahead", 300 * 24 * HOUR_MS), ("clock_drift", 1_000)],
)
def test_a_wrong_clock_is_told_with_the_true_time(oddity: str, least_ms: int) -> None:
    plan = replace(BUSES, oddities=replace(Oddities(reboots=1.0), **{oddity: 1.0}))
    lived = live(plan, 8)
    misdated = [each for each in lived.truth if isinstance(each, Misdated)]
    said = {
        (asset, reading["boot_id"], reading["seq"]): number(reading, "observed_at")
        for asset, readings in lived.readings().items()
        for reading in readings
    }

    assert misdated
    assert max(abs(each.said_ms - each.from_ms) for each in misdated) >= least_ms
    heard = [each for each in misdated if (each.asset, each.boot_id, each.seq) in said]
    assert len(heard) > len(misdated) / 2
    for each in heard:
        assert said[each.asset, each.boot_id, each.seq] == each.said_ms


def test_a_swap_changes_the_serial_and_the_old_one_comes_back() -> None:
    plan = replace(
        BUSES, interval_ms=MINUTE_MS, oddities=Oddities(reboots=0, spare_swaps=1), swap_every_days=1
    )
    lived = live(plan, 60)

    for asset in {message.asset for message in lived.messages}:
        fitted = [one for one in lived.truth if isinstance(one, Fitted) and one.asset == asset]
        assert len(fitted) >= 3
        assert all(a.to_ms == b.from_ms for a, b in pairwise(fitted))
        assert len({one.serial for one in fitted}) == 2
        assert all(a.serial != b.serial for a, b in pairwise(fitted))
        for message in lived.messages:
            if message.asset == asset and "serial" in message.elements[0]:
                at_ms = number(message.elements[0], "observed_at")
                (now,) = [one for one in fitted if one.from_ms <= at_ms < one.to_ms]
                assert message.elements[0]["serial"] == now.serial


def test_bikes_are_told_without_gaps_and_as_the_station_said() -> None:
    lived = live(CityPlan(seed=3, buses=0, stations=12), 30)
    parked = [each for each in lived.truth if isinstance(each, Parked)]

    for asset, readings in lived.readings().items():
        own = [each for each in parked if each.asset == asset]
        assert all(a.to_ms == b.from_ms and a.bikes != b.bikes for a, b in pairwise(own))
        for reading in readings:
            at_ms = number(reading, "observed_at")
            (now,) = [one for one in own if one.from_ms <= at_ms < one.to_ms] or own[-1:]
            kinds = ("available", "disabled")
            assert now.bikes == sum(number(reading, f"num_vehicles_{kind}") for kind in kinds)


def test_untold_truth_changes_nothing() -> None:
    plan = CityPlan(seed=4, buses=6, stations=4, oddities=Oddities.all(0.5))
    silent = City(plan, MORNING_MS)
    told: list[Truth] = []

    quiet = list(silent.advance(MORNING_MS + HOUR_MS))
    silent.conclude(MORNING_MS + HOUR_MS)
    spoken = list(City(plan, MORNING_MS, tell=told.append).advance(MORNING_MS + HOUR_MS))
    assert [m.payload for m in quiet] == [m.payload for m in spoken]
    assert told
