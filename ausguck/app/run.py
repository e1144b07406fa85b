"""One process on one page: what is opened, what runs, and the order in which it ends."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from api.app import create_app
from api.ports import Ports
from api.serve import serve
from ausguck.app.files import allow_many_files, within
from ausguck.app.health import Health
from ausguck.app.lock import owned
from ausguck.app.metrics import Metrics
from ausguck.app.retry import JournalRetry
from ausguck.clock import Clock, SystemClock
from ausguck.desk.desk import open_desk
from ausguck.journal.journal import Journal
from ausguck.probe import Probe, ignore
from ausguck.roles.history import History
from ausguck.roles.retention import retain
from ausguck.settings.tree import Settings
from ausguck.steady import SteadyClock
from ausguck.store.duckdb.adapter import open_duckdb
from collectors.decode.decoder import Decoder
from collectors.listener.server import Listener

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
    clock = SteadyClock(SystemClock())
    data_dir = settings.site.data_dir
    stopped = stop_signals()
    async with AsyncExitStack() as stack:
        stack.callback(gc.unfreeze)
        stack.enter_context(owned(data_dir))
        desk = stack.enter_context(open_desk(data_dir / "desk.sqlite"))
        journal = await stack.enter_async_context(
            Journal.open(data_dir / "journal", settings.journal, clock, probe=probe)
        )
        store = await stack.enter_async_context(
            open_duckdb(
                data_dir / "history.duckdb", settings.store, settings.retention, probe=probe
            )
        )
        tail = journal.tail(await store.position())
        decoder = Decoder(settings.site, settings.retention)
        history = History(tail, decoder, store, desk, clock, settings.history, probe)
        health = Health(settings, clock, journal, history, store, desk)
        ports = Ports(
            store=store,
            desk=desk,
            health=health,
            retry=JournalRetry(journal, desk),
            metrics=Metrics(health, history.stats),
        )
        async with asyncio.TaskGroup() as group:
            consuming = group.create_task(history.run(), name="history")
            retaining = retain(store, journal, clock, lambda: history.position)
            loops = [group.create_task(retaining, name="retention")]
            async with listening(settings, journal, clock, probe) as listener:
                health.listener = None if listener is None else listener.stats
                page_port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
                app = create_app(ports, clock, settings)
                serving = serve(app, settings.api.host, settings.api.port, page_port.set_result)
                loops.append(group.create_task(serving, name="api"))
                settle_memory()
                on_ready(whereabouts(settings, await page_port, listener))
                await stopped.wait()
                # In a thread, for whoever is being stopped may still wait for our answers.
                await asyncio.to_thread(on_stop)
            await history.finish(consuming)
            for loop in loops:
                loop.cancel()


@asynccontextmanager
async def listening(
    settings: Settings, journal: Journal, clock: Clock, probe: Probe
) -> AsyncIterator[Listener | None]:
    """The listener, if there is to be one."""
    if not settings.listener.enabled:
        yield None
        return
    devices = within(allow_many_files(), settings.listener)
    async with Listener(devices, settings.site.id, journal, clock, probe=probe) as listener:
        yield listener


def settle_memory() -> None:
    """Have the garbage collector leave alone what lives as long as the process.

    A batch is tens of thousands of tuples that hold nothing but text and numbers; by default
    the collector would walk through all of them again and again (a third of a message's CPU).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def whereabouts(settings: Settings, page_port: int, listener: Listener | None) -> Ready:
    """The addresses we ended up with."""
    page_url = url("http", settings.api.host, page_port)
    if listener is None:
        return Ready(page_url, None, None)
    scheme = "mqtts" if settings.listener.tls else "mqtt"
    return Ready(page_url, url(scheme, settings.listener.host, listener.port), listener.port)


def stop_signals() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    return stopped
