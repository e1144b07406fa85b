"""The simulated city as a register: what it really is, in files that `ausguck register` reads."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

from ausguck.importing.export import csv_files
from ausguck.model import Kind
from ausguck.register.rows import (
    BEGINNING_MS,
    Asset,
    Assignment,
    Depot,
    Device,
    DeviceState,
    Event,
    Fitting,
    Line,
    Party,
    Role,
    SimPool,
    Tables,
    Zone,
)
from simulators.city import City, CityPlan
from simulators.city.devices import (
    STATION_MODEL,
    Tenure,
    box,
    bus_name,
    serials,
    station_name,
    station_serial,
    tenures,
)
from simulators.city.duty import Roads, awake, depot_of
from simulators.city.geography import DEPOT_AT, ZONES, depot_area
from simulators.city.lines import LINES
from simulators.city.radio import OPERATORS
from simulators.city.rhythm import BERLIN

CITY, BUSES, BIKES = "stadt", "verkehr", "raeder"
POOL_CAP_BYTES: Final = 4_000_000_000_000
MOST_DAYS: Final = 400


def write_register(
    plan: CityPlan, folder: Path, first: date, days: int, events: Sequence[Event] = ()
) -> list[Path]:
    """Write the city's register for so many local dates; the files, one a table that has rows.

    Events are people's knowledge, which a city does not have of itself.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in csv_files(city_tables(plan, first, days, events)).items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def city_tables(plan: CityPlan, first: date, days: int, events: Sequence[Event] = ()) -> Tables:
    """All rows of the city's register; assignments and swaps are those of the dates."""
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"found {days} days, expected 1 to {MOST_DAYS}")
    from_ms, to_ms = (_midnight_ms(first + timedelta(days=shift)) for shift in (0, days))
    return Tables(
        parties=(
            Party(id=CITY, role=Role.CITY, title="Stadt"),
            Party(id=BUSES, role=Role.BUS_COMPANY, title="Verkehrsbetrieb"),
            Party(id=BIKES, role=Role.BIKE_OPERATOR, title="Radverleih"),
        ),
        lines=tuple(Line(id=name, title=_title(name), party=BUSES) for name in LINES),
        zones=tuple(
            Zone(id=name, title=zone.title, area=zone.ring) for name, zone in ZONES.items()
        ),
        depots=tuple(_depots()),
        sim_pools=tuple(
            SimPool(id=_pool(each), operator=each, cap_bytes=POOL_CAP_BYTES, party=BUSES)
            for each in OPERATORS
        ),
        assets=(*_buses(plan), *_stations(plan, from_ms)),
        devices=(*_routers(plan, from_ms, to_ms), *_controllers(plan)),
        fittings=(*_router_fittings(plan, from_ms, to_ms), *_controller_fittings(plan)),
        assignments=tuple(_assignments(plan, first, days)),
        events=tuple(events),
    )


def _assignments(plan: CityPlan, first: date, days: int) -> Iterator[Assignment]:
    """The trips that begin within the dates, those of the night before them too."""
    from_ms, to_ms = (_midnight_ms(first + timedelta(days=shift)) for shift in (0, days))
    for number in range(plan.buses):
        for shift in range(-1, days):
            for row in duty_rows(plan, number, first + timedelta(days=shift)):
                if from_ms <= row.valid_from_ms < to_ms:
                    yield row


def duty_rows(plan: CityPlan, number: int, day: date) -> Iterator[Assignment]:
    """A bus's trips of a date, each with the layover after it."""
    asset = f"{Kind.BUS}/{bus_name(number)}"
    driven = [each for each in awake(Roads.of(plan.seed), number, day) if each.trip is not None]
    for trip, stretches in groupby(driven, key=lambda each: each.trip):
        first, *others = stretches
        yield Assignment(
            id=asset,
            valid_from_ms=first.from_ms,
            valid_to_ms=others[-1].to_ms if others else first.to_ms,
            line=first.line,
            trip=trip,
            block=first.block,
        )


def _depots() -> Iterator[Depot]:
    for name in DEPOT_AT:
        area = depot_area(name)
        yield Depot(id=name, title=area.title, area=area.ring, party=BUSES)


def _buses(plan: CityPlan) -> Iterator[Asset]:
    for number in range(plan.buses):
        name = bus_name(number)
        yield Asset(
            id=f"{Kind.BUS}/{name}",
            title=f"Bus {name}",
            party=BUSES,
            depot=depot_of(number),
            external_ids={BUSES: str(int(name))},
        )


def _stations(plan: CityPlan, from_ms: int) -> Iterator[Asset]:
    """Their zones are those whose areas hold them, so none is named."""
    for station in City(replace(plan, buses=0), from_ms).stations:
        yield Asset(
            id=station.asset,
            title=station.site.title,
            party=BIKES,
            lat=station.site.place.lat,
            lon=station.site.place.lon,
            capacity=station.capacity,
            has_controller=True,
        )


def _tenures(plan: CityPlan, from_ms: int, to_ms: int) -> Iterator[tuple[str, list[Tenure]]]:
    for number in range(plan.buses):
        yield bus_name(number), tenures(plan, bus_name(number), from_ms, to_ms)


def _routers(plan: CityPlan, from_ms: int, to_ms: int) -> Iterator[Device]:
    """Each is fitted or a spare in turn, as the swaps of the dates have it."""
    for bus, turns in _tenures(plan, from_ms, to_ms):
        for serial in serials(plan, bus):
            router = box(plan, serial)
            pools = [_pool(operator) for operator in router.operators]
            for index, turn in enumerate(turns):
                is_last = index == len(turns) - 1
                yield Device(
                    id=serial,
                    valid_from_ms=BEGINNING_MS if index == 0 else turn.from_ms,
                    valid_to_ms=None if is_last else turn.to_ms,
                    model=router.model,
                    state=DeviceState.FITTED if turn.serial == serial else DeviceState.SPARE,
                    sim_pool=pools[0],
                    sim_pool_2=pools[1],
                )


def _router_fittings(plan: CityPlan, from_ms: int, to_ms: int) -> Iterator[Fitting]:
    for bus, turns in _tenures(plan, from_ms, to_ms):
        for index, turn in enumerate(turns):
            yield Fitting(
                id=turn.serial,
                asset=f"{Kind.BUS}/{bus}",
                valid_from_ms=BEGINNING_MS if index == 0 else turn.from_ms,
                valid_to_ms=None if index == len(turns) - 1 else turn.to_ms,
            )


def _controllers(plan: CityPlan) -> Iterator[Device]:
    for number in range(plan.stations):
        serial = station_serial(plan, station_name(number))
        yield Device(id=serial, model=STATION_MODEL, state=DeviceState.FITTED)


def _controller_fittings(plan: CityPlan) -> Iterator[Fitting]:
    for number in range(plan.stations):
        name = station_name(number)
        yield Fitting(id=station_serial(plan, name), asset=f"{Kind.STATION}/{name}")


def _title(line: str) -> str:
    districts = LINES[line]
    return f"{districts[0].capitalize()} - {districts[-1].capitalize()}"


def _pool(operator: str) -> str:
    return f"pool-{operator}"


def _midnight_ms(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=BERLIN).timestamp() * 1000)
