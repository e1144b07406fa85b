"""The city as one stream of messages, in the order of simulated time."""

import random
from collections.abc import Iterator
from heapq import heappop, heappush

from simulators.city.bikes import Fleet
from simulators.city.bus import Bus
from simulators.city.conditions import Conditions
from simulators.city.devices import bus_name, station_name
from simulators.city.duty import Roads
from simulators.city.places import station_site
from simulators.city.plan import CityPlan
from simulators.city.radio import Network
from simulators.city.station import Station
from simulators.city.surface import Surface
from simulators.city.truth import Tell
from simulators.outgoing import Outgoing

FIRST_ROUND_MS = 1_500


class City:
    """Buses and stations that report when their time has come.

    `advance` may be called with any steps: the messages are the same. What is wrong is asked of
    `conditions`, and what was really so is told to `tell` while time goes on.
    """

    def __init__(
        self,
        plan: CityPlan,
        start_ms: int,
        conditions: Conditions | None = None,
        tell: Tell | None = None,
    ) -> None:
        self._plan = plan
        network = Network(self._rng("network"))
        surface = Surface(plan, Roads.of(plan.seed), network, conditions or Conditions(), tell)
        self.buses = tuple(
            Bus(number, bus_name(number), surface, start_ms) for number in range(plan.buses)
        )
        self.fleet = Fleet(plan.stations, start_ms, self._rng("bikes"))
        self.stations = tuple(
            Station(station_name(number), stand, station_site(plan.seed, number), surface, start_ms)
            for number, stand in enumerate(self.fleet.stands)
        )
        everything: list[Bus | Station] = [*self.buses, *self.stations]
        self._by_asset = {each.asset: each for each in everything}
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
            yield from self._hear(index, at_ms)

    def skip(self, by_ms: int) -> None:
        """Let everything be due that much later (or earlier), with nothing said in between."""
        if by_ms:  # the same shift for all leaves a heap a heap
            self._due = [(due_ms + by_ms, index) for due_ms, index in self._due]

    def conclude(self, at_ms: int) -> None:
        """Tell the truth about everything that still goes on, as if it ended then."""
        for each in self._by_asset.values():
            each.conclude(at_ms)

    def is_connected(self, asset: str, at_ms: int) -> bool:
        """Whether the device of a bus or station is on and can reach the receiver at a moment.

        A tunnel does not break a connection; a device without power, in a boot or that the
        conditions keep away has none. `at_ms` is not before what `advance` has come to.
        """
        return self._by_asset[asset].is_connected(at_ms)

    def serial(self, asset: str) -> str:
        """The device that is in a bus or station now."""
        return self._by_asset[asset].serial

    def wills(self) -> Iterator[Outgoing]:
        """A will for each name that anything of the city publishes under, spares among them."""
        for each in self._by_asset.values():
            yield from each.wills()

    def _hear(self, index: int, at_ms: int) -> Iterator[Outgoing]:
        number = index - len(self.buses)
        each: Bus | Station
        if number < 0:
            each, share = self.buses[index], index / len(self.buses)
        else:
            each, share = self.stations[number], number / len(self.stations)
            self.fleet.advance(at_ms)
        if self._has_reported[index]:
            yield from each.report(at_ms)
            heappush(self._due, (each.due_ms(at_ms), index))
            return
        self._has_reported[index] = True
        yield each.inventory(at_ms)
        yield each.status(at_ms)
        yield from each.report(at_ms)
        due_ms = self._spread(at_ms, share, each.due_ms(at_ms) - at_ms)
        heappush(self._due, (due_ms, index))

    def _spread(self, at_ms: int, share: float, interval_ms: int) -> int:
        """After the first hurried round reports are spread evenly over the interval."""
        first_round_over_ms = self._start_ms + FIRST_ROUND_MS
        return max(at_ms + 1, first_round_over_ms + int(share * interval_ms))

    def _rng(self, what: str) -> random.Random:
        return random.Random(f"{self._plan.seed}/{what}")  # noqa: S311 - a simulation
