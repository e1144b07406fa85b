"""What of a feed's newest files is news."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.settings.tree import Retention, Site
from collectors.decode import Decoder
from collectors.decode.moments import Windows
from collectors.pollers.memory import BACK_MS, Memory, News
from collectors.pollers.model import Counts, Head, Information, Station, Status, Statuses
from collectors.pollers.names import Claims
from collectors.pollers.naming import Naming
from tests.decode.records import record
from tests.pollers.scene import AT_MS

MINUTE_MS = 60_000
DAY_MS = 86_400_000
DECODER = Decoder(Site(), Retention())


def new_memory() -> Memory:
    return Memory(Naming("kiel", "sim"), Windows.of(Retention()))


def information(*ids: str, at_ms: int | None = AT_MS, capacity: int = 20) -> Information:
    stations = [Station(one, f"Station {one}", 54.3, 10.1, capacity) for one in ids]
    return Information(Head(at_ms), tuple(stations))


def status(station_id: str, bikes: int, reported_ms: int | None = AT_MS) -> Status:
    return Status(station_id, Counts(num_vehicles_available=bikes), reported_ms)


def statuses(*stations: Status, at_ms: int | None = AT_MS) -> Statuses:
    return Statuses(Head(at_ms), stations)


def knowing(*ids: str) -> Memory:
    memory = new_memory()
    memory.learn(information(*ids), AT_MS)
    return memory


def told(news: News) -> list[dict[str, Any]]:
    return [json.loads(one.payload) for one in news.messages]


def faults(news: News) -> list[str]:
    return [one.fault.value for one in news.unfit]


def test_what_did_not_change_is_not_sent_again() -> None:
    memory = knowing("1", "2")
    first = memory.take(statuses(status("1", 3), status("2", 4)), AT_MS)
    again = memory.take(statuses(status("1", 3), status("2", 4), at_ms=AT_MS + 1), AT_MS)
    other = memory.take(statuses(status("1", 3), status("2", 5), at_ms=AT_MS + 2), AT_MS)

    assert [(one["observed_at"], one["num_vehicles_available"]) for one in told(first)] == [
        (AT_MS, 3),
        (AT_MS, 4),
    ]
    assert told(again) == []
    assert told(other) == [{"observed_at": AT_MS, "num_vehicles_available": 5}]


def test_a_station_heard_from_again_is_sent_though_its_numbers_stay() -> None:
    memory = knowing("1")
    memory.take(statuses(status("1", 3)), AT_MS)
    later = memory.take(statuses(status("1", 3, AT_MS + 5), at_ms=AT_MS + 9), AT_MS)
    assert told(later) == [{"observed_at": AT_MS + 5, "num_vehicles_available": 3}]


def test_a_state_that_comes_back_under_one_time_is_a_reading_of_its_own() -> None:
    memory = knowing("1")
    payloads = []
    for turn, bikes in enumerate([3, 4, 3, 4, 5, 3]):
        news = memory.take(statuses(status("1", bikes), at_ms=AT_MS + turn), AT_MS)
        payloads += [one.payload for one in news.messages]
    assert len(set(payloads)) == 6
    marks = [json.loads(payload).get("boot_id") for payload in payloads]
    assert marks == [None, None, "again-1", "again-2", None, "again-3"]
    readings = [DECODER.decode(record(TELEMETRY, payload)).readings[0] for payload in payloads]
    assert len({(one.observed_at_ms, one.digest) for one in readings}) == 6


TELEMETRY = "v1/kiel/station/1/telemetry"


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.integers(0, 2)),
        min_size=1,
        max_size=30,
    )
)
def test_every_change_is_one_reading_and_nothing_is_sent_twice(
    steps: list[tuple[str, int, int]],
) -> None:
    memory = knowing("a", "b")
    last: dict[str, tuple[int, int]] = {}
    sent: list[bytes] = []
    expected = 0
    times = {"a": AT_MS, "b": AT_MS}
    for turn, (name, bikes, moved_ms) in enumerate(steps):
        times[name] += moved_ms
        now = (bikes, times[name])
        expected += last.get(name) != now
        last[name] = now
        news = memory.take(statuses(status(name, *now), at_ms=AT_MS + turn), AT_MS)
        sent += [one.topic + one.payload for one in news.messages]
    assert len(sent) == len(set(sent)) == expected


def test_a_time_is_never_made_up() -> None:
    memory = knowing("0", "1", "2", "3", "4")
    news = memory.take(
        statuses(
            status("0", 1, 0),
            status("1", 1, None),
            status("2", 1, AT_MS + 20 * MINUTE_MS),
            status("3", 1, AT_MS - 28 * DAY_MS),
            status("4", 1, AT_MS - 26 * DAY_MS),
            at_ms=AT_MS - 7,
        ),
        AT_MS,
    )
    assert [one["observed_at"] for one in told(news)] == [
        AT_MS - 7,
        AT_MS - 7,
        AT_MS - 7,
        AT_MS - 26 * DAY_MS,
    ]
    assert faults(news) == ["time_impossible", "no_time", "time_impossible", "too_old"]


def test_without_any_time_a_status_is_held_back() -> None:
    memory = knowing("1")
    news = memory.take(statuses(status("1", 1, None), at_ms=None), AT_MS)
    assert (told(news), faults(news)) == ([], ["held_no_time"])
    news = memory.take(statuses(status("1", 1, None), at_ms=5), AT_MS)
    assert (told(news), faults(news)) == ([], ["held_no_time"])


def test_a_files_own_time_moving_is_no_sign_of_a_station() -> None:
    memory = knowing("1")
    memory.take(statuses(status("1", 1, None)), AT_MS)
    same = memory.take(statuses(status("1", 1, None), at_ms=AT_MS + 1), AT_MS)
    other = memory.take(statuses(status("1", 2, None), at_ms=AT_MS + 2), AT_MS)
    assert told(same) == []
    assert [one["observed_at"] for one in told(other)] == [AT_MS + 2]


def test_an_unknown_station_waits_with_its_last_status() -> None:
    memory = knowing("1")
    first = memory.take(statuses(status("new", 3)), AT_MS)
    memory.take(statuses(status("new", 4, AT_MS + 1), at_ms=AT_MS + 1), AT_MS)
    assert (told(first), memory.held) == ([], 1)

    news = memory.learn(information("1", "new"), AT_MS + 2)
    assert [one.topic.decode() for one in news.messages] == [
        "v1/kiel/station/new/inventory",
        "v1/kiel/station/new/telemetry",
    ]
    assert told(news)[1] == {"observed_at": AT_MS + 1, "num_vehicles_available": 4}
    assert memory.held == 0


def test_information_is_asked_for_once_for_each_unknown_station() -> None:
    memory = knowing("1")
    assert memory.take(statuses(status("new", 3)), AT_MS).is_unasked
    memory.learn(information("1"), AT_MS)
    assert not memory.take(statuses(status("new", 3), at_ms=AT_MS + 1), AT_MS).is_unasked
    later = statuses(status("new", 3), status("newer", 3), at_ms=AT_MS + 2)
    assert memory.take(later, AT_MS).is_unasked
    memory.asked()
    assert not memory.take(later, AT_MS).is_unasked
    assert memory.held_since(AT_MS - 1) == []
    assert sorted(memory.held_since(AT_MS)) == ["new", "newer"]


def test_a_station_that_the_information_forgets_goes_on() -> None:
    memory = knowing("1", "2")
    memory.take(statuses(status("1", 3), status("2", 3)), AT_MS)
    memory.learn(information("1"), AT_MS)
    news = memory.take(statuses(status("1", 3), status("2", 4), at_ms=AT_MS + 1), AT_MS)
    assert [one["num_vehicles_available"] for one in told(news)] == [4]
    memory.take(statuses(status("1", 3), at_ms=AT_MS + 2), AT_MS)
    memory.learn(information("1"), AT_MS)
    assert memory.known == 1


def test_an_inventory_is_sent_when_it_changes() -> None:
    memory = new_memory()
    first = memory.learn(information("1", "2"), AT_MS)
    again = memory.learn(information("1", "2", at_ms=AT_MS + 1), AT_MS)
    more = memory.learn(information("1", "2", at_ms=AT_MS + 2, capacity=30), AT_MS)
    assert told(first)[0] == {
        "observed_at": AT_MS,
        "name": "Station 1",
        "lat": 54.3,
        "lon": 10.1,
        "capacity": 20,
    }
    assert (len(told(first)), told(again)) == (2, [])
    assert [one["capacity"] for one in told(more)] == [30, 30]


def test_an_inventory_of_no_sound_time_has_that_of_receipt() -> None:
    for at_ms in (None, 0, AT_MS - 90 * DAY_MS, AT_MS + DAY_MS):
        (said,) = told(new_memory().learn(information("1", at_ms=at_ms), AT_MS))
        assert "observed_at" not in said


def test_an_id_of_other_letters_is_escaped_and_kept() -> None:
    news = knowing_id("Kiel Hbf/Süd")
    assert news.messages[0].topic == b"v1/kiel/station/Kiel_x20_Hbf_x2f_S_xfc_d/inventory"
    assert told(news)[0]["serial"] == "Kiel Hbf/Süd"
    assert "serial" not in told(knowing_id("plain"))[0]
    assert "serial" not in told(knowing_id("ü" * 65))[0]


def knowing_id(station_id: str) -> News:
    return new_memory().learn(information(station_id), AT_MS)


def test_of_two_feeds_with_one_id_the_first_has_the_station() -> None:
    claims = Claims()
    windows = Windows.of(Retention())
    first = Memory(Naming("kiel", "a", "", claims), windows)
    second = Memory(Naming("kiel", "b", "", claims), windows)
    apart = Memory(Naming("kiel", "c", "c-", claims), windows)
    assert len(told(first.learn(information("1"), AT_MS))) == 1
    second.take(statuses(status("1", 3)), AT_MS)
    news = second.learn(information("1", "2"), AT_MS)
    assert [one.topic.decode() for one in news.messages] == ["v1/kiel/station/2/inventory"]
    assert faults(news) == ["id_of_another_feed"]
    later = second.take(statuses(status("1", 4), at_ms=AT_MS + 1), AT_MS)
    assert (told(later), second.held, later.is_unasked) == ([], 0, False)

    (said,) = apart.learn(information("1"), AT_MS).messages
    assert said.topic == b"v1/kiel/station/c-1/inventory"
    assert json.loads(said.payload)["serial"] == "1"


def test_an_old_copy_from_a_cache_is_passed_over() -> None:
    memory = knowing("1")
    memory.take(statuses(status("1", 4, AT_MS - 5), at_ms=AT_MS), AT_MS)
    old = memory.take(statuses(status("1", 3, AT_MS - 9), at_ms=AT_MS - MINUTE_MS), AT_MS)
    assert (old.is_old_copy, told(old)) == (True, [])

    much_older = statuses(status("1", 3, AT_MS - 9), at_ms=AT_MS - BACK_MS)
    assert len(told(memory.take(much_older, AT_MS))) == 1


def test_every_message_is_one_that_the_decoder_takes_without_a_word() -> None:
    full = Counts(
        num_vehicles_available=53,
        num_vehicles_disabled=0,
        num_docks_available=0,
        num_docks_disabled=1,
        vehicle_types_available={"_x45_-bike": 1},
        is_installed=True,
        is_renting=False,
        is_returning=True,
    )
    memory = new_memory()
    messages = memory.learn(information("Hbf 1"), AT_MS).messages
    messages += memory.take(statuses(Status("Hbf 1", full, AT_MS)), AT_MS).messages
    decoded = [DECODER.decode(record(one.topic.decode(), one.payload)) for one in messages]
    assert [one.dropped for one in decoded] == [[], ()]
    assert decoded[0].inventories[0].serial == "Hbf 1"
    assert decoded[1].readings[0].observed_at_ms == AT_MS
    assert decoded[1].is_plain
