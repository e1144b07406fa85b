"""A feed that lives by simulated time: bikes come and go each minute, until it stands still."""

import random
from dataclasses import dataclass, replace
from typing import Final

from simulators.city.places import station_site
from simulators.feed.stations import FeedStation, after_a_minute

MINUTE_MS: Final = 60_000
CHANGING_SHARE: Final = 0.15
CAPACITIES: Final = (12, 15, 20, 25, 30)


@dataclass(frozen=True, slots=True)
class Picture:
    """What a feed tells at a moment: its stations, and its `last_updated` in POSIX seconds."""

    stations: tuple[FeedStation, ...]
    at_s: int


class LivingFeed:
    """Stations drawn from a seed; the same at any moment however it was asked before.

    While it is frozen it tells the last picture before; afterwards it has gone on as if it had
    never stood still. `shift_ms` moves the times that it tells.
    """

    def __init__(self, stations: int, seed: int, start_ms: int, shift_ms: int = 0) -> None:
        self._rng = random.Random(f"{seed}/feed")  # noqa: S311 - a simulation
        self._shift_ms = shift_ms
        self._at_ms = start_ms
        self._frozen: list[tuple[int, int]] = []
        self._stations = [_station(seed, number, start_ms, self._rng) for number in range(stations)]
        self._told = self._picture()

    def freeze(self, from_ms: int, to_ms: int) -> None:
        """Let it stand still in that time, which is still to come."""
        self._frozen.append((from_ms, to_ms))

    def advance(self, to_ms: int) -> Picture:
        """What it tells at that moment; moments never go back."""
        while self._at_ms + MINUTE_MS <= to_ms:
            self._at_ms += MINUTE_MS
            at_s = self._at_ms // 1000
            self._stations, _ = after_a_minute(self._stations, at_s, CHANGING_SHARE, self._rng)
            if not any(from_ms <= self._at_ms < until_ms for from_ms, until_ms in self._frozen):
                self._told = self._picture()
        return self._told

    def _picture(self) -> Picture:
        shift_s = self._shift_ms // 1000
        moved = (
            replace(each, last_reported_s=each.last_reported_s + shift_s) for each in self._stations
        )
        return Picture(tuple(moved), self._at_ms // 1000 + shift_s)


def _station(seed: int, number: int, at_ms: int, rng: random.Random) -> FeedStation:
    site, capacity = station_site(seed, number), rng.choice(CAPACITIES)
    bikes = rng.randrange(capacity // 2 + 1)
    return FeedStation(
        station_id=str(1 + number),
        name=site.title,
        lat=site.place.lat,
        lon=site.place.lon,
        capacity=capacity,
        bikes=bikes,
        docks=capacity - bikes,
        last_reported_s=at_ms // 1000,
    )
