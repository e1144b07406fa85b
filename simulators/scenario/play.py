"""A scenario as one stream of what a receiver would get, and when; pure, and seeded.

`Play.advance` may be called with any steps: what comes out is the same, byte for byte. What a
device kept while it had no uplink comes when it has one again, as the city does it. All times
are the receiver's: those of the scenario, and `shift_ms` later where one is given.
"""

from collections.abc import Iterator
from dataclasses import replace
from heapq import heappop, heappush
from typing import Final, NamedTuple

from ausguck.model import Kind
from ausguck.topics import Message
from simulators.city import NOTHING_ODD, City, CityPlan
from simulators.city.bus import Bus
from simulators.city.station import Station
from simulators.feed.living import LivingFeed, Picture
from simulators.outgoing import Outgoing
from simulators.scenario.causes import CAUSES, Cause, Watched
from simulators.scenario.choice import Choice
from simulators.scenario.concerned import population
from simulators.scenario.edits import EDITS
from simulators.scenario.expected import TruthLabel
from simulators.scenario.extras import REASONS, poisoned
from simulators.scenario.faults import FeedFrozen, Maintenance, OwnRestart, Poison, RouterStolen
from simulators.scenario.labels import Duties, labels
from simulators.scenario.scenario import Planned, Scenario
from simulators.scenario.speech import Speech
from simulators.scenario.way import Delivery, Way, What

SITE: Final = "kiel"
LOOK_EVERY_MS: Final = 15_000
GIVEN_UP_AFTER_MS: Final = 45_000
"""A receiver gives up a connection after one and a half of a keep-alive of 30 s."""
GOODBYE_BEFORE_MS: Final = 1_000


class _Turn(NamedTuple):
    """Something due besides the city's own reports; `number` keeps the order of planning."""

    at_ms: int
    number: int
    planned: Planned | None
    asset: str = ""


