"""What the register says of buses and stations, beside what they say themselves."""

from collections.abc import Sequence
from typing import Any

import httpx

from api.access.caller import Admitted, By, Caller
from api.access.sight import Sight
from api.access.table import row_of
from api.assets import unheard, unknown
from ausguck.clock import ManualClock
from ausguck.desk.access_rows import Key, Narrowing
from ausguck.model import AssetId, Inventory, Kind
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Device, Fitting, Lifecycle, Tables, Zone
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS

HOUR_MS = 3_600_000
BUS = AssetId("kiel", Kind.BUS, "0101")
STATION = AssetId("kiel", Kind.STATION, "s001")


def fitted(serial: str, asset: str, from_ms: int = 0, to_ms: int | None = None) -> Fitting:
    return Fitting(id=serial, asset=asset, valid_from_ms=from_ms, valid_to_ms=to_ms)


def city_with(
    assets: Sequence[Asset] = (),
    fittings: Sequence[Fitting] = (),
    assignments: Sequence[Assignment] = (),
) -> City:
    city = populated()
    tables = Tables(
        assets=tuple(assets),
        devices=tuple(Device(id=serial) for serial in {one.id: None for one in fittings}),
        fittings=tuple(fittings),
        assignments=tuple(assignments),
    )
    city.directory.replace(Register(tables, "kiel", 1), Keyring())
    return city


def bus(city: City) -> dict[str, Any]:
    found: dict[str, Any] = city.ask("GET", "/api/v1/buses/0101").json()
    return found


def inventory(city: City, asset: AssetId, serial: str | None, at_ms: int = NOW_MS) -> None:
    city.desk.inventories[asset] = Inventory(asset, at_ms, "RUTX50", None, serial, None, None)


def test_who_is_not_in_the_register_is_shown_and_says_so() -> None:
    city = populated()
    found = bus(city)
    assert (found["registered"], found["device"], found["zone"], found["line"]) == (
        False,
        None,
        None,
        None,
    )
    assert found["values"]["line"] == "11"
    assert found["reported_serial"] is None
    assert {item["registered"] for item in city.ask("GET", "/api/v1/buses").json()["items"]} == {
        False
    }


def test_a_bus_with_its_device_and_its_duty() -> None:
    city = city_with(
        [Asset(id="bus/0101", line="6"), Asset(id="bus/0102", line="6")],
        [fitted("S0", "bus/0101", 0, NOW_MS - 1), fitted("S1", "bus/0101", NOW_MS - 1)],
        [
            Assignment(
                id="bus/0101",
                line="11",
                valid_from_ms=NOW_MS - HOUR_MS,
                valid_to_ms=NOW_MS + HOUR_MS,
            )
        ],
    )
    items = city.ask("GET", "/api/v1/buses").json()["items"]
    assert [(item["registered"], item["device"], item["line"]) for item in items] == [
        (True, "S1", "11"),
        (True, None, "6"),
        (False, None, None),
    ]
    assert bus(city)["device"] == "S1"


def test_zones_by_name_or_by_place() -> None:
    area = ((54.0, 10.0), (54.0, 11.0), (55.0, 11.0), (55.0, 10.0))
    tables = Tables(
        zones=(Zone(id="altstadt", area=area),),
        assets=(
            Asset(id="station/s001", lat=54.3, lon=10.2),
            Asset(id="station/s002", zone="gaarden"),
        ),
    )
    city = populated()
    city.directory.replace(Register(tables, "kiel", 1), Keyring())
    items = city.ask("GET", "/api/v1/stations").json()["items"]
    assert [(item["registered"], item["zone"]) for item in items] == [
        (True, "altstadt"),
        (True, "gaarden"),
        (False, None),
    ]


def test_a_station_has_no_line() -> None:
    city = city_with([Asset(id="station/s001", zone="altstadt")])
    found = city.ask("GET", "/api/v1/stations/s001").json()
    assert (found["registered"], found["zone"]) == (True, "altstadt")
    assert "line" not in found


def test_who_is_retired_is_no_longer_registered() -> None:
    retired = Asset(id="bus/0101", lifecycle=Lifecycle.RETIRED)
    assert bus(city_with([retired]))["registered"] is False


