"""What readings tell of whether an asset should be heard."""

from ausguck.fleet.picture import Picture, paint
from ausguck.fleet.telling import told as telling
from ausguck.model import Reading
from ausguck.register.expecting import Told
from tests.fleet.makers import NOW_MS, STATION, says, told


def painted(*readings: Reading) -> Picture:
    picture = None
    for reading in readings:
        picture = paint(reading, picture, 300_000)
    assert picture is not None
    return picture


def test_a_bus_that_tells_nothing_of_it() -> None:
    assert telling(painted(told(clients=3)), None) == Told()


def test_each_word_has_its_time() -> None:
    picture = painted(
        told(at_ms=NOW_MS, ignition=True),
        told(at_ms=NOW_MS + 1, lat=54.3, lon=10.1),
        told(at_ms=NOW_MS + 2, line="11", trip_id="t1"),
    )
    assert telling(picture, None) == Told(
        ignition=True,
        ignition_ms=NOW_MS,
        line="11",
        trip_id="t1",
        line_ms=NOW_MS + 2,
        lat=54.3,
        lon=10.1,
        fix_ms=NOW_MS + 1,
    )


def test_an_old_trip_is_not_told_with_a_new_line() -> None:
    picture = painted(
        told(at_ms=NOW_MS, line="11", trip_id="t1"), told(at_ms=NOW_MS + 9, line="12")
    )
    found = telling(picture, None)
    assert (found.line, found.trip_id, found.line_ms) == ("12", None, NOW_MS + 9)


def test_half_a_fix_is_none() -> None:
    picture = painted(told(at_ms=NOW_MS, lat=54.3, lon=10.1), told(at_ms=NOW_MS + 9, lat=54.4))
    found = telling(picture, None)
    assert (found.lat, found.lon, found.fix_ms) == (None, None, 0)


def test_sleep_ends_with_a_line() -> None:
    status = says("sleeping", NOW_MS)
    assert telling(painted(told(clients=3)), status).is_asleep
    assert not telling(painted(told(at_ms=NOW_MS + 9, line="11")), status).is_asleep


def test_a_station_that_was_taken_away() -> None:
    assert telling(painted(told(STATION, is_installed=False)), None) == Told(is_installed=False)
