"""Telemetry: what stays, what is left out and why, and when an element is a dead letter."""

import json

import pytest

from ausguck.journal.port import RecordType
from ausguck.model import AssetId, Kind, Origin
from collectors.decode.plain import REMEMBERED_TEXTS
from tests.decode.records import (
    BUS,
    DAY_MS,
    DECODER,
    IN_KIEL,
    POSITION,
    RECEIVED_MS,
    STATION,
    decode,
    drops,
    element,
    known,
    reasons,
    record,
)


def test_a_live_object_is_one_reading() -> None:
    found = decode(element(clients=17, rsrp_dbm=-95, line="11", lat=54.3, lon=10.1))
    (reading,) = found.readings
    assert reading.asset == AssetId("kiel", Kind.BUS, "0123")
    assert (reading.observed_at_ms, reading.received_at_ms) == (RECEIVED_MS - 1000, RECEIVED_MS)
    assert (reading.boot_id, reading.seq, reading.clock_suspect) == ("5f3a9c01d2e4", 17, False)
    assert known(reading) == {
        "clients": 17,
        "rsrp_dbm": -95.0,
        "line": "11",
        "lat": 54.3,
        "lon": 10.1,
    }
    assert found.reading_origins == [Origin(POSITION, 0)]
    assert not found.dead_letters
    assert not found.dropped


def test_a_station_keeps_its_vehicle_types_as_sorted_text() -> None:
    types = {"ebike": 2, "bike": 5}
    found = decode(element(num_vehicles_available=7, vehicle_types_available=types), STATION)
    assert known(found.readings[0])["vehicle_types_available"] == '{"bike":5,"ebike":2}'
    slow = decode(element(vehicle_types_available=types, humidity=3), STATION)
    assert known(slow.readings[0]) == {"vehicle_types_available": '{"bike":5,"ebike":2}'}


@pytest.mark.parametrize(
    ("observed_at", "expected_ms"),
    [
        (RECEIVED_MS, RECEIVED_MS),
        ("2027-01-15T08:00:00Z", RECEIVED_MS),
        ("2027-01-15T09:00:00.123456+01:00", RECEIVED_MS + 123),
        (RECEIVED_MS + 300_000, RECEIVED_MS + 300_000),
        (RECEIVED_MS - 27 * DAY_MS, RECEIVED_MS - 27 * DAY_MS),
    ],
)
def test_a_possible_time_is_the_readings(observed_at: object, expected_ms: int) -> None:
    (reading,) = decode(element(observed_at=observed_at, clients=1)).readings
    assert (reading.observed_at_ms, reading.clock_suspect) == (expected_ms, False)


IMPOSSIBLE = [
    0,
    1_577_836_799_999,
    RECEIVED_MS + 300_001,
    "1970-01-01T00:00:00Z",
    "2027-01-15T08:00:00",
    10**40,
    -1,
    None,
    "yesterday",
    True,
]


@pytest.mark.parametrize("observed_at", IMPOSSIBLE)
def test_a_live_object_of_an_impossible_time_has_the_time_of_receipt(observed_at: object) -> None:
    (reading,) = decode(element(observed_at=observed_at, clients=1)).readings
    assert (reading.observed_at_ms, reading.clock_suspect) == (RECEIVED_MS, True)
    assert known(reading) == {"clients": 1}


@pytest.mark.parametrize("observed_at", IMPOSSIBLE)
def test_a_backlogs_element_of_an_impossible_time_is_a_dead_letter(observed_at: object) -> None:
    found = decode([element(observed_at=observed_at, clients=1), element(clients=2)])
    assert [known(reading) for reading in found.readings] == [{"clients": 2}]
    assert found.reading_origins == [Origin(POSITION, 1)]
    assert reasons(found) == ["time"]
    assert found.dead_letters[0].origin == Origin(POSITION, 0)


