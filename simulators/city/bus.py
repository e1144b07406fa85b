"""One bus and its router: where it drives, what it carries, what it says and when it cannot."""

import random
from collections.abc import Iterator

from ausguck.model import Kind
from ausguck.topics import Message
from simulators.city.conditions import Device, is_within_reach
from simulators.city.devices import Box, box, serials, tenure
from simulators.city.duty import depot_of, parking_of, stretches
from simulators.city.geography import METRES_PER_DEGREE, SHRINK, Place, shifted
from simulators.city.lines import Motion
from simulators.city.papers import Papers
from simulators.city.radio import Signal
from simulators.city.router import Router
from simulators.city.spoiling import spoilt
from simulators.city.surface import Surface
from simulators.city.telling import Teller
from simulators.city.truth import Doing, Mishap, Why
from simulators.outgoing import Element, Outgoing, Value

SLEEPING_INTERVAL_MS = 300_000
BACKLOG_ELEMENTS = 500
OUTAGE_EVERY_MS = 8 * 3_600_000
OUTAGE_MS = (120_000, 720_000)
BOOTS_IN_MS = (60_000, 120_000)
REBOOT_EVERY_MS = (2 * 3_600_000, 7 * 3_600_000)
GPS_NOISE_M = 3.0
UNSTEADY_MPS = 0.4
STOLEN_MPS, STOLEN_AT_MOST_M = 11.0, 30_000.0
IN_DEPOT = (Doing.PARKED_ON, Doing.SLEEPING)
ON_BOARD = (Doing.IN_SERVICE, Doing.LAYOVER)


