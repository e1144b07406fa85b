import gzip
from pathlib import Path

import msgspec
import pytest

from ausguck.errors import ConfigError
from simulators.outgoing import Element
from simulators.replay.mapping import BUILT_IN, load_mapping
from simulators.replay.recording import Recording, messages, read_recording

AUSTIN_HEADER = "vehicle_id,timestamp,speed,route_id,trip_id,latitude,longitude,trip_headsign\n"
# Rows of the shapes that are in the file: out of order, a pair of one second, odd values.
AUSTIN_ROWS = (
    "2619,2017-03-21T00:02:31-05:00,0.0,1,1723912,30.19133,-97.77318,1-Metric-SB\n"
    "2619,2017-03-21T00:00:31-05:00,17.43456,1,1723912,30.19826,-97.77679,1-Metric-SB\n"
    "2630,2017-03-21T07:42:23-05:00,5.81152,670,1751768,30.285078,-97.73204,OB\n"
    "2630,2017-03-21T07:42:23-05:00,5.81152,670,1752030,30.285078,-97.73204,IB\n"
    "9302,2017-03-21T05:50:41-05:00,113.9952,135,1724776,0.0,0.0,\n"
)
FIRST_MS = 1_490_072_431_000
T_MS = 1_800_000_000_000

MAPPING = """
topic = "v1/{site}/bus/{bus}/telemetry"
delimiter = ";"
encoding = "latin-1"

[time]
column = "zeit"
format = "%d.%m.%Y %H:%M:%S"
timezone = "Europe/Berlin"

[keys.speed_mps]
column = "kmh"
type = "float"
factor = 0.5
skip = ["", "NA"]

[keys.clients]
column = "gäste"
type = "int"

[keys.ignition]
column = "zündung"
type = "bool"
"""

WRONG_ZONE = """
topic = "t"
keys.a = {column = "a", type = "int"}
time = {column = "t", timezone = "Kiel"}
"""


def austin(folder: Path, rows: str = AUSTIN_ROWS) -> Recording:
    path = folder / "austin.csv.gz"
    path.write_bytes(gzip.compress((AUSTIN_HEADER + rows).encode()))
    return read_recording(path, load_mapping("austin-buses"), "kiel")


def own(folder: Path, rows: str) -> Recording:
    (folder / "own.toml").write_text(MAPPING, encoding="utf-8")
    header = "bus;zeit;kmh;gäste;zündung\n"
    (folder / "own.csv").write_text(header + rows, encoding="latin-1")
    return read_recording(folder / "own.csv", load_mapping(str(folder / "own.toml")), "kiel")


def elements(recording: Recording, shift_ms: int = 0) -> list[Element]:
    return [e for timed in messages(recording, shift_ms) for e in timed.message.elements]


def test_austins_columns_become_the_keys_of_a_bus(tmp_path: Path) -> None:
    recording = austin(tmp_path)
    first = messages(recording, T_MS - recording.first_ms)[0]

    assert recording.first_ms == FIRST_MS
    assert first.message.topic == "v1/kiel/bus/2619/telemetry"
    assert msgspec.json.decode(first.message.payload) == {
        "observed_at": T_MS,
        "lat": 30.19826,
        "lon": -97.77679,
        "speed_mps": 17.43456,
        "line": "1",
        "trip_id": "1723912",
    }


def test_odd_rows_are_sent_as_they_are_found(tmp_path: Path) -> None:
    found = elements(austin(tmp_path))

    assert [(e["lat"], e["speed_mps"]) for e in found if e["line"] == "135"] == [(0.0, 113.9952)]
    pair = [e for e in found if e["line"] == "670"]
    assert [e["trip_id"] for e in pair] == ["1751768", "1752030"]
    assert pair[0]["observed_at"] == pair[1]["observed_at"]


def test_a_recording_goes_out_in_the_order_of_time(tmp_path: Path) -> None:
    timed = messages(austin(tmp_path), 0)
    times = [t.message.elements[0]["observed_at"] for t in timed]

    assert times == sorted(times, key=str)
    assert [t.after_ms for t in timed] == [int(str(at)) - FIRST_MS for at in times]


def test_the_same_shift_gives_the_same_bytes(tmp_path: Path) -> None:
    once, twice = (messages(austin(tmp_path), 86_400_000) for _ in range(2))

    assert [t.message.payload for t in once] == [t.message.payload for t in twice]
    assert [t.message.identities() for t in once] == [t.message.identities() for t in twice]


def test_a_time_that_is_none_is_sent_as_it_was_found_and_in_its_place(tmp_path: Path) -> None:
    rows = (
        "1,2017-03-21T00:00:31-05:00,0.0,1,1,30.1,-97.7,x\n"
        "1,soon,0.0,1,2,30.1,-97.7,x\n"
        "1,2017-03-21T00:00:32-05:00,0.0,1,3,30.1,-97.7,x\n"
    )
    found = elements(austin(tmp_path, rows), 5)

    assert [e["observed_at"] for e in found] == [FIRST_MS + 5, "soon", FIRST_MS + 1005]


