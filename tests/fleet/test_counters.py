"""Counters between two rows: only what is certain is booked."""

import pytest

from ausguck.catalogue.state import State
from ausguck.model import Reading
from tests.fleet.makers import HOUR_MS, MINUTE_MS, NOW_MS, Watch, told

LATER_MS = NOW_MS + MINUTE_MS


def first() -> Watch:
    return Watch().see(told(guest_down_bytes_total=1_000, guest_up_bytes_total=10, uptime_s=100.0))


def test_the_first_row_after_a_start_books_nothing() -> None:
    bus = first().bus

    assert not {"guest_down_bytes", "guest_up_bytes", "reboots"} & set(bus)


def test_the_difference_belongs_to_the_later_reading() -> None:
    watch = first()
    watch.see(
        told(at_ms=LATER_MS, guest_down_bytes_total=1_500, guest_up_bytes_total=10), now_ms=LATER_MS
    )
    bus = watch.bus
    assert (bus["guest_down_bytes"], bus["guest_up_bytes"], bus["reboots"]) == (500, 0, 0)
    # No later reading, so nothing is known of this minute.
    watch.see(now_ms=LATER_MS + MINUTE_MS)
    assert "guest_down_bytes" not in watch.bus
    now_ms = LATER_MS + 2 * MINUTE_MS
    watch.see(told(at_ms=now_ms, guest_down_bytes_total=1_700), now_ms=now_ms)
    assert watch.bus["guest_down_bytes"] == 200
    assert "guest_up_bytes" not in watch.bus


@pytest.mark.parametrize(
    "later",
    [
        told(at_ms=LATER_MS, guest_down_bytes_total=900),
        told(at_ms=LATER_MS, guest_down_bytes_total=1_500, boot_id="b2"),
        told(at_ms=LATER_MS, guest_down_bytes_total=1_500, boot_id=None),
        told(at_ms=LATER_MS, guest_down_bytes_total=1_500, clock_suspect=True),
        told(at_ms=LATER_MS),
    ],
    ids=["fell", "other_boot", "boot_unknown", "other_clock", "not_told"],
)
def test_what_is_not_certain_is_not_booked(later: Reading) -> None:
    watch = first().see(later, now_ms=LATER_MS)

    assert "guest_down_bytes" not in watch.bus
    assert "guest_down_bytes" not in watch.fleet


def test_counting_goes_on_behind_a_reset() -> None:
    watch = first().see(told(at_ms=LATER_MS, guest_down_bytes_total=100), now_ms=LATER_MS)
    now_ms = LATER_MS + MINUTE_MS
    watch.see(told(at_ms=now_ms, guest_down_bytes_total=130), now_ms=now_ms)

    assert watch.bus["guest_down_bytes"] == 30


def test_a_device_without_a_boot_id_counts_too() -> None:
    watch = Watch().see(told(boot_id=None, guest_down_bytes_total=1_000))
    watch.see(told(at_ms=LATER_MS, boot_id=None, guest_down_bytes_total=1_500), now_ms=LATER_MS)

    assert watch.bus["guest_down_bytes"] == 500


def test_a_tunnels_traffic_is_booked_when_the_bus_is_back_and_not_before() -> None:
    watch = first()
    now_ms = NOW_MS + 2 * HOUR_MS
    backlog = told(at_ms=now_ms - HOUR_MS, received_ms=now_ms - 1_000, guest_down_bytes_total=1_400)
    watch.see(backlog, now_ms=now_ms)
    assert (watch.bus["state"], "guest_down_bytes" in watch.bus) == (State.SILENT, False)
    now_ms += MINUTE_MS
    watch.see(told(at_ms=now_ms - 1_000, guest_down_bytes_total=1_900), now_ms=now_ms)

    assert watch.bus["guest_down_bytes"] == 900


@pytest.mark.parametrize(("silence_ms", "booked"), [(24 * HOUR_MS, 500), (24 * HOUR_MS + 1, None)])
def test_over_more_than_a_day_nothing_is_booked(silence_ms: int, booked: int | None) -> None:
    at_ms = NOW_MS - 5_000 + silence_ms
    watch = first().see(told(at_ms=at_ms, guest_down_bytes_total=1_500), now_ms=at_ms + 1_000)

    assert watch.bus.get("guest_down_bytes") == booked


@pytest.mark.parametrize(
    ("boot_ids", "uptime_s", "reboots"),
    [
        (("b1", "b1"), 5.0, 0),
        (("b1", "b2"), 500.0, 1),
        ((None, None), 5.0, 1),
        ((None, None), 160.0, 0),
        ((None, "b1"), 160.0, 0),
        ((None, None), None, None),
    ],
)
def test_a_new_boot_is_told_by_its_id_or_by_an_uptime_that_fell(
    boot_ids: tuple[str | None, str | None], uptime_s: float | None, reboots: int | None
) -> None:
    then, now = boot_ids
    watch = Watch().see(told(boot_id=then, uptime_s=100.0))
    told_uptime = {} if uptime_s is None else {"uptime_s": uptime_s}
    watch.see(told(at_ms=LATER_MS, boot_id=now, values=told_uptime), now_ms=LATER_MS)

    assert watch.bus.get("reboots") == reboots


def test_a_new_boot_is_counted_once() -> None:
    watch = first().see(told(at_ms=LATER_MS, boot_id="b2"), now_ms=LATER_MS)
    assert watch.bus["reboots"] == 1
    watch.see(told(at_ms=LATER_MS, boot_id="b2"), now_ms=LATER_MS + MINUTE_MS)
    assert "reboots" not in watch.bus
    now_ms = LATER_MS + 2 * MINUTE_MS
    assert watch.see(told(at_ms=now_ms, boot_id="b2"), now_ms=now_ms).bus["reboots"] == 0
