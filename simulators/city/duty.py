"""What a bus does all day: blocks of trips from pull-out to pull-in, and the nights between.

The blocks of a date are a function of the seed, the bus and the date alone, so that they can be
written into a register before any of them is driven.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from simulators.city.geography import (
    DEPOT_AT,
    DISTRICTS,
    EAST_BANK,
    METRES_PER_DEGREE,
    PARKING_HALF_M,
    SHRINK,
    Place,
    metres,
)
from simulators.city.lines import NIGHT_LINE, Line, Way, lines, straight
from simulators.city.rhythm import MINUTE_MS, SATURDAY, SUNDAY, local_time, service_ms
from simulators.city.truth import Doing

NIGHT_BUS_EVERY = 20
OUT_ON_WORKDAY, OUT_ON_SATURDAY, OUT_ON_SUNDAY = 0.93, 0.7, 0.55
DEADHEAD_MPS = 9.0
# From least to most, in whole minutes as a timetable has them.
LAYOVER_MIN = (4, 9)
WAKE_BEFORE_MIN = (4, 12)
IDLE_AFTER_MIN = (3, 35)
CHANGES_LINE_SHARE = 0.25

# Hours of leaving and of coming back, by local midnight: (earliest, latest) of each.
_Hours = tuple[tuple[float, float], tuple[float, float]]
EARLY: _Hours = ((4.3, 5.6), (13.2, 15.5))
LONG: _Hours = ((5.0, 7.6), (17.0, 22.0))
LATE: _Hours = ((11.0, 14.0), (22.0, 25.6))
MORNING_PEAK: _Hours = ((5.2, 6.4), (8.8, 10.0))
EVENING_PEAK: _Hours = ((12.8, 14.2), (18.2, 20.0))
NIGHT: _Hours = ((19.0, 21.0), (28.0, 29.5))
SHIFTS: tuple[tuple[float, tuple[_Hours, ...]], ...] = (
    (0.25, (EARLY,)),
    (0.70, (LONG,)),
    (0.84, (LATE,)),
    (1.00, (MORNING_PEAK, EVENING_PEAK)),
)


class Stretch(NamedTuple):
    """A part of a duty: one trip, one layover, one way to the depot, one night."""

    doing: Doing
    from_ms: int
    to_ms: int
    way: Way | None = None
    line: str | None = None
    trip: str | None = None
    block: str | None = None


@dataclass(frozen=True, slots=True)
class Roads:
    """The lines of one city, by its seed."""

    seed: int
    lines: dict[str, Line]
    names: tuple[str, ...]

    @classmethod
    @lru_cache(maxsize=8)
    def of(cls, seed: int) -> "Roads":
        """The roads every bus of that seed drives on."""
        found = lines(random.Random(f"{seed}/lines"))  # noqa: S311 - a simulation
        return cls(seed, found, tuple(name for name in found if name != NIGHT_LINE))

    def home_line(self, number: int) -> str:
        """The line a bus drives most."""
        if number % NIGHT_BUS_EVERY == NIGHT_BUS_EVERY - 1:
            return NIGHT_LINE
        return self.names[number % len(self.names)]


def depot_of(number: int) -> str:
    """The home depot of a bus."""
    return tuple(DEPOT_AT)[number % len(DEPOT_AT)]


def parking_of(seed: int, number: int) -> Place:
    """Where in its depot a bus stands."""
    rng = random.Random(f"{seed}/parking/{number}")  # noqa: S311 - a simulation
    centre = DEPOT_AT[depot_of(number)]
    north, east = (rng.uniform(-PARKING_HALF_M, PARKING_HALF_M) for _ in range(2))
    return Place(
        centre.lat + north / METRES_PER_DEGREE, centre.lon + east / METRES_PER_DEGREE / SHRINK
    )


def stretches(roads: Roads, number: int, from_ms: int) -> Iterator[Stretch]:
    """What a bus does from the stretch that holds `from_ms` on, without gaps and without end."""
    day = local_time(from_ms).date() - timedelta(days=2)
    last_ms: int | None = None
    while True:
        for stretch in awake(roads, number, day):
            if last_ms is not None and stretch.from_ms > last_ms > 0:
                yield from _since(Stretch(Doing.SLEEPING, last_ms, stretch.from_ms), from_ms)
            yield from _since(stretch, from_ms)
            last_ms = stretch.to_ms
        if last_ms is None:
            last_ms = _at(day, 0)
        day += timedelta(days=1)


def awake(roads: Roads, number: int, day: date) -> list[Stretch]:
    """The stretches of one bus's duty of a date, from ignition on to ignition off."""
    rng = random.Random(f"{roads.seed}/duty/{number}/{day}")  # noqa: S311 - a simulation
    found: list[Stretch] = []
    for part, hours in enumerate(_shifts(number, day, rng)):
        out, back = (_at(day, rng.uniform(*span)) for span in hours)
        found += _Block(roads, number, day, part, rng).drive(out, back)
    return found


