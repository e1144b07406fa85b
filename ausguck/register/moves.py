"""Changes that people make by name: a swap, and what becomes of one device; pure."""

from collections.abc import Sequence

from msgspec.structs import replace

from ausguck.clock import iso_utc
from ausguck.register import devices
from ausguck.register.change import Change, Diff, Fault
from ausguck.register.diff import changed
from ausguck.register.keyring import BARRED
from ausguck.register.rows import BEGINNING_MS, Device, Fitting, Tables
from ausguck.register.timeline import ended, holding, renewed


def swap(tables: Tables, asset: str, out: str | None, into: str, at_ms: int) -> Diff:
    """One device out of an asset and another in, at one moment; see `swap_faults` first."""
    before = [one for one in tables.fittings if one.id in {out, into}]
    then = [
        replace(one, valid_to_ms=at_ms) if one.id == out and one.holds_at(at_ms) else one
        for one in before
    ]
    then.append(Fitting(id=into, asset=asset, valid_from_ms=at_ms))
    fitted = [*changed("fittings", before, then, {})]
    states: list[Change] = []
    for serial in (out, into):
        versions = [one for one in tables.devices if one.id == serial]
        device = holding(versions, at_ms)
        if device is not None:
            states += changed("devices", versions, _refitted(versions, device, then, at_ms), {})
    named = f"{out} out, " if out else ""
    return Diff(f"swap {asset}: {named}{into} in", [*states, *fitted])


def swap_faults(
    tables: Tables, asset: str, out: str | None, into: str, at_ms: int
) -> Sequence[Fault]:
    """Why a swap cannot be made."""
    faults: list[Fault] = []
    if all(one.id != asset for one in tables.assets):
        faults.append(Fault("swap", "asset", repr(asset), "an asset of the register"))
    in_asset = [one for one in tables.fittings if one.asset == asset]
    begun_ms = max((one.valid_from_ms for one in in_asset), default=BEGINNING_MS - 1)
    ended_ms = max((one.valid_to_ms or BEGINNING_MS for one in in_asset), default=BEGINNING_MS)
    if at_ms <= begun_ms or at_ms < ended_ms:
        expected = f"a time after the asset's last swap at {iso_utc(max(begun_ms, ended_ms))}"
        faults.append(Fault("swap", "at", iso_utc(at_ms), expected))
    found = next((one.id for one in in_asset if one.holds_at(at_ms)), None)
    if found != out:
        expected = f"{found}, which is in {asset}" if found else f"nothing, for {asset} is empty"
        faults.append(Fault("swap", "out", out or "nothing", expected))
    return [*faults, *_into_faults(tables, into, at_ms)]


def set_device(tables: Tables, device: Device, at_ms: int) -> Diff:
    """A device as it is from now on; one that is stolen or retired is in no asset any more."""
    fittings = [one for one in tables.fittings if one.id == device.id]
    then = ended(fittings, at_ms) if device.state in BARRED else fittings
    versions = [one for one in tables.devices if one.id == device.id]
    told = replace(devices.as_fitted(device, holding(then, at_ms)), valid_to_ms=None)
    target = renewed(versions, told, at_ms)
    changes = [
        *changed("devices", versions, target, {}),
        *changed("fittings", fittings, then, {}),
    ]
    return Diff(f"device {device.id}", changes)


def _refitted(
    versions: Sequence[Device], device: Device, fittings: Sequence[Fitting], at_ms: int
) -> list[Device]:
    mine = [one for one in fittings if one.id == device.id]
    told = replace(devices.refitted(device, holding(mine, at_ms)), valid_to_ms=None)
    return renewed(versions, told, at_ms)


def _into_faults(tables: Tables, into: str, at_ms: int) -> list[Fault]:
    device = holding([one for one in tables.devices if one.id == into], at_ms)
    if device is None:
        return [Fault("swap", "in", repr(into), "a device of the register")]
    if device.state in BARRED:
        expected = "a device that is spare or comes from repair"
        return [Fault("swap", "in", f"{into}, which is {device.state}", expected)]
    for fitting in tables.fittings:
        if fitting.id == into and (fitting.valid_to_ms is None or at_ms < fitting.valid_to_ms):
            found = f"{into}, which is in {fitting.asset}"
            return [Fault("swap", "in", found, "a device that is in no asset then or later")]
    return []