class Play:
    """A scenario being played to a receiver of the given site."""

    def __init__(
        self, scenario: Scenario, site: str = SITE, shift_ms: int = 0, *, by_serial: bool = False
    ) -> None:
        self.scenario = scenario
        self.site = site
        self.shift_ms = shift_ms
        self.plan = _plan(scenario, site, by_serial=by_serial)
        self.assets = population(self.plan.buses, self.plan.stations)
        self._chosen = {each: Choice(each, self.assets) for each in scenario.faults}
        self._conditions = Watched(
            [CAUSES.get(type(each.fault), Cause)(each, self._chosen[each]) for each in self._chosen]
        )
        self._speech = Speech(
            [
                EDITS[type(each.fault)](each, choice)
                for each, choice in self._chosen.items()
                if type(each.fault) in EDITS
            ],
            shift_ms,
        )
        self._duties = Duties()
        self.city = City(self.plan, scenario.start_ms, self._conditions, self._duties.hear)
        everything: list[Bus | Station] = [*self.city.buses, *self.city.stations]
        self._devices = {each.asset: each for each in everything}
        self._by_serial: dict[str, str] = {}
        self._feed = _feed(scenario, shift_ms)
        self._way = Way()
        self._cut_since_ms: dict[str, int] = {}
        self._gone: set[str] = set()
        """Who said goodbye, or was given up already."""
        self._greetings: dict[str, dict[str, Outgoing]] = {}
        self._is_over = False
        self._numbered = 0
        self._turns: list[_Turn] = []
        self._plan_turns()

    @property
    def start_ms(self) -> int:
        """The first moment."""
        return self.scenario.start_ms + self.shift_ms

    @property
    def end_ms(self) -> int:
        """The last moment."""
        return self.scenario.end_ms + self.shift_ms

    @property
    def next_ms(self) -> int | None:
        """When something is said next; `None` when it is over."""
        at_ms = self._due_ms()
        return None if at_ms is None else at_ms + self.shift_ms

    def advance(self, to_ms: int) -> Iterator[Delivery]:
        """What was received up to and including that moment, in order; at the end, the rest."""
        until_ms = min(to_ms - self.shift_ms, self.scenario.end_ms)
        while (due_ms := self._due_ms()) is not None and due_ms <= until_ms:
            if self._turns and self._turns[0].at_ms == due_ms:
                self._take(heappop(self._turns))
            else:
                for message in self.city.advance(due_ms):
                    self._hear(message, due_ms)
            yield from map(self._arrived, self._way.until(due_ms))
        yield from map(self._arrived, self._way.until(until_ms))
        if until_ms == self.scenario.end_ms:
            self._conclude()
            yield from map(self._arrived, self._way.rest())

    def feed(self, at_ms: int) -> Picture | None:
        """What the scenario's bike feed tells at a moment; moments never go back."""
        return None if self._feed is None else self._feed.advance(at_ms - self.shift_ms)

    def links(self) -> frozenset[str]:
        """The assets whose connections are cut, as of the moment it has come to."""
        return frozenset(self._cut_since_ms)

    def wrong(self, at_ms: int) -> tuple[Planned, ...]:
        """The faults that are on at a moment."""
        return tuple(each for each in self.scenario.faults if each.is_on(at_ms - self.shift_ms))

    def labels(self) -> tuple[TruthLabel, ...]:
        """The truth; whole only when it was played to its end."""
        return tuple(labels(self.scenario, self._conditions.hit, self._duties, self.shift_ms))

    def serial(self, asset: str) -> str:
        """The device that is in an asset now."""
        return self.city.serial(asset)

    def will(self, asset: str) -> Outgoing:
        """What the receiver is to believe when an asset's connection is lost."""
        return self._devices[asset].will

    def _due_ms(self) -> int | None:
        if self._is_over:
            return None
        turn_ms = self._turns[0].at_ms if self._turns else None
        city_ms = self.city.next_ms
        times = [at_ms for at_ms in (turn_ms, city_ms) if at_ms is not None]
        return min(times, default=None)

    def _arrived(self, delivery: Delivery) -> Delivery:
        return delivery._replace(received_at_ms=delivery.received_at_ms + self.shift_ms)

    def _conclude(self) -> None:
        if not self._is_over:
            self._is_over = True
            self.city.conclude(self.scenario.end_ms)

    def _hear(self, message: Outgoing, at_ms: int) -> None:
        asset = self._asset_of(message)
        if message.at_connect:
            self._greetings.setdefault(asset, {})[message.topic] = message
        self._say(asset, message, at_ms)

    def _asset_of(self, message: Outgoing) -> str:
        """The bus or station that says it, also where it says so by its serial number."""
        kind, _, serial = message.asset.partition("/")
        if kind != Kind.DEVICE:
            return message.asset
        if serial not in self._by_serial:
            self._by_serial |= {self.city.serial(asset): asset for asset in self.assets}
        return self._by_serial[serial]

    def _say(self, asset: str, message: Outgoing, at_ms: int, what: What = What.MESSAGE) -> None:
        said = self._speech.said(asset, message, at_ms)
        self._way.send(at_ms, Delivery(at_ms, asset, what, said))

    def _plan_turns(self) -> None:
        self._plan_turn(self.scenario.start_ms, None)
        for planned in self.scenario.faults:
            match planned.fault:
                case Maintenance():
                    at_ms = max(self.scenario.start_ms, planned.from_ms - GOODBYE_BEFORE_MS)
                case Poison():
                    at_ms = planned.from_ms
                case RouterStolen() if planned.at_ms is not None:
                    at_ms = planned.at_ms
                case _:
                    continue
            for asset in filter(self._chosen[planned].is_named, self.assets):
                self._plan_turn(at_ms, planned, asset)

    def _plan_turn(self, at_ms: int, planned: Planned | None, asset: str = "") -> None:
        self._numbered += 1
        heappush(self._turns, _Turn(at_ms, self._numbered, planned, asset))

    def _take(self, turn: _Turn) -> None:
        if turn.planned is None:
            self._look(turn.at_ms)
            self._plan_turn(turn.at_ms + LOOK_EVERY_MS, None)
            return
        match turn.planned.fault:
            case Maintenance():
                self._leave(turn)
            case Poison() as fault:
                self._poison(turn, fault)
            case RouterStolen() as fault:
                self._knock(turn, fault)

    def _leave(self, turn: _Turn) -> None:
        """Say goodbye, if it is concerned; nobody waits for who has said so."""
        planned, asset, at_ms = turn.planned, turn.asset, turn.at_ms
        if planned is None or not self._conditions.concerns(planned, asset):
            return
        self._gone.add(asset)
        self._say(asset, self._devices[asset].farewell(at_ms), at_ms)

    def _poison(self, turn: _Turn, fault: Poison) -> None:
        assert turn.planned is not None  # noqa: S101 - only faults come here
        at_ms, every_ms = turn.at_ms, fault.every_s * 1000
        if turn.asset not in self._cut_since_ms:
            form = fault.forms[(at_ms - turn.planned.from_ms) // every_ms % len(fault.forms)]
            topic = self._devices[turn.asset].topic(Message.TELEMETRY)
            message = poisoned(form, topic, at_ms + self.shift_ms)
            delivery = Delivery(at_ms, turn.asset, What.MESSAGE, message, REASONS[form])
            self._way.send(at_ms, delivery)
        self._again(turn, every_ms)

    def _knock(self, turn: _Turn, fault: RouterStolen) -> None:
        self._way.send(turn.at_ms, Delivery(turn.at_ms, turn.asset, What.KNOCK))
        self._again(turn, fault.knocks_every_s * 1000)

    def _again(self, turn: _Turn, after_ms: int) -> None:
        if turn.planned is not None and turn.planned.is_on(turn.at_ms + after_ms):
            self._plan_turn(turn.at_ms + after_ms, turn.planned, turn.asset)

    def _look(self, at_ms: int) -> None:
        """Notice which connections are gone, are given up, and have come back."""
        is_anybody_there = not any(
            isinstance(each.fault, OwnRestart) and each.is_on(at_ms) for each in self._chosen
        )
        for asset in self.assets:
            if self.city.is_connected(asset, at_ms):
                if self._cut_since_ms.pop(asset, None) is not None:
                    self._greet(asset, at_ms)
                    self._gone.discard(asset)
                continue
            since_ms = self._cut_since_ms.setdefault(asset, at_ms)
            is_due = at_ms - since_ms >= GIVEN_UP_AFTER_MS and asset not in self._gone
            if is_due and is_anybody_there:
                self._gone.add(asset)
                will = Delivery(at_ms, asset, What.WILL, self.will(asset))
                self._way.happen(at_ms, will)

    def _greet(self, asset: str, at_ms: int) -> None:
        for message in self._greetings.get(asset, {}).values():
            self._say(asset, message.observed_again(at_ms), at_ms, What.GREETING)


def _plan(scenario: Scenario, site: str, *, by_serial: bool) -> CityPlan:
    city = scenario.city
    return CityPlan(
        seed=scenario.seed,
        site=site,
        buses=city.buses,
        stations=city.stations,
        interval_ms=int(city.interval_s * 1000),
        station_interval_ms=int(city.station_interval_s * 1000),
        by_serial=by_serial,
        oddities=replace(NOTHING_ODD, **city.oddities),
    )


def _feed(scenario: Scenario, shift_ms: int) -> LivingFeed | None:
    if scenario.feed is None:
        return None
    feed = LivingFeed(scenario.feed.stations, scenario.seed, scenario.start_ms, shift_ms)
    for planned in scenario.faults:
        if isinstance(planned.fault, FeedFrozen):
            feed.freeze(planned.from_ms, planned.to_ms)
    return feed
