"""Devices over HTTP: into service, swapped, renewed and sent away."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from ausguck.desk.registry import open_registry
from ausguck.model import AssetId, Kind
from ausguck.register.change import Given, Offer
from ausguck.register.rows import Asset, Assignment, Device, DeviceState
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS, SITE, reading

CHANGE = {"X-Ausguck": "1"}
ADDING = {"asset": "bus/0123", "model": "teltonika-rutx", "serial": "S1"}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with open_registry(tmp_path / "desk.sqlite", SITE) as registry:
        yield populated(registry=registry)


def post(city: City, path: str, **body: object) -> tuple[int, dict[str, object]]:
    response = city.ask("POST", f"/api/v1/{path}", json=body, headers=CHANGE)
    return response.status_code, response.json()


def get(city: City, path: str) -> dict[str, object]:
    response = city.ask("GET", f"/api/v1/{path}")
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


def test_a_device_is_added_with_its_sheet_and_found_again(city: City) -> None:
    status, sheet = post(city, "devices", **ADDING)
    assert status == 201
    assert sheet["topic"] == "v1/kiel/bus/0123/telemetry"
    assert sheet["host"] == "mqtt.kiel.example"
    password = str(sheet["password"])
    assert city.directory.keyring.opens("S1", password.encode(), NOW_MS) is not None
    assert password in str(sheet["qr_text"])
    assert str(sheet["qr_svg"]).startswith("<svg")

    device = get(city, "devices/S1")
    assert (device["asset"], device["state"]) == ("bus/0123", "fitted")
    assert password not in str(get(city, "devices"))
    assert "sha256" not in str(device)


def test_a_second_device_for_a_bus_is_refused_with_what_to_do(city: City) -> None:
    post(city, "devices", **ADDING)
    status, problem = post(city, "devices", **(ADDING | {"serial": "S2"}))
    assert status == 409
    assert "ausguck devices swap bus/0123 --out S1 --in S2" in str(problem["detail"])


def test_a_device_without_a_serial_gets_a_name_of_its_own(city: City) -> None:
    _status, sheet = post(city, "devices", asset="bus/0123", model="generic-router")
    assert sheet["serial"] == "bus-0123-1"


def test_a_model_is_for_its_kind(city: City) -> None:
    status, problem = post(city, "devices", asset="station/1", model="openwrt")
    assert status == 409
    assert "a model for a station" in str(problem["detail"])


def test_a_swap_is_one_step(city: City) -> None:
    post(city, "devices", **ADDING)
    assert city.registry is not None
    city.registry.set_device(Device(id="S2"), "test", NOW_MS)
    city.clock.advance_ms(60_000)  # type: ignore[attr-defined]  # by hand
    status, into = post(city, "swaps", asset="bus/0123", out="S1", into="S2")
    assert (status, into["asset"], into["state"]) == (200, "bus/0123", "fitted")
    out = get(city, "devices/S1")
    assert (out["asset"], out["state"]) == (None, "spare")
    register = city.directory.register
    assert [one.id for one in register.fittings_of("bus/0123")] == ["S1", "S2"]


def test_a_device_that_is_elsewhere_or_unknown_does_not_go_in(city: City) -> None:
    post(city, "devices", **ADDING)
    post(city, "devices", **(ADDING | {"asset": "bus/0124", "serial": "S2"}))
    status, problem = post(city, "swaps", asset="bus/0124", out="S2", into="S1")
    assert (status, "bus/0123" in str(problem["detail"])) == (409, True)
    status, problem = post(city, "swaps", asset="bus/0123", out="S1", into="S9")
    assert (status, "S9" in str(problem["detail"])) == (409, True)
    status, problem = post(city, "swaps", asset="bus/0123", out="S1", into="S2", at="noon")
    assert (status, "RFC 3339" in str(problem["detail"])) == (400, True)


def test_a_new_secret_holds_beside_the_old_one_and_no_third(city: City) -> None:
    _status, first = post(city, "devices", **ADDING)
    status, second = post(city, "devices/S1/rotate")
    assert status == 200
    for sheet in (first, second):
        secret = str(sheet["password"]).encode()
        assert city.directory.keyring.opens("S1", secret, NOW_MS) is not None
    assert post(city, "devices/S1/rotate")[0] == 409


def test_revoking_ends_every_secret_at_once(city: City) -> None:
    _status, sheet = post(city, "devices", **ADDING)
    assert post(city, "devices/S1/revoke") == (200, {"user": "S1", "ended": 1})
    secret = str(sheet["password"]).encode()
    assert city.directory.keyring.opens("S1", secret, NOW_MS) is None
    status, problem = post(city, "devices/S11/revoke")
    assert (status, "S11" in str(problem["detail"])) == (404, True)


def test_a_device_that_came_by_an_import_gets_its_first_secret(city: City) -> None:
    assert city.registry is not None
    city.registry.set_device(Device(id="S1"), "test", NOW_MS)
    post(city, "devices", **(ADDING | {"serial": "S0"}))
    post(city, "swaps", asset="bus/0123", out="S0", into="S1")
    status, sheet = post(city, "devices", asset="bus/0123", model="openwrt")
    assert (status, sheet["serial"]) == (201, "S1")
    status, problem = post(city, "devices", asset="bus/0123", model="openwrt")
    assert (status, "devices rotate S1" in str(problem["detail"])) == (409, True)


def test_a_stolen_device_gets_nothing_and_no_new_secret(city: City) -> None:
    post(city, "devices", **ADDING)
    status, device = post(city, "devices/S1/state", state="stolen")
    assert (status, device["state"], device["asset"]) == (200, DeviceState.STOLEN, None)
    assert post(city, "devices/S1/rotate")[0] == 409


def test_what_is_not_there_is_not_found(city: City) -> None:
    for path in ("devices/S9/state", "devices/S9/rotate"):
        body = {"state": "spare"} if path.endswith("state") else {}
        assert post(city, path, **body)[0] in {404, 409}
    assert city.ask("GET", "/api/v1/devices/S9").status_code == 404


def test_devices_come_in_pages(city: City) -> None:
    for number in (1, 2, 3):
        post(city, "devices", asset=f"bus/{number}", model="openwrt", serial=f"S{number}")
    page = city.ask("GET", "/api/v1/devices?limit=2").json()
    assert [one["serial"] for one in page["items"]] == ["S1", "S2"]
    rest = city.ask("GET", f"/api/v1/devices?cursor={page['next_cursor']}").json()
    assert [one["serial"] for one in rest["items"]] == ["S3"]
    assert rest["next_cursor"] is None


def test_ticks_turn_as_the_device_speaks(city: City) -> None:
    post(city, "devices", **ADDING)
    before = get(city, "commissioning/bus/0123")
    assert before["is_done"] is False
    city.connected_since["S1"] = NOW_MS - 3000
    city.watching.note([reading(Kind.BUS, "0123", NOW_MS, rsrp_dbm=-95, lat=54.3, lon=10.1)])
    ticks = {one["key"]: one for one in get(city, "commissioning/bus/0123")["ticks"]}  # type: ignore[attr-defined]  # a list
    assert ticks["connected"] == {"key": "connected", "state": "ok", "found": "3 s"}
    assert ticks["signal"]["state"] == "ok"
    assert ticks["buffered"]["state"] == "waiting"


def test_who_is_not_registered_is_listed_until_it_is(city: City) -> None:
    names = [one["name"] for one in get(city, "arrivals")["items"]]  # type: ignore[attr-defined]  # a list
    assert "bus/0101" in names
    post(city, "devices", asset="bus/0101", model="openwrt", serial="S1")
    names = [one["name"] for one in get(city, "arrivals")["items"]]  # type: ignore[attr-defined]  # a list
    assert "bus/0101" not in names
    assert city.directory.register.is_registered(AssetId(SITE, Kind.BUS, "0101"), NOW_MS)


def test_rows_of_a_moment_and_what_changed_them(city: City) -> None:
    post(city, "devices", **ADDING)
    rows = get(city, "register/fittings")
    assert [row["asset"] for row in rows["items"]] == ["bus/0123"]  # type: ignore[attr-defined]  # a list
    changes = get(city, "register/changes")["items"]
    assert isinstance(changes, list)
    assert changes[0]["who"]
    status, problem = post(city, "register/changes/999/undo")
    assert status == 409, problem


def test_events_are_told_listed_and_taken_off(city: City) -> None:
    event = {
        "id": "kieler-woche",
        "kind": "festival",
        "title": "Kieler Woche",
        "begins_at": "2027-06-19T10:00:00+02:00",
        "ends_at": "2027-06-27T23:00:00+02:00",
        "area": [[54.3, 10.1], [54.4, 10.1], [54.4, 10.2]],
    }
    status, told = post(city, "events", **event)
    assert status == 201, told
    assert told["begins_at"] == "2027-06-19T08:00:00.000Z"
    within = "from=2027-06-20T00:00:00Z&to=2027-06-21T00:00:00Z"
    assert len(get(city, f"events?{within}")["items"]) == 1  # type: ignore[arg-type]  # a list
    assert get(city, "events?from=2028-01-01T00:00:00Z")["items"] == []
    gone = city.ask("DELETE", "/api/v1/events/kieler-woche", headers=CHANGE)
    assert gone.status_code == 204
    assert get(city, "events")["items"] == []
    again = city.ask("DELETE", "/api/v1/events/kieler-woche", headers=CHANGE)
    assert again.status_code == 404


def test_an_event_that_ends_before_it_begins_is_refused(city: City) -> None:
    status, problem = post(
        city,
        "events",
        id="x",
        kind="works",
        title="x",
        begins_at="2027-06-19T10:00:00Z",
        ends_at="2027-06-19T10:00:00Z",
    )
    assert status == 400
    assert "ends_at" in str(problem["detail"])


def test_what_is_expected_says_who_says_so_or_what_is_missing(city: City) -> None:
    unknown = get(city, "expectations/bus/0101")
    assert (unknown["state"], unknown["why"]) == ("unknown", "missing")
    assert "duties" in str(unknown["missing"])
    assert city.registry is not None
    duty = Assignment(
        id="bus/0101", valid_from_ms=NOW_MS - 60_000, valid_to_ms=NOW_MS + 60_000, source="plan"
    )
    rows = {
        "assets": (Given(Asset(id="bus/0101"), is_dated=False, place="a"),),
        "assignments": (Given(duty, is_dated=True, place="b"),),
    }
    diff = city.registry.diff(Offer("plan", rows, adds_only=True), NOW_MS)
    city.registry.apply(diff, "test", NOW_MS)
    asyncio.run(city.changed())
    found = get(city, "expectations/bus/0101")
    assert (found["state"], found["why"], found["source"]) == ("on", "on_duty", "plan")
    assert found["until"] == "2027-01-15T08:01:00.000Z"
    assert city.ask("GET", "/api/v1/expectations/line/11").status_code == 422
