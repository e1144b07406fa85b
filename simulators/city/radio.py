"""The mobile networks of the plain map: what a modem measures depends on where it is.

Three operators have masts and dead spots of their own; tunnels and underpasses are everybody's.
What does not change in a place is reckoned once for each square of some metres and remembered.
"""

import math
import random
from typing import Final, NamedTuple

from simulators.city.geography import (
    DISTRICTS,
    METRES_PER_DEGREE,
    SHRINK,
    Disc,
    Place,
    between,
    metres,
)

OPERATORS: Final = ("262-01", "262-02", "262-03")
TECHNOLOGIES: Final = ("2g", "3g", "4g", "5g_nsa", "5g_sa")
EXTRA_MASTS = 16
SHARE_5G = 0.6
NEAREST_M = 40.0
SQUARE_M = 50.0
RSRP_NEAR, RSRP_SLOPE, RSRP_NOISE = -62.0, 26.0, 2.5
RSRP_LEAST, RSRP_MOST = -140.0, -44.0
NOTHING_BELOW, BELOW_3G, BELOW_4G, ABOVE_5G, ABOVE_5G_SA = -134.0, -126.0, -119.0, -100.0, -75.0
SLOW_MS: Final = {"2g": 420.0, "3g": 110.0, "4g": 45.0, "5g_nsa": 24.0, "5g_sa": 18.0}
CARRIES: Final = {"2g": 0.02, "3g": 0.3, "4g": 1.0, "5g_nsa": 1.0, "5g_sa": 1.0}
"""The share of what passengers want that a technology carries."""

TUNNELS: Final = (
    Disc(between(DISTRICTS["hoern"], DISTRICTS["gaarden"], 0.5), 190),
    Disc(between(DISTRICTS["holtenau"], DISTRICTS["friedrichsort"], 0.3), 260),
    Disc(between(DISTRICTS["university"], DISTRICTS["kronshagen"], 0.45), 210),
    Disc(between(DISTRICTS["station"], DISTRICTS["meimersdorf"], 0.55), 200),
)
DEAD_SPOTS: Final[dict[str, tuple[Disc, ...]]] = {
    "262-01": (Disc(Place(54.3855, 10.1570), 900, 42), Disc(Place(54.3300, 10.0700), 600, 20)),
    "262-02": (Disc(Place(54.3560, 10.2000), 900, 45), Disc(Place(54.2880, 10.1870), 500, 24)),
    "262-03": (Disc(Place(54.2740, 10.0900), 1_000, 44), Disc(Place(54.3500, 10.0880), 600, 30)),
}

# A modem's noise, drawn from a table: a normal deviate for the price of one random number.
NOISE_SIZE: Final = 2048


class Mast(NamedTuple):
    """A mast of one operator."""

    cell_id: str
    place: Place
    has_5g: bool


class Cover(NamedTuple):
    """What one operator offers in a square, the same every time."""

    rsrp_dbm: float
    cell_id: str
    has_5g: bool


class Signal(NamedTuple):
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
    """Masts at the districts and some more, drawn from the seed for each operator."""

    def __init__(self, rng: random.Random) -> None:
        self._masts = {operator: _masts(rng) for operator in OPERATORS}
        self._squares: dict[str, dict[int, Cover | None]] = {each: {} for each in OPERATORS}
        self._noise = [rng.gauss(0, 1) for _ in range(NOISE_SIZE)]

    def cover(self, operator: str, place: Place) -> Cover | None:
        """What an operator offers at a place; None in a tunnel."""
        north = int(place[0] * (METRES_PER_DEGREE / SQUARE_M))
        east = int(place[1] * (METRES_PER_DEGREE * SHRINK / SQUARE_M))
        square, known = north << 20 | east, self._squares[operator]
        if square not in known:
            known[square] = self._survey(operator, place)
        return known[square]

    def signal(self, cover: Cover, rng: random.Random, held_to: str | None = None) -> Signal | None:
        """What a modem makes of it; None where it finds nothing to hold on to.

        `held_to` is a technology that it gets no better than.
        """
        draw = rng.random
        noise = self._noise[int(draw() * NOISE_SIZE)]
        rsrp = cover.rsrp_dbm + RSRP_NOISE * noise
        if rsrp < NOTHING_BELOW:
            return None
        technology = _technology(rsrp, has_5g=cover.has_5g)
        if held_to is not None and held_to in TECHNOLOGIES:
            technology = min(technology, held_to, key=TECHNOLOGIES.index)
        quality = (rsrp + 125) / 60
        quality = 0.0 if quality < 0 else min(quality, 1.0)
        trouble = (1 - quality) ** 4
        loss = trouble * (5 + 55 * draw())
        shake = draw() - 0.5
        return Signal(
            technology,
            cover.cell_id,
            int(min(rsrp, RSRP_MOST) * 10) / 10,
            int((-18 + 13 * quality + 2 * shake) * 10) / 10,
            int((-6 + 30 * quality + 6 * draw() - 3) * 10) / 10,
            int(min(max(rsrp + 24 + 4 * shake, -112.0), -51.0) * 10) / 10,
            int((SLOW_MS[technology] * (0.8 + 0.7 * draw()) + 400 * trouble) * 10) / 10,
            int(loss * 100) / 100,
        )

    def _survey(self, operator: str, place: Place) -> Cover | None:
        if any(metres(place, tunnel.centre) < tunnel.radius_m for tunnel in TUNNELS):
            return None
        lat, lon = place
        _, mast = min(
            ((mast.place[0] - lat) ** 2 + ((mast.place[1] - lon) * SHRINK) ** 2, mast)
            for mast in self._masts[operator]
        )
        distance = max(NEAREST_M, metres(place, mast.place))
        fading = RSRP_SLOPE * math.log10(distance / NEAREST_M)
        missing = max(
            spot.depth_db * max(0.0, 1 - metres(place, spot.centre) / spot.radius_m)
            for spot in DEAD_SPOTS[operator]
        )
        return Cover(RSRP_NEAR - fading - missing, mast.cell_id, mast.has_5g)


def _masts(rng: random.Random) -> list[Mast]:
    places = [_near(place, 300, rng) for place in DISTRICTS.values()]
    corners = list(DISTRICTS.values())
    places += [_near(rng.choice(corners), 1_500, rng) for _ in range(EXTRA_MASTS)]
    return [
        Mast(f"{rng.randrange(0x1000000, 0x2000000):X}", place, rng.random() < SHARE_5G)
        for place in places
    ]


def _near(place: Place, radius_m: float, rng: random.Random) -> Place:
    north, east = (rng.uniform(-radius_m, radius_m) / METRES_PER_DEGREE for _ in range(2))
    return Place(place.lat + north, place.lon + east / SHRINK)


def _technology(rsrp: float, *, has_5g: bool) -> str:
    if rsrp > BELOW_4G:
        if not has_5g or rsrp <= ABOVE_5G:
            return "4g"
        return "5g_sa" if rsrp > ABOVE_5G_SA else "5g_nsa"
    return "3g" if rsrp > BELOW_3G else "2g"