def test_a_live_object_without_a_time_has_the_time_of_receipt() -> None:
    (reading,) = decode({"clients": 1}).readings
    assert (reading.observed_at_ms, reading.clock_suspect) == (RECEIVED_MS, True)


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [one]], ids=["live", "backlog"])
def test_older_than_the_acceptance_window_is_too_old(wrap: type) -> None:
    found = decode(wrap(element(observed_at=RECEIVED_MS - 27 * DAY_MS - 1, clients=1)))
    assert reasons(found) == ["too_old"]
    assert not found.readings


def test_an_old_position_is_left_out_and_counted() -> None:
    old = element(observed_at=RECEIVED_MS - 8 * DAY_MS, clients=3, lat=54.3, lon=10.1, trip_id="7")
    found = decode([old])
    assert known(found.readings[0]) == {"clients": 3}
    assert drops(found) == [("lat", "too_old"), ("lon", "too_old"), ("trip_id", "too_old")]
    assert {value.example for value in found.dropped} == {""}


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (0, 0, "no_fix"),
        (0.0, -0.0, "no_fix"),
        (48.1, 11.5, "outside_area"),
        (54.3, None, "half_a_position"),
        (None, 10.1, "half_a_position"),
    ],
)
def test_a_position_that_is_none_is_left_out(lat: object, lon: object, expected: str) -> None:
    found = decode(element(lat=lat, lon=lon, speed_mps=3), decoder=IN_KIEL)
    assert known(found.readings[0]) == {"speed_mps": 3.0}
    assert {value.reason for value in found.dropped} == {expected}


def test_what_is_kept_of_a_position_left_out_says_where_only_roughly() -> None:
    found = decode(element(lat=48.137154, lon=11.576124), decoder=IN_KIEL)
    assert [value.example for value in found.dropped] == ["48", "12"]


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("clients", True, "wrong_type"),
        ("clients", "17", "wrong_type"),
        ("clients", 1.5, "wrong_type"),
        ("clients", [1], "wrong_type"),
        ("clients", 513, "out_of_range"),
        ("guest_down_bytes_total", 2**63, "out_of_range"),
        ("guest_down_bytes_total", 10**30, "out_of_range"),
        ("speed_mps", 113.9952, "out_of_range"),
        ("rsrp_dbm", -200, "sentinel"),
        ("rssi_dbm", 99, "sentinel"),
        ("rsrp_dbm", -170, "out_of_range"),
        ("is_roaming", 1, "wrong_type"),
        ("access_technology", "6g", "not_a_choice"),
        ("access_technology", 4, "wrong_type"),
        ("operator", "26201", "pattern"),
        ("operator", "262-01\n", "pattern"),
        ("line", "a line of more than sixteen", "too_long"),
        ("seq", -1, "out_of_range"),
        ("seq", 2**63, "out_of_range"),
        ("seq", 1.5, "wrong_type"),
        ("boot_id", "5f3a9c01d2e45f3a9c", "too_long"),
        ("boot_id", "a b", "pattern"),
        ("boot_id", 5, "wrong_type"),
        ("humidity", 3, "unknown_key"),
    ],
)
def test_a_value_that_is_wrong_is_left_out_and_the_rest_stays(
    key: str, value: object, reason: str
) -> None:
    found = decode({**element(temperature_c=21), key: value})
    (reading,) = found.readings
    assert known(reading) == {"temperature_c": 21.0}
    assert drops(found) == [(key, reason)]
    assert found.dropped[0].asset == reading.asset
    assert found.dropped[0].origin == Origin(POSITION, 0)
    assert found.dropped[0].received_at_ms == RECEIVED_MS


@pytest.mark.parametrize("text", ["1e999", "-1e999"])
def test_a_number_that_no_float_holds_is_left_out(text: str) -> None:
    payload = json.dumps(element(clients=1)).replace("}", f', "rtt_ms": {text}}}').encode()
    found = DECODER.decode(record(BUS, payload))
    assert drops(found) == [("rtt_ms", "out_of_range")]
    assert known(found.readings[0]) == {"clients": 1}


