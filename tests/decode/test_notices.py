"""Status, event and inventory."""

import json

import pytest

from ausguck.journal.port import Flag
from ausguck.model import AssetId, Event, Kind, Origin
from tests.decode.records import (
    DAY_MS,
    DECODER,
    POSITION,
    RECEIVED_MS,
    decode,
    drops,
    reasons,
    record,
)

STATUS = "v1/kiel/bus/0123/status"
EVENT = "v1/kiel/bus/0123/event"
INVENTORY = "v1/kiel/bus/0123/inventory"
EARLIER_MS = RECEIVED_MS - DAY_MS


def event_of(topic: str, document: object) -> Event:
    found = decode(document, topic)
    assert found.event_origins == [Origin(POSITION, 0)]
    (event,) = found.events
    return event


@pytest.mark.parametrize("state", ["ready", "sleeping", "disconnected", "lost"])
def test_a_status_is_an_event_of_its_own_time(state: str) -> None:
    event = event_of(STATUS, {"state": state, "observed_at": EARLIER_MS})
    assert (event.type, event.detail) == ("status", state)
    assert (event.observed_at_ms, event.received_at_ms) == (EARLIER_MS, RECEIVED_MS)
    assert event.asset == AssetId("kiel", Kind.BUS, "0123")
    assert 0 <= event.digest < 2**63


@pytest.mark.parametrize(
    ("word", "state"), [(b"online", "ready"), (b"offline", "lost"), (b"online\n", "ready")]
)
def test_a_bare_word_is_a_status(word: bytes, state: str) -> None:
    (event,) = DECODER.decode(record(STATUS, word)).events
    assert (event.detail, event.observed_at_ms) == (state, RECEIVED_MS)


def test_a_will_is_stamped_with_the_time_of_receipt() -> None:
    payload = json.dumps({"state": "lost", "observed_at": EARLIER_MS}).encode()
    (event,) = DECODER.decode(record(STATUS, payload, flags=Flag.WILL | Flag.RETAIN)).events
    assert event.observed_at_ms == RECEIVED_MS


def test_a_retained_status_keeps_its_own_time() -> None:
    payload = json.dumps({"state": "ready", "observed_at": EARLIER_MS}).encode()
    (event,) = DECODER.decode(record(STATUS, payload, flags=Flag.QOS1 | Flag.RETAIN)).events
    assert event.observed_at_ms == EARLIER_MS


@pytest.mark.parametrize("observed_at", [None, 0, RECEIVED_MS + 400_000, "now"])
def test_a_status_of_no_possible_time_has_that_of_receipt(observed_at: object) -> None:
    event = event_of(STATUS, {"state": "ready", "observed_at": observed_at})
    assert event.observed_at_ms == RECEIVED_MS


@pytest.mark.parametrize("topic", [STATUS, EVENT, INVENTORY])
def test_too_old_is_a_dead_letter(topic: str) -> None:
    said = {"state": "ready", "type": "x", "model": "m", "observed_at": RECEIVED_MS - 28 * DAY_MS}
    assert reasons(decode(said, topic)) == ["too_old"]


@pytest.mark.parametrize("topic", [STATUS, EVENT, INVENTORY])
@pytest.mark.parametrize("payload", [b"", b"up", b"[]", b"{", b"5"])
def test_what_is_no_object_is_a_dead_letter(topic: str, payload: bytes) -> None:
    found = DECODER.decode(record(topic, payload))
    assert reasons(found) == ["empty" if not payload else "undecodable"]


@pytest.mark.parametrize("state", ["READY", "", None, 1, ["ready"]])
def test_an_unknown_state_is_a_dead_letter(state: object) -> None:
    found = decode({"state": state}, STATUS)
    assert reasons(found) == ["undecodable"]
    assert "ready, sleeping, disconnected, lost" in found.dead_letters[0].detail


def test_an_event_keeps_its_type_and_its_detail_redacted() -> None:
    event = event_of(EVENT, {"type": "wlan.kick", "detail": "sta aa:bb:cc:dd:ee:ff"})
    assert (event.type, event.detail) == ("wlan.kick", "sta [redacted:mac]")


