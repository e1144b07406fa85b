"""Where messages come from: devices at our listener, a broker, feeds of bike stations."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from ausguck.app.files import allow_many_files, within
from ausguck.clock import Clock
from ausguck.journal.journal import Journal
from ausguck.model import AssetId
from ausguck.probe import Probe
from ausguck.settings.tree import Settings
from collectors.listener.server import Listener
from collectors.pollers.poller import GbfsPoller, World
from collectors.subscriber.subscriber import Means, Subscriber

SESSION_MARKER = "subscriber.session"


@dataclass(frozen=True, slots=True)
class Sources:
    """What is switched on; the pollers are yet to be run."""

    listener: Listener | None
    subscriber: Subscriber | None
    pollers: tuple[GbfsPoller, ...]

    def heard(self) -> Mapping[AssetId, int]:
        """When a feed last named each of its stations."""
        return {asset: at for poller in self.pollers for asset, at in poller.heard().items()}


@asynccontextmanager
async def sources(
    settings: Settings, journal: Journal, clock: Clock, probe: Probe
) -> AsyncIterator[Sources]:
    """Open every source by the settings; at the end each acknowledges what is on disk."""
    async with AsyncExitStack() as stack:
        listener = subscriber = None
        if settings.listener.enabled:
            devices = within(allow_many_files(), settings.listener)
            listener = await stack.enter_async_context(
                Listener(devices, settings.site.id, journal, clock, probe=probe)
            )
        if settings.subscriber.enabled:
            means = Means(marker=settings.site.data_dir / SESSION_MARKER)
            subscriber = await stack.enter_async_context(
                Subscriber(
                    settings.subscriber, settings.site.id, journal, clock, probe=probe, means=means
                )
            )
        world = World()  # one for all, so that no two feeds claim the same station
        pollers = tuple(
            GbfsPoller(feed, settings.site, settings.retention, journal, clock, world)
            for feed in settings.gbfs
        )
        yield Sources(listener, subscriber, pollers)
