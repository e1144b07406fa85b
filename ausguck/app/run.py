"""One process on one page: what is opened, what runs, and the order in which it ends."""

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from api.app import create_app
from api.ports import Place, Ports, Yard
from api.serve import serve
from ausguck.app.door import door_of
from ausguck.app.health import Health
from ausguck.app.intake import Around, Sources, sources
from ausguck.app.knowing import Knowing, knowing, opened_kept
from ausguck.app.lock import owned
from ausguck.app.metrics import Metrics
from ausguck.app.stores import open_store
from ausguck.app.vitals import Counting
from ausguck.clock import Clock, SystemClock
from ausguck.desk.desk import SqliteDesk, open_desk
from ausguck.fleet.picture import paint
from ausguck.fleet.statuses import Statuses
from ausguck.fleet.telling import told
from ausguck.journal.journal import Journal
from ausguck.model import Reading
from ausguck.probe import Probe, ignore
from ausguck.register.expecting import Told
from ausguck.roles.history import History
from ausguck.roles.minutes import Minutes, Senses
from ausguck.roles.noting import Noting
from ausguck.roles.retention import retain
from ausguck.settings.tree import Settings
from ausguck.steady import SteadyClock
from ausguck.store.port import Store
from collectors.decode.decoder import Decoder

DESK = "desk.sqlite"
GC_THRESHOLDS = (100_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Ready:
    """Where to find us, once everything answers."""

    page_url: str
    devices_url: str | None
    listener_port: int | None


def url(scheme: str, host: str, port: int) -> str:
    """An address people can click, with brackets around IPv6."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def run_app(
    settings: Settings,
    *,
    on_ready: Callable[[Ready], None],
    on_stop: Callable[[], None] = lambda: None,
    probe: Probe = ignore,
) -> None:
    """Run until SIGINT or SIGTERM, then end in order.

    Intake stops first and acknowledges what is on disk; then history takes along what is in
    the journal; then files are closed. `on_stop` is called before any of it.

    Raises:
        DataDirectoryInUse: another process runs on the same files.
    """
    stopped = stop_signals()
    async with AsyncExitStack() as stack:
        parts = await opened(stack, settings, probe)
        history, clock = parts.history, parts.clock
        async with asyncio.TaskGroup() as group:
            consuming = group.create_task(history.run(), name="history")
            retaining = retain(parts.store, parts.journal, clock, lambda: history.position)
            loops = [
                group.create_task(retaining, name="retention"),
                group.create_task(parts.knowing.registering.run(), name="register"),
                group.create_task(parts.knowing.refitting.run(), name="refitting"),
                group.create_task(parts.knowing.booking.run(), name="callers' book"),
            ]
            async with sources(settings, parts.journal, clock, around(parts, probe)) as intake:
                parts.health.sources = intake
                parts.metrics.sources = intake
                feeds = [group.create_task(poller.run(), name="feed") for poller in intake.pollers]
                if settings.state.enabled:
                    minutes = minutes_of(parts, settings, intake)
                    parts.metrics.minutes = minutes.stats
                    loops.append(group.create_task(minutes.run(), name="minutes"))
                page_port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                app = create_app(ports_of(parts, settings, intake), clock, settings)
                serving = serve(app, settings.api.host, settings.api.port, page_port.set_result)
                loops.append(group.create_task(serving, name="api"))
                settle_memory()
                on_ready(whereabouts(settings, await page_port, intake))
                await stopped.wait()
                # In a thread, for whoever is being stopped may still wait for our answers.
                await asyncio.to_thread(on_stop)
                for feed in feeds:
                    feed.cancel()
            await history.finish(consuming)
            for loop in loops:
                loop.cancel()


@dataclass(frozen=True, slots=True)
class Parts:
    """What is open while the process lives."""

    clock: SteadyClock
    desk: SqliteDesk
    journal: Journal
    store: Store
    statuses: Statuses
    history: History
    health: Health
    metrics: Metrics
    knowing: Knowing


async def opened(stack: AsyncExitStack, settings: Settings, probe: Probe) -> Parts:
    """Open everything that is kept, and put history between."""
    clock = SteadyClock(SystemClock())
    data_dir = settings.site.data_dir
    stack.callback(gc.unfreeze)
    stack.enter_context(owned(data_dir))
    desk_file = data_dir / DESK
    desk = stack.enter_context(open_desk(desk_file))
    kept = opened_kept(stack, settings, clock, desk_file)
    journal = await stack.enter_async_context(
        Journal.open(data_dir / "journal", settings.journal, clock, probe=probe)
    )
    store, tail = await stack.enter_async_context(open_store(settings, journal, clock, probe))
    decoder = Decoder(settings.site, settings.retention, kept.directory)
    statuses = Statuses()
    noting = Noting(store, statuses, kept.watching)
    history = History(tail, decoder, noting, desk, clock, settings.history, probe)
    health = Health(settings, clock, journal, history, store, desk)
    known = await knowing(settings, clock, kept, desk, journal, decoder)
    metrics = Metrics(health, history.stats)
    metrics.knowing = known
    health.registering = known.registering.stats
    return Parts(clock, desk, journal, store, statuses, history, health, metrics, known)


def around(parts: Parts, probe: Probe) -> Around:
    """What sources are told of the rest of the house."""
    known = parts.knowing
    return Around(known.kept.directory, known.registering.note_used, probe)


def ports_of(parts: Parts, settings: Settings, intake: Sources) -> Ports:
    """The doors of the API."""
    known = parts.knowing
    kept = known.kept
    return Ports(
        store=parts.store,
        desk=parts.desk,
        health=parts.health,
        retry=known.retry,
        metrics=parts.metrics,
        access=kept.access,
        book=kept.book,
        directory=kept.directory,
        yard=Yard(
            settings.site.id,
            kept.registry,
            kept.directory,
            intake,
            kept.watching,
            door_of(settings),
            settings.register.rotation_days,
            Place(ZoneInfo(settings.site.timezone), settings.site.country),
            telling(parts.statuses, settings.state.silent_after_s * 1000),
            known.registering.load,
        ),
    )


def telling(statuses: Statuses, live_within_ms: int) -> Callable[[Reading], Told]:
    """What a reading tells of whether its asset should be heard."""

    def of(reading: Reading) -> Told:
        picture = paint(reading, None, live_within_ms)
        return told(picture, statuses.newest.get(reading.asset))

    return of


def minutes_of(parts: Parts, settings: Settings, intake: Sources) -> Minutes:
    """The role that writes the state of each minute, with all it is told."""
    history = parts.history
    minutes: Minutes

    def retries() -> int:
        return minutes.stats.rows.retries

    senses = Senses(
        parts.statuses,
        parts.desk,
        intake.heard,
        history_lag_s(history, parts.clock),
        Counting(parts.health.report, history.stats, retries),
        lambda: parts.knowing.kept.directory.register,
    )
    minutes = Minutes(settings.site.id, parts.store, parts.clock, settings.state, senses)
    return minutes


def history_lag_s(history: History, clock: Clock) -> Callable[[], float]:
    """How old the oldest record is that is not in the store; 0 where all are."""

    def lag_s() -> float:
        oldest_ms = history.oldest_ms
        return 0.0 if oldest_ms is None else (clock.now_ms() - oldest_ms) / 1000

    return lag_s


def settle_memory() -> None:
    """Have the garbage collector leave alone what lives as long as the process.

    A batch is tens of thousands of tuples that hold nothing but text and numbers; by default
    the collector would walk through all of them again and again (a third of a message's CPU).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def whereabouts(settings: Settings, page_port: int, intake: Sources) -> Ready:
    """The addresses we ended up with."""
    page_url = url("http", settings.api.host, page_port)
    if intake.listener is None:
        return Ready(page_url, None, None)
    scheme = "mqtts" if settings.listener.tls else "mqtt"
    port = intake.listener.port
    return Ready(page_url, url(scheme, settings.listener.host, port), port)


def stop_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
