"""Faults that only change what a device says: one small class each, element by element.

A device's elements come in the order in which they were observed, whether they were sent at
once or as a backlog, so an edit may follow a counter from one to the next.
"""

from collections.abc import Iterable
from typing import Final

from simulators.city.geography import METRES_PER_DEGREE, SHRINK
from simulators.outgoing import Element, Value
from simulators.scenario import faults
from simulators.scenario.choice import Choice
from simulators.scenario.scenario import Planned

GUEST_BYTES: Final = ("guest_down_bytes_total", "guest_up_bytes_total")
ALL_BYTES: Final = (
    *GUEST_BYTES,
    "wan_rx_bytes_total",
    "wan_tx_bytes_total",
    "sim1_bytes_total",
    "sim2_bytes_total",
)
WRAP: Final = 1 << 32
EMPTY_V, FULL_V = 11.6, 13.1


class Growth:
    """Counters that grow faster or slower than they did, and never go back in one boot."""

    def __init__(self) -> None:
        self._was: dict[tuple[str, str], tuple[object, int, float]] = {}

    def scaled(
        self, asset: str, element: Element, keys: Iterable[str], factor: float
    ) -> dict[str, Value]:
        """The counters after this element, each step multiplied by `factor`."""
        boot = element.get("boot_id")
        told: dict[str, Value] = {}
        for key in keys:
            value = element.get(key)
            if not isinstance(value, int):
                continue
            was_boot, last, said = self._was.get((asset, key), (boot, value, float(value)))
            said = (
                float(value)
                if was_boot != boot or value < last
                else (said + (value - last) * factor)
            )
            self._was[asset, key] = (boot, value, said)
            told[key] = int(said)
        return told


class Edit:
    """One fault's changes; `at_ms` is when the element was observed, in truth."""

    def __init__(self, planned: Planned, choice: Choice) -> None:
        self.planned = planned
        self.choice = choice
        self._growth = Growth()

    def change(self, asset: str, element: Element, at_ms: int) -> Element:
        """The element as it is said."""
        if not self.planned.is_on(at_ms):
            return element
        return {**element, **self.said(asset, element, at_ms)}

    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        """What stands in place of what is there, while the fault is on."""
        raise TypeError(asset, element, at_ms)

    def share(self, at_ms: int) -> float:
        """How far the fault has come, from 0 to 1."""
        length_ms = self.planned.to_ms - self.planned.from_ms
        return (at_ms - self.planned.from_ms) / max(1, length_ms)


class _Bytes(Edit):
    """Counts fewer or more bytes from the beginning of the fault to its end."""

    keys: tuple[str, ...] = ALL_BYTES

    def factor(self) -> float:
        """By what each step of a counter is multiplied while it is on."""
        return 0.0

    def change(self, asset: str, element: Element, at_ms: int) -> Element:
        """The element with its counters, which keep what they lost when it is over."""
        factor = self.factor() if self.planned.is_on(at_ms) else 1.0
        counted = self._growth.scaled(asset, element, self.keys, factor)
        return super().change(asset, {**element, **counted}, at_ms)


class _NoUplink(_Bytes):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, element, at_ms
        return {"loss_pct": 100.0, "rtt_ms": 60_000, "portal_ok_pct": 0.0}


class _ZeroGuests(_Bytes):
    keys = GUEST_BYTES

    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, at_ms
        fault = self.planned.fault
        assert isinstance(fault, faults.ZeroGuests)  # noqa: S101 - the table below pairs them
        return {**_clients(element, 0), "portal_ok_pct": fault.portal_ok_pct}


class _Festival(_Bytes):
    def factor(self) -> float:
        fault = self.planned.fault
        assert isinstance(fault, faults.Festival)  # noqa: S101 - as above
        return fault.factor

    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, at_ms
        fault = self.planned.fault
        assert isinstance(fault, faults.Festival)  # noqa: S101 - as above
        guests = element.get("clients_guest")
        if not isinstance(guests, int):
            return {}
        return _clients(element, min(fault.most, round(guests * fault.factor)))


class _DataCap(Edit):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, at_ms
        fault = self.planned.fault
        assert isinstance(fault, faults.DataCap)  # noqa: S101 - as above
        return {"rtt_ms": fault.rtt_ms} if "rtt_ms" in element else {}


