from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.errors import StoreError
from ausguck.store.port import Every
from ausguck.store.windows import WIDTH_MS, windows

HOUR_MS = 3_600_000
PLACES = ("Europe/Berlin", "UTC", "Asia/Kathmandu", "America/St_Johns", "Africa/Cairo")


def ms(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("start", "hours"),
    [(ms(2026, 3, 28, 23), 23), (ms(2026, 10, 24, 22), 25), (ms(2026, 6, 1, 22), 24)],
)
def test_a_day_is_as_long_as_it_is(start: int, hours: int) -> None:
    cut = windows(start, start + 30 * HOUR_MS, Every.DAY, "Europe/Berlin", 10)
    assert cut.starts == (start, start + hours * HOUR_MS)


def test_a_day_without_a_midnight_begins_when_the_clocks_have_jumped() -> None:
    start = ms(2026, 4, 23, 22)  # Cairo goes from 00:00 to 01:00 on 24 April 2026
    cut = windows(start, start + HOUR_MS, Every.DAY, "Africa/Cairo", 10)
    assert cut.starts == (start,)


def test_hours_are_whole_hours_of_the_place() -> None:
    cut = windows(ms(2026, 7, 1), ms(2026, 7, 1, 1), Every.HOUR, "Asia/Kathmandu", 10)
    assert cut.starts == (ms(2026, 6, 30, 23, 15), ms(2026, 7, 1, 0, 15))


def test_more_windows_than_the_limit_end_where_the_next_would_begin() -> None:
    cut = windows(0, 2**50, Every.MINUTE, "UTC", 3)
    assert cut == ((0, 60_000, 120_000), 180_000, True)
    assert windows(0, 180_000, Every.MINUTE, "UTC", 3) == ((0, 60_000, 120_000), 180_000, False)


def test_nothing_has_no_windows() -> None:
    assert windows(5, 5, Every.DAY, "UTC", 3) == ((), 5, False)


def test_an_unknown_place_is_an_error_of_ours() -> None:
    for place in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(StoreError, match="time zone"):
            windows(0, 1, Every.DAY, place, 3)


@given(
    start=st.integers(ms(2020, 1, 1), ms(2035, 1, 1)),
    length=st.integers(1, 40 * 24 * HOUR_MS),
    every=st.sampled_from(Every),
    place=st.sampled_from(PLACES),
)
def test_windows_cover_the_span_without_gap_or_overlap(
    start: int, length: int, every: Every, place: str
) -> None:
    cut = windows(start, start + length, every, place, 100)
    assert cut.starts[0] <= start
    assert list(cut.starts) == sorted(set(cut.starts))
    assert cut.truncated == (cut.end_ms < start + length)
    ends = (*cut.starts[1:], cut.end_ms)
    assert ends[0] > start
    for window, end in zip(cut.starts, ends, strict=True):
        if every is Every.DAY:
            local = datetime.fromtimestamp(window / 1000, tz=ZoneInfo(place))
            assert (local.hour, local.minute) in {(0, 0), (1, 0)}
        else:
            assert end - window <= WIDTH_MS[every]
