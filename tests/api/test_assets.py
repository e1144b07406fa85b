"""Buses and stations over HTTP: only what is known, in pages, and nothing twice."""

import json

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from api.answers.asset import BusPage, StationPage
from ausguck.clock import ManualClock
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.model import Kind
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS, reading


def test_a_bus_shows_only_what_it_said() -> None:
    answer = populated().ask("GET", "/api/v1/buses/0101").json()

    assert answer["values"] == {
        "clients": 14,
        "clients_guest": 12,
        "rsrp_dbm": -97.5,
        "access_technology": "4g",
        "line": "11",
        "lat": 54.32,
        "lon": 10.13,
    }
    assert answer["observed_at"] == "2027-01-15T07:59:57.000Z"
    assert answer["received_at"] == "2027-01-15T07:59:57.300Z"
    assert answer["age_s"] == 3.0
    assert answer["clock_suspect"] is False
    assert answer["inventory"]["firmware"] == "00.07.06.10"


def test_zero_is_told_from_unknown() -> None:
    values = populated().ask("GET", "/api/v1/buses/0102").json()["values"]

    assert values["clients_guest"] == 0
    assert "clients" not in values


def test_a_device_that_did_not_say_what_it_is_has_no_inventory() -> None:
    assert populated().ask("GET", "/api/v1/stations/s001").json()["inventory"] is None


def test_stations_are_no_buses() -> None:
    city = populated()

    assert [row["id"] for row in city.ask("GET", "/api/v1/stations").json()["items"]] == [
        "s001",
        "s002",
        "s003",
    ]
    assert city.ask("GET", "/api/v1/buses/s001").status_code == 404


def test_a_page_is_as_it_is_described() -> None:
    city = populated()

    for path, model in (("/api/v1/buses", BusPage), ("/api/v1/stations", StationPage)):
        text = city.ask("GET", path).text
        assert json.loads(model.model_validate_json(text, extra="forbid").model_dump_json()) == (
            json.loads(text)
        )


def test_an_empty_city_is_an_empty_list() -> None:
    answer = City().ask("GET", "/api/v1/buses").json()

    assert answer == {"as_of": "2027-01-15T08:00:00.000Z", "items": [], "next_cursor": None}


def test_a_future_reading_is_of_age_zero() -> None:
    city = City()
    city.store.readings = [reading(Kind.BUS, "1", NOW_MS + 60_000, clients=1)]

    assert city.ask("GET", "/api/v1/buses").json()["items"][0]["age_s"] == 0


@settings(max_examples=20, deadline=None)
@given(
    names=st.sets(st.from_regex(r"[A-Za-z0-9_-]{1,6}", fullmatch=True), max_size=12),
    limit=st.integers(1, 5),
)
def test_pages_together_are_the_whole_list(names: set[str], limit: int) -> None:
    city = City()
    city.store.readings = [reading(Kind.BUS, name, NOW_MS, clients=1) for name in names]
    seen: list[str] = []

    async def read(client: httpx.AsyncClient) -> httpx.Response:
        parameters: dict[str, str | int] = {"limit": limit}
        while True:
            page = await client.get("/api/v1/buses", params=parameters)
            seen.extend(item["id"] for item in page.json()["items"])
            following = page.json()["next_cursor"]
            if following is None:
                return page
            parameters["cursor"] = following

    city.talk(read)

    assert seen == sorted(names)


def test_nothing_is_sent_twice() -> None:
    clock = ManualClock(NOW_MS)
    city = populated(clock)
    tag = city.ask("GET", "/api/v1/buses").headers["etag"]
    clock.advance_ms(2_000)

    again = city.ask("GET", "/api/v1/buses", headers={"If-None-Match": f'"other", {tag}'})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_new_reading_changes_the_tag() -> None:
    city = populated()
    headers = {"If-None-Match": city.ask("GET", "/api/v1/buses").headers["etag"]}
    city.store.readings.append(reading(Kind.BUS, "0101", NOW_MS, clients=15))

    assert city.ask("GET", "/api/v1/buses", headers=headers).status_code == 200
    assert city.ask("GET", "/api/v1/buses/0101", headers=headers).status_code == 200


def test_a_new_device_changes_the_tag_of_its_bus() -> None:
    city = populated()
    headers = {"If-None-Match": city.ask("GET", "/api/v1/buses/0101").headers["etag"]}
    assert city.ask("GET", "/api/v1/buses/0101", headers=headers).status_code == 304

    city.desk.inventories.clear()

    assert city.ask("GET", "/api/v1/buses/0101", headers=headers).status_code == 200


def test_an_unknown_bus_is_a_problem_that_says_where_to_look() -> None:
    answer = populated().ask("GET", "/api/v1/buses/0999")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "/api/v1/buses lists" in answer.json()["detail"]


def test_a_store_that_is_away_is_a_503_with_a_time_to_come_back() -> None:
    city = populated()
    city.store.error = StoreUnavailable("duckdb", "locked", retry_after_s=7)

    answer = city.ask("GET", "/api/v1/stations")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["type"] == "urn:ausguck:problem:unavailable"


def test_an_error_inside_tells_nothing_of_the_inside() -> None:
    city = populated()
    for error in (RuntimeError("secret path"), StoreError("duckdb", "secret path")):
        city.store.error = error

        answer = city.ask("GET", "/api/v1/buses")

        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert answer.json()["type"] == "urn:ausguck:problem:internal"
        assert answer.headers["x-content-type-options"] == "nosniff"
