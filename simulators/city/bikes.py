"""Bikes between stations: a closed fleet whose rides keep Kiel's measured statistics.

Each station lets a bike go at a rate a bike that is its activity over its mean, and receives
rides in proportion to its activity. In such a network every station's number of bikes keeps
the drawn mean for ever and varies around it as a Poisson number does, however the hour of the
day speeds up or slows down all rides. The quantiles below were fitted so that the mixture
gives 17.8 % empty, 57 % at or under a fifth, and 0.4 % over capacity.
"""

import math
import random
from bisect import bisect_right
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from statistics import NormalDist

from simulators.city.rhythm import BUSIEST_BIKE_ACTIVITY, HOUR_MS, bike_activity

# Capacities of Kiel's 198 stations: most of them have 15, 20, 30 or 25 places.
CAPACITIES = (
    *(6, 8, 8, 10, 10, 10, 12, 12, 12),
    *(15,) * 74,
    *(16, 18, 18),
    *(20,) * 54,
    *(22, 24, 24),
    *(25,) * 20,
    28,
    *(30,) * 29,
    *(32, 35, 35, 40, 40, 45, 50),
)
GOLDEN = (math.sqrt(5) - 1) / 2
FILL_AT = (0.0, 0.10, 0.25, 0.45, 0.60, 0.75, 0.88, 0.96, 1.0)
FILL = (0.007, 0.019, 0.057, 0.254, 0.255, 0.257, 0.300, 0.739, 0.781)
MEAN_FILL = 0.2255
ACTIVITY_SPREAD = 1.45
ACTIVITY_CAP = 1.65
# Rides begun per station and hour for each unit of `bike_activity`.
RIDES_PER_ACTIVITY = 0.78
RIDE_MS = (5 * 60_000, 40 * 60_000)


@dataclass(slots=True)
class Stand:
    """A station's bikes; more than its capacity is possible, as it is on the street."""

    capacity: int
    mean: float
    activity: float
    bikes: int


class Fleet:
    """Every bike of the city, parked or ridden."""

    def __init__(self, stations: int, start_ms: int, rng: random.Random) -> None:
        self._rng = rng
        self._now_ms = start_ms
        self._arrivals: list[tuple[int, int, int]] = []
        self._rides = 0
        self.stands = _stands(stations, rng)
        self._pull = list(accumulate(stand.activity for stand in self.stands))
        self._leaves_ms = self._next_ms = math.inf
        self._plan_next()

    def advance(self, to_ms: int) -> None:
        """Let rides begin and end until then; the steps change nothing."""
        while self._next_ms <= to_ms:
            self._now_ms = math.ceil(self._next_ms)
            self._arrive()
            if self._next_ms == self._leaves_ms:
                self._depart()
            self._plan_next()

    def _plan_next(self) -> None:
        """When a ride begins or ends next: drawn anew after each change, for it has no memory."""
        rate = self._rate_per_ms()
        self._leaves_ms = self._now_ms + self._rng.expovariate(rate) if rate else math.inf
        self._next_ms = min(self._leaves_ms, self._arrivals[0][0] if self._arrivals else math.inf)

    @property
    def parked(self) -> int:
        """Bikes at stations."""
        return sum(stand.bikes for stand in self.stands)

    @property
    def ridden(self) -> int:
        """Bikes on their way."""
        return len(self._arrivals)

    def _rate_per_ms(self) -> float:
        """Rides begun at the busiest hour; quieter ones are thinned out."""
        eager = sum(stand.activity * stand.bikes / stand.mean for stand in self.stands)
        return eager * RIDES_PER_ACTIVITY * BUSIEST_BIKE_ACTIVITY / HOUR_MS

    def _arrive(self) -> None:
        while self._arrivals and self._arrivals[0][0] <= self._now_ms:
            self.stands[heappop(self._arrivals)[2]].bikes += 1

    def _depart(self) -> None:
        if self._rng.random() > bike_activity(self._now_ms) / BUSIEST_BIKE_ACTIVITY:
            return
        eagerness = list(
            accumulate(stand.activity * stand.bikes / stand.mean for stand in self.stands)
        )
        start = bisect_right(eagerness, self._rng.random() * eagerness[-1])
        goal = bisect_right(self._pull, self._rng.random() * self._pull[-1])
        self.stands[start].bikes -= 1
        self._rides += 1
        heappush(self._arrivals, (self._now_ms + self._rng.randint(*RIDE_MS), self._rides, goal))


def _stands(stations: int, rng: random.Random) -> list[Stand]:
    """Capacity, mean and activity by evenly spaced quantiles, so that no seed is far off.

    Multiples of irrational numbers pair them: small stations are as often full as big ones.
    """
    shares = [(index + 0.5) / stations for index in range(stations)]
    capacities = [CAPACITIES[int(share * len(CAPACITIES))] for share in shares]
    fills = [_fill(share) for share in _permuted(shares, GOLDEN, rng)]
    normal = NormalDist()
    activities = [
        math.exp(ACTIVITY_SPREAD * min(normal.inv_cdf(share), ACTIVITY_CAP))
        for share in _permuted(shares, math.sqrt(2), rng)
    ]
    means = [capacity * fill for capacity, fill in zip(capacities, fills, strict=True)]
    scale = MEAN_FILL * sum(capacities) / (sum(means) or 1.0)
    lively = stations / (sum(activities) or 1.0)
    stands = [
        Stand(capacity, mean * scale, activity * lively, 0)
        for capacity, mean, activity in zip(capacities, means, activities, strict=True)
    ]
    means = [stand.mean for stand in stands]
    for stand in rng.choices(stands, means, k=round(sum(means))) if stands else ():
        stand.bikes += 1
    rng.shuffle(stands)
    return stands


def _permuted(shares: list[float], step: float, rng: random.Random) -> list[float]:
    start = rng.random()
    order = sorted(range(len(shares)), key=lambda index: (start + index * step) % 1)
    return [shares[index] for index in order]


def _fill(share: float) -> float:
    index = min(bisect_right(FILL_AT, share), len(FILL_AT) - 1)
    low, high = FILL_AT[index - 1], FILL_AT[index]
    return FILL[index - 1] + (FILL[index] - FILL[index - 1]) * (share - low) / (high - low)
