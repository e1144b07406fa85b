"""Each tick turns by what it is about, and by nothing else."""

from ausguck import catalogue
from ausguck.commissioning.models import Words
from ausguck.commissioning.ticks import HEARD_MS, HINTS, TITLES, ticks
from ausguck.commissioning.watching import CLOCK_MS, LATE_MS, MOST, WATCHED_MS, Watched, Watching
from ausguck.model import AssetId, Kind, Reading, Scalar

NOW_MS = 1_800_000_000_000
BUS = AssetId("kiel", Kind.BUS, "0123")
STATION = AssetId("kiel", Kind.STATION, "1001")


def reading(
    asset: AssetId = BUS,
    received_ms: int = NOW_MS,
    late_ms: int = 0,
    *,
    clock_suspect: bool = False,
    **values: Scalar,
) -> Reading:
    return Reading(
        asset=asset,
        observed_at_ms=received_ms - late_ms,
        received_at_ms=received_ms,
        boot_id=None,
        seq=None,
        digest=0,
        clock_suspect=clock_suspect,
        values=tuple(values.get(key) for key in catalogue.keys(asset.kind)),
    )


def states(
    *readings: Reading, asset: AssetId = BUS, connected_ms: int | None = None
) -> dict[str, str]:
    watching = Watching()
    watching.look(asset, NOW_MS - 1000)
    watching.note(readings)
    watched = watching.look(asset, NOW_MS)
    return {tick.key: tick.state.value for tick in ticks(asset.kind, watched, connected_ms, NOW_MS)}


def test_before_anything_is_heard_all_wait() -> None:
    assert set(states().values()) == {"waiting"}
    assert list(states()) == ["connected", "clock", "gps", "signal", "guests", "buffered"]
    assert list(states(asset=STATION)) == [
        "connected",
        "clock",
        "bikes",
        "power",
        "signal",
        "buffered",
    ]


def test_a_connection_or_a_young_message_ticks_connected() -> None:
    assert states(connected_ms=NOW_MS - 5000)["connected"] == "ok"
    assert states(reading(received_ms=NOW_MS - HEARD_MS))["connected"] == "ok"
    assert states(reading(received_ms=NOW_MS - HEARD_MS - 1))["connected"] == "waiting"


def test_the_clock_is_judged_by_what_came_at_once() -> None:
    assert states(reading(late_ms=CLOCK_MS))["clock"] == "ok"
    assert states(reading(late_ms=CLOCK_MS + 1))["clock"] == "wrong"
    assert states(reading(late_ms=-CLOCK_MS - 1))["clock"] == "wrong"
    assert states(reading(clock_suspect=True))["clock"] == "wrong"


def test_one_that_is_always_late_has_a_slow_clock_until_a_live_one_comes() -> None:
    slow = [reading(late_ms=3_600_000), reading(late_ms=3_600_000)]
    assert (states(*slow)["clock"], states(*slow)["buffered"]) == ("wrong", "waiting")
    mended = states(*slow, reading(), reading(late_ms=3_600_000))
    assert (mended["clock"], mended["buffered"]) == ("ok", "ok")


def test_a_place_ticks_gps() -> None:
    assert states(reading(lat=54.3))["gps"] == "waiting"
    assert states(reading(lat=54.3, lon=10.1))["gps"] == "ok"


def test_a_modem_that_tells_ticks_signal_unless_it_has_no_uplink() -> None:
    assert states(reading(rsrp_dbm=-97))["signal"] == "ok"
    assert states(reading(access_technology="none", rsrp_dbm=-97))["signal"] == "wrong"


def test_the_guest_counter_must_rise_while_somebody_watches() -> None:
    low, high = reading(guest_down_bytes_total=10), reading(guest_down_bytes_total=11)
    assert states(low)["guests"] == "waiting"
    assert states(low, low)["guests"] == "waiting"
    assert states(low, high)["guests"] == "ok"


def test_what_waited_in_the_device_ticks_buffered() -> None:
    assert states(reading(), reading(late_ms=LATE_MS))["buffered"] == "waiting"
    assert states(reading(), reading(late_ms=LATE_MS + 1))["buffered"] == "ok"
    assert (
        states(reading(late_ms=CLOCK_MS + 1), reading(late_ms=LATE_MS + 1))["buffered"] == "waiting"
    )


def test_a_station_that_tells_all_is_done() -> None:
    told = reading(STATION, num_vehicles_available=0, battery_v=12.1, rssi_dbm=-70)
    late = reading(STATION, late_ms=LATE_MS + 1, num_vehicles_available=0)
    assert set(states(told, late, asset=STATION).values()) == {"ok"}


def test_every_tick_has_words_in_both_languages() -> None:
    assert TITLES.keys() == HINTS.keys()
    for words in (*TITLES.values(), *HINTS.values()):
        assert isinstance(words, Words)
        assert words.in_language("de")
        assert words.in_language("en")


def test_nobody_is_watched_for_ever_nor_too_many() -> None:
    watching = Watching()
    watching.look(BUS, NOW_MS)
    for number in range(MOST + 5):
        watching.look(AssetId("kiel", Kind.BUS, str(number)), NOW_MS + 1 + number)
    again = watching.look(BUS, NOW_MS + 100)
    assert again.since_ms == NOW_MS + 100
    much_later = NOW_MS + 200 + WATCHED_MS
    assert watching.look(BUS, much_later).since_ms == much_later


def test_what_is_not_watched_leaves_nothing() -> None:
    watching = Watching()
    watching.note([reading(clients=3)])
    assert watching.look(BUS, NOW_MS) == Watched(NOW_MS, NOW_MS)


def test_a_backlog_turns_no_tick_back() -> None:
    low, high = reading(guest_down_bytes_total=10), reading(guest_down_bytes_total=11)
    late = reading(late_ms=LATE_MS + 1, guest_down_bytes_total=5, access_technology="none")
    found = states(low, high, reading(rsrp_dbm=-90), late)
    assert (found["guests"], found["signal"], found["buffered"]) == ("ok", "ok", "ok")
