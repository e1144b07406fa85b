"""Whole stretches of the clock, by a clock that is wound by hand."""

import asyncio
from collections.abc import Sequence

from ausguck.clock import ManualClock
from ausguck.roles.ticks import ticks

START_MS = 1_800_000_000_000 // 60_000 * 60_000


def ticked(clock: ManualClock, naps_ms: Sequence[int], count: int) -> tuple[list[int], list[float]]:
    """The first ticks, where each sleep takes its turn of `naps_ms`, or as long as was asked."""
    asked: list[float] = []
    naps = list(naps_ms)

    async def sleep(seconds: float) -> None:
        asked.append(seconds)
        clock.advance_ms(naps.pop(0) if naps else round(seconds * 1000))

    async def play() -> list[int]:
        found: list[int] = []
        async for now_ms in ticks(60_000, clock, sleep):
            found.append(now_ms)
            if len(found) == count:
                break
        return found

    return asyncio.run(play()), asked


def test_each_whole_minute_once() -> None:
    found, asked = ticked(ManualClock(START_MS + 12_345), [], 3)

    assert found == [START_MS + minute * 60_000 for minute in (1, 2, 3)]
    assert asked == [47.655, 60.0, 60.0]


def test_who_begins_on_the_minute_waits_for_the_next() -> None:
    assert ticked(ManualClock(START_MS), [], 1)[0] == [START_MS + 60_000]


def test_a_sleep_that_ends_early_is_gone_on_with() -> None:
    found, asked = ticked(ManualClock(START_MS), [59_999], 1)

    assert found == [START_MS + 60_000]
    assert asked == [60.0, 0.001]


def test_what_was_slept_through_is_left_out() -> None:
    found, _ = ticked(ManualClock(START_MS), [60_000, 185_000], 3)

    assert found == [START_MS + minute * 60_000 for minute in (1, 4, 5)]


def test_a_clock_put_back_goes_on_from_there() -> None:
    clock = ManualClock(START_MS)

    async def play() -> list[int]:
        found: list[int] = []

        async def sleep(seconds: float) -> None:
            clock.advance_ms(round(seconds * 1000))
            if len(found) == 1 and clock.now_ms() > START_MS:
                clock.jump_to_ms(START_MS - 3_600_000)

        async for now_ms in ticks(60_000, clock, sleep):
            found.append(now_ms)
            if len(found) == 2:
                break
        return found

    assert asyncio.run(play()) == [START_MS + 60_000, START_MS - 3_600_000 + 60_000]