def _since(stretch: Stretch, from_ms: int) -> Iterator[Stretch]:
    if stretch.to_ms > from_ms:
        yield stretch


def _shifts(number: int, day: date, rng: random.Random) -> tuple[_Hours, ...]:
    weekday = day.weekday()
    share = {SATURDAY: OUT_ON_SATURDAY, SUNDAY: OUT_ON_SUNDAY}.get(weekday, OUT_ON_WORKDAY)
    if number % NIGHT_BUS_EVERY == NIGHT_BUS_EVERY - 1:
        return (NIGHT,)
    if rng.random() > share:
        return ()
    drawn = rng.random()
    found = next(shifts for upto, shifts in SHIFTS if drawn < upto)
    return (LONG,) if weekday >= SATURDAY and len(found) > 1 else found


def _whole_ms(way: Way) -> int:
    """How long a way takes, in whole seconds."""
    return math.ceil(way.drive_s) * 1000


def _at(day: date, hours: float) -> int:
    return service_ms(day, int(hours * 60))


class _Block:
    """One vehicle working: it is built once and forgotten."""

    def __init__(self, roads: Roads, number: int, day: date, part: int, rng: random.Random) -> None:
        self._roads = roads
        self._rng = rng
        self._home = parking_of(roads.seed, number)
        self._is_home_east = depot_of(number) == "ost"
        self._line = roads.lines[roads.home_line(number)]
        self._name = f"{self._line.name}/{number + 1:03d}{'ab'[part]}"
        self._trip_stem = f"{day:%y%m%d}-{number + 1:03d}{'ab'[part]}"
        self._trips = 0
        self._found: list[Stretch] = []
        self._now_ms = 0

    def drive(self, out_ms: int, back_ms: int) -> list[Stretch]:
        """Ignition on, pull-out, trips and layovers until it is time to go home, ignition off."""
        rng = self._rng
        end = self._line.ends[rng.random() < 0.5]  # noqa: PLR2004 - either end as often
        self._now_ms = out_ms - rng.randint(*WAKE_BEFORE_MIN) * MINUTE_MS
        self._add(Doing.PARKED_ON, out_ms - self._now_ms)
        self._deadhead(end, is_out=True)
        changes_ms = (out_ms + back_ms) // 2 if rng.random() < CHANGES_LINE_SHARE else back_ms
        while True:
            end = self._trip(end)
            if self._now_ms >= changes_ms:
                changes_ms = back_ms
                self._change_line(end)
            if self._now_ms + self._trip_ms(end) + self._deadhead_way(end).drive_s * 1000 > back_ms:
                break
            self._add(
                Doing.LAYOVER,
                rng.randint(*LAYOVER_MIN) * MINUTE_MS,
                self._found[-1].way,
                goes_on=True,
            )
        self._deadhead(end, is_out=False)
        self._add(Doing.PARKED_ON, rng.randint(*IDLE_AFTER_MIN) * MINUTE_MS)
        return self._found

    def _trip(self, end: str) -> str:
        way, end = self._line.way_from(end)
        self._trips += 1
        self._add(Doing.IN_SERVICE, _whole_ms(way), way)
        return end

    def _trip_ms(self, end: str) -> int:
        return _whole_ms(self._line.way_from(end)[0])

    def _change_line(self, end: str) -> None:
        """Go on with another line that leaves from here, if there is one."""
        others = [
            line
            for name in self._roads.names
            if end in (line := self._roads.lines[name]).ends and line is not self._line
        ]
        if others:
            self._line = self._rng.choice(others)

    def _deadhead(self, end: str, *, is_out: bool) -> None:
        way = self._deadhead_way(end, is_out=is_out)
        self._add(Doing.DEADHEAD, _whole_ms(way), way)

    def _deadhead_way(self, end: str, *, is_out: bool = True) -> Way:
        points = [self._home, DISTRICTS[end]]
        if (end in EAST_BANK) != self._is_home_east and end != "station":
            points.insert(1, DISTRICTS["station"])
        points = [a for a, b in pairwise([*points, Place(0, 0)]) if metres(a, b) > 1]
        return straight(points if is_out else points[::-1], DEADHEAD_MPS)

    def _add(
        self, doing: Doing, lasts_ms: int, way: Way | None = None, *, goes_on: bool = False
    ) -> None:
        """Append what comes next; a layover goes on under the trip that it follows."""
        until_ms = self._now_ms + lasts_ms
        line = trip = None
        if goes_on:
            line, trip = self._found[-1].line, self._found[-1].trip
        elif doing is Doing.IN_SERVICE:
            line, trip = self._line.name, f"{self._line.name}-{self._trip_stem}-{self._trips:02d}"
        self._found.append(Stretch(doing, self._now_ms, until_ms, way, line, trip, self._name))
        self._now_ms = until_ms
