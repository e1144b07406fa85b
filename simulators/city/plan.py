"""How big a city, how often it speaks, and how many of its devices misbehave."""

from dataclasses import dataclass, fields, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Oddities:
    """The share of devices with each oddity, 0 to 1, drawn by seed and each by itself.

    As they stand a city is alive and mostly healthy, and nothing of it is refused. A wrong clock
    makes readings that no receiver can date, so those are for whoever asks for them.
    """

    reboots: float = 0.04
    """Boots anew every few hours."""
    counter_resets: float = 0.0
    """Counters begin at 0 in the middle of a boot, as after a change of configuration."""
    wraps: float = 0.0
    """Counts in 32 bits."""
    sim_switches: float = 0.0
    """Changes its SIM often, and its WAN counters begin at 0 each time."""
    clock_1970: float = 0.0
    """Counts from 1970 after a boot, until GPS or NTP tells the time."""
    clock_ahead: float = 0.0
    """A year ahead."""
    clock_drift: float = 0.0
    """Gains some seconds an hour until the next boot."""
    no_boot_id: float = 0.0
    """A model that says no `boot_id`."""
    silent_sleepers: float = 0.0
    """Says nothing while asleep, where others report every five minutes."""
    spare_swaps: float = 0.0
    """Of the buses: goes on with the other of two routers, every few days."""

    @classmethod
    def all(cls, share: float) -> "Oddities":
        """Every oddity with the same share."""
        return replace(cls(), **{field.name: share for field in fields(cls)})


NOTHING_ODD: Final = Oddities.all(0.0)
"""Every device is as it should be."""


@dataclass(frozen=True, slots=True)
class CityPlan:
    """How big a city, and how often it speaks; the same plan gives the same messages."""

    seed: int = 1
    site: str = "kiel"
    buses: int = 120
    stations: int = 200
    interval_ms: int = 10_000
    station_interval_ms: int = 60_000
    by_serial: bool = False
    """Whether devices publish as `device/<serial>` and the register says where they are."""
    oddities: Oddities = Oddities()
    swap_every_days: int = 5
