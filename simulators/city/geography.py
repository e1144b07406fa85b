"""A plain map around Kiel's fjord: districts on both banks, zones, depots, and distances."""

import math
from typing import NamedTuple

METRES_PER_DEGREE = 111_320.0
SHRINK = math.cos(math.radians(54.33))


class Place(NamedTuple):
    """A point, in degrees."""

    lat: float
    lon: float


Ring = tuple[tuple[float, float], ...]


class Disc(NamedTuple):
    """A round area; `depth_db` is how much signal is missing in its middle."""

    centre: Place
    radius_m: float
    depth_db: float = 0.0


class Area(NamedTuple):
    """A zone or a depot: its title and its corners as (lat, lon)."""

    title: str
    ring: Ring


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
EAST_BANK = frozenset(
    ("gaarden", "elmschenhagen", "kroog", "wellingdorf", "dietrichsdorf", "heikendorf", "laboe")
)
"""Whoever comes here from the west bank goes round the fjord's end, by `station`."""

ZONES = {
    "mitte": Area(
        "Innenstadt",
        ((54.305, 10.118), (54.335, 10.118), (54.335, 10.150), (54.3165, 10.143), (54.305, 10.143)),
    ),
    "wik": Area("Wik", ((54.335, 10.118), (54.366, 10.118), (54.366, 10.155), (54.335, 10.150))),
    "nordwest": Area(
        "Nordwest", ((54.320, 10.060), (54.372, 10.060), (54.372, 10.118), (54.320, 10.118))
    ),
    "nord": Area(
        "Nördlich des Kanals",
        (
            *((54.372, 10.118), (54.440, 10.118), (54.440, 10.200)),
            *((54.385, 10.200), (54.366, 10.155), (54.366, 10.118)),
        ),
    ),
    "suedwest": Area(
        "Südwest", ((54.285, 10.040), (54.320, 10.040), (54.320, 10.118), (54.285, 10.118))
    ),
    "sued": Area("Süd", ((54.250, 10.050), (54.285, 10.050), (54.285, 10.140), (54.250, 10.140))),
    "gaarden": Area(
        "Gaarden",
        ((54.300, 10.143), (54.3165, 10.143), (54.335, 10.160), (54.335, 10.185), (54.300, 10.185)),
    ),
    "suedost": Area(
        "Südost", ((54.270, 10.150), (54.300, 10.150), (54.300, 10.215), (54.270, 10.215))
    ),
    "ostufer": Area(
        "Ostufer",
        (
            *((54.335, 10.165), (54.335, 10.215), (54.360, 10.240), (54.415, 10.245)),
            *((54.415, 10.212), (54.365, 10.188), (54.345, 10.172)),
        ),
    ),
}
"""Kiel's quarters, simplified; none overlaps another, and each district lies in one."""

DEPOT_AT = {"ost": Place(54.3042, 10.1432), "west": Place(54.3335, 10.0985)}
DEPOT_HALF_M = 130.0
PARKING_HALF_M = 90.0


def metres(a: Place, b: Place) -> float:
    """Distance on the plain map."""
    return math.hypot(a.lat - b.lat, (a.lon - b.lon) * SHRINK) * METRES_PER_DEGREE


def heading_deg(a: Place, b: Place) -> float:
    """Course from one place to the other, clockwise from north."""
    return math.degrees(math.atan2((b.lon - a.lon) * SHRINK, b.lat - a.lat)) % 360


def between(a: Place, b: Place, share: float) -> Place:
    """The place that far along the straight way."""
    return Place(a.lat + (b.lat - a.lat) * share, a.lon + (b.lon - a.lon) * share)


def shifted(place: Place, north_m: float, east_m: float) -> Place:
    """The place that far from another."""
    return Place(
        place.lat + north_m / METRES_PER_DEGREE, place.lon + east_m / METRES_PER_DEGREE / SHRINK
    )


def depot_area(depot: str) -> Area:
    """A depot's yard, with some room for a fix that is off."""
    centre, half = DEPOT_AT[depot], DEPOT_HALF_M
    corners = ((-half, -half), (half, -half), (half, half), (-half, half))
    ring = tuple((round(p.lat, 6), round(p.lon, 6)) for p in (shifted(centre, *c) for c in corners))
    return Area(f"Betriebshof {depot.capitalize()}", ring)