@pytest.mark.parametrize(
    "event_type", ["", "Reboot", "a b", "x" * 65, None, 5, "status", "aa-bb-cc-dd-ee-ff"]
)
def test_an_event_of_no_type_is_a_dead_letter(event_type: object) -> None:
    assert reasons(decode({"type": event_type}, EVENT)) == ["undecodable"]


def test_a_detail_that_is_too_long_is_left_out() -> None:
    found = decode({"type": "reboot", "detail": "x" * 257, "why": 3}, EVENT)
    assert found.events[0].detail == ""
    assert drops(found) == [("detail", "too_long"), ("why", "unknown_key")]


def test_an_inventory_is_what_the_device_says_it_is() -> None:
    said = {
        "model": "RUTX50",
        "firmware": "00.07.06.10",
        "serial": "1118847372",
        "profile": "native",
        "sim_count": 2,
        "observed_at": EARLIER_MS,
    }
    (found,) = decode(said, INVENTORY).inventories
    assert (found.model, found.firmware, found.serial) == ("RUTX50", "00.07.06.10", "1118847372")
    assert (found.profile, found.sim_count, found.observed_at_ms) == ("native", 2, EARLIER_MS)


def test_an_inventory_is_redacted_and_what_is_unknown_left_out() -> None:
    found = decode({"serial": "aa:bb:cc:dd:ee:ff", "imei": "490154203237518"}, INVENTORY)
    assert found.inventories[0].serial == "[redacted:mac]"
    assert drops(found) == [("imei", "unknown_key")]
    assert found.dropped[0].example == '"[redacted:imei]"'


PLACE = {"name": "Hauptbahnhof, Kiel", "lat": 54.315, "lon": 10.132, "capacity": 24}
STATION_INVENTORY = "v1/kiel/station/7/inventory"


def test_a_stations_inventory_says_what_it_is_called_and_where_it_is() -> None:
    (found,) = decode({**PLACE, "serial": "Kiel Hbf"}, STATION_INVENTORY).inventories
    assert (found.name, found.lat, found.lon) == (PLACE["name"], PLACE["lat"], PLACE["lon"])
    assert (found.capacity, found.serial, found.model) == (24, "Kiel Hbf", None)


def test_a_bus_has_no_place_that_is_kept_with_its_inventory() -> None:
    found = decode({**PLACE, "model": "RUTX50"}, INVENTORY)
    assert (found.inventories[0].lat, found.inventories[0].name) == (None, None)
    assert drops(found) == [(key, "unknown_key") for key in PLACE]


@pytest.mark.parametrize(
    ("said", "left_out"),
    [
        ({"lat": 54.3}, [("lat", "half_a_position")]),
        ({"lat": 54.3, "lon": None}, [("lat", "half_a_position")]),
        ({"lat": 0, "lon": 0.0}, [("lat", "no_fix"), ("lon", "no_fix")]),
        ({"lat": 90.5, "lon": 10}, [("lat", "out_of_range"), ("lon", "half_a_position")]),
        ({"lat": "54", "lon": 10}, [("lat", "wrong_type"), ("lon", "half_a_position")]),
        ({"capacity": -1}, [("capacity", "out_of_range")]),
        ({"capacity": 1001}, [("capacity", "out_of_range")]),
        ({"capacity": 2.5}, [("capacity", "wrong_type")]),
        ({"name": "x" * 129}, [("name", "too_long")]),
    ],
)
def test_a_place_that_cannot_be_is_left_out(
    said: dict[str, object], left_out: list[tuple[str, str]]
) -> None:
    found = decode({"model": "SC-2", **said}, STATION_INVENTORY)
    (kept,) = found.inventories
    assert drops(found) == left_out
    assert (kept.name, kept.lat, kept.lon, kept.capacity) == (None, None, None, None)


def test_a_stations_name_is_redacted() -> None:
    (found,) = decode({"name": "Rad von max@example.org"}, STATION_INVENTORY).inventories
    assert found.name == "Rad von [redacted:email]"


def test_an_inventory_of_nothing_is_a_dead_letter() -> None:
    assert reasons(decode({"colour": "red", "sim_count": "two"}, INVENTORY)) == ["empty"]
