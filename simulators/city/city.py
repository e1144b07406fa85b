"""The city as one stream of messages, in the order of simulated time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from simulators.city.bikes import Fleet
from simulators.city.bus import Bus, Surface
from simulators.city.geography import routes
from simulators.city.radio import Network
from simulators.city.station import Station
from simulators.outgoing import Outgoing

FIRST_ROUND_MS = 1_500
FIRST_BUS, FIRST_STATION = 101, 1001


@dataclass(frozen=True, slots=True)
class CityPlan:
    """How big a city, and how often it speaks; the same plan gives the same messages."""

    seed: int = 1
    site: str = "kiel"
    buses: int = 120
    stations: int = 200
    interval_ms: int = 10_000
    station_interval_ms: int = 60_000


class City:
    """Buses and stations that report when their time has come.

    `advance` may be called with any steps: the messages are the same.
    """

    def __init__(self, plan: CityPlan, start_ms: int) -> None:
        self._plan = plan
        surface = Surface(
            plan.site,
            plan.seed,
            routes(self._rng("routes")),
            Network(self._rng("network")),
            plan.interval_ms,
        )
        self.buses = tuple(
            Bus(number, f"{FIRST_BUS + number:04d}", surface, start_ms)
            for number in range(plan.buses)
        )
        self.fleet = Fleet(plan.stations, start_ms, self._rng("bikes"))
        self.stations = tuple(
            Station(str(FIRST_STATION + number), plan.site, stand, plan.seed, start_ms)
            for number, stand in enumerate(self.fleet.stands)
        )
        self._start_ms = start_ms
        self._due: list[tuple[int, int]] = []
        self._has_reported = [False] * (plan.buses + plan.stations)
        for first, count in ((0, plan.buses), (plan.buses, plan.stations)):
            for number in range(count):
                due_ms = start_ms + FIRST_ROUND_MS * number // count
                heappush(self._due, (due_ms, first + number))

    @property
    def next_ms(self) -> int | None:
        """When the next report is due; `None` in an empty city."""
        return self._due[0][0] if self._due else None

    def advance(self, to_ms: int) -> Iterator[Outgoing]:
        """Everything said up to and including that moment, in order."""
        while self._due and self._due[0][0] <= to_ms:
            at_ms, index = heappop(self._due)
            if index < len(self.buses):
                yield from self._hear_bus(index, at_ms)
            else:
                yield from self._hear_station(index, at_ms)

    def skip(self, by_ms: int) -> None:
        """Let everything be due that much later (or earlier), with nothing said in between."""
        if by_ms:  # the same shift for all leaves a heap a heap
            self._due = [(due_ms + by_ms, index) for due_ms, index in self._due]

    def _hear_bus(self, index: int, at_ms: int) -> Iterator[Outgoing]:
        bus = self.buses[index]
        is_first = self._is_first(index)
        if is_first:
            yield bus.inventory(at_ms)
            yield bus.status(at_ms)
        yield from bus.report(at_ms)
        due_ms = bus.due_ms(at_ms)
        if is_first:
            due_ms = self._spread(at_ms, index / len(self.buses), due_ms - at_ms)
        heappush(self._due, (due_ms, index))

    def _hear_station(self, index: int, at_ms: int) -> Iterator[Outgoing]:
        number = index - len(self.buses)
        station = self.stations[number]
        interval_ms = self._plan.station_interval_ms
        due_ms = at_ms + interval_ms
        if self._is_first(index):
            yield station.inventory(at_ms)
            yield station.status(at_ms)
            due_ms = self._spread(at_ms, number / len(self.stations), interval_ms)
        self.fleet.advance(at_ms)
        yield station.report(at_ms)
        heappush(self._due, (due_ms, index))

    def _is_first(self, index: int) -> bool:
        is_first = not self._has_reported[index]
        self._has_reported[index] = True
        return is_first

    def _spread(self, at_ms: int, share: float, interval_ms: int) -> int:
        """After the first hurried round reports are spread evenly over the interval."""
        first_round_over_ms = self._start_ms + FIRST_ROUND_MS
        return max(at_ms + 1, first_round_over_ms + int(share * interval_ms))

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self._plan.seed}/{what}")  # noqa: S311 - a simulation
