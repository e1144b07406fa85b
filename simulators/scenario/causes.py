"""Faults as conditions of the city: what the city itself has to live through, one class a cause.

Faults that only change what a device says are in `edits`; what nobody's city says, in `extras`.
"""

from datetime import UTC, datetime
from typing import Final

from simulators.city.conditions import NO_KEYS, Conditions, Device, Together
from simulators.city.geography import Place, metres
from simulators.scenario import faults
from simulators.scenario.choice import Choice
from simulators.scenario.scenario import Planned

STUCK_KEYS: Final = frozenset(
    (
        "num_vehicles_available",
        "num_vehicles_disabled",
        "num_docks_available",
        "num_docks_disabled",
        "vehicle_types_available",
    )
)


class Cause(Conditions):
    """One fault and whom it concerns; a cause overrides what it spoils."""

    def __init__(self, planned: Planned, choice: Choice) -> None:
        self.planned = planned
        self.choice = choice

    def hits(self, device: Device, at_ms: int) -> bool:
        """Whether the device feels it at that moment."""
        return self.planned.is_on(at_ms) and self.choice.has(device)


class _Unreachable(Cause):
    """Nothing gets through: our restart, or an expired certificate."""

    def is_reachable(self, device: Device, at_ms: int) -> bool:
        return not self.hits(device, at_ms)


class _CarrierDown(_Unreachable):
    def hits(self, device: Device, at_ms: int) -> bool:
        fault = self.planned.fault
        assert isinstance(fault, faults.CarrierDown)  # noqa: S101 - the table below pairs them
        return super().hits(device, at_ms) and device.operator == fault.operator


class _DeadSpot(_Unreachable):
    def hits(self, device: Device, at_ms: int) -> bool:
        fault = self.planned.fault
        assert isinstance(fault, faults.DeadSpot)  # noqa: S101 - as above
        if not super().hits(device, at_ms) or fault.operator not in (None, device.operator):
            return False
        return metres(Place(fault.lat, fault.lon), device.place) < fault.radius_m


class _Flapping(_Unreachable):
    def hits(self, device: Device, at_ms: int) -> bool:
        fault = self.planned.fault
        assert isinstance(fault, faults.Flapping)  # noqa: S101 - as above
        since_s = (at_ms - self.planned.from_ms) // 1000
        is_down = since_s % (fault.down_s + fault.up_s) < fault.down_s
        return is_down and super().hits(device, at_ms)


class _RouterStolen(Cause):
    def is_elsewhere(self, device: Device, at_ms: int) -> bool:
        return self.hits(device, at_ms)

    def is_reachable(self, device: Device, at_ms: int) -> bool:
        is_revoked = self.planned.at_ms is not None and at_ms >= self.planned.at_ms
        return not (is_revoked and self.hits(device, at_ms))


class _NoPower(Cause):
    """Off: dead, or switched off on purpose."""

    def has_power(self, device: Device, at_ms: int) -> bool:
        return not self.hits(device, at_ms)


class _DepotPower(_NoPower):
    def hits(self, device: Device, at_ms: int) -> bool:
        fault = self.planned.fault
        assert isinstance(fault, faults.DepotPower)  # noqa: S101 - as above
        is_there = device.is_in_depot and device.depot == fault.depot
        return is_there and super().hits(device, at_ms)


class _FirmwareLoop(Cause):
    def firmware_boots_every_s(self, device: Device, at_ms: int) -> float | None:
        fault = self.planned.fault
        assert isinstance(fault, faults.FirmwareLoop)  # noqa: S101 - as above
        return fault.every_min * 60.0 if self.hits(device, at_ms) else None


class _Flood(Cause):
    def rate_factor(self, device: Device, at_ms: int) -> float:
        fault = self.planned.fault
        assert isinstance(fault, faults.Flood)  # noqa: S101 - as above
        return float(fault.factor) if self.hits(device, at_ms) else 1.0


class _Throttled(Cause):
    def uplink_technology(self, device: Device, at_ms: int) -> str | None:
        return "2g" if self.hits(device, at_ms) else None


class _WrongClock(Cause):
    def clock_shift_ms(self, device: Device, at_ms: int) -> int:
        fault = self.planned.fault
        assert isinstance(fault, faults.WrongClock)  # noqa: S101 - as above
        if not self.hits(device, at_ms):
            return 0
        if fault.reset is None:
            return fault.offset_s * 1000
        begun = datetime(fault.reset, 1, 1, tzinfo=UTC)
        return int(begun.timestamp() * 1000) - self.planned.from_ms


class _Stuck(Cause):
    def stuck(self, device: Device, at_ms: int) -> frozenset[str]:
        return STUCK_KEYS if self.hits(device, at_ms) else NO_KEYS


class _RouterSwap(Cause):
    def has_power(self, device: Device, at_ms: int) -> bool:
        fault = self.planned.fault
        assert isinstance(fault, faults.RouterSwap)  # noqa: S101 - as above
        is_open = at_ms < self.planned.from_ms + fault.gap_s * 1000
        return not (is_open and self.hits(device, at_ms))

    def fitted_serial(self, asset: str, at_ms: int) -> str | None:
        fault = self.planned.fault
        assert isinstance(fault, faults.RouterSwap)  # noqa: S101 - as above
        is_new = self.planned.is_on(at_ms) and self.choice.is_named(asset)
        return fault.serial if is_new else None


CAUSES: Final[dict[type[faults.Fault], type[Cause]]] = {
    faults.CarrierDown: _CarrierDown,
    faults.CertificateExpired: _Unreachable,
    faults.DataCap: _Throttled,
    faults.DeadSpot: _DeadSpot,
    faults.DepotPower: _DepotPower,
    faults.FirmwareLoop: _FirmwareLoop,
    faults.Flapping: _Flapping,
    faults.Flood: _Flood,
    faults.Maintenance: _NoPower,
    faults.OwnRestart: _Unreachable,
    faults.RouterStolen: _RouterStolen,
    faults.RouterSwap: _RouterSwap,
    faults.Silent: _NoPower,
    faults.StuckStation: _Stuck,
    faults.WrongClock: _WrongClock,
}
"""Every other fault leaves the city as it is."""


class Watched(Together):
    """All causes at once, and what was seen of the devices that asked."""

    def __init__(self, causes: list[Cause]) -> None:
        super().__init__(*causes)
        self._causes = causes
        self.devices: dict[str, Device] = {}
        self.hit: dict[tuple[str, str], str] = {}
        """Which fault found which asset, and the serial of its device then."""

    def is_reachable(self, device: Device, at_ms: int) -> bool:
        """Whether nothing is in the way; asked once a report, so this is where they are seen."""
        self.see(device, at_ms)
        return super().is_reachable(device, at_ms)

    def has_power(self, device: Device, at_ms: int) -> bool:
        """Whether nothing took it."""
        self.see(device, at_ms)
        return super().has_power(device, at_ms)

    def concerns(self, planned: Planned, asset: str) -> bool:
        """Whether a fault is about an asset as it was last seen."""
        device = self.devices.get(asset)
        found = (cause.choice for cause in self._causes if cause.planned is planned)
        return device is not None and any(choice.has(device) for choice in found)

    def see(self, device: Device, at_ms: int) -> None:
        """Note who asked, and which faults it feels."""
        self.devices[device.asset] = device
        for cause in self._causes:
            if cause.hits(device, at_ms):
                self.hit.setdefault((cause.planned.fault.name, device.asset), device.serial)
