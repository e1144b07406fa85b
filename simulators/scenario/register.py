"""A scenario's city as register files, with what people knew before: events, and a swap."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from ausguck.importing.export import csv_files
from ausguck.register.rows import (
    BEGINNING_MS,
    Device,
    DeviceState,
    Event,
    EventKind,
    Fitting,
    Row,
    Tables,
)
from simulators.city.rhythm import local_time
from simulators.register_files import city_tables
from simulators.scenario import faults
from simulators.scenario.choice import Choice
from simulators.scenario.play import Play
from simulators.scenario.scenario import Planned

KNOWN: Final[dict[type[faults.Fault], EventKind]] = {
    faults.Diversion: EventKind.DIVERSION,
    faults.Festival: EventKind.FESTIVAL,
    faults.FirmwareLoop: EventKind.ROLLOUT,
    faults.Maintenance: EventKind.WORKS,
}
"""What somebody has written down; a closed station is told by the station itself."""


def write_scenario_register(play: Play, folder: Path) -> list[Path]:
    """Write the register's files for the days of a play, in its receiver's time."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in csv_files(scenario_tables(play)).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def scenario_tables(play: Play) -> Tables:
    """All rows of the play's city, with its events and swaps."""
    scenario = play.scenario
    first, last = (local_time(at_ms).date() for at_ms in (scenario.start_ms, scenario.end_ms))
    days = (last - first).days + 2  # also the duties that began the day before
    found = city_tables(play.plan, first - timedelta(days=1), days, tuple(_events(play)))
    for planned in scenario.faults:
        if isinstance(planned.fault, faults.RouterSwap):
            found = _with_swap(found, planned, play)
    moved = {
        name: tuple(_moved(row, play.shift_ms) for row in getattr(found, name))
        for name in found.__struct_fields__
    }
    return msgspec.structs.replace(found, **moved)


def _events(play: Play) -> Iterator[Event]:
    for planned in play.scenario.faults:
        kind = KNOWN.get(type(planned.fault))
        if kind is None:
            continue
        who = planned.fault.who
        yield Event(
            id=f"{play.scenario.name}-{planned.fault.name}",
            valid_from_ms=planned.from_ms,
            valid_to_ms=planned.to_ms,
            kind=kind,
            title=play.scenario.title.de,
            lines=() if who.line is None else (who.line,),
            assets=who.assets,
        )


def _with_swap(found: Tables, planned: Planned, play: Play) -> Tables:
    """The spare takes the other's place when the swap begins, and the other is in repair."""
    fault = planned.fault
    if not isinstance(fault, faults.RouterSwap):
        return found
    choice = Choice(planned, play.assets)
    fittings: list[Fitting] = []
    model, swapped = "", set()
    for fitting in found.fittings:
        if choice.is_named(fitting.asset) and fitting.holds_at(planned.from_ms):
            new = Fitting(id=fault.serial, asset=fitting.asset, valid_from_ms=planned.from_ms)
            fittings += [msgspec.structs.replace(fitting, valid_to_ms=planned.from_ms), new]
            swapped.add(fitting.id)
        else:
            fittings.append(fitting)
    model = next((each.model for each in found.devices if each.id in swapped), model)
    spare = Device(id=fault.serial, model=model, state=DeviceState.FITTED)
    return msgspec.structs.replace(found, fittings=tuple(fittings), devices=(*found.devices, spare))


def _moved(row: Row, shift_ms: int) -> Row:
    from_ms, to_ms = row.valid_from_ms, row.valid_to_ms
    return msgspec.structs.replace(
        row,
        valid_from_ms=from_ms if from_ms == BEGINNING_MS else from_ms + shift_ms,
        valid_to_ms=None if to_ms is None else to_ms + shift_ms,
    )