class Bus:
    """Reports when asked to, at the times it names itself."""

    def __init__(self, number: int, name: str, surface: Surface, start_ms: int) -> None:
        self.name = name
        self.asset = f"{Kind.BUS}/{name}"
        self._surface = surface
        self._conditions = surface.conditions
        self._is_calm = surface.is_calm
        self._rng = random.Random(f"{surface.plan.seed}/bus/{name}")  # noqa: S311 - a simulation
        self._depot = depot_of(number)
        self._parking = Motion(parking_of(surface.plan.seed, number), 0.0, 0.0)
        self._stretches = stretches(surface.roads, number, start_ms)
        self._stretch = next(self._stretches)
        self._is_awake = self._stretch.doing is not Doing.SLEEPING
        self._teller = Teller(self.asset, surface.tell, start_ms) if surface.tell else None
        self._tenure = tenure(surface.plan, name, start_ms)
        self._box = self._fit(self._serial(start_ms), start_ms)
        self._router = Router(self._box, self._rng, self._boot_before(start_ms), start_ms)
        self._changes_ms = start_ms
        self._reboots_ms = self._next_reboot_ms(start_ms)
        self._boots: tuple[int, Mishap] | None = None
        self._has_power = True
        self._backlog: list[Element] = []
        self._outage_until_ms = 0
        self._taken: tuple[int, Place] | None = None
        if self._teller:
            self._teller.does(self._stretch)

    @property
    def serial(self) -> str:
        """Of the device that is in it."""
        return self._box.serial

    def is_connected(self, at_ms: int) -> bool:
        """Whether its device is on and nothing keeps it away; a tunnel breaks no connection."""
        if self._boots is not None and at_ms < self._boots[0]:
            return False
        return self._is_calm or is_within_reach(self._conditions, self._device(at_ms), at_ms)

    def topic(self, message: Message) -> str:
        """The topic of one kind of its messages."""
        return self._papers.topic(message)

    @property
    def will(self) -> Outgoing:
        """What the receiver is to believe when the connection is lost."""
        return self._papers.will()

    def wills(self) -> list[Outgoing]:
        """The will of each name it may speak under: with `by_serial` every router it ever has."""
        plan = self._surface.plan
        if not plan.by_serial:
            return [self.will]
        found = {serial: self._papers_of(serial).will() for serial in serials(plan, self.name)}
        return [*({self.serial: self.will} | found).values()]

    def status(self, at_ms: int) -> Outgoing:
        """Ready, or sleeping in the depot."""
        return self._papers.status("ready" if self._is_awake else "sleeping", self._clock_ms(at_ms))

    def farewell(self, at_ms: int) -> Outgoing:
        """It is being switched off, and nobody need wonder."""
        return self._papers.farewell(self._clock_ms(at_ms))

    def inventory(self, at_ms: int) -> Outgoing:
        """What the router is."""
        what: Element = {
            "model": self._box.model,
            "firmware": self._box.firmware,
            "serial": self._box.serial,
            "profile": "native",
            "sim_count": 2,
        }
        return self._papers.inventory(self._clock_ms(at_ms), what)

    def due_ms(self, after_ms: int) -> int:
        """When it wants to report next."""
        if self._boots is not None:
            return max(self._boots[0], after_ms + 1)
        interval_ms = self._surface.plan.interval_ms if self._is_awake else SLEEPING_INTERVAL_MS
        until_ms = self._stretch.to_ms
        if not self._is_awake and self._box.silent_sleepers:
            interval_ms = max(until_ms - after_ms, 1)
        if not self._is_calm:
            factor = self._conditions.rate_factor(self._device(after_ms), after_ms)
            interval_ms = max(1, int(interval_ms / factor))
        due_ms = after_ms + interval_ms
        if self._stretch.doing not in IN_DEPOT:
            until_ms = due_ms
        swaps_ms = self._tenure.to_ms or due_ms
        changes = (each for each in (until_ms, swaps_ms) if each > after_ms)
        return min(due_ms, *changes)

    def report(self, at_ms: int) -> Iterator[Outgoing]:
        """Everything it says at this moment; nothing where there is no uplink."""
        if not self._is_calm or at_ms >= self._changes_ms:
            yield from self._follow_plan(at_ms)
        if not self._is_calm and not self._is_powered(at_ms):
            return
        if self._boots is not None and at_ms >= self._boots[0]:
            yield from self._boot(at_ms, self._boots[1])
        stretch = self._stretch
        motion, is_boarded = self._motion(at_ms)
        signal, why = self._listen(motion.place, at_ms)
        self._live(at_ms, signal, is_boarded=is_boarded)
        said_ms = self._clock_ms(at_ms)
        element = self._router.reading(at_ms, said_ms, signal)
        self._say_whereabouts(element, motion)
        self._backlog.append(element)
        if self._teller:
            self._teller.read(at_ms, said_ms, self._router, stretch)
            if why is None:
                self._teller.heard(at_ms)
            else:
                self._teller.unheard(at_ms, why, self._router.operator)
        if why is None:
            yield from self._send(at_ms)
        self._fall_over(at_ms)

    def conclude(self, at_ms: int) -> None:
        """Tell what is still open."""
        if self._teller:
            self._teller.conclude(at_ms)

    def _follow_plan(self, at_ms: int) -> Iterator[Outgoing]:
        """Go to sleep, wake up, have the router changed."""
        while at_ms >= self._stretch.to_ms:
            self._stretch = next(self._stretches)
            if self._teller:
                self._teller.does(self._stretch)
        is_awake = self._stretch.doing is not Doing.SLEEPING
        serial = self._serial(at_ms)
        self._changes_ms = min(self._stretch.to_ms, self._tenure.to_ms or self._stretch.to_ms)
        if serial != self._box.serial:
            yield from self._drain(at_ms)
            self._box = self._fit(serial, at_ms)
            self._is_awake = is_awake
            yield from self._boot(at_ms, Mishap.SWAP)
        elif is_awake and not self._is_awake:
            self._is_awake = True
            yield from self._boot(at_ms, Mishap.WAKE)
        elif self._is_awake and not is_awake:
            self._is_awake, self._boots = False, None
            yield self.status(at_ms)

    def _serial(self, at_ms: int) -> str:
        """Which router is in it now; fitted by plan unless something is wrong."""
        until_ms = self._tenure.to_ms
        if until_ms is not None and at_ms >= until_ms:
            self._tenure = tenure(self._surface.plan, self.name, at_ms)
        if self._is_calm:
            return self._tenure.serial
        return self._conditions.fitted_serial(self.asset, at_ms) or self._tenure.serial

    def _fit(self, serial: str, at_ms: int) -> Box:
        fitted = box(self._surface.plan, serial)
        self._papers = self._papers_of(serial)
        if self._teller:
            self._teller.fitted(at_ms, serial, fitted.model, fitted.firmware)
        return fitted

    def _papers_of(self, serial: str) -> Papers:
        plan = self._surface.plan
        if plan.by_serial:
            return Papers(plan.site, Kind.DEVICE, serial)
        return Papers(plan.site, Kind.BUS, self.name)

    def _is_powered(self, at_ms: int) -> bool:
        has_power = self._conditions.has_power(self._device(at_ms), at_ms)
        if self._has_power and not has_power and self._teller:
            self._teller.unheard(at_ms, Why.POWER, self._router.operator)
        if has_power and not self._has_power:
            self._boots = at_ms, Mishap.POWER_BACK
        self._has_power = has_power
        return has_power

    def _boot(self, at_ms: int, why: Mishap) -> Iterator[Outgoing]:
        self._boots = None
        self._router = Router(self._box, self._rng, at_ms, at_ms)
        self._reboots_ms = self._next_reboot_ms(at_ms)
        if self._teller:
            self._teller.heard(at_ms)
            self._teller.happened(at_ms, why, self.serial, self._router.boot_id)
        yield self.inventory(at_ms)
        yield self.status(at_ms)

    def _fall_over(self, at_ms: int) -> None:
        """Some routers boot anew, right after a reading, so that nothing goes uncounted."""
        why = None
        if self._reboots_ms is not None and at_ms >= self._reboots_ms:
            why = Mishap.REBOOT
        if not self._is_calm:
            every_s = self._conditions.firmware_boots_every_s(self._device(at_ms), at_ms)
            if every_s is not None and at_ms - self._router.boot_ms >= every_s * 1000:
                why = Mishap.FIRMWARE
        if why is None or not self._is_awake:
            return
        self._boots = at_ms + self._rng.randint(*BOOTS_IN_MS), why
        if self._teller:
            self._teller.unheard(at_ms, Why.BOOT, self._router.operator)

    def _next_reboot_ms(self, at_ms: int) -> int | None:
        return at_ms + self._rng.randint(*REBOOT_EVERY_MS) if self._box.reboots else None

    def _live(self, at_ms: int, signal: Signal | None, *, is_boarded: bool) -> None:
        appetite, carried = float(is_boarded), 1.0
        if not self._is_calm:
            device = self._device(at_ms)
            appetite *= self._conditions.guest_factor(device, at_ms)
            carried = self._conditions.carried_share(device, at_ms)
        self._router.advance(at_ms, signal, appetite, carried)

    def _listen(self, place: Place, at_ms: int) -> tuple[Signal | None, Why | None]:
        """The signal, and why nobody hears what is said over it, if so."""
        rng, held_to = self._rng, None
        if self._is_awake and rng.random() < self._surface.plan.interval_ms / OUTAGE_EVERY_MS:
            self._outage_until_ms = at_ms + rng.randint(*OUTAGE_MS)
        if not self._is_calm:
            device = self._device(at_ms)
            if not self._conditions.is_reachable(device, at_ms):
                return None, Why.UNREACHABLE
            held_to = self._conditions.uplink_technology(device, at_ms)
        if at_ms < self._outage_until_ms:
            return None, Why.OUTAGE
        cover = self._surface.network.cover(self._router.operator, place)
        if cover is None:
            return None, Why.TUNNEL
        signal = self._surface.network.signal(cover, rng, held_to)
        return signal, Why.DEAD_SPOT if signal is None else None

    def _send(self, at_ms: int) -> Iterator[Outgoing]:
        topic = self._papers.telemetry
        waiting, self._backlog = self._backlog, []
        if self._is_calm and len(waiting) == 1:
            yield Outgoing(topic, (waiting[0],))
            return
        how = None
        if not self._is_calm:
            how = self._conditions.payload_corruption(self._device(at_ms), at_ms)
        for first in range(0, len(waiting), BACKLOG_ELEMENTS):
            elements = tuple(waiting[first : first + BACKLOG_ELEMENTS])
            message = Outgoing(topic, elements, is_array=len(waiting) > 1)
            yield message if how is None else spoilt(message, how)

    def _drain(self, at_ms: int) -> Iterator[Outgoing]:
        """What a router still holds when it is taken out is read in the workshop at once."""
        if self._backlog:
            yield from self._send(at_ms)

    def _clock_ms(self, at_ms: int) -> int:
        said_ms = self._router.clock_ms(at_ms)
        if self._is_calm:
            return said_ms
        return said_ms + self._conditions.clock_shift_ms(self._device(at_ms), at_ms)

    def _boot_before(self, start_ms: int) -> int:
        if self._is_awake:
            return start_ms - self._rng.randint(600_000, 10_800_000)
        return start_ms - self._rng.randint(8 * 3_600_000, 20 * 3_600_000)

    def _motion(self, at_ms: int) -> tuple[Motion, bool]:
        """The motion, and whether passengers may be on board."""
        if not self._is_calm and self._is_taken(at_ms) and self._taken:
            since_ms, place = self._taken
            away_m = min((at_ms - since_ms) / 1000 * STOLEN_MPS, STOLEN_AT_MOST_M)
            speed = STOLEN_MPS if away_m < STOLEN_AT_MOST_M else 0.0
            return Motion(shifted(place, away_m * 0.7, -away_m * 0.7), speed, 315.0), False
        return self._planned_motion(at_ms), self._stretch.doing in ON_BOARD

    def _is_taken(self, at_ms: int) -> bool:
        if not self._conditions.is_elsewhere(self._device(at_ms), at_ms):
            self._taken = None
        elif self._taken is None:
            self._taken = at_ms, self._planned_motion(at_ms).place
            if self._teller:
                self._teller.happened(at_ms, Mishap.STOLEN, self.serial, self._router.boot_id)
        return self._taken is not None

    def _planned_motion(self, at_ms: int) -> Motion:
        stretch = self._stretch
        if stretch.way is None:
            return self._parking
        if stretch.doing is Doing.LAYOVER:
            return Motion(stretch.way.last, 0.0, 0.0)
        return stretch.way.at((at_ms - stretch.from_ms) / 1000)

    def _device(self, at_ms: int) -> Device:
        """How it looks to whatever may be wrong."""
        stretch, router = self._stretch, self._box
        return Device(
            asset=self.asset,
            serial=router.serial,
            model=router.model,
            firmware=router.firmware,
            operator=self._router.operator,
            place=self._planned_motion(at_ms).place,
            depot=self._depot,
            is_in_depot=stretch.doing in IN_DEPOT,
            line=stretch.line,
        )

    def _say_whereabouts(self, found: dict[str, Value], motion: Motion) -> None:
        draw, (lat, lon), speed = self._rng.random, motion.place, motion.speed_mps
        noise = 4 * GPS_NOISE_M / METRES_PER_DEGREE
        found["lat"] = int((lat + noise * (draw() - 0.5)) * 1e6) / 1e6
        found["lon"] = int((lon + noise / SHRINK * (draw() - 0.5)) * 1e6) / 1e6
        if speed > 0:
            found["speed_mps"] = int((speed + UNSTEADY_MPS * draw()) * 100) / 100
            found["heading_deg"] = int((motion.heading_deg + 4 * draw() - 2) % 360 * 10) / 10
        else:
            found["speed_mps"] = 0
        found["satellites"] = 7 + int(10 * draw())
        found["hdop"] = int(6 + 13 * draw()) / 10
        found["ignition"] = self._is_awake and self._taken is None
        stretch = self._stretch
        if stretch.line is not None and stretch.trip is not None and self._taken is None:
            found["line"] = stretch.line
            found["trip_id"] = stretch.trip
