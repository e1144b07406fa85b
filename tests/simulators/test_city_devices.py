"""Lines, duties, networks and devices of the simulated city, each by itself."""

import random
from collections import Counter, defaultdict
from dataclasses import fields, replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from ausguck.register.places import contains
from ausguck.topics import Message, parse
from simulators.city import City, CityPlan, Oddities
from simulators.city.devices import box, bus_name, has_oddity, serials, tenure, tenures
from simulators.city.duty import Roads, awake, depot_of, parking_of, stretches
from simulators.city.geography import DISTRICTS, ZONES, Place, depot_area, metres
from simulators.city.lines import LINES
from simulators.city.places import station_site
from simulators.city.radio import DEAD_SPOTS, OPERATORS, Network, Signal
from simulators.city.rhythm import local_time
from simulators.city.truth import Doing

MONDAY, SUNDAY = date(2026, 3, 2), date(2026, 3, 8)
MORNING_MS = 1_772_434_800_000  # Monday, 2 March 2026, 08:00 in Kiel
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
ROADS = Roads.of(1)


def test_lines_have_names_people_know_and_both_banks() -> None:
    assert {"11", "12", "31", "41S"} <= set(LINES)
    assert all(district in DISTRICTS for line in LINES.values() for district in line)
    for name, line in ROADS.lines.items():
        for way in line.ways:
            assert 10 * 60 < way.drive_s < 50 * 60, name
            assert way.length_m / way.drive_s < 11


def test_a_way_is_driven_without_jumps() -> None:
    way = ROADS.lines["11"].ways[0]
    places = [way.at(second).place for second in range(int(way.drive_s) + 60)]

    assert metres(places[0], way.first) < 1
    assert metres(places[-1], way.last) < 1
    assert max(metres(a, b) for a, b in pairwise(places)) < 15


@pytest.mark.parametrize("day", [MONDAY, SUNDAY, date(2026, 3, 29), date(2026, 10, 25)])
def test_a_block_goes_from_the_depot_to_the_depot(day: date) -> None:
    for number in range(40):
        blocks = defaultdict(list)
        for stretch in awake(ROADS, number, day):
            blocks[stretch.block].append(stretch)
        for block in blocks.values():
            doing = [stretch.doing for stretch in block]
            assert doing[:2] == [Doing.PARKED_ON, Doing.DEADHEAD]
            assert doing[-2:] == [Doing.DEADHEAD, Doing.PARKED_ON]
            assert Doing.IN_SERVICE in doing
            assert all(a.to_ms == b.from_ms < b.to_ms for a, b in pairwise(block))
            ways = [stretch.way for stretch in block if stretch.way is not None]
            assert all(metres(a.last, b.first) < 200 or a is b for a, b in pairwise(ways))
            assert ways[0].first == ways[-1].last == parking_of(1, number)


def test_the_plan_of_a_date_is_a_function_of_seed_and_date() -> None:
    again = Roads.of(1)
    for number in (0, 7, 19):
        assert [s[:3] for s in awake(ROADS, number, MONDAY)] == [
            s[:3] for s in awake(again, number, MONDAY)
        ]
    assert awake(Roads.of(2), 0, MONDAY) != awake(ROADS, 0, MONDAY)


def test_weekends_are_thinner_and_some_duties_are_early_late_split_or_change_lines() -> None:
    days = {day: [awake(ROADS, number, day) for number in range(120)] for day in (MONDAY, SUNDAY)}
    out = {day: sum(bool(duty) for duty in duties) for day, duties in days.items()}
    starts = [local_time(duty[0].from_ms).hour for duty in days[MONDAY] if duty]
    ends = [duty[-1].to_ms - duty[0].from_ms for duty in days[MONDAY] if duty]
    lines = [{stretch.line for stretch in duty} - {None} for duty in days[MONDAY]]
    blocks = [len({stretch.block for stretch in duty}) for duty in days[MONDAY]]

    assert out[SUNDAY] < 0.75 * out[MONDAY] < 0.75 * 120
    assert {4, 5, 6} <= set(starts)
    assert any(hour >= 11 for hour in starts)
    assert max(ends) > 15 * HOUR_MS
    assert sum(len(found) > 1 for found in lines) > 5
    assert blocks.count(2) > 5
    assert set().union(*lines) == set(LINES)


@pytest.mark.parametrize("start_ms", [MORNING_MS, MORNING_MS + 27 * DAY_MS])
def test_stretches_follow_each_other_for_ever(start_ms: int) -> None:
    for number in (0, 3, 19):
        found = stretches(ROADS, number, start_ms)
        before = next(found)
        assert before.from_ms <= start_ms < before.to_ms
        while before.to_ms < start_ms + 9 * DAY_MS:
            following = next(found)
            assert following.from_ms == before.to_ms < following.to_ms
            before = following


def test_zones_do_not_overlap_and_hold_stations_and_depots_their_buses() -> None:
    for name, place in DISTRICTS.items():
        holding = [zone for zone, area in ZONES.items() if contains(area.ring, *place)]
        assert len(holding) == 1, name
    for number in range(200):
        site = station_site(1, number)
        assert contains(ZONES[site.zone].ring, *site.place)
        parked = parking_of(1, number)
        assert contains(depot_area(depot_of(number)).ring, *parked)
    assert len({station_site(1, number).title for number in range(200)}) == 200


