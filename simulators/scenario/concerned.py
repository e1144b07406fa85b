"""Whether a fault's `who` fits anybody in its city, as far as it can be known before a play.

A fault that concerns nobody leaves no label, and against no label no watch can fail.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ausguck.errors import ConfigError
from ausguck.model import Kind
from ausguck.settings.nearest import nearest
from simulators.city import CityPlan
from simulators.city.devices import box, bus_name, serials, station_name, station_serial
from simulators.city.duty import depot_of
from simulators.city.geography import DEPOT_AT
from simulators.city.lines import LINES
from simulators.city.radio import OPERATORS
from simulators.scenario.choice import Choice
from simulators.scenario.faults import (
    CarrierDown,
    DeadSpot,
    DepotPower,
    Fault,
    FeedFrozen,
    RouterSwap,
)
from simulators.scenario.file import CityFile
from simulators.scenario.scenario import Planned

FEW: Final = 5
"""So many names are told; of more, how many there are."""


def population(buses: int, stations: int) -> tuple[str, ...]:
    """Every bus of a city, then every station."""
    return (
        *(f"{Kind.BUS}/{bus_name(number)}" for number in range(buses)),
        *(f"{Kind.STATION}/{station_name(number)}" for number in range(stations)),
    )


@dataclass(frozen=True, slots=True)
class _Asset:
    """What is known of an asset before anything moves."""

    name: str
    depot: str | None
    operators: tuple[str, ...]
    serials: tuple[str, ...]


def check_concerned(seed: int, city: CityFile, faults: Sequence[Planned]) -> None:
    """Hold every fault against the city.

    Raises:
        ConfigError: a fault is about somebody who is not there, or concerns nobody.
    """
    plan = CityPlan(seed=seed, buses=city.buses, stations=city.stations)
    spares = tuple(each.fault.serial for each in faults if isinstance(each.fault, RouterSwap))
    assets = tuple(_assets(plan, spares))
    for index, planned in enumerate(faults):
        if not isinstance(planned.fault, FeedFrozen):  # a feed's stations are not the city's
            _check(f"faults[{index}]", planned, assets)


def _assets(plan: CityPlan, spares: tuple[str, ...]) -> Iterator[_Asset]:
    for number in range(plan.buses):
        name = bus_name(number)
        found = (*serials(plan, name), *spares)
        operators = (operator for serial in found for operator in box(plan, serial).operators)
        yield _Asset(f"{Kind.BUS}/{name}", depot_of(number), tuple(operators), found)
    for number in range(plan.stations):
        name = station_name(number)
        # Which operator a station has is drawn when it is built.
        yield _Asset(f"{Kind.STATION}/{name}", None, OPERATORS, (station_serial(plan, name),))


def _check(key: str, planned: Planned, assets: Sequence[_Asset]) -> None:
    who, names = planned.fault.who, [asset.name for asset in assets]
    for name in who.assets:
        _one_of(f"{key}.who.assets", name, names)
    choice = Choice(planned, names)
    left: Sequence[_Asset] = [asset for asset in assets if choice.is_named(asset.name)]
    if not left:
        part, found = ("", "nobody") if who.share is None else (".share", f"{who.share:g}")
        expected = f"at least one {choice.kinds_in_words} of the city"
        raise ConfigError(f"{key}.who{part}", found, expected)
    left = _where(key, planned.fault, left)
    left = _operated(f"{key}.who.operator", who.operator, left)
    left = _at_home(f"{key}.who.depot", who.depot, left)
    left = _driving(f"{key}.who.line", who.line, left)
    _carrying(f"{key}.who.devices", who.devices, left, assets)


def _where(key: str, fault: Fault, left: Sequence[_Asset]) -> Sequence[_Asset]:
    """Those whom it reaches by what it is."""
    match fault:
        case CarrierDown() | DeadSpot():
            return _operated(f"{key}.operator", fault.operator, left)
        case DepotPower():
            return _at_home(f"{key}.depot", fault.depot, left)
    return left


def _operated(key: str, operator: str | None, left: Sequence[_Asset]) -> Sequence[_Asset]:
    if operator is None:
        return left
    _one_of(key, operator, OPERATORS)
    return _fitting(key, operator, left, lambda asset: operator in asset.operators)


def _at_home(key: str, depot: str | None, left: Sequence[_Asset]) -> Sequence[_Asset]:
    if depot is None:
        return left
    _one_of(key, depot, tuple(DEPOT_AT))
    return _fitting(key, depot, left, lambda asset: asset.depot == depot)


def _driving(key: str, line: str | None, left: Sequence[_Asset]) -> Sequence[_Asset]:
    """Any bus, for which lines it drives is seen when it drives."""
    if line is None:
        return left
    _one_of(key, line, tuple(LINES))
    return _fitting(key, line, left, lambda asset: asset.depot is not None)


def _carrying(
    key: str, devices: Sequence[str], left: Sequence[_Asset], assets: Sequence[_Asset]
) -> None:
    known = [serial for asset in assets for serial in asset.serials]
    for serial in devices:
        _one_of(key, serial, known)
    if devices:
        wanted = {*devices}
        _fitting(key, ", ".join(devices), left, lambda a: not wanted.isdisjoint(a.serials))


def _fitting(
    key: str, value: str, left: Sequence[_Asset], fits: Callable[[_Asset], bool]
) -> list[_Asset]:
    """Those who fit, of whom there is at least one."""
    found = [asset for asset in left if fits(asset)]
    if not found:
        told = f"one that fits any of the {len(left)} whom the other keys leave"
        raise ConfigError(key, repr(value), told)
    return found


def _one_of(key: str, value: str, known: Sequence[str]) -> None:
    if value in known:
        return
    if len(known) <= FEW or (close := nearest(value, known)) is None:
        many = (
            f"one of {len(known)}, {min(known)} to {max(known)}" if known else "none in this city"
        )
        close = f"one of {', '.join(known)}" if 0 < len(known) <= FEW else many
    raise ConfigError(key, repr(value), close)
