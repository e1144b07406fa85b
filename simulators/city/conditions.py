"""What may go wrong in a city, as its buses, stations and modems ask about it.

The city asks one `Conditions` object; as it stands, nothing is wrong. A fault is a small class
that overrides the few answers it spoils, and holds its own times and whom it concerns::

    class CarrierDown(Conditions):
        def __init__(self, operator: str, from_ms: int, to_ms: int) -> None: ...

        def is_reachable(self, device: Device, at_ms: int) -> bool:
            return device.operator != self._operator or not self._is_on(at_ms)

    City(plan, start_ms, Together(CarrierDown("262-01", …), PowerCut("west", …)))

Answers are pure: by device and simulated time, with nothing remembered, so that the same plan
and the same faults give the same bytes in any step sizes. `Device` says who asks and where it
is now, so that a fault can be for one bus, an operator's SIM cards, a depot, an area or all.
A fault need not be rare to be cheap: each answer is asked for about once a report.

What the city makes of the answers is written at each of them, and `simulators.city.truth` tells
it again as it was: gaps with their reason, boots, fittings and true times.
"""

from enum import StrEnum
from math import prod
from typing import NamedTuple

from simulators.city.geography import Place

NO_KEYS: frozenset[str] = frozenset()


class Device(NamedTuple):
    """Who asks: a router or a station's controller, as it is at this moment."""

    asset: str
    """Where it is fitted, `bus/0101` or `station/1001`; a fault's truth is told by it."""
    serial: str
    model: str
    firmware: str
    operator: str
    """Of the SIM in use, as MCC-MNC."""
    place: Place
    depot: str = ""
    """The home depot's id of a bus; nothing for a station."""
    is_in_depot: bool = False
    line: str | None = None
    zone: str = ""
    """The zone's id of a station; nothing for a bus."""


class Corruption(StrEnum):
    """How a payload is spoilt."""

    CUT_OFF = "cut_off"
    """The second half of the bytes is missing."""
    NOT_JSON = "not_json"
    """Bytes that are no text at all."""
    WRONG_TYPE = "wrong_type"
    """Words where numbers are due: the values are lost, the reading stays."""
    OUT_OF_RANGE = "out_of_range"
    """Values no modem measures: they are lost, the reading stays."""
    UNKNOWN_KEYS = "unknown_keys"
    """Keys nobody knows, beside all that is right."""


class Conditions:
    """Nothing is wrong."""

    def is_reachable(self, device: Device, at_ms: int) -> bool:
        """Whether what it sends arrives; else it buffers as in a tunnel, and drains later."""
        del device, at_ms
        return True

    def has_power(self, device: Device, at_ms: int) -> bool:
        """Whether it runs; else it is silent and counts nothing, and boots when power is back.

        `City.is_connected` says whether its connection is torn.
        """
        del device, at_ms
        return True

    def firmware_boots_every_s(self, device: Device, at_ms: int) -> float | None:
        """A firmware that falls over and boots anew so long after each boot."""
        del device, at_ms
        return None

    def uplink_technology(self, device: Device, at_ms: int) -> str | None:
        """The radio technology it is held to (`2g`, `3g`, …), where that is worse than due."""
        del device, at_ms
        return None

    def payload_corruption(self, device: Device, at_ms: int) -> Corruption | None:
        """How the telemetry it says now is spoilt."""
        del device, at_ms
        return None

    def rate_factor(self, device: Device, at_ms: int) -> float:
        """How much more often than planned it reports; a flood is 10 or more."""
        del device, at_ms
        return 1.0

    def clock_shift_ms(self, device: Device, at_ms: int) -> int:
        """By how much its clock is ahead, beside its own oddities."""
        del device, at_ms
        return 0

    def guest_factor(self, device: Device, at_ms: int) -> float:
        """How many more passengers than due want the Wi-Fi; 0 is nobody."""
        del device, at_ms
        return 1.0

    def carried_share(self, device: Device, at_ms: int) -> float:
        """How much of what passengers want the network beyond the mast carries, 0 to 1."""
        del device, at_ms
        return 1.0

    def is_frozen(self, device: Device, at_ms: int) -> bool:
        """Whether a station says its last reading again, time and number included."""
        del device, at_ms
        return False

    def stuck(self, device: Device, at_ms: int) -> frozenset[str]:
        """The keys a station goes on to report with the value they had when that began."""
        del device, at_ms
        return NO_KEYS

    def fitted_serial(self, asset: str, at_ms: int) -> str | None:
        """The device that is in an asset against the plan, by its serial; None is as planned."""
        del asset, at_ms
        return None

    def is_elsewhere(self, device: Device, at_ms: int) -> bool:
        """Whether the router was taken out of its bus: it drives out of town, on its battery."""
        del device, at_ms
        return False