def test_what_a_modem_measures_hangs_together() -> None:
    network, rng = Network(random.Random(1)), random.Random(2)  # noqa: S311 - a simulation
    strong: list[Signal] = []
    weak: list[Signal] = []
    for _ in range(4_000):
        place = Place(rng.uniform(54.26, 54.42), rng.uniform(10.05, 10.23))
        cover = network.cover(rng.choice(OPERATORS), place)
        signal = cover and network.signal(cover, rng)
        if signal is None:
            continue
        assert -140 <= signal.rsrp_dbm <= -44
        assert -19.5 <= signal.rsrq_db <= -3
        assert -23 <= signal.sinr_db <= 40
        assert -113 <= signal.rssi_dbm <= -51
        assert 0 <= signal.loss_pct <= 60
        (strong if signal.rsrp_dbm > -85 else weak if signal.rsrp_dbm < -110 else []).append(signal)
    for key in ("rsrq_db", "sinr_db"):
        assert min(getattr(s, key) for s in strong) > max(getattr(w, key) for w in weak)
    assert max(s.rtt_ms for s in strong) < 90 < sum(w.rtt_ms for w in weak) / len(weak)
    assert max(s.loss_pct for s in strong) < 5 < max(w.loss_pct for w in weak)


def test_a_dead_spot_is_one_operators() -> None:
    network, rng = Network(random.Random(1)), random.Random(2)  # noqa: S311 - a simulation

    def heard(operator: str, place: Place) -> int:
        cover = network.cover(operator, place)
        return sum(cover is not None and network.signal(cover, rng) is not None for _ in range(50))

    for operator in OPERATORS:
        middle = DEAD_SPOTS[operator][0].centre
        assert heard(operator, middle) < 10
        assert sum(heard(other, middle) == 50 for other in OPERATORS if other != operator) >= 1


@pytest.mark.parametrize("oddity", [field.name for field in fields(Oddities)])
def test_an_oddity_has_its_share_and_no_more(oddity: str) -> None:
    plan = CityPlan(oddities=replace(Oddities.all(0.0), **{oddity: 0.2}))
    odd = sum(has_oddity(plan, f"S{number}", oddity) for number in range(2_000))

    assert 300 < odd < 500
    assert not any(
        has_oddity(plan, f"S{n}", f.name)
        for n in range(99)
        for f in fields(Oddities)
        if f.name != oddity
    )


def test_a_device_is_the_same_for_ever_whatever_the_size_of_the_city() -> None:
    small, large = CityPlan(buses=3), CityPlan(buses=300, interval_ms=1)

    for number in range(3):
        (serial,) = serials(small, bus_name(number))
        assert (serial,) == serials(large, bus_name(number))
        assert box(small, serial) == box(large, serial)
    everything = [serials(large, bus_name(number))[0] for number in range(300)]
    assert len(set(everything)) == 300


@pytest.mark.parametrize("every", [1, 5])
def test_tenures_follow_each_other(every: int) -> None:
    plan = CityPlan(oddities=Oddities(spare_swaps=1.0), swap_every_days=every)
    for number in range(5):
        found = tenures(plan, bus_name(number), MORNING_MS, MORNING_MS + 40 * DAY_MS)
        assert len(found) >= 40 // every
        assert all(a.to_ms == b.from_ms and a.serial != b.serial for a, b in pairwise(found))
        for each in found:
            assert each.to_ms is not None
            assert tenure(plan, bus_name(number), each.from_ms) == each
            assert tenure(plan, bus_name(number), each.to_ms - 1) == each
            assert 9 <= local_time(each.from_ms).hour < 15


def telemetry(plan: CityPlan, start_ms: int, minutes: int) -> dict[str, list[int]]:
    """When each asset was heard, in minutes since the start."""
    found: dict[str, list[int]] = defaultdict(list)
    for message in City(plan, start_ms).advance(start_ms + minutes * MINUTE_MS):
        if parse(message.topic).message is Message.TELEMETRY:
            at_ms = int(str(message.elements[-1]["observed_at"]))
            found[message.asset].append((at_ms - start_ms) // MINUTE_MS)
    return found


def test_some_sleepers_say_nothing_all_night() -> None:
    night_ms = MORNING_MS - 6 * HOUR_MS
    plan = CityPlan(seed=7, buses=40, stations=0, interval_ms=MINUTE_MS)
    talking = telemetry(plan, night_ms, 60)
    silent = telemetry(replace(plan, oddities=Oddities(silent_sleepers=1.0)), night_ms, 60)

    rare = [asset for asset, minutes in talking.items() if len(minutes) <= 14]
    assert len(rare) > 25
    assert all(len(talking[asset]) >= 11 for asset in rare)
    assert all(len(silent[asset]) <= 2 for asset in rare)


def test_some_models_say_no_boot() -> None:
    plan = CityPlan(buses=5, stations=0, oddities=Oddities(no_boot_id=1.0))
    seen = Counter(
        "boot_id" in element
        for message in City(plan, MORNING_MS).advance(MORNING_MS + 5 * MINUTE_MS)
        if parse(message.topic).message is Message.TELEMETRY
        for element in message.elements
    )

    assert set(seen) == {False}


def test_a_week_is_driven_on_any_day() -> None:
    for shift in range(7):
        day = MONDAY + timedelta(days=shift)
        assert any(awake(ROADS, number, day) for number in range(40)), day
