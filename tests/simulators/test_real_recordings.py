"""The built-in mappings against the recordings they were made for."""

from collections import Counter, defaultdict

import pytest

from simulators.outgoing import Element
from simulators.replay.mapping import load_mapping
from simulators.replay.recording import messages, read_recording
from tests.conftest import AUSTIN, LONDON

FIXES, BUSES, LONDON_STATIONS = 45_386, 329, 742
T_MS = 1_800_000_000_000


@pytest.mark.recordings
def test_every_fix_of_austins_morning_goes_out_with_its_odd_values() -> None:
    recording = read_recording(AUSTIN, load_mapping("austin-buses"), "kiel")
    timed = messages(recording, T_MS - recording.first_ms)
    by_bus: dict[str, list[Element]] = defaultdict(list)
    for each in timed:
        by_bus[each.message.asset] += each.message.elements
    everything = [element for fixes in by_bus.values() for element in fixes]

    assert (len(timed), len(by_bus)) == (FIXES, BUSES)
    assert not recording.skipped
    assert timed[0].message.elements[0]["observed_at"] == T_MS
    assert sum(element["speed_mps"] == 113.9952 for element in everything) == 7
    assert sum((element["lat"], element["lon"]) == (0, 0) for element in everything) == 3
    for fixes in by_bus.values():
        times = [int(str(fix["observed_at"])) for fix in fixes]
        assert times == sorted(times)
    seconds = Counter((bus, fix["observed_at"]) for bus, fixes in by_bus.items() for fix in fixes)
    ((bus, at_ms),) = [key for key, count in seconds.items() if count > 1]
    assert bus == "bus/2630"
    pair = [fix["trip_id"] for fix in by_bus[bus] if fix["observed_at"] == at_ms]
    assert sorted(map(str, pair)) == ["1751768", "1752030"]
    identities = {identity for each in timed for identity in each.message.identities()}
    assert len(identities) == FIXES, "two fixes of one second differ by their digest"


@pytest.mark.stations
def test_every_station_of_london_is_one_reading() -> None:
    recording = read_recording(LONDON, load_mapping("london-stations"), "kiel")
    timed = messages(recording, T_MS)

    assert len({each.message.asset for each in timed}) == len(timed) == LONDON_STATIONS
    first = timed[0].message
    assert first.topic == "v1/kiel/station/1/telemetry"
    assert first.elements == (
        {"observed_at": T_MS, "num_vehicles_available": 4, "num_docks_available": 14},
    )
    assert all(type(e["num_docks_available"]) is int for t in timed for e in t.message.elements)
