"""One asset as its readings paint it: newest values, counters, and when it was heard."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from ausguck import catalogue
from ausguck.model import AssetId, Kind, Reading, Scalar
from ausguck.register.boots import is_another_device, own_boot_id

LONGEST_DIFFERENCE_MS = 86_400_000
"""A counter's difference over a longer silence is not booked, as everywhere in the store."""

KEYS: Mapping[Kind, tuple[str, ...]] = {
    Kind.BUS: (
        "clients",
        "clients_guest",
        "guest_down_bytes_total",
        "guest_up_bytes_total",
        "rtt_ms",
        "loss_pct",
        "rsrp_dbm",
        "rssi_dbm",
        "access_technology",
        "lat",
        "lon",
        "ignition",
        "supply_v",
        "temperature_c",
        "line",
        "trip_id",
    ),
    Kind.STATION: (
        "num_vehicles_available",
        "num_vehicles_disabled",
        "num_docks_available",
        "num_docks_disabled",
        "is_installed",
        "is_renting",
        "is_returning",
        "battery_pct",
    ),
}
"""What rows of state are made of, and what expectations are."""


class Boot(NamedTuple):
    """Which run of a device, and whose clock, something was told by."""

    at_ms: int
    boot_id: str | None
    clock_suspect: bool
    uptime_s: float | None


class Said(NamedTuple):
    """One value, and what it was told by."""

    boot: Boot
    value: Scalar


@dataclass(frozen=True, slots=True)
class Picture:
    """What is held of an asset; `boot` is that of its newest reading."""

    asset: AssetId
    boot: Boot
    received_ms: int
    """When the newest reading was received."""
    live_ms: int | None
    """When a reading was last received that came as it was observed, not in a backlog."""
    awake_ms: int | None
    """When a bus was last seen in service or with its ignition on."""
    said: Mapping[str, Said]
    """The newest word on each key."""

    @property
    def observed_ms(self) -> int:
        """When the newest reading was observed."""
        return self.boot.at_ms

    def value(self, key: str, within_ms: int) -> Scalar | None:
        """The newest word on a key, at most so much older than the newest reading."""
        found = self.said.get(key)
        if found is None or self.observed_ms - found.boot.at_ms > within_ms:
            return None
        return found.value


def paint(reading: Reading, before: Picture | None, live_within_ms: int) -> Picture:
    """The picture with one more reading in it; the readings may come in any order.

    A reading is live when it was received at most `live_within_ms` after it was observed.
    What a backlog brings from an hour ago is thus no sign of life.
    """
    lag_ms = reading.received_at_ms - reading.observed_at_ms
    live_ms = reading.received_at_ms if lag_ms <= live_within_ms else None
    boot, said = _told(reading)
    if before is None:
        return Picture(
            reading.asset, boot, reading.received_at_ms, live_ms, _awake(boot, said), said
        )
    is_newest = boot.at_ms >= before.observed_ms
    if is_newest:
        merged = {**before.said, **said}
    else:
        newer = {k: old for k, old in before.said.items() if old.boot.at_ms > boot.at_ms}
        merged = {**before.said, **said, **newer}
    return Picture(
        reading.asset,
        boot if is_newest else before.boot,
        reading.received_at_ms if is_newest else before.received_ms,
        latest(live_ms, before.live_ms),
        latest(_awake(boot, said), before.awake_ms),
        merged,
    )


def latest(*times: int | None) -> int | None:
    """The latest of the times that are known."""
    return max((at for at in times if at is not None), default=None)


def increase(key: str, then: Picture | None, now: Picture) -> int | None:
    """By how much a counter rose, by event time; None where nothing can be said.

    Only between two readings of one boot under the same clock, a day apart at most. A counter
    that fell has begun anew (a reset, a change of SIM, 32 bits that ran over): how much went
    by is not known, so nothing is booked.
    """
    first = None if then is None else then.said.get(key)
    last = now.said.get(key)
    if first is None or last is None:
        return None
    is_one_run = (
        first.boot.boot_id == last.boot.boot_id
        and first.boot.clock_suspect is last.boot.clock_suspect
        and 0 < last.boot.at_ms - first.boot.at_ms <= LONGEST_DIFFERENCE_MS
    )
    difference = int(last.value) - int(first.value)
    return difference if is_one_run and difference >= 0 else None


def has_rebooted(then: Picture | None, now: Picture) -> bool | None:
    """Whether a device started anew between two readings; None where nothing can be said.

    By its boot id, or for a device that tells none by an uptime that fell. Another device in
    the same bus is no reboot, though its boot and its uptime are others.
    """
    if then is None or now.observed_ms <= then.observed_ms:
        return None
    first, last = then.boot, now.boot
    if is_another_device(first.boot_id, last.boot_id):
        return False
    if own_boot_id(first.boot_id) is not None and own_boot_id(last.boot_id) is not None:
        return first.boot_id != last.boot_id
    if first.uptime_s is None or last.uptime_s is None:
        return None
    return last.uptime_s < first.uptime_s


def _awake(boot: Boot, said: Mapping[str, Said]) -> int | None:
    ignition = said.get("ignition")
    is_awake = "line" in said or (ignition is not None and ignition.value is True)
    return boot.at_ms if is_awake else None


@cache
def _places(kind: Kind) -> tuple[tuple[str, int], ...]:
    keys = catalogue.keys(kind)
    return tuple((key, keys.index(key)) for key in KEYS[kind])


@cache
def _uptime(kind: Kind) -> int:
    return catalogue.keys(kind).index("uptime_s")


def _told(reading: Reading) -> tuple[Boot, dict[str, Said]]:
    values = reading.values
    uptime = values[_uptime(reading.asset.kind)]
    boot = Boot(
        reading.observed_at_ms,
        reading.boot_id,
        reading.clock_suspect,
        None if uptime is None else float(uptime),
    )
    said = {
        key: Said(boot, value)
        for key, index in _places(reading.asset.kind)
        if (value := values[index]) is not None
    }
    return boot, said
