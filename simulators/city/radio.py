"""The mobile network of the plain map: what a modem measures depends on where it is."""

import math
import random
from dataclasses import dataclass
from typing import NamedTuple

from simulators.city.geography import (
    DISTRICTS,
    METRES_PER_DEGREE,
    SHRINK,
    Place,
    is_in_tunnel,
    metres,
    weakness_db,
)

OPERATORS = ("262-01", "262-02", "262-03")
EXTRA_SITES = 16
SHARE_5G = 0.6
NEAREST_M = 40.0
RSRP_NEAR, RSRP_SLOPE, RSRP_NOISE = -60.0, 27.0, 2.5
RSRP_RANGE = (-140.0, -44.0)
BELOW_4G, ABOVE_5G, ABOVE_5G_SA = -120.0, -100.0, -75.0


class Site(NamedTuple):
    """A mast."""

    cell_id: str
    place: Place
    has_5g: bool


@dataclass(frozen=True, slots=True)
class Signal:
    """What the modem says about its uplink."""

    access_technology: str
    cell_id: str
    rsrp_dbm: float
    rsrq_db: float
    sinr_db: float
    rssi_dbm: float
    rtt_ms: float
    loss_pct: float


class Network:
    """Masts at the districts and some more, drawn from the seed."""

    def __init__(self, rng: random.Random) -> None:
        places = [_near(place, 300, rng) for place in DISTRICTS.values()]
        corners = list(DISTRICTS.values())
        places += [_near(rng.choice(corners), 1_500, rng) for _ in range(EXTRA_SITES)]
        self._sites = [
            Site(f"{rng.randrange(0x1000000, 0x2000000):X}", place, rng.random() < SHARE_5G)
            for place in places
        ]

    def signal(self, place: Place, rng: random.Random) -> Signal | None:
        """The signal at a place, `None` in a tunnel; `rng` is the modem's own noise."""
        if is_in_tunnel(place):
            return None
        site = min(self._sites, key=lambda mast: metres(place, mast.place))
        distance = max(NEAREST_M, metres(place, site.place))
        fading = RSRP_SLOPE * math.log10(distance / NEAREST_M)
        clean = RSRP_NEAR - fading - weakness_db(place) + rng.gauss(0, RSRP_NOISE)
        rsrp = min(max(clean, RSRP_RANGE[0]), RSRP_RANGE[1])
        return _signal(site, rsrp, rng)


def _near(place: Place, radius_m: float, rng: random.Random) -> Place:
    north, east = (rng.uniform(-radius_m, radius_m) / METRES_PER_DEGREE for _ in range(2))
    return Place(place.lat + north, place.lon + east / SHRINK)


def _signal(site: Site, rsrp: float, rng: random.Random) -> Signal:
    quality = min(max((rsrp + 125) / 60, 0.0), 1.0)
    technology = _technology(site, rsrp)
    slow = {"2g": 420.0, "4g": 45.0}.get(technology, 24.0)
    trouble = (1 - quality) ** 4
    loss = 100 * min(0.6, max(0.0, trouble * rng.uniform(0.1, 0.9)))
    return Signal(
        access_technology=technology,
        cell_id=site.cell_id,
        rsrp_dbm=round(rsrp, 1),
        rsrq_db=round(-18 + 13 * quality + rng.uniform(-1, 1), 1),
        sinr_db=round(-6 + 30 * quality + rng.uniform(-3, 3), 1),
        rssi_dbm=round(min(max(rsrp + 24 + rng.uniform(-2, 2), -112.0), -26.0), 1),
        rtt_ms=round(slow * rng.uniform(0.8, 1.5) + 400 * trouble, 1),
        loss_pct=round(loss, 2),
    )


def _technology(site: Site, rsrp: float) -> str:
    if rsrp < BELOW_4G:
        return "2g"
    if site.has_5g and rsrp > ABOVE_5G_SA:
        return "5g_sa"
    if site.has_5g and rsrp > ABOVE_5G:
        return "5g_nsa"
    return "4g"
