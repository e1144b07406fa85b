"""The files of a feed, in three versions and in many ways of being wrong."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.pollers import documents
from collectors.pollers.model import Counts, File, Information, Station, Statuses, Unreadable
from simulators.feed import VERSIONS, FeedStation, Version
from simulators.feed import documents as published
from tests.pollers.scene import AT_MS, AT_S, station

BASE = "https://feed.example/gbfs.json"
Readers = Callable[[bytes], object]
READERS: dict[File, Readers] = {
    File.DISCOVERY: lambda body: documents.discovery(body, BASE, "de"),
    File.SYSTEM: documents.system,
    File.INFORMATION: lambda body: documents.information(body, "de"),
    File.STATUS: documents.statuses,
}


def body_of(version: Version, name: str, *stations: FeedStation) -> bytes:
    files = published(version, "https://feed.example", stations, AT_S, 60)
    return json.dumps(files[name]).encode()


def status_file(*stations: object, **head: object) -> bytes:
    told = {"last_updated": AT_S, "ttl": 60, "version": "2.3", "data": {"stations": stations}}
    return json.dumps({**told, **head}).encode()


def statuses(*stations: object, **head: object) -> Statuses:
    return documents.statuses(status_file(*stations, **head))


def faults(found: Statuses | Information) -> list[tuple[str, str, str]]:
    return [(one.station, one.key, one.fault.value) for one in found.unfit]


@pytest.mark.parametrize("version", VERSIONS)
def test_three_versions_are_read_alike(version: Version) -> None:
    bike = station(7, bikes=5, disabled=1, is_renting=False)
    found = documents.statuses(body_of(version, "station_status", bike))
    types = None if version == "1.0" else {"bike": 4, "ebike": 1}
    assert found.head.last_updated_ms == AT_MS
    assert (found.head.ttl_s, found.head.version, found.unfit) == (60, version, ())
    (status,) = found.stations
    assert (status.station_id, status.last_reported_ms) == ("7", AT_MS - 40_000)
    assert status.counts == Counts(
        num_vehicles_available=5,
        num_vehicles_disabled=1,
        num_docks_available=15,
        vehicle_types_available=types,
        is_installed=True,
        is_renting=False,
        is_returning=True,
    )
    places = documents.information(body_of(version, "station_information", bike), "de")
    assert places.stations == (Station("7", "Station 7", bike.lat, bike.lon, 20),)
    system = documents.system(body_of(version, "system_information"))
    assert (system.system_id, system.timezone) == ("simulated_bikes", "Europe/Berlin")
    listed = documents.discovery(body_of(version, "gbfs"), BASE, "de")
    assert listed.addresses == {
        file: f"https://feed.example/{file}.json" for file in File if file is not File.DISCOVERY
    }
    assert listed.language == (None if version == "3.0" else "de")


@pytest.mark.parametrize(
    ("wanted", "chosen"), [("de", "de"), ("DE", "de"), ("en-GB", "en"), ("fr", "en"), ("da", "en")]
)
def test_the_language_asked_for_else_its_stem_else_the_first(wanted: str, chosen: str) -> None:
    def feeds(language: str) -> list[dict[str, str]]:
        names = ("station_information", "station_status")
        return [{"name": name, "url": f"/{language}/{name}.json"} for name in names]

    trees = {language: {"feeds": feeds(language)} for language in ("en", "de")}
    body = json.dumps({"last_updated": AT_S, "ttl": 0, "data": trees}).encode()
    found = documents.discovery(body, BASE, wanted)
    assert found.language == chosen
    assert found.addresses[File.STATUS] == f"https://feed.example/{chosen}/station_status.json"

    names = [{"text": "Main station", "language": "en"}, {"text": "Hbf", "language": "de"}]
    place = {"station_id": "1", "name": names, "lat": 1, "lon": 1}
    told = json.dumps({"data": {"stations": [place]}}).encode()
    (one,) = documents.information(told, wanted).stations
    assert one.name == {"de": "Hbf", "en": "Main station"}[chosen]


@pytest.mark.parametrize(
    ("feeds", "words"),
    [
        ([], "found nothing, expected station_information"),
        (
            [{"name": "free_bike_status", "url": "x"}],
            "found 'free_bike_status', expected station_i",
        ),
        ([{"name": "station_information", "url": "x"}], "expected station_status"),
        ([{"name": "x", "url": "u" * 3000}], "a list of objects with name and url"),
        ([{"name": "station_information"}], "a list of objects with name and url"),
        ("x", "a list of objects with name and url"),
        ({"station_status": "x"}, "a list of objects with name and url"),
        (
            [
                {"name": "station_information", "url": "file:///etc/hostname"},
                {"name": "station_status", "url": "s.json"},
            ],
            "'file:///etc/hostname' is not asked",
        ),
    ],
)
def test_a_list_without_stations_is_explained(feeds: object, words: str) -> None:
    body = json.dumps({"last_updated": AT_S, "ttl": 0, "data": {"feeds": feeds}}).encode()
    with pytest.raises(Unreadable, match=words):
        documents.discovery(body, BASE, "de")


@pytest.mark.parametrize("file", File)
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "found an empty file"),
        (b" \n<!doctype html><p>Wartung", "found HTML or XML"),
        (b'{"data": {"stations": [{"stat', "not JSON, perhaps cut off"),
        (b'{"data": \xff}', "not UTF-8|not JSON|data: found"),
        (b"[]", "found JSON of another type"),
        (b"null", "found JSON of another type"),
        (b"{}", "data: found none"),
        (b'{"data": []}', "data: found \\[\\], expected an object"),
        (b"[" * 100_000, "nested too deep|not JSON"),
        (b'{"data": ' + b"[" * 100_000, "nested too deep|not JSON"),
    ],
)
def test_a_file_that_is_none_is_explained(file: File, body: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        READERS[file](body)


@pytest.mark.parametrize("stations", [b"{}", b'"x"', b"null", b"7"])
def test_a_file_without_a_list_of_stations_is_explained(stations: bytes) -> None:
    with pytest.raises(Unreadable, match="expected a list of stations"):
        documents.statuses(b'{"data": {"stations": ' + stations + b"}}")


@pytest.mark.parametrize(
    ("said", "kept", "fault"),
    [
        ({"num_bikes_available": -1}, None, "out_of_range"),
        ({"num_bikes_available": 1001}, None, "out_of_range"),
        ({"num_bikes_available": "5+"}, None, "wrong_type"),
        ({"num_bikes_available": [3]}, None, "wrong_type"),
        ({"num_bikes_available": True}, None, "wrong_type"),
        ({"num_bikes_available": None}, None, None),
        ({"num_bikes_available": 53}, 53, None),
        ({"num_vehicles_available": None, "num_bikes_available": 2}, 2, None),
        ({"num_vehicles_available": 4, "num_bikes_available": 2}, 4, None),
    ],
)
def test_a_number_that_cannot_be_is_left_out_and_the_rest_stays(
    said: dict[str, object], kept: int | None, fault: str | None
) -> None:
    found = statuses({"station_id": "1", "is_renting": True, "last_reported": AT_S, **said})
    (status,) = found.stations
    assert (status.counts.num_vehicles_available, status.counts.is_renting) == (kept, True)
    assert faults(found) == ([("1", "num_bikes_available", fault)] if fault else [])


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({}, "nothing_known"),
        ({"num_bikes_available": None, "is_renting": None}, "nothing_known"),
    ],
)
def test_a_station_that_says_nothing_is_unfit(said: dict[str, object], fault: str) -> None:
    found = statuses({"station_id": "1", "last_reported": AT_S, **said}, {"station_id": "2"})
    assert found.stations == ()
    assert [(one.station, one.fault.value) for one in found.unfit] == [("1", fault), ("2", fault)]


def test_one_bad_station_costs_itself_alone() -> None:
    good = {"station_id": "1", "num_bikes_available": 3, "last_reported": AT_S}
    found = statuses(
        7, None, {"num_bikes_available": 1}, good, good, {**good, "station_id": ""},
        {**good, "station_id": 12}, {**good, "station_id": ["x"]},
    )  # fmt: skip
    assert [one.station_id for one in found.stations] == ["1", "12"]
    assert faults(found) == [
        ("", "station", "no_object"),
        ("", "station", "no_object"),
        ("", "station_id", "no_id"),
        ("1", "station_id", "id_twice"),
        ("", "station_id", "no_id"),
        ("", "station_id", "wrong_type"),
        ("", "station_id", "no_id"),
    ]


@pytest.mark.parametrize(
    ("said", "reported_ms", "fault"),
    [
        ("2027-01-15T09:00:00+01:00", AT_MS, None),
        ("2027-01-15T08:00:00.25Z", AT_MS + 250, None),
        ("2027-01-15T08:00:00", None, "wrong_type"),
        ("yesterday", None, "wrong_type"),
        (AT_S, AT_MS, None),
        (AT_S + 0.5, AT_MS + 500, None),
        (0, 0, None),
        (10**40, None, "out_of_range"),
        (1e300, None, "out_of_range"),
        (True, None, "wrong_type"),
        (None, None, None),
    ],
)
def test_a_time_is_rfc_3339_or_posix_seconds(
    said: object, reported_ms: int | None, fault: str | None
) -> None:
    found = statuses({"station_id": "1", "num_bikes_available": 3, "last_reported": said})
    assert found.stations[0].last_reported_ms == reported_ms
    assert faults(found) == ([("1", "last_reported", fault)] if fault else [])


@pytest.mark.parametrize(
    ("listed", "kept", "fault"),
    [
        ([("ebike", 1), ("bike", 2)], {"bike": 2, "ebike": 1}, None),
        ([("E-Bike 2", 1)], {"_x45_-_x42_ike_x20_2": 1}, None),
        ([], None, None),
        ([("a", 1), ("a", 2)], None, "id_twice"),
        ([("", 1)], None, "no_id"),
        ([("a", -1)], None, "wrong_type"),
        ([(str(n), 1) for n in range(17)], None, "out_of_range"),
    ],
)
def test_types_of_bikes_are_all_told_or_none(
    listed: list[tuple[str, int]], kept: dict[str, int] | None, fault: str | None
) -> None:
    types = [{"vehicle_type_id": name, "count": count} for name, count in listed]
    found = statuses(
        {"station_id": "1", "num_vehicles_available": 3, "vehicle_types_available": types}
    )
    assert found.stations[0].counts.vehicle_types_available == kept
    assert faults(found) == ([("1", "vehicle_types_available", fault)] if fault else [])


@pytest.mark.parametrize(
    ("said", "faulty"),
    [
        ({"lat": 0, "lon": 0}, [("lat", "no_position")]),
        ({"lat": 91, "lon": 10}, [("lat", "out_of_range"), ("lat", "no_position")]),
        ({"lat": 54.3}, [("lat", "no_position")]),
        ({"lat": None, "lon": None}, [("lat", "no_position")]),
    ],
)
def test_a_station_without_a_place_keeps_its_name(
    said: dict[str, object], faulty: list[tuple[str, str]]
) -> None:
    told = {"station_id": "1", "name": " Alter  Markt\n", "capacity": 12, **said}
    found = documents.information(json.dumps({"data": {"stations": [told]}}).encode(), "de")
    assert found.stations == (Station("1", "Alter Markt", None, None, 12),)
    assert [(key, fault) for _, key, fault in faults(found)] == faulty


def test_a_name_is_cut_and_an_empty_one_is_none() -> None:
    told = [
        {"station_id": "1", "name": "x" * 200, "lat": 1, "lon": 1},
        {"station_id": "2", "name": " ", "lat": 1, "lon": 1},
        {"station_id": "3", "name": [], "lat": 1, "lon": 1},
        {"station_id": "4", "name": 7, "lat": 1, "lon": 1},
    ]
    found = documents.information(json.dumps({"data": {"stations": told}}).encode(), "de")
    assert [one.name for one in found.stations] == ["x" * 127 + "…", None, None, None]
    assert faults(found) == [("4", "name", "wrong_type")]


@pytest.mark.parametrize(
    ("head", "ttl_s", "last_updated_ms", "faulty"),
    [
        ({"ttl": -1}, None, AT_MS, ["out_of_range"]),
        ({"ttl": "60"}, None, AT_MS, ["wrong_type"]),
        ({"ttl": None}, None, AT_MS, ["no_ttl"]),
        ({"ttl": 0}, 0, AT_MS, []),
        ({"last_updated": None}, 60, None, ["no_time"]),
        ({"last_updated": "now"}, 60, None, ["wrong_type"]),
        ({"version": 3.0}, 60, AT_MS, ["wrong_type"]),
    ],
)
def test_an_unfit_head_costs_no_station(
    head: dict[str, object], ttl_s: float | None, last_updated_ms: int | None, faulty: list[str]
) -> None:
    found = statuses({"station_id": "1", "num_bikes_available": 3}, **head)
    assert len(found.stations) == 1
    assert (found.head.ttl_s, found.head.last_updated_ms) == (ttl_s, last_updated_ms)
    assert [one.fault.value for one in found.head.unfit] == faulty


def test_a_nan_costs_one_value_and_not_the_feed() -> None:
    body = status_file({"station_id": "1", "num_bikes_available": 3, "num_docks_available": 4})
    found = documents.statuses(body.replace(b": 4}", b": NaN}"))
    assert found.stations[0].counts == Counts(num_vehicles_available=3)
    assert [one.fault.value for one in found.head.unfit] == ["not_a_number"]


def test_a_byte_order_mark_is_no_fault() -> None:
    assert documents.statuses(b"\xef\xbb\xbf" + status_file()).stations == ()


def test_what_is_told_of_a_fault_is_redacted() -> None:
    found = statuses({"station_id": "1", "num_bikes_available": "max@example.org"})
    assert "max@" not in " ".join(map(str, found.unfit))
    assert str(found.unfit[0]) == (
        "station_status, station '1': num_bikes_available wrong_type, found \"[redacted:email]\""
    )


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_explained(body: bytes) -> None:
    for file, reader in READERS.items():
        with suppress(Unreadable):
            reader(body)
            assert file is not File.STATUS or body.strip().startswith(b"{")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
KEYS = (
    "station_id", "name", "lat", "lon", "capacity", "last_reported", "num_bikes_available",
    "num_docks_available", "vehicle_types_available", "is_renting", "is_virtual_station",
)  # fmt: skip
STATION = st.dictionaries(st.sampled_from(KEYS), JSON) | JSON


@settings(deadline=None, max_examples=40)
@given(st.lists(STATION, max_size=4), JSON, JSON)
def test_any_json_in_place_of_a_station_is_read_or_named(
    stations: list[object], ttl: object, updated: object
) -> None:
    content = {"data": {"stations": stations}, "ttl": ttl, "last_updated": updated}
    body = json.dumps(content).encode()
    for found in (documents.statuses(body), documents.information(body, "de")):
        assert len(found.stations) + len(found.unfit) >= len(stations)
        assert len({one.station_id for one in found.stations}) == len(found.stations)
