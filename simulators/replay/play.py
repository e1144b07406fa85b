"""Sends a recording: as fast as it goes or at a pace, each asset in order, until acknowledged."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

from simulators.replay.recording import Timed
from simulators.send import Link, Session, Surroundings, Tally

PROGRESS_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Playing:
    """How to send.

    `speed` is `None` for as fast as it goes; `give_up_s` ends a replay that nobody
    acknowledges any more.
    """

    site: str = "kiel"
    speed: float | None = None
    connections: int = 8
    window: int = 40
    give_up_s: float = 30.0
    progress: Callable[[Tally], None] = lambda _: None


async def play(messages: Sequence[Timed], playing: Playing, around: Surroundings) -> Tally:
    """Send everything; what nobody acknowledged in time is `Tally.unacknowledged`.

    An asset always speaks over the same connection, so that its readings stay in order.
    """
    rng = random.Random(0)  # noqa: S311 - jitter
    links = [
        Link(Session(f"{playing.site}-replay-{number}", playing.window, backlog=None), around, rng)
        for number in range(playing.connections)
    ]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(link.run()) for link in links]
        offering = tasks.create_task(_offer(messages, playing, around, links))
        await _watch([*running, offering], playing, around)
        for task in (*running, offering):
            task.cancel()
    playing.progress(around.tally)
    return around.tally


async def _offer(
    messages: Sequence[Timed], playing: Playing, around: Surroundings, links: Sequence[Link]
) -> None:
    begun_s = around.clock.monotonic_s()
    for after_ms, message in messages:
        if playing.speed is not None:
            due_s = begun_s + after_ms / 1000 / playing.speed
            await asyncio.sleep(max(0.0, due_s - around.clock.monotonic_s()))
        links[crc32(message.asset.encode()) % len(links)].offer(message)
    for link in links:
        link.close()


async def _watch(
    tasks: Sequence[asyncio.Task[None]], playing: Playing, around: Surroundings
) -> None:
    """Return when all is acknowledged, or nothing has been for too long while something waits."""
    tally, clock = around.tally, around.clock
    acknowledged, moved_s = tally.acknowledged, clock.monotonic_s()
    pending = set(tasks)
    while pending:
        _, pending = await asyncio.wait(pending, timeout=PROGRESS_EVERY_S)
        playing.progress(tally)
        if tally.acknowledged != acknowledged or not tally.unacknowledged:
            acknowledged, moved_s = tally.acknowledged, clock.monotonic_s()
        elif clock.monotonic_s() - moved_s > playing.give_up_s:
            return
