"""Listener and journal alone, to see what intake costs before anyone reads it."""

import asyncio
import os
from contextlib import AsyncExitStack

import uvloop

from ausguck.clock import SystemClock
from ausguck.journal.journal import Journal
from ausguck.settings.load import load
from collectors.listener.server import Listener


async def main() -> None:
    """Listen until killed."""
    settings = load(None, os.environ)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        journal = await stack.enter_async_context(
            Journal.open(settings.site.data_dir / "journal", settings.journal, clock)
        )
        listener = await stack.enter_async_context(
            Listener(settings.listener, settings.site.id, journal, clock)
        )
        print(f"ready: page none devices mqtt://127.0.0.1:{listener.port}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
