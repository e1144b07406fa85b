"""Devices and where they are fitted: what follows for the one from the other; pure."""

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec.structs import replace

from ausguck.register.change import Given
from ausguck.register.keyring import BARRED
from ausguck.register.rows import BEGINNING_MS, Device, DeviceState, Fitting, Row, Tables
from ausguck.register.timeline import Begins, by_id, holding

DERIVED: Final = frozenset({DeviceState.SPARE, DeviceState.FITTED})
"""States that follow from whether the device is in an asset."""


def as_fitted(device: Device, fitting: Fitting | None) -> Device:
    """The device as spare or fitted, whichever it is; another state stays."""
    if device.state not in DERIVED:
        return device
    state = DeviceState.SPARE if fitting is None else DeviceState.FITTED
    return replace(device, state=state)


def begins(rows: Iterable[Row], given: Iterable[Given], at_ms: int) -> Begins:
    """Where the fitting of a device begins that was never fitted before.

    Since ever, if the asset never had another device that we know of: what it sent before
    anybody wrote a register was sent by this one.
    """
    told = (*rows, *(one.row for one in given if one.is_dated))
    assets = {row.asset for row in told if isinstance(row, Fitting)}
    return lambda row: at_ms if isinstance(row, Fitting) and row.asset in assets else BEGINNING_MS


def without_barred(
    fittings: Sequence[Fitting], given: Iterable[Given], at_ms: int
) -> list[Fitting]:
    """The fittings once devices that were stolen or retired are out of their assets."""
    ends = {
        one.row.id: one.row.valid_from_ms if one.is_dated else at_ms
        for one in given
        if isinstance(one.row, Device)
        and one.row.state in BARRED
        and (not one.is_dated or one.row.holds_at(at_ms))
    }
    rows: list[Fitting] = []
    for fitting in fittings:
        end_ms = ends.get(fitting.id)
        if end_ms is None or not fitting.holds_at(at_ms):
            rows.append(fitting)
        elif fitting.valid_from_ms < end_ms:
            rows.append(replace(fitting, valid_to_ms=end_ms))
        elif fitting.valid_from_ms < at_ms:
            rows.append(replace(fitting, valid_to_ms=at_ms))
    return rows


def following(
    current: Tables, given: Iterable[Given], fittings: Iterable[Fitting], at_ms: int
) -> list[Given]:
    """What is told of devices once their states follow their fittings.

    Of a device that is not told of, its state is, if its fitting changes.
    """
    before, then = by_id(current.fittings), by_id(fittings)
    told = [
        one
        if one.is_dated or not isinstance(one.row, Device)
        else Given(
            as_fitted(one.row, holding(then.get(one.row.id, ()), at_ms)), one.is_dated, one.place
        )
        for one in given
    ]
    known = by_id(current.devices)
    names = {one.row.id for one in told}
    for name in sorted((before.keys() | then.keys()) - names):
        device = holding(known.get(name, ()), at_ms)
        fitting = holding(then.get(name, ()), at_ms)
        if device is not None and holding(before.get(name, ()), at_ms) != fitting:
            row = replace(as_fitted(device, fitting), valid_to_ms=None)
            told.append(Given(row, is_dated=False, place=""))
    return told


def refitted(device: Device, fitting: Fitting | None) -> Device:
    """The device once somebody's hands were on it: what was in repair is fitted as well."""
    if fitting is not None and device.state is DeviceState.REPAIR:
        return replace(device, state=DeviceState.FITTED)
    return as_fitted(device, fitting)
