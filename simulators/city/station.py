"""One bike station's controller: it counts bikes and looks after its battery."""

import random
from zlib import crc32

from ausguck.model import Kind
from ausguck.topics import Message, Topic
from simulators.city.bikes import Stand
from simulators.city.rhythm import daylight, temperature_c
from simulators.outgoing import Element, Outgoing

DAY_MS = 86_400_000
DISABLED_WEIGHTS = (88, 9, 3)
MAINS_SHARE = 0.25
DRAIN_PCT_PER_DAY, CHARGE_PCT_PER_DAY = 6.0, 60.0
CHARGING_LIGHT = 0.08
EMPTY_V, FULL_V = 11.6, 13.1


class Station:
    """Reports when asked to; the bikes themselves are the fleet's."""

    def __init__(self, name: str, site: str, stand: Stand, seed: int, start_ms: int) -> None:
        self.name = name
        self._site = site
        self._stand = stand
        self._rng = random.Random(f"{seed}/station/{name}")  # noqa: S311 - a simulation
        rng = self._rng
        self._at_ms = start_ms
        self._boot_ms = start_ms - rng.randint(DAY_MS, 40 * DAY_MS)
        self._boot_id = f"{rng.getrandbits(48):012x}"
        self._seq = (start_ms - self._boot_ms) // 60_000
        self._has_mains = rng.random() < MAINS_SHARE
        self._battery_pct = rng.uniform(55, 100)
        self._rssi_dbm = rng.uniform(-112, -72)
        self._ebike_share = rng.uniform(0.0, 0.4)

    def topic(self, message: Message) -> str:
        """The topic of one kind of its messages."""
        return str(Topic(self._site, Kind.STATION, self.name, message))

    @property
    def will(self) -> Outgoing:
        """What the receiver is to believe when the connection is lost."""
        return Outgoing(self.topic(Message.STATUS), ({"state": "lost"},), retain=True)

    def status(self, at_ms: int) -> Outgoing:
        """Ready; a station does not sleep."""
        element: Element = {"state": "ready", "observed_at": at_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True, at_connect=True)

    def farewell(self, at_ms: int) -> Outgoing:
        """It is being switched off, and nobody need wonder."""
        element: Element = {"state": "disconnected", "observed_at": at_ms}
        return Outgoing(self.topic(Message.STATUS), (element,), retain=True)

    def inventory(self, at_ms: int) -> Outgoing:
        """What the controller is."""
        element: Element = {
            "observed_at": at_ms,
            "model": "SC-2",
            "firmware": "2.4.1",
            "serial": f"SC{self._boot_id[:8].upper()}",
            "profile": "native",
            "sim_count": 1,
        }
        return Outgoing(self.topic(Message.INVENTORY), (element,), at_connect=True)

    def report(self, at_ms: int) -> Outgoing:
        """Bikes, docks, battery and signal at this moment."""
        is_charging = self._live_until(at_ms)
        rng, parked, capacity = self._rng, self._stand.bikes, self._stand.capacity
        disabled = min(parked, self._disabled_today(at_ms))
        available = parked - disabled
        ebikes = round(available * self._ebike_share)
        volts = EMPTY_V + (FULL_V - EMPTY_V) * self._battery_pct / 100 + 0.6 * is_charging
        self._seq += 1
        element: Element = {
            "observed_at": at_ms,
            "boot_id": self._boot_id,
            "seq": self._seq,
            "num_vehicles_available": available,
            "num_vehicles_disabled": disabled,
            "num_docks_available": max(0, capacity - parked),
            "num_docks_disabled": 0,
            "vehicle_types_available": {"bike": available - ebikes, "ebike": ebikes},
            "is_installed": True,
            "is_renting": True,
            "is_returning": True,
            "battery_v": round(volts + rng.gauss(0, 0.02), 2),
            "battery_pct": round(self._battery_pct, 1),
            "is_charging": is_charging,
            "external_power": self._has_mains,
            "rssi_dbm": round(min(-40.0, self._rssi_dbm + rng.gauss(0, 3)), 1),
            "snr_db": round(8 + (self._rssi_dbm + 90) / 6 + rng.gauss(0, 1.5), 1),
            "temperature_c": round(temperature_c(at_ms) + 3 + rng.gauss(0, 0.5), 1),
            "door_open": False,
            "uptime_s": round((at_ms - self._boot_ms) / 1000, 1),
        }
        return Outgoing(self.topic(Message.TELEMETRY), (element,))

    def _live_until(self, at_ms: int) -> bool:
        days = max(0, at_ms - self._at_ms) / DAY_MS
        self._at_ms = at_ms
        light = 1.0 if self._has_mains else daylight(at_ms)
        change = (light * CHARGE_PCT_PER_DAY - DRAIN_PCT_PER_DAY) * days
        self._battery_pct = min(100.0, max(8.0, self._battery_pct + change))
        return light > CHARGING_LIGHT

    def _disabled_today(self, at_ms: int) -> int:
        """Broken bikes, the same all day; few enough to leave the fill statistics alone."""
        drawn = crc32(f"{self._boot_id}/{at_ms // DAY_MS}".encode()) % sum(DISABLED_WEIGHTS)
        few, one, _ = DISABLED_WEIGHTS
        return (drawn >= few) + (drawn >= few + one)
