"""Where the bike stations stand, and in which zone."""

import random
from typing import NamedTuple

from ausguck.register.places import contains
from simulators.city.geography import DISTRICTS, ZONES, Place, shifted

WITHIN_M = 550.0
# More of them in the middle of the town, as anywhere.
BUSY = ("station", "market", "hoern", "university", "wik", "gaarden")
DECIMALS = 6


class StationSite(NamedTuple):
    """A station's name for people, its place and its zone."""

    title: str
    place: Place
    zone: str


def station_site(seed: int, number: int) -> StationSite:
    """The site of a station; the same however many there are."""
    rng = random.Random(f"{seed}/site/{number}")  # noqa: S311 - a simulation
    districts = (*DISTRICTS, *BUSY, *BUSY)
    district = districts[number % len(districts)]
    centre = DISTRICTS[district]
    zone = zone_of(centre)
    while True:
        metres = (rng.uniform(-WITHIN_M, WITHIN_M) for _ in range(2))
        place = Place(*(round(degrees, DECIMALS) for degrees in shifted(centre, *metres)))
        if zone_of(place) == zone:
            title = f"{district.capitalize()} {number // len(districts) + 1}"
            nth = "" if number % len(districts) < len(DISTRICTS) else f"{number % 7 + 2}"
            return StationSite(f"{title}{chr(97 + int(nth)) if nth else ''}", place, zone)


def zone_of(place: Place) -> str:
    """The zone that holds a place; nothing outside of all."""
    return next((name for name, zone in ZONES.items() if contains(zone.ring, *place)), "")
