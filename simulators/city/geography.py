"""A plain map around Kiel: districts, depots, weak spots, tunnels and invented lines."""

import math
import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

METRES_PER_DEGREE = 111_320.0
SHRINK = math.cos(math.radians(54.33))


class Place(NamedTuple):
    """A point, in degrees."""

    lat: float
    lon: float


SOUTH_WEST = Place(54.24, 10.02)
NORTH_EAST = Place(54.46, 10.26)


class Disc(NamedTuple):
    """A round area; `depth_db` is how much signal is missing in its middle."""

    centre: Place
    radius_m: float
    depth_db: float = 0.0


DISTRICTS = {
    "station": Place(54.3148, 10.1318),
    "market": Place(54.3228, 10.1392),
    "hoern": Place(54.3105, 10.1385),
    "university": Place(54.3468, 10.1130),
    "suchsdorf": Place(54.3610, 10.0750),
    "projensdorf": Place(54.3570, 10.0980),
    "wik": Place(54.3560, 10.1290),
    "holtenau": Place(54.3730, 10.1400),
    "friedrichsort": Place(54.3950, 10.1750),
    "schilksee": Place(54.4220, 10.1630),
    "kronshagen": Place(54.3340, 10.0830),
    "mettenhof": Place(54.3120, 10.0630),
    "russee": Place(54.2990, 10.0810),
    "hassee": Place(54.3030, 10.1060),
    "molfsee": Place(54.2660, 10.0760),
    "meimersdorf": Place(54.2790, 10.1180),
    "gaarden": Place(54.3110, 10.1500),
    "elmschenhagen": Place(54.2920, 10.1790),
    "kroog": Place(54.2840, 10.1950),
    "wellingdorf": Place(54.3280, 10.1780),
    "dietrichsdorf": Place(54.3390, 10.1900),
    "heikendorf": Place(54.3720, 10.2080),
    "laboe": Place(54.4050, 10.2230),
}

LINES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("71", ("suchsdorf", "university", "market", "station", "gaarden", "elmschenhagen")),
    ("72", ("schilksee", "friedrichsort", "holtenau", "wik", "market", "station")),
    ("73", ("mettenhof", "hassee", "station", "hoern", "gaarden", "wellingdorf")),
    ("74", ("kronshagen", "university", "wik", "holtenau")),
    ("75", ("laboe", "heikendorf", "dietrichsdorf", "wellingdorf", "gaarden", "hoern", "station")),
    ("76", ("molfsee", "hassee", "station", "market")),
    ("77", ("meimersdorf", "hoern", "station", "market", "wik", "projensdorf")),
    ("78", ("russee", "mettenhof", "kronshagen", "suchsdorf")),
    ("79", ("kroog", "elmschenhagen", "gaarden", "hoern", "station", "hassee", "russee")),
    ("81", ("projensdorf", "university", "kronshagen", "mettenhof")),
    ("82", ("dietrichsdorf", "wellingdorf", "elmschenhagen", "kroog")),
    ("83", ("wik", "university", "station", "meimersdorf")),
)

DEPOTS = (Place(54.3042, 10.1432), Place(54.3335, 10.0985))
TUNNELS = (
    Disc(DISTRICTS["hoern"], 170),
    Disc(DISTRICTS["holtenau"], 220),
    Disc(DISTRICTS["kronshagen"], 140),
)
WEAK_SPOTS = (
    Disc(Place(54.3855, 10.1570), 900, 26),
    Disc(Place(54.2740, 10.0900), 1_000, 30),
    Disc(Place(54.3560, 10.2000), 900, 24),
    Disc(Place(54.3300, 10.0700), 600, 18),
    Disc(Place(54.2880, 10.1870), 500, 22),
)

STOP_EVERY_M = 450.0
DWELL_S = 18.0
LAYOVER_S = 240.0
ACCELERATION = 1.0
SLOWEST_CRUISE, FASTEST_CRUISE = 8.0, 13.5
WANDER_EVERY_M = 600.0
WANDER_M = 70.0


def metres(a: Place, b: Place) -> float:
    """Distance on the plain map."""
    return math.hypot(a.lat - b.lat, (a.lon - b.lon) * SHRINK) * METRES_PER_DEGREE


def heading_deg(a: Place, b: Place) -> float:
    """Course from one place to the other, clockwise from north."""
    return math.degrees(math.atan2((b.lon - a.lon) * SHRINK, b.lat - a.lat)) % 360


