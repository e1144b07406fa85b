"""Steps that tests of the InfluxDB adapter share: a room, an opened store, readings put in."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from ausguck.clock import ManualClock
from ausguck.model import Outcome, Reading, Scalar
from ausguck.probe import Probe, ignore
from ausguck.settings.tree import Retention
from ausguck.store.influxdb.adapter import InfluxdbStore, open_influxdb
from tests.store.influx_proxy import Proxy, proxy
from tests.store.influx_room import InfluxRoom
from tests.store.makers import (
    NOON_MS,
    Refused,
    ask,
    at,
    batch,
    reading,
    values,
)

TIMEOUT_S = 2.0
"""For a server that says nothing; long enough for one that is busy."""


@asynccontextmanager
async def opened(
    room: InfluxRoom, *, probe: Probe = ignore, **changes: object
) -> AsyncIterator[InfluxdbStore]:
    async with open_influxdb(
        room.settings(**changes), Retention(), probe=probe, clock=ManualClock()
    ) as store:
        yield store


@asynccontextmanager
async def between(
    room: InfluxRoom, **changes: object
) -> AsyncIterator[tuple[InfluxdbStore, Proxy]]:
    async with proxy(room.server.url) as way:
        settings = room.settings(url=way.url, **changes)
        async with open_influxdb(settings, Retention(), clock=ManualClock()) as store:
            yield store, way


def members(first: int, size: int) -> list[Reading]:
    return [
        reading({"clients": n % 500, "lat": 54.0}, seq=n, at_ms=NOON_MS + n)
        for n in range(first, first + size)
    ]


async def put(store: InfluxdbStore, offset: int, rows: Sequence[Reading]) -> Outcome:
    return await store.write(batch(*rows), at(offset), Refused())


async def stored(room: InfluxRoom) -> list[Scalar | None]:
    """What a process that starts anew finds, held against its books."""
    async with opened(room) as store:
        found = values(await ask(store, "clients", 0, NOON_MS * 2))
        assert (await store.books()).stored == len(found)
        return found