class _ModemHot(Edit):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset
        fault, was = self.planned.fault, element.get("temperature_c")
        assert isinstance(fault, faults.ModemHot)  # noqa: S101 - as above
        if not isinstance(was, int | float):
            return {}
        risen = min(1.0, (at_ms - self.planned.from_ms) / (fault.rise_min * 60_000))
        return {"temperature_c": round(was + max(0.0, fault.peak_c - was) * risen, 1)}


class _SupplyLow(Edit):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, at_ms
        fault, was = self.planned.fault, element.get("supply_v")
        assert isinstance(fault, faults.SupplyLow)  # noqa: S101 - as above
        if not isinstance(was, int | float):
            return {}
        return {"supply_v": round(fault.volts + (was % 1) / 5, 2)}


class _CounterWrap(Edit):
    def __init__(self, planned: Planned, choice: Choice) -> None:
        super().__init__(planned, choice)
        self._ahead: dict[tuple[str, str, object], int] = {}

    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del at_ms
        fault, boot = self.planned.fault, element.get("boot_id")
        assert isinstance(fault, faults.CounterWrap)  # noqa: S101 - as above
        told: dict[str, Value] = {}
        for key in ALL_BYTES:
            value = element.get(key)
            if isinstance(value, int):
                room = WRAP - fault.after_mb * 1_000_000
                ahead = self._ahead.setdefault((asset, key, boot), room - value)
                told[key] = (value + ahead) % WRAP
        return told


class _StationClosed(Edit):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, element, at_ms
        fault = self.planned.fault
        assert isinstance(fault, faults.StationClosed)  # noqa: S101 - as above
        told: dict[str, Value] = {"is_renting": False, "is_returning": False}
        if fault.removed:
            told |= {
                "is_installed": False,
                "num_vehicles_available": 0,
                "num_vehicles_disabled": 0,
                "num_docks_available": 0,
                "vehicle_types_available": {"bike": 0, "ebike": 0},
            }
        return told


class _BatteryLow(Edit):
    def __init__(self, planned: Planned, choice: Choice) -> None:
        super().__init__(planned, choice)
        self._full: dict[str, float] = {}

    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        fault, was = self.planned.fault, element.get("battery_pct")
        assert isinstance(fault, faults.BatteryLow)  # noqa: S101 - as above
        if not isinstance(was, int | float):
            return {}
        full = self._full.setdefault(asset, was)
        left = min(full, full + (fault.pct - full) * self.share(at_ms))
        volts = EMPTY_V + (FULL_V - EMPTY_V) * left / 100
        return {
            "battery_pct": round(left, 1),
            "battery_v": round(volts, 2),
            "is_charging": False,
            "external_power": False,
        }


class _Diversion(Edit):
    def said(self, asset: str, element: Element, at_ms: int) -> dict[str, Value]:
        del asset, at_ms
        fault = self.planned.fault
        assert isinstance(fault, faults.Diversion)  # noqa: S101 - as above
        lat, lon = element.get("lat"), element.get("lon")
        line = fault.who.line
        if not isinstance(lat, float) or not isinstance(lon, float):
            return {}
        if line is not None and element.get("line") != line:
            return {}
        return {
            "lat": round(lat + fault.north_m / METRES_PER_DEGREE, 6),
            "lon": round(lon + fault.east_m / METRES_PER_DEGREE / SHRINK, 6),
        }


EDITS: Final[dict[type[faults.Fault], type[Edit]]] = {
    faults.BatteryLow: _BatteryLow,
    faults.CounterWrap: _CounterWrap,
    faults.DataCap: _DataCap,
    faults.Diversion: _Diversion,
    faults.Festival: _Festival,
    faults.ModemHot: _ModemHot,
    faults.NoUplink: _NoUplink,
    faults.StationClosed: _StationClosed,
    faults.SupplyLow: _SupplyLow,
    faults.ZeroGuests: _ZeroGuests,
}


def _clients(element: Element, guests: int) -> dict[str, Value]:
    """So many guests, and everything that is counted with them."""
    staff = element.get("clients_staff")
    clients = guests + (staff if isinstance(staff, int) else 0)
    old_radio = round(clients * 0.2)
    return {
        "clients": clients,
        "clients_guest": guests,
        "clients_2g4": old_radio,
        "clients_5g": clients - old_radio,
    }