def between(a: Place, b: Place, share: float) -> Place:
    """The place that far along the straight way."""
    return Place(a.lat + (b.lat - a.lat) * share, a.lon + (b.lon - a.lon) * share)


def is_in_tunnel(place: Place) -> bool:
    """Whether there is no uplink here."""
    return any(metres(place, tunnel.centre) < tunnel.radius_m for tunnel in TUNNELS)


def weakness_db(place: Place) -> float:
    """How much signal the weak spots take here."""
    return max(
        spot.depth_db * max(0.0, 1 - metres(place, spot.centre) / spot.radius_m)
        for spot in WEAK_SPOTS
    )


class Motion(NamedTuple):
    """Where something is and how it moves."""

    place: Place
    speed_mps: float
    heading_deg: float


@dataclass(frozen=True, slots=True)
class _Leg:
    """From one stop to the next: begins at `start_s` and `start_m`, then waits."""

    start_s: float
    start_m: float
    length_m: float
    cruise_mps: float

    def drive(self, seconds: float) -> tuple[float, float]:
        """Metres from the start of the leg, and speed, that long after setting off."""
        ramp_s = self.cruise_mps / ACCELERATION
        ramp_m = self.cruise_mps * ramp_s / 2
        cruise_s = (self.length_m - 2 * ramp_m) / self.cruise_mps
        if seconds < ramp_s:
            return ACCELERATION * seconds**2 / 2, ACCELERATION * seconds
        if seconds < ramp_s + cruise_s:
            return ramp_m + (seconds - ramp_s) * self.cruise_mps, self.cruise_mps
        left = self.drive_s - seconds
        if left <= 0:
            return self.length_m, 0.0
        return self.length_m - ACCELERATION * left**2 / 2, ACCELERATION * left

    @property
    def drive_s(self) -> float:
        """Time from stop to stop."""
        ramp_s = self.cruise_mps / ACCELERATION
        return ramp_s + self.length_m / self.cruise_mps


class Route:
    """A line's way out and back, with its stops and times."""

    def __init__(self, name: str, districts: Sequence[str], rng: random.Random) -> None:
        self.name = name
        way = _wandering([DISTRICTS[district] for district in districts], rng)
        self._points = [*way, *reversed(way[:-1])]
        self._metres = [0.0]
        for a, b in pairwise(self._points):
            self._metres.append(self._metres[-1] + metres(a, b))
        self._legs, self.round_s = _legs(self._metres[-1], rng)
        self._starts = [leg.start_s for leg in self._legs]

    def at(self, seconds: float) -> Motion:
        """The motion of a bus that long after it set out; rounds repeat."""
        within = seconds % self.round_s
        leg = self._legs[bisect_right(self._starts, within) - 1]
        driven, speed = leg.drive(within - leg.start_s)
        place, heading = self._along(leg.start_m + driven)
        return Motion(place, speed, heading)

    def half(self, seconds: float) -> int:
        """Which trip it is: even ones go out, odd ones come back."""
        return int(seconds // (self.round_s / 2))

    def _along(self, distance_m: float) -> tuple[Place, float]:
        last = len(self._points) - 2
        index = min(max(bisect_right(self._metres, distance_m) - 1, 0), last)
        a, b = self._points[index], self._points[index + 1]
        length = self._metres[index + 1] - self._metres[index]
        return between(a, b, (distance_m - self._metres[index]) / length), heading_deg(a, b)


def routes(rng: random.Random) -> tuple[Route, ...]:
    """Every line of the map; the ways between districts wander with the seed."""
    return tuple(Route(name, districts, rng) for name, districts in LINES)


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


def _legs(length_m: float, rng: random.Random) -> tuple[list[_Leg], float]:
    """Out and back in equal halves, so that both ends are stops; then the layovers."""
    stops = max(2, round(length_m / 2 / STOP_EVERY_M)) * 2
    legs, at_s, each_m = [], 0.0, length_m / stops
    for number in range(stops):
        leg = _Leg(at_s, number * each_m, each_m, rng.uniform(SLOWEST_CRUISE, FASTEST_CRUISE))
        legs.append(leg)
        is_end = (number + 1) % (stops // 2) == 0
        at_s += leg.drive_s + (LAYOVER_S if is_end else DWELL_S)
    return legs, at_s
