"""The simulated feed is one that an independent validator finds nothing wrong with."""

import json
from collections.abc import Mapping
from typing import Any

import gbfs_validator  # type: ignore[import-untyped]  # it has no stubs
import httpx
import pytest

from simulators.feed import Fault, FeedServer, FeedStation, Version, from_csv
from simulators.feed.documents import Document
from tests.conftest import LONDON

AT_S = 1_800_000_000


def some_stations() -> list[FeedStation]:
    full = FeedStation("s1", "Alter Markt", 54.3233, 10.1394, 20, 25, 0, AT_S - 60)
    empty = FeedStation("s2", "Förde", 54.33, 10.15, 15, 0, 14, AT_S - 90, disabled=1)
    return [full, empty]


def judged(feed: FeedServer) -> Mapping[str, Any]:
    report = gbfs_validator.validate_feed(feed.url, docked=True)
    summary: Mapping[str, Any] = report["summary"]
    return summary


@pytest.mark.parametrize("version", ["3.0", "2.3"])
def test_a_validator_finds_no_fault(version: Version) -> None:
    with FeedServer(some_stations(), AT_S, version) as feed:
        summary = judged(feed)
        assert feed.counts["station_status"] >= 1, "the validator did read the files"
    assert summary["errorsCount"] == 0
    assert summary["version"]["validated"] == version


def test_the_validator_would_find_one() -> None:
    def negative(document: Document) -> None:
        document["data"]["stations"][0]["num_vehicles_available"] = -1

    with FeedServer(some_stations(), AT_S) as feed:
        feed.faults["station_status"] = Fault(edit=negative)
        assert judged(feed)["errorsCount"] >= 1


@pytest.mark.stations
@pytest.mark.parametrize("version", ["3.0", "2.3"])
def test_a_real_citys_stations_are_a_valid_feed(version: Version) -> None:
    with FeedServer(from_csv(LONDON, AT_S - 60), AT_S, version) as feed:
        assert len(feed.stations) == 742
        assert judged(feed)["errorsCount"] == 0


def test_the_oldest_version_has_flags_of_numbers_and_posix_times() -> None:
    with FeedServer(some_stations(), AT_S, "1.0") as feed:
        told = httpx.get(f"{feed.base_url}/station_status.json").json()
    assert told["last_updated"] == AT_S
    assert told["data"]["stations"][1] == {
        "station_id": "s2",
        "num_bikes_available": 0,
        "num_bikes_disabled": 1,
        "num_docks_available": 14,
        "is_installed": 1,
        "is_renting": 1,
        "is_returning": 1,
        "last_reported": AT_S - 90,
    }


def test_a_file_that_did_not_change_is_not_sent_again() -> None:
    with FeedServer(some_stations(), AT_S) as feed, httpx.Client() as client:
        first = client.get(feed.url)
        etag = first.headers["etag"]
        again = client.get(feed.url, headers={"If-None-Match": etag})
        feed.at_s += 1
        later = client.get(feed.url, headers={"If-None-Match": etag})
    assert [one.status_code for one in (first, again, later)] == [200, 304, 200]
    assert json.loads(first.content)["data"]["feeds"]
    assert [asked.status for asked in feed.asked] == [200, 304, 200]
