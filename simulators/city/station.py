"""One bike station's controller: it counts bikes and looks after its battery."""

import random
from collections.abc import Iterator
from zlib import crc32

from ausguck.model import Kind
from ausguck.topics import Message
from simulators.city.bikes import Stand
from simulators.city.conditions import Device, is_within_reach
from simulators.city.devices import STATION_FIRMWARE, STATION_MODEL, station_serial
from simulators.city.papers import Papers
from simulators.city.places import StationSite
from simulators.city.radio import OPERATORS
from simulators.city.rhythm import daylight, temperature_c
from simulators.city.spoiling import spoilt
from simulators.city.surface import Surface
from simulators.city.telling import Teller
from simulators.city.truth import Mishap, Parked, Why
from simulators.outgoing import Element, Outgoing, Value

DAY_MS = 86_400_000
BACKLOG_ELEMENTS = 500
DISABLED_WEIGHTS = (88, 9, 3)
MAINS_SHARE = 0.25
DRAIN_PCT_PER_DAY, CHARGE_PCT_PER_DAY = 6.0, 60.0
CHARGING_LIGHT = 0.08
EMPTY_V, FULL_V = 11.6, 13.1


class Station:
    """Reports when asked to; the bikes themselves are the fleet's."""

    def __init__(
        self, name: str, stand: Stand, site: StationSite, surface: Surface, start_ms: int
    ) -> None:
        plan = surface.plan
        self.name = name
        self.asset = f"{Kind.STATION}/{name}"
        self.site = site
        self.capacity = stand.capacity
        self._surface = surface
        self._conditions = surface.conditions
        self._is_calm = surface.is_calm
        self._stand = stand
        self._disabled_on, self._disabled = -1, 0
        self._rng = random.Random(f"{plan.seed}/station/{name}")  # noqa: S311 - a simulation
        rng = self._rng
        self._at_ms = start_ms
        self._boot_ms = start_ms - rng.randint(DAY_MS, 40 * DAY_MS)
        self._boot_id = f"{rng.getrandbits(48):012x}"
        self._seq = (start_ms - self._boot_ms) // 60_000
        self._has_mains = rng.random() < MAINS_SHARE
        self._battery_pct = rng.uniform(55, 100)
        self._rssi_dbm = rng.uniform(-112, -72)
        self._ebike_share = rng.uniform(0.0, 0.4)
        self._operator = rng.choice(OPERATORS)
        self._teller = Teller(self.asset, surface.tell, start_ms) if surface.tell else None
        self._serial = ""
        self._fit(self._fitted_serial(start_ms), start_ms)
        self._backlog: list[Element] = []
        self._stuck: dict[str, Value] = {}
        self._last: Element | None = None
        self._parked: tuple[int, int] | None = None
        self._has_power = True

    @property
    def serial(self) -> str:
        """Of its controller."""
        return self._serial

    def is_connected(self, at_ms: int) -> bool:
        """Whether its controller is on and nothing keeps it away."""
        return self._is_calm or is_within_reach(self._conditions, self._device(), at_ms)

    def topic(self, message: Message) -> str:
        """The topic of one kind of its messages."""
        return self._papers.topic(message)

    @property
    def will(self) -> Outgoing:
        """What the receiver is to believe when the connection is lost."""
        return self._papers.will()

    def wills(self) -> list[Outgoing]:
        """The will of each name it may speak under."""
        return [self.will]

    def status(self, at_ms: int) -> Outgoing:
        """Ready; a station does not sleep."""
        return self._papers.status("ready", self._clock_ms(at_ms))

    def farewell(self, at_ms: int) -> Outgoing:
        """It is being switched off, and nobody need wonder."""
        return self._papers.farewell(self._clock_ms(at_ms))

    def inventory(self, at_ms: int) -> Outgoing:
        """What the controller is, and where it stands."""
        site = self.site
        what: Element = {
            "model": STATION_MODEL,
            "firmware": STATION_FIRMWARE,
            "serial": self._serial,
            "profile": "native",
            "sim_count": 1,
        }
        if not self._surface.plan.by_serial:
            place: Element = {"name": site.title, "lat": site.place.lat, "lon": site.place.lon}
            what = {**what, **place, "capacity": self.capacity}
        return self._papers.inventory(self._clock_ms(at_ms), what)

    def due_ms(self, after_ms: int) -> int:
        """When it wants to report next."""
        interval_ms = self._surface.plan.station_interval_ms
        if not self._is_calm:
            factor = self._conditions.rate_factor(self._device(), after_ms)
            interval_ms = max(1, int(interval_ms / factor))
        return after_ms + interval_ms

    def report(self, at_ms: int) -> Iterator[Outgoing]:
        """Bikes, docks, battery and signal at this moment; nothing while it has no power."""
        if self._teller:
            self._tell_parked(at_ms)
        if self._is_calm:
            yield Outgoing(self._papers.telemetry, (self._reading(at_ms),))
            return
        yield from self._follow(at_ms)
        if not self._has_power:
            return
        device = self._device()
        if self._last is None or not self._conditions.is_frozen(device, at_ms):
            self._last = self._held(self._reading(at_ms), device, at_ms)
        self._backlog.append(self._last)
        if self._conditions.is_reachable(device, at_ms):
            if self._teller:
                self._teller.heard(at_ms)
            yield from self._send(device, at_ms)
        elif self._teller:
            self._teller.unheard(at_ms, Why.UNREACHABLE, self._operator)

    def conclude(self, at_ms: int) -> None:
        """Tell what is still open."""
        if self._teller and self._surface.tell:
            self._teller.conclude(at_ms)
            if self._parked is not None:
                from_ms, bikes = self._parked
                self._surface.tell(Parked(self.asset, from_ms, at_ms, bikes, self.capacity))
                self._parked = None

    def _follow(self, at_ms: int) -> Iterator[Outgoing]:
        """Lose power, get it back, have the controller changed or its firmware fall over."""
        device = self._device()
        has_power = self._conditions.has_power(device, at_ms)
        why = Mishap.POWER_BACK if has_power and not self._has_power else None
        if self._has_power and not has_power and self._teller:
            self._teller.unheard(at_ms, Why.POWER, self._operator)
        self._has_power = has_power
        every_s = self._conditions.firmware_boots_every_s(device, at_ms)
        if every_s is not None and at_ms - self._boot_ms >= every_s * 1000:
            why = Mishap.FIRMWARE
        serial = self._fitted_serial(at_ms)
        if serial != self._serial:
            self._fit(serial, at_ms)
            why = Mishap.SWAP
        if why is not None and has_power:
            self._boot_ms, self._seq = at_ms, 0
            self._boot_id = f"{self._rng.getrandbits(48):012x}"
            if self._teller:
                self._teller.heard(at_ms)
                self._teller.happened(at_ms, why, self._serial, self._boot_id)
            yield self.inventory(at_ms)
            yield self.status(at_ms)

    def _send(self, device: Device, at_ms: int) -> Iterator[Outgoing]:
        waiting, self._backlog = self._backlog, []
        how = self._conditions.payload_corruption(device, at_ms)
        for first in range(0, len(waiting), BACKLOG_ELEMENTS):
            elements = tuple(waiting[first : first + BACKLOG_ELEMENTS])
            message = Outgoing(self._papers.telemetry, elements, is_array=len(waiting) > 1)
            yield message if how is None else spoilt(message, how)

    def _held(self, element: dict[str, Value], device: Device, at_ms: int) -> Element:
        """The reading with the values that are stuck as they were."""
        keys = self._conditions.stuck(device, at_ms)
        self._stuck = {key: self._stuck.get(key, element.get(key, 0)) for key in sorted(keys)}
        return {**element, **self._stuck} if self._stuck else element

    def _fitted_serial(self, at_ms: int) -> str:
        if not self._is_calm:
            against_plan = self._conditions.fitted_serial(self.asset, at_ms)
            if against_plan is not None:
                return against_plan
        return station_serial(self._surface.plan, self.name)

    def _fit(self, serial: str, at_ms: int) -> None:
        plan, self._serial = self._surface.plan, serial
        kind, name = (Kind.DEVICE, serial) if plan.by_serial else (Kind.STATION, self.name)
        self._papers = Papers(plan.site, kind, name)
        if self._teller:
            self._teller.fitted(at_ms, serial, STATION_MODEL, STATION_FIRMWARE)

    def _clock_ms(self, at_ms: int) -> int:
        if self._is_calm:
            return at_ms
        return at_ms + self._conditions.clock_shift_ms(self._device(), at_ms)

    def _device(self) -> Device:
        return Device(
            asset=self.asset,
            serial=self._serial,
            model=STATION_MODEL,
            firmware=STATION_FIRMWARE,
            operator=self._operator,
            place=self.site.place,
            zone=self.site.zone,
        )

    def _tell_parked(self, at_ms: int) -> None:
        bikes = self._stand.bikes
        if self._parked is None:
            self._parked = at_ms, bikes
        elif self._parked[1] != bikes and self._surface.tell:
            from_ms, were = self._parked
            self._surface.tell(Parked(self.asset, from_ms, at_ms, were, self.capacity))
            self._parked = at_ms, bikes

    def _reading(self, at_ms: int) -> dict[str, Value]:
        is_charging = self._live_until(at_ms)
        draw, parked = self._rng.random, self._stand.bikes
        disabled = min(parked, self._disabled_today(at_ms))
        available = parked - disabled
        ebikes = round(available * self._ebike_share)
        volts = EMPTY_V + (FULL_V - EMPTY_V) * self._battery_pct / 100 + 0.6 * is_charging
        self._seq += 1
        return {
            "observed_at": self._clock_ms(at_ms),
            "boot_id": self._boot_id,
            "seq": self._seq,
            "num_vehicles_available": available,
            "num_vehicles_disabled": disabled,
            "num_docks_available": max(0, self.capacity - parked),
            "num_docks_disabled": 0,
            "vehicle_types_available": {"bike": available - ebikes, "ebike": ebikes},
            "is_installed": True,
            "is_renting": True,
            "is_returning": True,
            "battery_v": int((volts + 0.06 * draw()) * 100) / 100,
            "battery_pct": int(self._battery_pct * 10) / 10,
            "is_charging": is_charging,
            "external_power": self._has_mains,
            "rssi_dbm": int(min(-40.0, self._rssi_dbm + 12 * draw() - 6) * 10) / 10,
            "snr_db": int((8 + (self._rssi_dbm + 90) / 6 + 6 * draw() - 3) * 10) / 10,
            "temperature_c": int((temperature_c(at_ms) + 2 + 2 * draw()) * 10) / 10,
            "door_open": False,
            "uptime_s": int((at_ms - self._boot_ms) / 100) / 10,
        }

    def _live_until(self, at_ms: int) -> bool:
        days = max(0, at_ms - self._at_ms) / DAY_MS
        self._at_ms = at_ms
        light = 1.0 if self._has_mains else daylight(at_ms)
        change = (light * CHARGE_PCT_PER_DAY - DRAIN_PCT_PER_DAY) * days
        self._battery_pct = min(100.0, max(8.0, self._battery_pct + change))
        return light > CHARGING_LIGHT

    def _disabled_today(self, at_ms: int) -> int:
        """Broken bikes, the same all day; few enough to leave the fill statistics alone."""
        day = at_ms // DAY_MS
        if day != self._disabled_on:
            drawn = crc32(f"{self.asset}/{day}".encode()) % sum(DISABLED_WEIGHTS)
            few, one, _ = DISABLED_WEIGHTS
            self._disabled_on, self._disabled = day, (drawn >= few) + (drawn >= few + one)
        return self._disabled
