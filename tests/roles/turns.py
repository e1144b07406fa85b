"""Letting other tasks have their turns until something is so."""

import asyncio
from collections.abc import Callable

MANY = 5_000_000
"""Some seconds of turns; a thread may need that long where the machine is busy."""


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(MANY):
        if is_so():
            return
        await asyncio.sleep(0)
    raise AssertionError(f"not so after {MANY} turns")
