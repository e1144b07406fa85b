"""The city's register files against the city, and as the register's own import reads them."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from ausguck.importing.faults import Faults
from ausguck.importing.folder import files, read_folder
from ausguck.importing.making import Scene
from ausguck.register.checking import faults as contradictions
from ausguck.register.diff import after, diff
from ausguck.register.register import Register
from ausguck.register.rows import DeviceState, Event, EventKind, Tables
from ausguck.topics import Message, parse
from simulators.city import City, CityPlan, Oddities
from simulators.city.truth import Doing, Duty, Fitted, Truth
from simulators.register_files import city_tables, write_register

KIEL = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 3, 2)
MIDNIGHT_MS = int(datetime(2026, 3, 1, 23, tzinfo=UTC).timestamp() * 1000)
DAY_MS = 86_400_000
PLAN = CityPlan(
    seed=9,
    buses=24,
    stations=60,
    interval_ms=120_000,
    station_interval_ms=600_000,
    oddities=Oddities(spare_swaps=0.5),
    swap_every_days=1,
)
FAIR = Event(
    id="fair",
    kind=EventKind.FESTIVAL,
    title="Jahrmarkt",
    valid_from_ms=MIDNIGHT_MS,
    valid_to_ms=MIDNIGHT_MS + DAY_MS,
    lines=("11", "41S"),
)


def imported(folder: Path) -> Tables:
    faults = Faults()
    scene = Scene(Register(Tables()), KIEL, MIDNIGHT_MS)
    offer = read_folder(files(folder, faults), scene, faults).offer
    faults.stop_if_any()
    return after(Tables(), diff(Tables(), offer, MIDNIGHT_MS).changes)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    folder = tmp_path_factory.mktemp("register")
    write_register(PLAN, folder, MONDAY, 2, [FAIR])
    return Register(imported(folder), PLAN.site)


@pytest.fixture(scope="module")
def truth() -> list[Truth]:
    told: list[Truth] = []
    city = City(PLAN, MIDNIGHT_MS, tell=told.append)
    list(city.advance(MIDNIGHT_MS + 2 * DAY_MS))
    city.conclude(MIDNIGHT_MS + 2 * DAY_MS)
    return told


def test_a_file_is_written_for_each_table_that_has_rows(tmp_path: Path) -> None:
    written = write_register(PLAN, tmp_path / "new", MONDAY, 1)

    assert sorted(path.stem for path in written) == sorted(
        (
            *("parties", "lines", "zones", "depots", "sim_pools"),
            *("assets", "devices", "fittings", "assignments"),
        )
    )
    assert all(path.parent == tmp_path / "new" for path in written)


def test_the_same_plan_and_dates_give_the_same_files(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_register(PLAN, tmp_path / name, MONDAY, 1)

    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_what_is_imported_contradicts_nothing(register: Register) -> None:
    assert not contradictions(register.tables)
    assert len(register.assets) == PLAN.buses + PLAN.stations
    assert register.events == [structs.replace(FAIR, source="csv")]
    bus = register.assets.by_external("verkehr", "101", MIDNIGHT_MS)
    assert bus is not None
    assert bus.id == "bus/0101"


def test_duties_are_what_the_buses_drive(register: Register, truth: list[Truth]) -> None:
    driven = [each for each in truth if isinstance(each, Duty) and each.trip is not None]

    begun_before = {duty.trip for duty in driven if duty.from_ms == MIDNIGHT_MS}
    assert len(driven) > 500
    for duty in driven:
        if duty.trip in begun_before:
            continue
        found = register.assignment(duty.asset, duty.from_ms)
        assert found is not None
        assert (found.line, found.trip, found.block) == (duty.line, duty.trip, duty.block)
        assert found == register.assignment(duty.asset, duty.to_ms - 1)
    for each in truth:
        if isinstance(each, Duty) and each.doing in {Doing.SLEEPING, Doing.DEADHEAD}:
            assert register.assignment(each.asset, (each.from_ms + each.to_ms) // 2) is None


def test_fittings_are_what_the_buses_carry(register: Register, truth: list[Truth]) -> None:
    fitted = [each for each in truth if isinstance(each, Fitted)]

    assert len(fitted) > PLAN.buses + PLAN.stations
    for each in fitted:
        for at_ms in (each.from_ms + 600_000, each.to_ms - 1):
            if at_ms >= each.to_ms:
                continue
            found = register.fitted(each.asset, at_ms)
            assert found is not None
            assert found.id == each.serial
            device = register.devices.at(each.serial, at_ms)
            assert device is not None
            assert (device.model, device.state) == (each.model, DeviceState.FITTED)
    states = {row.state for row in register.tables.devices}
    assert states == {DeviceState.FITTED, DeviceState.SPARE}


def test_stations_lie_in_zones_and_sleeping_buses_in_their_depots(register: Register) -> None:
    city = City(PLAN, MIDNIGHT_MS + 3 * 3_600_000)
    zones = [register.zone(station.asset, MIDNIGHT_MS) for station in city.stations]
    placed = {station.asset: station.site.zone for station in city.stations}
    asleep = 0
    for message in city.advance(MIDNIGHT_MS + 3 * 3_600_000 + 300_000):
        found = message.elements[0]
        if "ignition" in found and not found["ignition"]:
            asset = register.assets.at(message.asset, MIDNIGHT_MS)
            lat, lon = (float(str(found[key])) for key in ("lat", "lon"))
            assert asset is not None
            assert register.depot_at(lat, lon, MIDNIGHT_MS) == asset.depot
            asleep += 1

    assert asleep > PLAN.buses / 2
    assert zones == list(placed.values())
    assert len(set(zones)) == len(register.zones)


def test_the_register_knows_every_serial_that_ever_speaks(register: Register) -> None:
    city = City(replace(PLAN, by_serial=True), MIDNIGHT_MS)
    topics = {parse(will.topic) for will in city.wills()}
    spoken = {parse(m.topic) for m in city.advance(MIDNIGHT_MS + DAY_MS)}

    assert {topic.kind.value for topic in topics} == {"device"}
    assert {each.asset_id for each in spoken} <= {each.asset_id for each in topics}
    assert {topic.asset_id for topic in topics} == set(register.devices.ids())
    assert {topic.message for topic in spoken} >= {Message.TELEMETRY, Message.INVENTORY}


@pytest.mark.parametrize("days", [0, 401])
def test_a_register_of_too_many_days_is_refused(days: int) -> None:
    with pytest.raises(ValueError, match=f"found {days} days, expected 1 to 400"):
        city_tables(PLAN, MONDAY, days)
