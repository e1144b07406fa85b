"""When a file is asked for again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.pollers.timing import (
    BACK_OFF_MAX_S,
    DAY_S,
    Turn,
    overdue_s,
    retry_after_s,
    wait_after_failure,
    wait_after_success,
)

NOW_MS = 1_800_000_000_000  # Fri, 15 Jan 2027 08:00:00 GMT
TTLS = st.one_of(st.none(), st.floats(0, 1e12))
INTERVALS = st.floats(1, 3600)


@pytest.mark.parametrize(
    ("ttl_s", "age_s", "live", "other"),
    [
        (0, 10, 60, 60),
        (None, 10, 60, 60),
        (30, 0, 60, 60),
        (300, 0, 300, 300),
        (300, 100, 200, 200),
        (300, 290, 60, 60),
        (300, 301, 60, 300),
        (300, None, 300, 300),
        (300, -5, 300, 300),
        (10 * DAY_S, 0, DAY_S, DAY_S),
    ],
)
def test_a_file_is_asked_for_when_its_ttl_is_over(
    ttl_s: float | None, age_s: float | None, live: float, other: float
) -> None:
    assert wait_after_success(60.0, ttl_s, age_s, is_live=True) == live
    assert wait_after_success(60.0, ttl_s, age_s, is_live=False) == other


@settings(deadline=None, max_examples=40)
@given(
    interval_s=INTERVALS,
    ttl_s=TTLS,
    age_s=st.one_of(st.none(), st.floats(-1e12, 1e12)),
    is_live=st.booleans(),
)
def test_never_faster_than_the_interval_and_once_a_day_at_least(
    interval_s: float, ttl_s: float | None, age_s: float | None, *, is_live: bool
) -> None:
    wait_s = wait_after_success(interval_s, ttl_s, age_s, is_live=is_live)
    assert interval_s <= wait_s <= DAY_S


@settings(deadline=None, max_examples=40)
@given(INTERVALS, st.integers(1, 10_000), st.floats(0, 1))
def test_trouble_makes_us_slower_within_bounds(
    interval_s: float, failures: int, chance: float
) -> None:
    wait_s = wait_after_failure(interval_s, failures, lambda: chance)
    assert interval_s <= wait_s <= max(interval_s, BACK_OFF_MAX_S)


def test_trouble_that_goes_on_doubles_the_wait_and_chance_spreads_it() -> None:
    assert [wait_after_failure(10, n, lambda: 1.0) for n in (1, 2, 3, 9)] == [20, 40, 80, 900]
    assert wait_after_failure(10, 3, lambda: 0.0) == 40


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("99999999999999999999", DAY_S),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        ("Friday, 15-Jan-27 08:02:00 GMT", 120.0),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0.0),
        ("Fri, 15 Jan 2044 07:00:00 GMT", DAY_S),
        ("-5", None),
        ("soon", None),
        ("٣", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW_MS) == seconds


@settings(deadline=None, max_examples=40)
@given(st.text())
def test_retry_after_of_any_text_is_seconds_or_nothing(header: str) -> None:
    found = retry_after_s(header, NOW_MS)
    assert found is None or 0 <= found <= DAY_S


def test_hurry_waits_for_the_interval_and_never_puts_off() -> None:
    turn = Turn(due_s=1000.0)
    turn.asked(100.0)
    turn.hurry(110.0, 60.0)
    assert turn.due_s == 160.0
    turn.hurry(500.0, 60.0)
    assert turn.due_s == 160.0


def test_overdue_is_counted_from_the_end_of_the_ttl() -> None:
    assert overdue_s(NOW_MS, NOW_MS - 90_000, 60) == 30
    assert overdue_s(NOW_MS, NOW_MS - 30_000, 60) == 0
    assert overdue_s(NOW_MS, NOW_MS + 30_000, None) == 0
