"""Which store holds history: the one place that knows both."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ausguck.app.late import LateStore, LateTail, begin_by_clock
from ausguck.clock import Clock
from ausguck.journal.journal import Journal
from ausguck.journal.port import Tail
from ausguck.probe import Probe
from ausguck.settings.tree import Settings
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.influxdb.adapter import open_influxdb
from ausguck.store.port import Store

DUCKDB_FILE = "history.duckdb"


@asynccontextmanager
async def open_store(
    settings: Settings, journal: Journal, clock: Clock, probe: Probe
) -> AsyncIterator[tuple[Store, Tail]]:
    """The store by the settings, and history's way through the journal.

    A file is opened at once, and what is wrong with it ends the start; a server may come later.
    """
    if settings.store.kind == "influxdb":
        influxdb, retention = settings.store.influxdb, settings.retention
        begin_by_clock(journal, clock)
        opening = lambda: open_influxdb(influxdb, retention, probe=probe)  # noqa: E731 - short
        async with LateStore("influxdb", opening) as late:
            yield late, LateTail(journal, late)
        return
    path = settings.site.data_dir / DUCKDB_FILE
    async with open_duckdb(path, settings.store, settings.retention, probe=probe) as store:
        yield store, journal.tail(await store.position())
