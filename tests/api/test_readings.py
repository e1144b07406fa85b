"""Metrics over time: what is passed to the store, gaps, and days that are not 24 hours."""

import pytest

from ausguck.clock import iso_utc
from ausguck.model import Kind
from ausguck.store.port import Every
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS, reading

HOUR_MS = 3_600_000


def ask(city: City, **parameters: str) -> dict[str, object]:
    """A question that must be answered, and its answer."""
    response = city.ask("GET", "/api/v1/readings", params=parameters)
    assert response.status_code == 200, response.text
    found: dict[str, object] = response.json()
    return found


def refusal(city: City, **parameters: str) -> tuple[int, str, str]:
    """A question that must be refused: status, kind, detail."""
    response = city.ask("GET", "/api/v1/readings", params=parameters)
    problem = response.json()
    return response.status_code, problem["type"].rsplit(":")[-1], problem["detail"]


def test_the_last_hour_is_the_default() -> None:
    city = populated()

    answer = ask(city, asset="bus/0101", metric="clients,rsrp_dbm")

    assert (answer["from"], answer["to"]) == (iso_utc(NOW_MS - HOUR_MS), iso_utc(NOW_MS))
    assert city.store.asked[0].metrics == ("clients", "rsrp_dbm")
    assert answer["series"] == [
        {
            "metric": "clients",
            "unit": "clients",
            "shape": "gauge",
            "truncated": False,
            "points": [
                {
                    "at": iso_utc(NOW_MS - 3000),
                    "value": 14,
                    "samples": 1,
                    "minimum": None,
                    "maximum": None,
                }
            ],
        },
        {
            "metric": "rsrp_dbm",
            "unit": "dBm",
            "shape": "gauge",
            "truncated": False,
            "points": [
                {
                    "at": iso_utc(NOW_MS - 3000),
                    "value": -97.5,
                    "samples": 1,
                    "minimum": None,
                    "maximum": None,
                }
            ],
        },
    ]


def test_a_gap_is_null_with_no_samples() -> None:
    city = City()
    city.store.readings = [
        reading(Kind.BUS, "1", NOW_MS - 50 * 60_000, clients=4),
        reading(Kind.BUS, "1", NOW_MS - 5 * 60_000, clients=0),
    ]

    answer = ask(city, asset="bus/1", metric="clients", every="15m")

    series = answer["series"]
    assert isinstance(series, list)
    assert [(p["value"], p["samples"]) for p in series[0]["points"]] == [
        (4.0, 1),
        (None, 0),
        (None, 0),
        (0.0, 1),
    ]


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", 23),
        ("2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00", 25),
    ],
    ids=["spring", "autumn"],
)
def test_a_local_day_keeps_its_hours(begin: str, end: str, hours: int) -> None:
    city = populated()

    days = ask(
        city, **{"asset": "bus/0101", "metric": "clients", "every": "1d", "from": begin, "to": end}
    )
    by_hour = ask(
        city, **{"asset": "bus/0101", "metric": "clients", "every": "1h", "from": begin, "to": end}
    )

    first = city.store.asked[0]
    assert (first.to_ms - first.from_ms) / HOUR_MS == hours
    assert (first.every, first.timezone) == (Every.DAY, "Europe/Berlin")
    for answer, windows in ((days, 1), (by_hour, hours)):
        series = answer["series"]
        assert isinstance(series, list)
        assert len(series[0]["points"]) == windows


def test_a_metric_asked_twice_is_answered_once() -> None:
    answer = ask(populated(), asset="bus/0101", metric="clients,clients")

    assert isinstance(answer["series"], list)
    assert len(answer["series"]) == 1


def test_an_asset_that_never_reported_is_no_silent_one() -> None:
    city = populated()

    status, kind, _ = refusal(city, asset="bus/0999", metric="clients")
    assert (status, kind) == (404, "not-found")
    assert ask(city, asset="bus/0101", metric="clients", to="2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("parameters", "status", "detail"),
    [
        ({"metric": "clientz"}, 422, "query.metric: found 'clientz', expected 1 to 16 catalogue"),
        ({"metric": "clients,"}, 422, "query.metric: found 'clients,', expected"),
        ({"metric": "num_docks_available"}, 400, "query.metric: found 'num_docks_available'"),
        ({"asset": "tram/1"}, 422, "query.asset: found 'tram/1'"),
        ({"every": "2h"}, 422, "query.every: found '2h', expected"),
        ({"width": "1h"}, 422, "query.width: found '1h', expected no parameter of that name"),
        ({"from": "yesterday"}, 422, "query.from: found 'yesterday', expected an RFC 3339 time"),
        ({"from": "2026-01-01T00:00:00"}, 422, "expected an RFC 3339 time with offset"),
        ({"from": "2026-01-01T00:00:00 01:00"}, 422, "(in a URL, + is written %2B)"),
        ({"from": "2026-02-30T00:00:00Z"}, 422, "expected an RFC 3339 time with offset"),
        ({"to": "1969-12-31T00:00:00Z"}, 400, "query.from: expected a time between 1970 and 2100"),
        ({"from": "2027-01-15T09:00:00Z", "to": "2027-01-15T08:00:00Z"}, 400, "before `to`"),
        (
            {"from": "2026-12-15T08:00:00Z", "every": "1m"},
            400,
            "found 31.0 days, expected at most 7 days with every=1m, or take every=5m",
        ),
        (
            {"from": "1990-01-01T00:00:00Z", "every": "1d"},
            400,
            "expected at most 3660 days with every=1d",
        ),
        ({"from": "2027-01-01T00:00:00Z"}, 400, "at most 2 days without `every`, or take every=5m"),
    ],
)
def test_a_wrong_question_is_told_what_would_be_right(
    parameters: dict[str, str], status: int, detail: str
) -> None:
    found = refusal(populated(), **{"asset": "bus/0101", "metric": "clients", **parameters})

    assert found[0] == status
    assert detail in found[2]
