"""History under more than one id: a new name in March, a router that moves at noon."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.app import create_app
from api.history import joined, parts_of
from api.ports import Ports
from ausguck import catalogue
from ausguck.clock import iso_utc
from ausguck.model import AssetId, Kind, Reading, Scalar
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Device, Fitting, Tables
from ausguck.register.versions import AsOf
from ausguck.settings.tree import Retention, Settings
from ausguck.store.port import Every, Series, SeriesQuery
from tests.api.city import City
from tests.api.fakes import NOW_MS, FakeMetrics
from tests.store.fake import FakeStore, Shelf

SITE = "kiel"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
NOON_MS = NOW_MS // HOUR_MS * HOUR_MS - 12 * HOUR_MS
OLD = AssetId(SITE, Kind.STATION, "old")
NEW = AssetId(SITE, Kind.STATION, "new")
BUS = AssetId(SITE, Kind.BUS, "0123")
OTHER_BUS = AssetId(SITE, Kind.BUS, "0200")
TOTAL = "guest_down_bytes_total"


def renamed(at_ms: int = NOON_MS) -> Register:
    assets = (
        Asset(id="station/old", valid_to_ms=at_ms, successor="station/new"),
        Asset(id="station/new", valid_from_ms=at_ms),
    )
    return Register(Tables(assets=assets), SITE, 1)


def moved(at_ms: int = NOON_MS) -> Register:
    """SN77 is in bus/0123 until noon, then in bus/0200; S2 follows it in bus/0123."""
    fittings = (
        Fitting(id="SN77", asset="bus/0123", valid_to_ms=at_ms),
        Fitting(id="SN77", asset="bus/0200", valid_from_ms=at_ms),
        Fitting(id="S2", asset="bus/0123", valid_from_ms=at_ms),
    )
    devices = (Device(id="SN77"), Device(id="S2"))
    return Register(Tables(devices=devices, fittings=fittings), SITE, 1)


def told(asset: AssetId, at_ms: int, seq: int = 0, boot_id: str = "b1", **known: Scalar) -> Reading:
    values = tuple(known.get(key) for key in catalogue.keys(asset.kind))
    return Reading(asset, at_ms, at_ms + 9, boot_id, seq, at_ms, False, values)  # noqa: FBT003 - a struct's field


def city_of(register: Register, *readings: Reading) -> City:
    city = City()
    store = FakeStore(Shelf(readings=sorted(readings, key=_age)), Retention())
    ports = Ports(
        store,
        city.desk,
        city.health,
        city.retry,
        FakeMetrics(city.health),
        directory=city.directory,
    )
    city.app = create_app(ports, city.clock, Settings())
    city.directory.replace(register, Keyring())
    return city


def _age(reading: Reading) -> tuple[int, int]:
    return reading.observed_at_ms, reading.seq or 0


def ask(city: City, asset: AssetId | str, metric: str, **parameters: str) -> dict[str, Any]:
    asked = {"asset": str(asset), "metric": metric, **parameters}
    response = city.ask("GET", "/api/v1/readings", params=asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def around(hours: int, at_ms: int = NOON_MS) -> dict[str, str]:
    length_ms = hours * HOUR_MS
    return {"from": iso_utc(at_ms - length_ms), "to": iso_utc(at_ms + length_ms)}


def points(answer: dict[str, Any], metric: int = 0) -> list[tuple[object, int]]:
    return [(point["value"], point["samples"]) for point in answer["series"][metric]["points"]]


def bikes(asset: AssetId, *at_bikes: tuple[int, int]) -> list[Reading]:
    return [told(asset, at_ms, num_vehicles_available=count) for at_ms, count in at_bikes]


# A new name


def test_a_thing_is_told_of_under_the_name_it_has_today() -> None:
    readings = [
        *bikes(OLD, (NOON_MS - 2, 3), (NOON_MS - 1, 4)),
        *bikes(NEW, (NOON_MS, 5), (NOON_MS + 1, 6)),
    ]
    city = city_of(renamed(), *readings)
    now = ask(city, NEW, "num_vehicles_available", **around(1))
    assert points(now) == [(3, 1), (4, 1), (5, 1), (6, 1)]
    assert now["told_by"] == [
        {"asset": "station/old", "from": iso_utc(NOON_MS - HOUR_MS), "to": iso_utc(NOON_MS)},
        {
            "asset": "station/new",
            "from": iso_utc(NOON_MS - HOUR_MS),
            "to": iso_utc(NOON_MS + HOUR_MS),
        },
    ]
    then = ask(city, NEW, "num_vehicles_available", as_of="then", **around(1))
    assert (points(then), then["told_by"]) == ([(5, 1), (6, 1)], None)
    old = ask(city, OLD, "num_vehicles_available", **around(1))
    assert (points(old), old["told_by"]) == ([(3, 1), (4, 1)], None)


@pytest.mark.parametrize("is_planned", [True, False])
def test_an_id_that_was_given_to_another_tells_of_who_has_it_today(*, is_planned: bool) -> None:
    """1 becomes 2, and 2 becomes 3: at noon, or next hour."""
    at_ms = NOW_MS + HOUR_MS if is_planned else NOON_MS
    names = [AssetId(SITE, Kind.STATION, name) for name in "123"]
    one, two, three = names
    assets = (
        Asset(id=str(one), valid_to_ms=at_ms, successor=str(two)),
        Asset(id=str(two), valid_to_ms=at_ms, successor=str(three)),
        Asset(id=str(two), valid_from_ms=at_ms),
        Asset(id=str(three), valid_from_ms=at_ms),
        Asset(id=str(one), valid_from_ms=at_ms),
    )
    told_before = [reading for name in names[:2] for reading in bikes(name, (NOON_MS - 1, 1))]
    told_after = [
        reading for count, name in enumerate(names, 5) for reading in bikes(name, (NOON_MS, count))
    ]
    register = Register(Tables(assets=assets), SITE, 1)
    city = city_of(register, *told_before, *told_after[: 2 if is_planned else 3])
    told_by = {
        name.name: [
            part["asset"]
            for part in ask(city, name, "num_vehicles_available", **around(1))["told_by"] or ()
        ]
        for name in (one, two)
    }
    if is_planned:
        assert told_by == {"1": [], "2": []}
    else:
        assert told_by == {"1": [], "2": ["station/1", "station/2"]}
        assert points(ask(city, one, "num_vehicles_available", **around(1))) == [(5, 1)]
        assert points(ask(city, two, "num_vehicles_available", **around(1))) == [(1, 1), (6, 1)]


def test_before_the_new_name_only_the_old_one_was_there() -> None:
    city = city_of(renamed(), *bikes(OLD, (NOON_MS - HOUR_MS, 3)))
    answer = ask(
        city,
        NEW,
        "num_vehicles_available",
        **{"from": iso_utc(NOON_MS - 2 * HOUR_MS), "to": iso_utc(NOON_MS - 1)},
    )
    assert points(answer) == [(3, 1)]
    assert [part["asset"] for part in answer["told_by"]] == ["station/new", "station/old"]


def test_a_window_across_the_change_is_there_once() -> None:
    at_ms = NOON_MS + 20 * MINUTE_MS
    readings = [
        *bikes(OLD, (NOON_MS + 1, 2), (at_ms - 1, 4)),
        *bikes(OLD, (at_ms + 5, 99)),  # another station has the old id by now
        *bikes(NEW, (at_ms, 9), (NOON_MS + HOUR_MS, 7)),
    ]
    answer = ask(
        city_of(renamed(at_ms), *readings), NEW, "num_vehicles_available", every="1h", **around(2)
    )
    assert points(answer) == [(None, 0), (None, 0), (5.0, 3), (7.0, 1)]
    window = answer["series"][0]["points"][2]
    assert (window["at"], window["minimum"], window["maximum"]) == (iso_utc(NOON_MS), 2.0, 9.0)


def test_the_last_word_of_a_window_is_that_of_the_later_name() -> None:
    at_ms = NOON_MS + 20 * MINUTE_MS
    readings = [
        told(OLD, NOON_MS, is_renting=True),
        told(NEW, at_ms, is_renting=False),
    ]
    answer = ask(city_of(renamed(at_ms), *readings), NEW, "is_renting", every="1h", **around(1))
    assert points(answer) == [(None, 0), (False, 2)]


def test_nobody_has_heard_of_either_name() -> None:
    response = city_of(renamed()).ask(
        "GET",
        "/api/v1/readings",
        params={"asset": "station/new", "metric": "num_vehicles_available"},
    )
    assert response.status_code == 404
    one = city_of(renamed(), *bikes(OLD, (NOON_MS - 90 * HOUR_MS, 3)))
    assert points(ask(one, NEW, "num_vehicles_available", **around(1))) == []


def test_a_local_midnight_is_no_seam() -> None:
    midnight_ms = round(datetime(2027, 1, 14, 23, tzinfo=UTC).timestamp() * 1000)  # in Berlin
    readings = [
        *bikes(OLD, *((midnight_ms - n * HOUR_MS, 3) for n in range(1, 25))),
        *bikes(NEW, *((midnight_ms + n * HOUR_MS, 5) for n in range(24))),
    ]
    answer = ask(
        city_of(renamed(midnight_ms), *readings),
        NEW,
        "num_vehicles_available",
        every="1d",
        **around(24, midnight_ms),
    )
    assert points(answer) == [(3.0, 24), (5.0, 24)]


# A device by its fittings


def totals(asset: AssetId, *at_bytes: tuple[int, int], boot_id: str = "b1") -> list[Reading]:
    known: list[dict[str, Scalar]] = [{TOTAL: count, "clients": 3} for _, count in at_bytes]
    pairs = zip(at_bytes, known, strict=True)
    return [told(asset, at_ms, 0, boot_id, **values) for (at_ms, _), values in pairs]


def noon() -> City:
    """What SN77 told on its way from one bus to another, and S2 after it."""
    return city_of(
        moved(),
        *totals(BUS, (NOON_MS - 2 * MINUTE_MS, 100), (NOON_MS - MINUTE_MS, 150)),
        *totals(OTHER_BUS, (NOON_MS, 160), (NOON_MS + MINUTE_MS, 190)),
        *totals(BUS, (NOON_MS, 9000), (NOON_MS + MINUTE_MS, 9007), boot_id="b1#s2"),
    )


def test_a_router_is_told_of_in_the_bus_it_was_in() -> None:
    city = noon()
    answer = ask(city, "device/SN77", TOTAL, **around(1))
    assert points(answer) == [(100, 1), (150, 1), (160, 1), (190, 1)]
    assert [(part["asset"], part["to"]) for part in answer["told_by"]] == [
        ("bus/0123", iso_utc(NOON_MS)),
        ("bus/0200", iso_utc(NOON_MS + HOUR_MS)),
    ]
    hours = ask(city, "device/SN77", TOTAL, every="1h", **around(1))
    assert points(hours) == [(50, 1), (30, 1)]
    assert points(ask(city, "device/S2", TOTAL, every="1h", **around(1))) == [(None, 0), (7, 1)]
    # Of the bus there is its own only, and nothing across the swap.
    assert points(ask(city, BUS, TOTAL, every="1h", **around(1))) == [(50, 1), (7, 1)]


def test_a_router_that_was_nowhere_told_nothing() -> None:
    spare = Register(
        Tables(
            devices=(Device(id="SN77"),),
            fittings=(Fitting(id="SN77", asset="bus/0123", valid_to_ms=NOON_MS - 9 * HOUR_MS),),
        ),
        SITE,
        1,
    )
    answer = ask(city_of(spare, *totals(BUS, (NOON_MS, 1))), "device/SN77", TOTAL, **around(1))
    assert (points(answer), answer["told_by"]) == ([], None)
    by_hour = ask(city_of(spare), "device/SN77", TOTAL, every="1h", **around(1))
    assert points(by_hour) == [(None, 0), (None, 0)]


def test_an_unknown_router_is_not_found() -> None:
    response = noon().ask(
        "GET", "/api/v1/readings", params={"asset": "device/SN78", "metric": "clients"}
    )
    assert response.status_code == 404
    assert "No fitting of device/SN78" in response.json()["detail"]


def test_a_router_that_was_in_a_station_too() -> None:
    fittings = (
        Fitting(id="SN77", asset="station/old", valid_to_ms=NOON_MS),
        Fitting(id="SN77", asset="bus/0123", valid_from_ms=NOON_MS),
    )
    both = Register(Tables(devices=(Device(id="SN77"),), fittings=fittings), SITE, 1)
    city = city_of(
        both,
        told(OLD, NOON_MS - 1, num_vehicles_available=3, temperature_c=20.0),
        told(BUS, NOON_MS, clients=7, temperature_c=30.0),
    )
    answer = ask(city, "device/SN77", "clients,temperature_c,num_vehicles_available", **around(1))
    assert [points(answer, metric) for metric in range(3)] == [
        [(7, 1)],
        [(20.0, 1), (30.0, 1)],
        [(3, 1)],
    ]
    wrong = city.ask("GET", "/api/v1/readings", params={"asset": "bus/0123", "metric": "door_open"})
    assert wrong.status_code == 400


# The joining itself


def series_of(
    readings: Sequence[Reading], register: Register, asset: AssetId, query: SeriesQuery
) -> list[Series]:
    store = FakeStore(Shelf(readings=sorted(readings, key=_age)), Retention())
    shapes = {metric.key: metric.shape for metric in catalogue.metrics(asset.kind)}

    async def act() -> list[Series]:
        found = []
        for part in parts_of(register, asset, AsOf.NOW, query.from_ms, query.to_ms):
            own = SeriesQuery(
                part.asset,
                query.metrics,
                part.from_ms,
                part.to_ms,
                query.every,
                query.timezone,
                query.limit,
            )
            found.append(await store.series(own))
        return joined(query, shapes, found)

    return asyncio.run(act())


METRICS = ("num_vehicles_available", "temperature_c", "is_renting", "error_code")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 9_000), st.integers(0, 9)), max_size=25, unique_by=lambda p: p[0]
    ),
    st.integers(0, 9_000),
    st.sampled_from([None, *Every]),
    st.integers(1, 12),
)
def test_a_new_name_changes_no_answer(
    at_counts: list[tuple[int, int]], at_s: int, every: Every | None, limit: int
) -> None:
    at_ms = NOON_MS + at_s * 1000

    def told_by(*names: AssetId) -> list[Reading]:
        return [
            told(
                names[-1] if NOON_MS + second * 1000 >= at_ms else names[0],
                NOON_MS + second * 1000,
                num_vehicles_available=count,
                temperature_c=count / 2,
                is_renting=count > 4,
            )
            for second, count in at_counts
        ]

    query = SeriesQuery(
        NEW, METRICS, NOON_MS + 700_000, NOON_MS + 8_000_000, every, "Europe/Berlin", limit
    )
    whole = series_of(told_by(NEW), Register(), NEW, query)
    parts = series_of(told_by(OLD, NEW), renamed(at_ms), NEW, query)
    assert [_rounded(one) for one in parts] == [_rounded(one) for one in whole]


def _rounded(series: Series) -> tuple[object, ...]:
    return (
        series.metric,
        series.truncated,
        [
            (
                point.at_ms,
                pytest.approx(point.value) if isinstance(point.value, float) else point.value,
                point.samples,
                point.minimum,
                point.maximum,
            )
            for point in series.points
        ],
    )
