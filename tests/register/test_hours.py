"""Opening hours by the clock on the wall, on the days it is changed too."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.register.hours import HORIZON_DAYS, LONGEST, Hours, Opening, hours_at, hours_fault

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE_MS = 60_000


def ms(*parts: int) -> int:
    """A moment in UTC."""
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]  # year to minute


@pytest.mark.parametrize(
    ("at", "opening", "until"),
    [
        ((2026, 5, 5, 2, 59), Opening.CLOSED, (2026, 5, 5, 3)),
        ((2026, 5, 5, 3), Opening.OPEN, (2026, 5, 5, 22)),
        ((2026, 5, 5, 22), Opening.CLOSED, (2026, 5, 6, 3)),
        ((2026, 12, 5, 4), Opening.OPEN, (2026, 12, 5, 23)),
    ],
)
def test_hours_are_those_of_the_site(
    at: tuple[int, ...], opening: Opening, until: tuple[int, ...]
) -> None:
    assert hours_at("Mo-Su 05:00-24:00", ms(*at), BERLIN) == Hours(opening, ms(*until))


@pytest.mark.parametrize(
    ("text", "at", "opening", "until"),
    [
        # 02:00 to 03:00 is not there on 29 March 2026: what would open in it stays closed.
        ("Mo-Su 02:15-02:45", (2026, 3, 29, 0, 30), Opening.CLOSED, (2026, 3, 30, 0, 15)),
        ("Mo-Su 05:00-02:30", (2026, 3, 29, 0, 30), Opening.OPEN, (2026, 3, 29, 1)),
        # ... and is there twice on 25 October.
        ("Mo-Su 02:15-02:45", (2026, 10, 25, 0, 10), Opening.CLOSED, (2026, 10, 25, 0, 15)),
        ("Mo-Su 02:15-02:45", (2026, 10, 25, 0, 45), Opening.CLOSED, (2026, 10, 25, 1, 15)),
        ("Mo-Su 05:00-02:30", (2026, 10, 25, 0, 40), Opening.CLOSED, (2026, 10, 25, 1)),
        ("Mo-Su 05:00-02:30", (2026, 10, 25, 1), Opening.OPEN, (2026, 10, 25, 1, 30)),
    ],
)
def test_hours_that_the_clocks_skip_or_show_twice(
    text: str, at: tuple[int, ...], opening: Opening, until: tuple[int, ...]
) -> None:
    assert hours_at(text, ms(*at), BERLIN) == Hours(opening, ms(*until))


@pytest.mark.parametrize(
    ("text", "opening"),
    [
        ("24/7", Opening.OPEN),
        ("off", Opening.CLOSED),
        ("2029 Mar 01-2029 Oct 31 10:00-12:00", Opening.CLOSED),
        # Behind its last day: this took the parser 8 s.
        ("unknown; 2026 May 04 off; 2026 May 04 Mo 05:00-05:40", Opening.UNKNOWN),
    ],
)
def test_what_does_not_change_for_long_is_to_be_asked_for_again(
    text: str, opening: Opening
) -> None:
    at_ms = ms(2026, 5, 5)
    found = hours_at(text, at_ms, BERLIN)
    assert found == Hours(opening, at_ms + HORIZON_DAYS * 86_400_000)


def test_public_holidays_are_the_countrys() -> None:
    text, christmas_ms = "Mo-Su 05:00-24:00; PH off", ms(2026, 12, 25, 12)
    assert hours_at(text, christmas_ms, BERLIN, "DE").opening is Opening.CLOSED
    assert hours_at(text, christmas_ms, BERLIN, "ZZ").opening is Opening.OPEN
    assert hours_at(text, christmas_ms, BERLIN).opening is Opening.OPEN


def test_hours_may_say_that_nobody_knows() -> None:
    found = hours_at("unknown; Mo 10:00-12:00", ms(2026, 5, 5), BERLIN)
    assert found.opening is Opening.UNKNOWN


@pytest.mark.parametrize("text", ["always", "Mo-Su 05:00", "", "25:99"])
def test_what_cannot_be_read_is_a_fault_and_unknown(text: str) -> None:
    fault = hours_fault(text)
    assert fault is not None
    assert "such as 'Mo-Su 05:00-24:00'" in fault
    assert "\n" not in fault
    assert hours_at(text, ms(2026, 5, 5), BERLIN).opening is Opening.UNKNOWN


@pytest.mark.parametrize("text", ["24/7", "Mo-Fr 06:00-22:00; PH off", "Mar-Oct sunrise-sunset"])
def test_what_can_be_read_is_none(text: str) -> None:
    assert hours_fault(text) is None


def test_there_is_an_end_to_hours() -> None:
    assert hours_fault("; ".join(["Mo 05:00-06:00"] * 1000)) == (
        f"15998 characters, more than {LONGEST}"
    )


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(
        [
            "Mo-Su 02:15-02:45",
            "Mo-Su 05:00-02:30",
            "Sa 22:00-28:00",
            "Su 01:00-03:00,04:00-05:00",
            "Mar 29 off; 00:00-02:00,03:00-24:00",
            "Mo-Su sunrise-sunset",
        ]
    ),
    st.sampled_from([BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
    st.sampled_from([(2026, 3, 8), (2026, 3, 28), (2026, 4, 4), (2026, 10, 3), (2026, 10, 24)]),
    st.integers(0, 36 * 60),
)
def test_it_stays_as_it_is_until_then_and_not_longer(
    text: str, zone: ZoneInfo, day: tuple[int, int, int], minute: int
) -> None:
    at_ms = ms(*day) + minute * MINUTE_MS
    found = hours_at(text, at_ms, zone)

    for later_ms in range(at_ms, found.until_ms, 5 * MINUTE_MS):
        assert hours_at(text, later_ms, zone).opening is found.opening
    assert hours_at(text, found.until_ms - 1, zone).opening is found.opening
    assert hours_at(text, found.until_ms, zone).opening is not found.opening
    assert timedelta(milliseconds=found.until_ms - at_ms) < timedelta(days=8)