def test_names_and_examples_of_what_is_left_out_are_redacted_and_short() -> None:
    found = decode(element(clients=1, aabbccddeeff="x", sta_mac="001122334455", note="y" * 200))
    assert drops(found) == [
        ("[redacted:mac]", "unknown_key"),
        ("sta_mac", "unknown_key"),
        ("note", "unknown_key"),
    ]
    assert "0011" not in str(found.dropped)
    assert max(len(value.example) for value in found.dropped) == 64


def test_null_is_unknown_and_nothing_to_count() -> None:
    found = decode(element(clients=None, line=None, lat=None, lon=None, rtt_ms=1))
    assert known(found.readings[0]) == {"rtt_ms": 1.0}
    assert not found.dropped


def test_a_time_alone_is_a_sign_of_life() -> None:
    (reading,) = decode({"observed_at": RECEIVED_MS}).readings
    assert known(reading) == {}


def test_one_bad_element_of_a_backlog_is_one_dead_letter() -> None:
    found = decode([element(clients=1), 5, {}, "x", element(clients=2), [], {"humidity": 1}])
    assert [known(reading)["clients"] for reading in found.readings] == [1, 2]
    assert reasons(found) == [
        "undecodable",
        "empty",
        "undecodable",
        "undecodable",
        "empty",
    ]
    assert [letter.origin.element for letter in found.dead_letters] == [1, 2, 3, 5, 6]
    assert [letter.element for letter in found.dead_letters][:2] == [b"5", b"{}"]


def test_a_redelivery_has_the_same_identity_live_and_in_a_backlog() -> None:
    for one in (element(clients=1), {"observed_at": RECEIVED_MS, "clients": 1}):
        text = json.dumps(one).encode()
        live = DECODER.decode(record(BUS, text)).readings[0]
        again = DECODER.decode(record(BUS, b" [\n" + text + b" ]")).readings[0]
        padded = DECODER.decode(record(BUS, b"\n" + text + b"\r\n")).readings[0]
        assert live == again == padded
        assert 0 <= live.digest < 2**63


def test_two_elements_of_one_millisecond_without_a_sequence_differ() -> None:
    pair = [{"observed_at": RECEIVED_MS, "clients": count} for count in (1, 2)]
    first, second = decode(pair).readings
    assert first.digest != second.digest


def test_the_same_sequence_number_with_other_content_shows_in_the_digest() -> None:
    first, second = decode([element(clients=1), element(clients=2)]).readings
    assert first.digest != second.digest


def test_a_retry_is_no_sign_of_life() -> None:
    payload = json.dumps({"clients": 1}).encode()
    assert reasons(DECODER.decode(record(BUS, payload, record_type=RecordType.RETRY))) == ["time"]
    payload = json.dumps(element(clients=1)).encode()
    (reading,) = DECODER.decode(record(BUS, payload, record_type=RecordType.RETRY)).readings
    assert known(reading) == {"clients": 1}


def test_time_is_judged_by_the_receipt_and_by_nothing_else() -> None:
    payload = json.dumps(element(observed_at=1_600_000_000_000, clients=1)).encode()
    found = DECODER.decode(record(BUS, payload, received_at_ms=1_600_000_001_000))
    assert not found.readings[0].clock_suspect
    assert found.readings[0].observed_at_ms == 1_600_000_000_000


def test_texts_are_still_judged_after_more_of_them_than_are_remembered() -> None:
    for number in range(REMEMBERED_TEXTS + 2):
        assert len(decode(element(trip_id=str(number))).readings) == 1
    assert drops(decode(element(trip_id="a@b"))) == [("trip_id", "pattern")]
    assert known(decode(element(trip_id="7")).readings[0]) == {"trip_id": "7"}


def test_a_topic_is_redacted_before_it_is_cut() -> None:
    topic = "x" * 246 + "/aa:bb:cc:dd:ee:ff"
    (letter,) = decode({"clients": 1}, topic).dead_letters
    assert "aa:bb" not in letter.topic
    assert len(letter.topic) <= 256