def is_within_reach(conditions: Conditions, device: Device, at_ms: int) -> bool:
    """Whether the device is on and what it sends arrives."""
    return conditions.has_power(device, at_ms) and conditions.is_reachable(device, at_ms)


class Together(Conditions):
    """Several faults at once: what one of them spoils is spoilt."""

    def __init__(self, *faults: Conditions) -> None:
        self._faults = faults

    def is_reachable(self, device: Device, at_ms: int) -> bool:
        """Whether no fault is in the way."""
        return all(fault.is_reachable(device, at_ms) for fault in self._faults)

    def has_power(self, device: Device, at_ms: int) -> bool:
        """Whether no fault took it."""
        return all(fault.has_power(device, at_ms) for fault in self._faults)

    def firmware_boots_every_s(self, device: Device, at_ms: int) -> float | None:
        """The shortest time to the next boot."""
        found = [fault.firmware_boots_every_s(device, at_ms) for fault in self._faults]
        return min((each for each in found if each is not None), default=None)

    def uplink_technology(self, device: Device, at_ms: int) -> str | None:
        """What the first fault that knows one holds it to."""
        found = (fault.uplink_technology(device, at_ms) for fault in self._faults)
        return next((each for each in found if each is not None), None)

    def payload_corruption(self, device: Device, at_ms: int) -> Corruption | None:
        """What the first fault that spoils it does."""
        found = (fault.payload_corruption(device, at_ms) for fault in self._faults)
        return next((each for each in found if each is not None), None)

    def rate_factor(self, device: Device, at_ms: int) -> float:
        """All factors multiplied."""
        return prod(fault.rate_factor(device, at_ms) for fault in self._faults)

    def clock_shift_ms(self, device: Device, at_ms: int) -> int:
        """All shifts added."""
        return sum(fault.clock_shift_ms(device, at_ms) for fault in self._faults)

    def guest_factor(self, device: Device, at_ms: int) -> float:
        """All factors multiplied."""
        return prod(fault.guest_factor(device, at_ms) for fault in self._faults)

    def carried_share(self, device: Device, at_ms: int) -> float:
        """All shares multiplied."""
        return prod(fault.carried_share(device, at_ms) for fault in self._faults)

    def is_frozen(self, device: Device, at_ms: int) -> bool:
        """Whether any fault freezes it."""
        return any(fault.is_frozen(device, at_ms) for fault in self._faults)

    def stuck(self, device: Device, at_ms: int) -> frozenset[str]:
        """The keys of all faults."""
        return NO_KEYS.union(*(fault.stuck(device, at_ms) for fault in self._faults))

    def fitted_serial(self, asset: str, at_ms: int) -> str | None:
        """What the first fault that knows one says."""
        found = (fault.fitted_serial(asset, at_ms) for fault in self._faults)
        return next((each for each in found if each is not None), None)

    def is_elsewhere(self, device: Device, at_ms: int) -> bool:
        """Whether any fault took it away."""
        return any(fault.is_elsewhere(device, at_ms) for fault in self._faults)
