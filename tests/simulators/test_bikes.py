"""The bikes of a simulated Kiel against what was measured in the real one (facts of 2024/25)."""

import random
from collections import defaultdict
from dataclasses import dataclass, field

import pytest

from simulators.city.bikes import CAPACITIES, Fleet
from simulators.city.rhythm import local_time

MONDAY_MS = 1_772_406_000_000  # 2 March 2026, 00:00 in Kiel
HOUR_MS = 3_600_000
WEEKS = 4
STATIONS = 200


@dataclass
class Seen:
    """Counts over station-hours."""

    hours: int = 0
    empty: int = 0
    low: int = 0
    high: int = 0
    over: int = 0
    parked: list[int] = field(default_factory=list)
    changes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def change_at(self, hour: int) -> float:
        return sum(self.changes[hour]) / len(self.changes[hour])

    @property
    def mean_change(self) -> float:
        everything = [change for hour in self.changes.values() for change in hour]
        return sum(everything) / len(everything)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - a simulation


def watch(seed: int) -> Seen:
    fleet = Fleet(STATIONS, MONDAY_MS, seeded(seed))
    seen = Seen()
    before = [stand.bikes for stand in fleet.stands]
    for hours in range(1, WEEKS * 7 * 24 + 1):
        at_ms = MONDAY_MS + hours * HOUR_MS
        fleet.advance(at_ms)
        # The hour that just ended is the one in which the bikes moved.
        local_hour = local_time(at_ms - HOUR_MS).hour
        seen.parked.append(fleet.parked)
        for stand, earlier in zip(fleet.stands, before, strict=True):
            seen.hours += 1
            seen.empty += stand.bikes == 0
            seen.low += stand.bikes <= 0.2 * stand.capacity
            seen.high += stand.bikes >= 0.8 * stand.capacity
            seen.over += stand.bikes > stand.capacity
            seen.changes[local_hour].append(abs(stand.bikes - earlier))
        before = [stand.bikes for stand in fleet.stands]
    return seen


@pytest.mark.parametrize("seed", [1, 2])
def test_four_weeks_of_bikes_look_like_kiels(seed: int) -> None:
    seen = watch(seed)

    assert seen.low / seen.hours == pytest.approx(0.57, abs=0.02)
    assert seen.empty / seen.hours == pytest.approx(0.178, abs=0.015)
    assert seen.high / seen.hours == pytest.approx(0.031, abs=0.015)
    assert 0.001 < seen.over / seen.hours < 0.008, "more bikes than places, now and then"
    assert sum(seen.parked) / len(seen.parked) == pytest.approx(905, abs=20)
    assert min(seen.parked) > 763
    assert max(seen.parked) < 1005
    assert seen.mean_change == pytest.approx(0.19, abs=0.03)
    assert seen.change_at(4) < 0.06
    assert seen.change_at(8) == pytest.approx(0.29, abs=0.05)
    assert seen.change_at(16) == pytest.approx(0.31, abs=0.05)
    assert max(seen.changes, key=seen.change_at) in {15, 16, 17}
    assert max(range(12), key=seen.change_at) == 8


def test_capacities_are_those_of_kiel() -> None:
    fleet = Fleet(STATIONS, MONDAY_MS, seeded(1))
    capacities = [stand.capacity for stand in fleet.stands]

    assert sorted(capacities) == sorted(CAPACITIES)
    assert (min(capacities), max(capacities)) == (6, 50)
    assert [capacities.count(size) for size in (15, 20, 30, 25)] == [74, 54, 29, 20]


def test_no_bike_is_made_or_lost() -> None:
    fleet = Fleet(50, MONDAY_MS, seeded(3))
    begun = fleet.parked

    for hours in range(1, 49):
        fleet.advance(MONDAY_MS + hours * HOUR_MS)
        assert fleet.parked + fleet.ridden == begun
        assert all(stand.bikes >= 0 for stand in fleet.stands)


@pytest.mark.parametrize("stations", [0, 1, 7])
def test_a_small_city_works_too(stations: int) -> None:
    fleet = Fleet(stations, MONDAY_MS, seeded(1))
    fleet.advance(MONDAY_MS + 24 * HOUR_MS)

    assert len(fleet.stands) == stations
