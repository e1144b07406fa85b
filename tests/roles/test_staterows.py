"""Rows of state on their way: nothing waits for them, and no row is lost without a count."""

import asyncio
from collections.abc import Callable, Sequence

from ausguck.catalogue.state import StateMeasurement, StateRow, table
from ausguck.clock import ManualClock
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.roles.staterows import StateRows
from tests.roles.turns import until


def rows(*numbers: int) -> list[StateRow]:
    width = len(table(StateMeasurement.FLEET).fields)
    return [
        StateRow(StateMeasurement.FLEET, number, ("kiel",), (number,) + (None,) * (width - 1))
        for number in numbers
    ]


class ScriptedStore:
    """Raises what it was given, in order, and then keeps what it is told."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.kept: list[list[int]] = []
        self.asked: list[list[int]] = []

    async def record(self, rows: Sequence[StateRow]) -> None:
        self.asked.append([row.at_ms for row in rows])
        await asyncio.sleep(0)
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None:
            raise failure
        self.kept.append([row.at_ms for row in rows])


class Wound:
    """A sleep that winds the clock, and notes how long it was asked for."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.slept: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance_ms(round(seconds * 1000))
        await asyncio.sleep(0)


def away(retry_after_s: float = 1.0) -> StoreUnavailable:
    return StoreUnavailable("scripted", "away", retry_after_s)


def play(
    store: ScriptedStore, *puts: list[StateRow], is_so: Callable[[StateRows], bool]
) -> tuple[StateRows, Wound]:
    """Put rows and let them be written until something is so."""
    clock = ManualClock()
    sleep = Wound(clock)
    waiting = StateRows(store, clock, sleep)

    async def run() -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(waiting.run())
            for put in puts:
                waiting.put(put)
            await until(lambda: is_so(waiting))
            running.cancel()

    asyncio.run(run())
    return waiting, sleep


def is_done(waiting: StateRows) -> bool:
    return waiting.stats.waiting == 0


def test_rows_are_written_together_and_in_order() -> None:
    store = ScriptedStore()

    waiting, sleep = play(store, rows(1, 2), rows(3), is_so=is_done)

    assert store.kept == [[1, 2], [3]]
    assert waiting.stats.stored == 3
    assert sleep.slept == []


def test_the_same_rows_are_tried_again() -> None:
    store = ScriptedStore(away(), away(), away(7.0))

    waiting, sleep = play(store, rows(1, 2), rows(3), is_so=is_done)

    assert store.asked == [[1, 2]] * 4 + [[3]]
    assert store.kept == [[1, 2], [3]]
    assert sleep.slept == [1.0, 2.0, 7.0]
    assert (waiting.stats.retries, waiting.stats.stored) == (3, 3)
    assert waiting.stats.last_error is None
    assert not waiting.stats.given_up


def test_old_rows_are_given_up_and_counted() -> None:
    store = ScriptedStore(*[away()] * 16)

    waiting, sleep = play(
        store, rows(1, 2), is_so=lambda waiting: bool(waiting.stats.given_up) or is_done(waiting)
    )

    assert store.kept == []
    assert waiting.stats.given_up == {"store_unavailable": 2}
    assert (waiting.stats.waiting, waiting.stats.stored) == (0, 0)
    assert 300 < sum(sleep.slept) <= 330
    assert max(sleep.slept) == 30.0


def test_what_comes_after_rows_were_given_up_is_written() -> None:
    store = ScriptedStore(*[away(400.0)] * 12)

    async def run() -> None:
        clock = ManualClock()
        waiting = StateRows(store, clock, Wound(clock))
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(waiting.run())
            waiting.put(rows(1))
            await until(lambda: bool(waiting.stats.given_up))
            store.failures.clear()
            waiting.put(rows(2))
            await until(lambda: is_done(waiting))
            running.cancel()

    asyncio.run(run())
    assert store.kept == [[2]]


def test_what_the_store_refuses_for_good_is_not_tried_again() -> None:
    store = ScriptedStore(StoreError("scripted", "wrong"))

    waiting, _ = play(store, rows(1, 2), rows(3), is_so=is_done)

    assert store.asked == [[1, 2], [3]]
    assert waiting.stats.given_up == {"refused": 2}
    assert waiting.stats.stored == 1


def test_what_nobody_foresaw_is_counted_and_ends_nothing() -> None:
    store = ScriptedStore(RuntimeError("unforeseen"))

    waiting, _ = play(store, rows(1, 2), rows(3), is_so=is_done)

    assert waiting.stats.given_up == {"broken": 2}
    assert store.kept == [[3]]
