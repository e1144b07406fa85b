"""A real city's stations from a feed to the store and the desk, through everything between."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from ausguck.clock import SystemClock
from ausguck.desk.desk import SqliteDesk, open_desk
from ausguck.journal.journal import Journal
from ausguck.model import AssetId, Books, Kind
from ausguck.roles.history import History
from ausguck.settings import tree
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.port import Store
from collectors.decode import Decoder
from collectors.pollers import GbfsPoller
from collectors.pollers.fetch import open_door
from simulators.feed import VERSIONS, FeedServer, Version, from_csv
from simulators.feed.stations import after_a_minute
from tests.conftest import LONDON
from tests.pollers.scene import AT_S, Scene

STATIONS = 742
SHARE = 0.3
CHANCE = random.Random(742)  # noqa: S311 - a simulation
RIVER_STREET = AssetId("kiel", Kind.STATION, "1")

pytestmark = pytest.mark.stations


class City:
    """Journal, decoder, store and desk as in service, with a poller in front."""

    def __init__(self, scene: Scene, journal: Journal, store: Store, desk: SqliteDesk) -> None:
        self._scene = scene
        self._journal = journal
        self.store = store
        self.desk = desk
        self.poller = self.new_poller()

    def new_poller(self) -> GbfsPoller:
        self.poller = self._scene.new_poller(self._journal)
        return self.poller

    async def poll(self) -> Books:
        """Ask the feed once, and the books when all of it has come to its end."""
        before = await self.store.books()
        messages = self.poller.stats.messages.total()
        async with open_door(self._scene.settings) as door:
            await self.poller.poll(door)
        decoded = before.decoded + self.poller.stats.messages.total() - messages
        async with asyncio.timeout(30):
            while (books := await self.store.books()).decoded < decoded:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.01)
        assert books.decoded == decoded
        assert books.balanced
        assert books.dead_lettered == 0
        return books


@asynccontextmanager
async def city(directory: Path, scene: Scene) -> AsyncIterator[City]:
    # The feed's hours are wound by hand; how long history waits for company is of no interest.
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        desk = stack.enter_context(open_desk(directory / "desk.sqlite"))
        journal = await stack.enter_async_context(
            Journal.open(directory / "journal", tree.Journal(), clock)
        )
        store = await stack.enter_async_context(
            open_duckdb(directory / "history.duckdb", tree.Store(), tree.Retention())
        )
        tail = journal.tail(await store.position())
        decoder = Decoder(tree.Site(), tree.Retention())
        history = History(tail, decoder, store, desk, clock, tree.History())
        async with asyncio.TaskGroup() as group:
            consuming = group.create_task(history.run())
            yield City(scene, journal, store, desk)
            await history.finish(consuming)


@pytest.mark.parametrize("version", VERSIONS)
def test_london_is_stored_once_and_its_changes_once(tmp_path: Path, version: Version) -> None:
    async def main() -> None:
        with FeedServer(from_csv(LONDON, AT_S - 60), AT_S - 30, version) as feed:
            scene = Scene(feed.url)
            async with city(tmp_path, scene) as running:
                first = await running.poll()
                assert first == Books(stored=2 * STATIONS, decoded=2 * STATIONS)
                scene.later()
                assert await running.poll() == first, "nothing changed"

                feed.at_s += 60
                feed.stations, changed = after_a_minute(feed.stations, feed.at_s, SHARE, CHANCE)
                scene.later()
                second = await running.poll()
                assert 0 < changed < STATIONS
                assert second.stored == first.stored + changed
                assert second.duplicates == 0

                scene.later()
                running.new_poller()
                third = await running.poll()
                # An inventory has no history: the newest holds, and each is counted as stored.
                assert third.stored == second.stored + STATIONS
                assert third.duplicates == STATIONS
                await check(running, feed)

            async with city(tmp_path, scene) as again:
                fourth = await again.poll()
                assert fourth.duplicates == 2 * STATIONS
                await check(again, feed)

    asyncio.run(main())


async def check(running: City, feed: FeedServer) -> None:
    """What is newest in the store is what the feed tells, and the desk knows each place."""
    latest = {one.asset.name: one for one in await running.store.latest(Kind.STATION)}
    assert {name: (one.values[0], one.observed_at_ms) for name, one in latest.items()} == {
        one.station_id: (one.bikes, one.last_reported_s * 1000) for one in feed.stations
    }
    known = running.desk.inventory(RIVER_STREET)
    assert known is not None
    assert (known.name, known.capacity) == ("River Street, Clerkenwell", 18)
    assert (known.lat, known.lon) == (51.529163, -0.109971)
    assert running.desk.dropped_values() == []
