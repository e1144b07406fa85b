"""One bus and its router: where it drives, what it carries, what it says and when it cannot."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from ausguck.model import Kind
from ausguck.topics import Message, Topic
from simulators.city.duty import duties
from simulators.city.geography import (
    DEPOTS,
    METRES_PER_DEGREE,
    Motion,
    Place,
    Route,
    between,
    heading_deg,
    metres,
)
from simulators.city.radio import Network
from simulators.city.router import Router
from simulators.outgoing import Element, Outgoing

SLEEPING_INTERVAL_MS = 300_000
DEADHEAD_MS = 900_000
BACKLOG_ELEMENTS = 500
OUTAGE_EVERY_MS = 8 * 3_600_000
OUTAGE_MS = (120_000, 720_000)
GPS_NOISE_M = 3.0


@dataclass(frozen=True, slots=True)
class Surface:
    """What every bus of a city drives on and speaks over."""

    site: str
    seed: int
    routes: tuple[Route, ...]
    network: Network
    interval_ms: int


class Bus:
    """Reports when asked to, at the times it names itself."""

    def __init__(self, number: int, name: str, surface: Surface, start_ms: int) -> None:
        self.name = name
        self._surface = surface
        self._rng = random.Random(f"{surface.seed}/bus/{name}")  # noqa: S311 - a simulation
        self._route = surface.routes[number % len(surface.routes)]
        self._head_start_s = self._rng.random() * self._route.round_s
        self._depot = _beside(DEPOTS[number % len(DEPOTS)], 60, self._rng)
        self._duties = duties(surface.seed, number, start_ms)
        self._duty = next(self._duties)
        self._is_awake = self._duty.wake_ms <= start_ms
        self._router = Router(self._rng, self._boot_before(start_ms), start_ms)
        self._backlog: list[Element] = []
        self._outage_until_ms = 0

    def topic(self, message: Message) -> str:
        """The topic of one kind of its messages."""
        return str(Topic(self._surface.site, Kind.BUS, self.name, message))

    @property
    def will(self) -> Outgoing:
        """What the receiver is to believe when the connection is lost."""
        return Outgoing(self.topic(Message.STATUS), ({"state": "lost"},), retain=True)

    def status(self, at_ms: int) -> Outgoing:
        """Ready, or sleeping in the depot."""
        state = "ready" if self._is_awake else "sleeping"
        element: Element = {"state": state, "observed_at": at_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True, at_connect=True)

    def farewell(self, at_ms: int) -> Outgoing:
        """It is being switched off, and nobody need wonder."""
        element: Element = {"state": "disconnected", "observed_at": at_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True)

    def inventory(self, at_ms: int) -> Outgoing:
        """What the router is."""
        element: Element = {"observed_at": at_ms, **self._router.inventory()}
        return Outgoing(self.topic(Message.INVENTORY), (element,), at_connect=True)

    def due_ms(self, after_ms: int) -> int:
        """When it wants to report next."""
        if self._is_awake:
            return min(after_ms + self._surface.interval_ms, self._next_change_ms(after_ms))
        return min(after_ms + SLEEPING_INTERVAL_MS, self._next_change_ms(after_ms))

    def report(self, at_ms: int) -> Iterator[Outgoing]:
        """Everything it says at this moment; nothing where there is no uplink."""
        yield from self._change_state(at_ms)
        motion, is_driving = self._motion(at_ms)
        uplink = (
            None
            if self._is_cut_off(at_ms)
            else self._surface.network.signal(motion.place, self._rng)
        )
        self._router.advance(at_ms, uplink, is_driving=is_driving)
        element: Element = {
            **self._router.telemetry(at_ms),
            **self._whereabouts(motion, is_driving=is_driving, at_ms=at_ms),
        }
        self._backlog.append(element)
        if uplink is not None:
            yield from self._send()

    def _change_state(self, at_ms: int) -> Iterator[Outgoing]:
        if self._is_awake and at_ms >= self._duty.sleep_ms:
            self._is_awake = False
            self._duty = next(self._duties)
            yield self.status(at_ms)
        if not self._is_awake and at_ms >= self._duty.wake_ms:
            self._is_awake = True
            self._router = Router(self._rng, at_ms, at_ms)
            yield self.inventory(at_ms)
            yield self.status(at_ms)

    def _send(self) -> Iterator[Outgoing]:
        topic = self.topic(Message.TELEMETRY)
        waiting, self._backlog = self._backlog, []
        if len(waiting) == 1:
            yield Outgoing(topic, tuple(waiting))
            return
        for first in range(0, len(waiting), BACKLOG_ELEMENTS):
            yield Outgoing(topic, tuple(waiting[first : first + BACKLOG_ELEMENTS]), is_array=True)

    def _is_cut_off(self, at_ms: int) -> bool:
        """Now and then the uplink is gone for minutes, wherever the bus is."""
        if self._is_awake and self._rng.random() < self._surface.interval_ms / OUTAGE_EVERY_MS:
            self._outage_until_ms = at_ms + self._rng.randint(*OUTAGE_MS)
        return at_ms < self._outage_until_ms

    def _boot_before(self, start_ms: int) -> int:
        if self._is_awake:
            return self._duty.wake_ms
        return start_ms - self._rng.randint(8 * 3_600_000, 20 * 3_600_000)

    def _next_change_ms(self, after_ms: int) -> int:
        change = self._duty.sleep_ms if self._is_awake else self._duty.wake_ms
        return max(change, after_ms + 1)

    def _motion(self, at_ms: int) -> tuple[Motion, bool]:
        """The motion, and whether passengers may be on board."""
        duty = self._duty
        if not self._is_awake or not duty.out_ms <= at_ms < duty.back_ms:
            return Motion(self._depot, 0.0, 0.0), False
        from_ms, until_ms = duty.out_ms + DEADHEAD_MS, duty.back_ms - DEADHEAD_MS
        if at_ms < from_ms:
            first = self._on_line(from_ms).place
            return _deadhead(self._depot, first, (at_ms - duty.out_ms) / DEADHEAD_MS), False
        if at_ms >= until_ms:
            last = self._on_line(until_ms).place
            return _deadhead(last, self._depot, (at_ms - until_ms) / DEADHEAD_MS), False
        return self._on_line(at_ms), True

    def _line_s(self, at_ms: int) -> float:
        return self._head_start_s + (at_ms - self._duty.out_ms) / 1000

    def _on_line(self, at_ms: int) -> Motion:
        return self._route.at(self._line_s(at_ms))

    def _whereabouts(self, motion: Motion, *, is_driving: bool, at_ms: int) -> Element:
        rng = self._rng
        place = _beside(motion.place, GPS_NOISE_M, rng)
        moving = motion.speed_mps > 0
        found: dict[str, bool | int | float | str] = {
            "lat": round(place.lat, 6),
            "lon": round(place.lon, 6),
            "speed_mps": round(max(0.0, motion.speed_mps + rng.gauss(0, 0.2)), 2) if moving else 0,
            "satellites": rng.randint(7, 16),
            "hdop": round(rng.uniform(0.6, 1.8), 1),
            "ignition": self._is_awake,
        }
        if moving:
            found["heading_deg"] = round((motion.heading_deg + rng.gauss(0, 2)) % 360, 1)
        if is_driving:
            day = self._duty.out_ms // 86_400_000
            found["line"] = self._route.name
            found["trip_id"] = f"{self._route.name}-{day}-{self._route.half(self._line_s(at_ms))}"
        return found


def _deadhead(a: Place, b: Place, share: float) -> Motion:
    speed = metres(a, b) / DEADHEAD_MS * 1000
    return Motion(between(a, b, share), speed, heading_deg(a, b))


def _beside(place: Place, radius_m: float, rng: random.Random) -> Place:
    north, east = (rng.gauss(0, radius_m / METRES_PER_DEGREE) for _ in range(2))
    return Place(place.lat + north, place.lon + east)