def test_readings_can_go_out_as_backlogs(tmp_path: Path) -> None:
    recording = austin(tmp_path)
    single = [t.message for t in messages(recording, 0)]
    grouped = [t.message for t in messages(recording, 0, as_backlog=2)]

    assert [(m.asset, len(m.elements)) for m in grouped] == [
        ("bus/2619", 2),
        ("bus/2630", 2),
        ("bus/9302", 1),
    ]
    assert all(m.is_array for m in grouped)
    assert {i for m in grouped for i in m.identities()} == {
        i for m in single for i in m.identities()
    }, "an element has the same bytes either way"


def test_a_snapshot_is_one_reading_a_row_at_the_time_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "cycle_hire_xy.csv"
    path.write_text(
        "X,Y,id,name,area,nbikes,nempty\n"  # codespell:ignore
        "-0.12,51.5,4,St. Chad's Street,King's Cross,4,19\n"
        "-0.12,51.5,5,Odd Street,Somewhere,many,\n"
    )
    recording = read_recording(path, load_mapping("london-stations"), "kiel")
    timed = messages(recording, T_MS - recording.first_ms)

    assert [t.message.topic.split("/")[2:4] for t in timed] == [["station", "4"], ["station", "5"]]
    assert [t.message.elements[0] for t in timed] == [
        {"observed_at": T_MS, "num_vehicles_available": 4, "num_docks_available": 19},
        {"observed_at": T_MS, "num_vehicles_available": "many"},
    ]


def test_a_mapping_of_ones_own(tmp_path: Path) -> None:
    recording = own(
        tmp_path,
        "7;21.03.2026 12:00:00;36;12;TRUE\n7;21.03.2026 12:00:01;NA;1.5;maybe\n",
    )
    first, second = elements(recording)

    assert first == {
        "observed_at": 1_774_090_800_000,
        "speed_mps": 18.0,
        "clients": 12,
        "ignition": True,
    }
    assert second == {
        "observed_at": 1_774_090_801_000,
        "clients": "1.5",
        "ignition": "maybe",
    }, "skipped, and two that are not of their type"


@pytest.mark.parametrize("number", ["nan", "inf", "1e400"])
def test_a_number_that_json_cannot_say_stays_text(tmp_path: Path, number: str) -> None:
    found = elements(own(tmp_path, f"7;21.03.2026 12:00:00;{number};1;0\n"))

    assert found[0]["speed_mps"] == number


def test_a_row_whose_topic_no_client_may_use_is_left_out_and_counted(tmp_path: Path) -> None:
    recording = own(tmp_path, "#;21.03.2026 12:00:00;1;1;0\n8;21.03.2026 12:00:00;1;1;0\n")

    assert [row.topic for row in recording.rows] == ["v1/kiel/bus/8/telemetry"]
    assert recording.skipped == {"topic cannot be sent over MQTT": 1}


def test_a_short_row_lacks_keys_and_nothing_else(tmp_path: Path) -> None:
    assert elements(own(tmp_path, "7;21.03.2026 12:00:00\n")) == [
        {"observed_at": 1_774_090_800_000}
    ]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("vehicle_id,timestamp\n1,2\n")

    with pytest.raises(ConfigError) as caught:
        read_recording(path, load_mapping("austin-buses"), "kiel")
    assert str(caught.value) == (
        "recording bad.csv, columns: found vehicle_id, timestamp, "
        "expected also latitude, longitude, route_id, speed, trip_id"
    )


def test_a_file_without_any_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found none, expected times of the format 'rfc3339'"):
        austin(tmp_path, "1,soon,0.0,1,2,30.1,-97.7,x\n")


def test_a_file_that_is_not_packed_as_it_says_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv.gz"
    path.write_text(AUSTIN_HEADER)

    with pytest.raises(ConfigError, match=r"plain\.csv\.gz"):
        read_recording(path, load_mapping("austin-buses"), "kiel")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("topic = 3", "Expected `str`, got `int`"),
        ('topic = "t"\n[keys]', "keys: found none"),
        ('topic = "t"\nkey = 1\n[keys]', "unknown field `key`"),
        ('topic = "t{"\n[keys.a]\ncolumn = "a"\ntype = "int"', "whole braces"),
        ('topic = "t"\n[keys.a]\ncolumn = "a"\ntype = "date"', "Invalid enum value 'date'"),
        (WRONG_ZONE, "found Kiel, expected an IANA time zone"),
    ],
)
def test_what_is_wrong_with_a_mapping_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text)

    with pytest.raises(ConfigError) as caught:
        load_mapping(str(path))
    assert complaint in str(caught.value)


def test_an_unknown_mapping_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError) as caught:
        load_mapping("berlin")
    assert all(name in str(caught.value) for name in BUILT_IN)
