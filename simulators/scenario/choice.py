"""Whom a fault concerns: fixed by the file and the seed, and by what a device is at the moment."""

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from ausguck.model import Kind
from simulators.city.conditions import Device
from simulators.scenario.faults import (
    BatteryLow,
    OwnRestart,
    StationClosed,
    StuckStation,
    Who,
)
from simulators.scenario.scenario import Planned

WHOLE: Final = 1 << 32
ABOUT_STATIONS: Final = (StuckStation, StationClosed, BatteryLow)


class Choice:
    """Whether an asset is among those of a fault; the same for any steps and any order."""

    def __init__(self, planned: Planned, population: Sequence[str]) -> None:
        self._who = planned.fault.who
        self._seed = planned.seed
        self._kinds = _kinds(planned)
        self._counted = self._first(self._who, population)

    def is_named(self, asset: str) -> bool:
        """Whether the asset may be concerned, whatever it is at the moment."""
        who = self._who
        if asset.partition("/")[0] not in self._kinds:
            return False
        if who.assets and asset not in who.assets:
            return False
        if self._counted is not None and asset not in self._counted:
            return False
        return who.share is None or self._lot(asset) < who.share * WHOLE

    @property
    def kinds_in_words(self) -> str:
        """What it may concern at all: bus, station, or both."""
        return " or ".join(sorted(self._kinds))

    def has(self, device: Device) -> bool:
        """Whether the device is concerned as it is now."""
        who = self._who
        return (
            self.is_named(device.asset)
            and (not who.devices or device.serial in who.devices)
            and who.depot in (None, device.depot)
            and who.operator in (None, device.operator)
            and who.line in (None, device.line)
        )

    def _lot(self, asset: str) -> int:
        return crc32(f"{self._seed}/{asset}".encode())

    def _first(self, who: Who, population: Sequence[str]) -> frozenset[str] | None:
        if who.count is None:
            return None
        able = [
            asset
            for asset in population
            if asset.partition("/")[0] in self._kinds and (not who.assets or asset in who.assets)
        ]
        return frozenset(sorted(able, key=self._lot)[: who.count])


def _kinds(planned: Planned) -> frozenset[str]:
    who = planned.fault.who
    if who.kind is not None:
        return frozenset((who.kind,))
    if who.assets or isinstance(planned.fault, OwnRestart):
        return frozenset((Kind.BUS, Kind.STATION))
    is_of_stations = isinstance(planned.fault, ABOUT_STATIONS)
    return frozenset((Kind.STATION if is_of_stations else Kind.BUS,))
