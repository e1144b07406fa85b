"""Where messages come from: devices at our listener, a broker, feeds of bike stations."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from ausguck.app.files import allow_many_files, within
from ausguck.clock import Clock
from ausguck.journal.journal import Journal
from ausguck.model import AssetId
from ausguck.probe import Probe, ignore
from ausguck.register.directory import Directory
from ausguck.settings.tree import Settings
from collectors.certificates import SeenCertificate
from collectors.listener.server import Listener
from collectors.listener.service import Used
from collectors.listener.service import ignore as ignore_use
from collectors.pollers.poller import GbfsPoller, World
from collectors.subscriber.subscriber import Means, Subscriber

SESSION_MARKER = "subscriber.session"


@dataclass(frozen=True, slots=True)
class Sources:
    """What is switched on; the pollers are yet to be run."""

    listener: Listener | None
    subscriber: Subscriber | None
    pollers: tuple[GbfsPoller, ...]

    def connected(self) -> Mapping[str, int]:
        """Since when (UTC ms) each user has been connected to our own listener."""
        return {} if self.listener is None else self.listener.connected()

    def certificates(self) -> Sequence[SeenCertificate]:
        """Every certificate that was seen, ours and others'."""
        ours = () if self.listener is None else self.listener.certificates()
        broker = () if self.subscriber is None else self.subscriber.certificates()
        return [*ours, *broker]

    def heard(self) -> Mapping[AssetId, int]:
        """When a feed last named each of its stations."""
        return {asset: at for poller in self.pollers for asset, at in poller.heard().items()}


@dataclass(frozen=True, slots=True)
class Around:
    """What sources are told of the rest of the house: who may come, and who asks what becomes."""

    directory: Directory = field(default_factory=Directory)
    used: Used = ignore_use
    probe: Probe = ignore


@asynccontextmanager
async def sources(
    settings: Settings, journal: Journal, clock: Clock, around: Around
) -> AsyncIterator[Sources]:
    """Open every source by the settings; at the end each acknowledges what is on disk."""
    async with AsyncExitStack() as stack:
        listener = subscriber = None
        if settings.listener.enabled:
            devices = within(allow_many_files(), settings.listener)
            listener = await stack.enter_async_context(
                Listener(
                    devices,
                    settings.site.id,
                    journal,
                    clock,
                    probe=around.probe,
                    directory=around.directory,
                    used=around.used,
                )
            )
        if settings.subscriber.enabled:
            means = Means(marker=settings.site.data_dir / SESSION_MARKER)
            subscriber = await stack.enter_async_context(
                Subscriber(
                    settings.subscriber,
                    settings.site.id,
                    journal,
                    clock,
                    probe=around.probe,
                    means=means,
                )
            )
        world = World(
            directory=around.directory
        )  # one for all, so that no two feeds claim the same station
        pollers = tuple(
            GbfsPoller(feed, settings.site, settings.retention, journal, clock, world)
            for feed in settings.gbfs
        )
        yield Sources(listener, subscriber, pollers)
