"""A poller, a simulated feed and a journal in memory, on a clock that is wound by hand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any, Self

from ausguck.clock import ManualClock
from ausguck.journal.port import Appender
from ausguck.register.directory import Directory
from ausguck.settings.partners import Gbfs
from ausguck.settings.tree import Retention, Site
from collectors.pollers import FeedStats, GbfsPoller
from collectors.pollers.fetch import Fetches, OpensDoor, open_door
from collectors.pollers.poller import World
from simulators.feed import FeedServer, FeedStation, Version
from tests.listener.journal import MemoryJournal

AT_MS = 1_800_000_000_000
AT_S = AT_MS // 1000
INTERVAL_S = 60.0


def station(number: int | str = 1, bikes: int = 3, **changes: object) -> FeedStation:
    fields: dict[str, Any] = {
        "station_id": str(number),
        "name": f"Station {number}",
        "lat": 54.3 + len(str(number)) / 100,
        "lon": 10.1,
        "capacity": 20,
        "bikes": bikes,
        "docks": 20 - bikes,
        "last_reported_s": AT_S - 40,
    }
    return FeedStation(**{**fields, **changes})


def feed_of(*stations: FeedStation, version: Version = "3.0") -> FeedServer:
    return FeedServer(list(stations), AT_S - 30, version)


class Scene:
    """One poller and what it needs; `poll` is one turn of its loop."""

    def __init__(
        self, address: str, journal: MemoryJournal | None = None, **settings: object
    ) -> None:
        given = {"name": "sim", "address": address, "interval_s": INTERVAL_S, "timeout_s": 5.0}
        self.settings = Gbfs.model_validate({**given, **settings})
        self.clock = ManualClock(AT_MS)
        self.journal = journal or MemoryJournal()
        self.directory = Directory()
        self.poller = self.new_poller(self.journal)
        self._stack = AsyncExitStack()

    def new_poller(
        self,
        journal: Appender,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        opens: OpensDoor = open_door,
    ) -> GbfsPoller:
        world = World(sleep=sleep, random=lambda: 1.0, open_door=opens, directory=self.directory)
        return GbfsPoller(self.settings, Site(), Retention(), journal, self.clock, world)

    async def __aenter__(self) -> Self:
        self.door: Fetches = await self._stack.enter_async_context(open_door(self.settings))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def stats(self) -> FeedStats:
        return self.poller.stats

    async def poll(self) -> float:
        """One turn; the seconds it would wait then."""
        async with asyncio.timeout(20):
            return await self.poller.poll(self.door)

    def later(self, seconds: float = INTERVAL_S) -> None:
        self.clock.advance_ms(round(seconds * 1000))

    def told(self, kind: str = "telemetry") -> list[tuple[str, dict[str, Any]]]:
        """Station and payload of every message of a kind, in order."""
        return [
            (record.topic.split("/")[3], json.loads(record.payload))
            for record in self.journal.messages
            if record.topic.endswith(f"/{kind}")
        ]

    def bikes(self) -> list[tuple[str, int | None]]:
        return [(name, said.get("num_vehicles_available")) for name, said in self.told()]


def play(act: Callable[[], Awaitable[None]]) -> None:
    """Run a test's own coroutine."""

    async def main() -> None:
        await act()

    asyncio.run(main())