def test_a_swap_that_nobody_recorded_shows() -> None:
    city = city_with([Asset(id="bus/0101")], [fitted("S1", "bus/0101")])
    inventory(city, BUS, "S2")
    found = bus(city)
    assert (found["device"], found["reported_serial"]) == ("S1", "S2")
    inventory(city, BUS, "S1")
    assert bus(city)["reported_serial"] is None
    inventory(city, BUS, None)
    assert bus(city)["reported_serial"] is None
    inventory(city, BUS, "[redacted:imei]")
    assert bus(city)["reported_serial"] is None


def test_what_the_old_device_told_is_no_sign_of_a_swap() -> None:
    swapped = [fitted("S1", "bus/0101", 0, NOW_MS - 5), fitted("S2", "bus/0101", NOW_MS - 5)]
    city = city_with([Asset(id="bus/0101")], swapped)
    inventory(city, BUS, "S1", NOW_MS - HOUR_MS)
    assert bus(city)["reported_serial"] is None
    inventory(city, BUS, "S1", NOW_MS - 1)
    assert bus(city)["reported_serial"] == "S1"


def test_a_device_where_none_is_recorded() -> None:
    city = city_with([Asset(id="bus/0101"), Asset(id="station/s001")])
    inventory(city, BUS, "S1")
    inventory(city, STATION, "Kiel Hbf")  # the feed's own id of it
    assert bus(city)["reported_serial"] == "S1"
    station = city.ask("GET", "/api/v1/stations/s001").json()
    assert station["reported_serial"] is None


def test_the_tag_covers_what_the_register_says() -> None:
    city = city_with([Asset(id="bus/0101")], [fitted("S1", "bus/0101")])

    async def talk(client: httpx.AsyncClient) -> httpx.Response:
        statuses = []
        for path in ("/api/v1/buses", "/api/v1/buses/0101"):
            tag = (await client.get(path)).headers["ETag"]
            again = await client.get(path, headers={"If-None-Match": tag})
            statuses.append(again.status_code)
            moved = Register(Tables(fittings=(fitted(path[-1], "bus/0101"),)), "kiel", 2)
            city.directory.replace(moved, Keyring())
            changed = await client.get(path, headers={"If-None-Match": tag})
            statuses.append(changed.status_code)
        assert statuses == [304, 200, 304, 200]
        return changed

    city.talk(talk)


def test_what_begins_later_is_seen_within_a_minute() -> None:
    city = city_with([], [fitted("S1", "bus/0101", NOW_MS + 30_000)])
    assert bus(city)["device"] is None
    assert isinstance(city.clock, ManualClock)
    city.clock.advance_ms(60_000)
    assert bus(city)["device"] == "S1"


def test_who_is_registered_and_never_reported_is_told_apart_from_who_is_unknown() -> None:
    city = city_with(
        [
            Asset(id="bus/0900", valid_from_ms=NOW_MS - HOUR_MS),
            Asset(id="bus/0901"),
            Asset(id="bus/0902", lifecycle=Lifecycle.RETIRED),
            Asset(id="station/0900"),
        ],
        [fitted("S9", "bus/0900")],
    )

    def told(path: str, **parameters: str) -> str:
        response = city.ask("GET", f"/api/v1{path}", params=parameters)
        assert response.status_code == 404
        detail: str = response.json()["detail"]
        return detail

    begun = "bus/0900 is registered since 2027-01-15T07:00:00.000Z, with device S9, and no reading"
    assert told("/buses/0900").startswith(begun)
    assert told("/readings", asset="bus/0900", metric="clients").startswith(begun)
    assert told("/buses/0901").startswith("bus/0901 is registered, with no device, and no reading")
    for name in ("0902", "0903"):
        assert told(f"/buses/{name}").startswith(f"No reading of bus/{name} is held")


def test_who_may_not_see_an_asset_does_not_learn_that_it_is_registered() -> None:
    register = city_with([Asset(id="bus/0900"), Asset(id="station/0900")]).directory.register
    row = row_of("GET", "/api/v1/buses/{name}")
    assert row is not None
    key = Key(
        name="map",
        scopes=("view",),
        narrowing=Narrowing(kinds=(Kind.STATION,)),
        id=1,
        prefix="ak",
        sha256=b"",
        created_at_ms=0,
    )
    sight = Sight(
        Admitted(Caller("map", By.KEY, frozenset(key.scopes), key), row), register, NOW_MS
    )
    bus, station = (
        unheard(sight, AssetId("kiel", kind, "0900")) for kind in (Kind.BUS, Kind.STATION)
    )
    assert str(bus) == str(unknown(Kind.BUS, "0900"))
    assert "station/0900 is registered" in str(station)
