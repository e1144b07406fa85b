"""Whole minutes, or any other whole stretch of the clock, as they pass."""

from collections.abc import AsyncIterator, Awaitable, Callable

from ausguck.clock import Clock

Sleep = Callable[[float], Awaitable[None]]


async def ticks(every_ms: int, clock: Clock, sleep: Sleep) -> AsyncIterator[int]:
    """Each multiple of `every_ms` soon after it has passed; what was slept through is left out.

    A clock that is put back goes on from where it is then.
    """
    due_ms = _next(clock.now_ms(), every_ms)
    while True:
        while (now_ms := clock.now_ms()) < due_ms:
            due_ms = min(due_ms, _next(now_ms, every_ms))
            await sleep((due_ms - now_ms) / 1000)
        yield now_ms - now_ms % every_ms
        due_ms = _next(now_ms, every_ms)


def _next(now_ms: int, every_ms: int) -> int:
    return now_ms - now_ms % every_ms + every_ms
