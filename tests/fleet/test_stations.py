"""A station in one minute: alive as its feed is, empty, full, closed."""

import pytest

from ausguck.catalogue.state import ONLY, State, StateMeasurement
from tests.fleet.makers import (
    HOUR_MS,
    NOW_MS,
    STATION,
    Watch,
    says,
    stands,
    told,
)

OPEN = {"is_installed": True, "is_renting": True, "is_returning": True}


def test_a_station_says_what_it_offers() -> None:
    reading = told(
        STATION,
        num_vehicles_available=5,
        num_vehicles_disabled=1,
        num_docks_available=14,
        num_docks_disabled=0,
        battery_pct=88,
        values=OPEN,
    )

    watch = Watch().see(reading, places=[stands(capacity=20)])

    assert watch.station == {
        "state": State.OK,
        "online": 1,
        "age_s": 5.0,
        "bikes": 5,
        "bikes_disabled": 1,
        "docks": 14,
        "capacity": 20,
        "fill_pct": 25.0,
        "empty": 0,
        "full": 0,
        "renting": 1,
        "returning": 1,
        "battery_pct": 88.0,
        "lat": 54.3,
        "lon": 10.1,
        "name": "Hauptbahnhof",
    }
    (row,) = watch.of(StateMeasurement.STATION_STATE)
    assert row.tags == ("kiel", "13", ONLY)


def test_a_quiet_station_is_as_alive_as_what_was_received() -> None:
    quiet = told(STATION, NOW_MS - 9 * HOUR_MS, received_ms=NOW_MS - 60_000, is_renting=True)

    station = Watch().see(quiet).station

    assert (station["state"], station["online"], station["age_s"]) == (State.OK, 1, 32_400.0)
    assert station["renting"] == 1


def test_a_feed_that_says_the_same_again_keeps_its_stations_alive() -> None:
    quiet = told(STATION, NOW_MS - 9 * HOUR_MS, num_vehicles_available=3)

    silent = Watch().see(quiet, places=[stands()]).station
    alive = Watch().see(quiet, places=[stands()], heard={STATION: NOW_MS - 30_000}).station

    assert silent == {
        "state": State.SILENT,
        "online": 0,
        "age_s": 32_400.0,
        "capacity": 20,
        "lat": 54.3,
        "lon": 10.1,
        "name": "Hauptbahnhof",
    }
    assert (alive["state"], alive["online"], alive["bikes"]) == (State.OK, 1, 3)


def test_without_an_inventory_capacity_is_what_the_station_counts() -> None:
    counts = {
        "num_vehicles_available": 5,
        "num_vehicles_disabled": 1,
        "num_docks_available": 13,
        "num_docks_disabled": 1,
    }

    assert Watch().see(told(STATION, values=counts)).station["capacity"] == 20
    assert Watch().see(told(STATION, values=counts), places=[stands(capacity=None)]).station[
        "fill_pct"
    ] == pytest.approx(25)
    for key in counts:
        less = {name: count for name, count in counts.items() if name != key}
        station = Watch().see(told(STATION, values=less)).station
        assert not {"capacity", "fill_pct"} & set(station)


@pytest.mark.parametrize(("bikes", "capacity", "fill"), [(25, 20, 125.0), (5, 0, None)])
def test_fill_may_pass_100_and_is_never_divided_by_0(
    bikes: int, capacity: int, fill: float | None
) -> None:
    reading = told(STATION, num_vehicles_available=bikes, is_returning=True)

    station = Watch().see(reading, places=[stands(capacity=capacity)]).station

    assert station.get("fill_pct") == fill
    assert station.get("full") == (1 if capacity else None)


@pytest.mark.parametrize(
    ("bikes", "renting", "empty"),
    [
        (0, True, 1),
        (0, False, 0),
        (3, True, 0),
        (3, False, 0),
        (3, None, 0),
        (None, False, 0),
        (0, None, None),
        (None, True, None),
        (None, None, None),
    ],
)
def test_empty(bikes: int | None, renting: bool | None, empty: int | None) -> None:  # noqa: FBT001 - a case of three
    values = {"num_vehicles_available": bikes, "is_renting": renting}

    station = (
        Watch()
        .see(
            told(STATION, values={key: value for key, value in values.items() if value is not None})
        )
        .station
    )

    assert station.get("empty") == empty


@pytest.mark.parametrize(
    ("values", "capacity", "full"),
    [
        ({"num_docks_available": 0, "is_returning": True}, None, 1),
        ({"num_docks_available": 0, "is_returning": False}, None, 0),
        ({"num_docks_available": 2, "is_returning": True}, None, 0),
        ({"num_docks_available": 2, "num_vehicles_available": 30, "is_returning": True}, 20, 0),
        ({"num_vehicles_available": 20, "is_returning": True}, 20, 1),
        ({"num_vehicles_available": 19, "is_returning": True}, 20, 0),
        ({"num_vehicles_available": 20, "is_returning": True}, None, None),
        ({"num_docks_available": 0}, None, None),
        ({"is_returning": True}, 20, None),
    ],
)
def test_full(values: dict[str, int | bool], capacity: int | None, full: int | None) -> None:
    station = Watch().see(told(STATION, values=values), places=[stands(capacity=capacity)]).station

    assert station.get("full") == full


@pytest.mark.parametrize(
    ("flags", "state"),
    [
        (OPEN, State.OK),
        ({}, State.OK),
        (OPEN | {"is_renting": False}, State.DEGRADED),
        (OPEN | {"is_returning": False}, State.DEGRADED),
        ({"is_installed": False, "is_renting": False, "is_returning": False}, State.PLANNED_OFF),
    ],
)
def test_the_state_of_a_station_that_is_heard(flags: dict[str, bool], state: State) -> None:
    assert Watch().see(told(STATION, values=flags)).station["state"] == state


def test_a_station_that_was_taken_off_the_street_stays_planned_off() -> None:
    gone = told(STATION, NOW_MS - 9 * HOUR_MS, is_installed=False)

    assert Watch().see(gone).station["state"] == State.PLANNED_OFF


def test_a_controller_may_sleep_too() -> None:
    reading = told(STATION, NOW_MS - HOUR_MS)
    asleep = says("sleeping", NOW_MS - HOUR_MS, STATION)

    assert Watch().see(reading, statuses=[asleep]).station["state"] == State.PLANNED_OFF
