"""The city's lines: where they drive, how long a trip takes, and where a bus is on its way."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

from simulators.city.geography import (
    DISTRICTS,
    METRES_PER_DEGREE,
    SHRINK,
    Place,
    between,
    heading_deg,
    metres,
)

LINES: dict[str, tuple[str, ...]] = {
    "11": ("wik", "market", "station", "hoern", "gaarden", "wellingdorf", "dietrichsdorf"),
    "12": ("friedrichsort", "holtenau", "wik", "market", "station", "hassee"),
    "13": ("schilksee", "friedrichsort", "holtenau", "wik", "market", "station"),
    "22": ("suchsdorf", "university", "market", "station", "gaarden", "elmschenhagen"),
    "31": ("mettenhof", "hassee", "station", "hoern", "gaarden", "elmschenhagen"),
    "32": ("projensdorf", "university", "market", "station", "gaarden", "wellingdorf"),
    "34": ("kronshagen", "university", "wik", "holtenau"),
    "41": ("russee", "hassee", "station", "market", "wik"),
    "41S": ("suchsdorf", "university", "station"),
    "42": ("suchsdorf", "projensdorf", "wik", "market", "station"),
    "50": ("russee", "mettenhof", "kronshagen", "suchsdorf"),
    "60S": ("projensdorf", "university", "kronshagen", "mettenhof"),
    "71": ("molfsee", "hassee", "station", "market"),
    "81": ("kroog", "elmschenhagen", "gaarden", "hoern", "station", "hassee", "russee"),
    "91": ("wik", "university", "station", "meimersdorf"),
    "100": ("laboe", "heikendorf", "dietrichsdorf", "wellingdorf", "gaarden", "hoern", "station"),
    "N1": ("schilksee", "holtenau", "wik", "station", "gaarden", "elmschenhagen"),
}
NIGHT_LINE = "N1"
EXPRESS = "S"

STOP_EVERY_M, EXPRESS_STOP_EVERY_M = 450.0, 1_300.0
DWELL_S = 18.0
ACCELERATION = 1.0
SLOWEST_CRUISE, FASTEST_CRUISE = 8.0, 13.5
WANDER_EVERY_M = 600.0
WANDER_M = 70.0


class Motion(NamedTuple):
    """Where something is and how it moves."""

    place: Place
    speed_mps: float
    heading_deg: float


class _Leg(NamedTuple):
    """From one stop to the next: begins at `start_s` and `start_m`, then waits."""

    start_s: float
    start_m: float
    length_m: float
    cruise_mps: float

    def drive(self, seconds: float) -> tuple[float, float]:
        """Metres from the start of the leg, and speed, that long after setting off."""
        cruise = self.cruise_mps
        ramp_s = cruise / ACCELERATION
        if seconds < ramp_s:
            return ACCELERATION * seconds**2 / 2, ACCELERATION * seconds
        left = ramp_s + self.length_m / cruise - seconds
        if left > ramp_s:
            return cruise * (seconds - ramp_s / 2), cruise
        if left <= 0:
            return self.length_m, 0.0
        return self.length_m - ACCELERATION * left**2 / 2, ACCELERATION * left

    @property
    def drive_s(self) -> float:
        """Time from stop to stop."""
        return self.cruise_mps / ACCELERATION + self.length_m / self.cruise_mps


class Way:
    """A polyline that is driven once, from its first point to its last."""

    def __init__(self, points: Sequence[Place], legs: Sequence[_Leg], drive_s: float) -> None:
        self.drive_s = drive_s
        self.first, self.last = points[0], points[-1]
        pairs = [(a, b) for a, b in pairwise(points) if a != b] or [(points[0], points[0])]
        lengths = [metres(a, b) for a, b in pairs]
        self._points = pairs
        self._lengths = [length or 1.0 for length in lengths]
        self._metres = [0.0, *accumulate(lengths)]
        self._headings = [heading_deg(a, b) for a, b in pairs]
        self._legs = legs
        self._starts = [leg.start_s for leg in legs]

    @property
    def length_m(self) -> float:
        """From end to end."""
        return self._metres[-1]

    def at(self, seconds: float) -> Motion:
        """The motion that long after departure; before it and after arrival it stands."""
        within = min(max(seconds, 0.0), self.drive_s)
        leg = self._legs[bisect_right(self._starts, within) - 1]
        driven, speed = leg.drive(within - leg.start_s)
        distance = leg.start_m + driven
        index = min(bisect_right(self._metres, distance), len(self._points)) - 1
        a, b = self._points[index]
        share = (distance - self._metres[index]) / self._lengths[index]
        return Motion(between(a, b, share), speed, self._headings[index])


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its two ways; `ends` are the districts of its terminals."""

    name: str
    ends: tuple[str, str]
    ways: tuple[Way, Way]

    def way_from(self, end: str) -> tuple[Way, str]:
        """The way that leaves a terminal, and the terminal it leads to."""
        if end == self.ends[0]:
            return self.ways[0], self.ends[1]
        return self.ways[1], self.ends[0]


def lines(rng: random.Random) -> dict[str, Line]:
    """Every line of the map; the ways between districts wander with the seed."""
    return {name: _line(name, districts, rng) for name, districts in LINES.items()}


def straight(points: Sequence[Place], mean_mps: float) -> Way:
    """A way without stops, such as from a depot to a terminal."""
    length = sum(metres(a, b) for a, b in pairwise(points))
    leg = _Leg(0.0, 0.0, length, mean_mps)
    return Way(points, (leg,), leg.drive_s)


def _line(name: str, districts: Sequence[str], rng: random.Random) -> Line:
    points = _wandering([DISTRICTS[district] for district in districts], rng)
    every_m = EXPRESS_STOP_EVERY_M if name.endswith(EXPRESS) else STOP_EVERY_M
    out, back = (_way(way, every_m, rng) for way in (points, points[::-1]))
    return Line(name, (districts[0], districts[-1]), (out, back))


def _wandering(corners: list[Place], rng: random.Random) -> list[Place]:
    way = [corners[0]]
    for a, b in pairwise(corners):
        pieces = max(1, round(metres(a, b) / WANDER_EVERY_M))
        for piece in range(1, pieces):
            middle = between(a, b, piece / pieces)
            north, east = (rng.uniform(-WANDER_M, WANDER_M) / METRES_PER_DEGREE for _ in range(2))
            way.append(Place(middle.lat + north, middle.lon + east / SHRINK))
        way.append(b)
    return way


def _way(points: Sequence[Place], every_m: float, rng: random.Random) -> Way:
    length = sum(metres(a, b) for a, b in pairwise(points))
    stops = max(2, round(length / every_m))
    each_m, at_s = length / stops, 0.0
    legs: list[_Leg] = []
    for number in range(stops):
        leg = _Leg(at_s, number * each_m, each_m, rng.uniform(SLOWEST_CRUISE, FASTEST_CRUISE))
        legs.append(leg)
        at_s += leg.drive_s + DWELL_S
    return Way(points, legs, at_s - DWELL_S)
