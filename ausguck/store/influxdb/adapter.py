"""The InfluxDB adapter: the port's words on one side, line protocol and InfluxQL on the other."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.clock import Clock, SystemClock
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading
from ausguck.probe import Probe, ignore
from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Retention
from ausguck.store.cuts import Cuts
from ausguck.store.influxdb import series
from ausguck.store.influxdb.delivery import Delivery
from ausguck.store.influxdb.memory import cursor, load
from ausguck.store.influxdb.prune import prune
from ausguck.store.influxdb.server import Server, connected
from ausguck.store.influxdb.states import States
from ausguck.store.influxdb.writer import Writer
from ausguck.store.judging.memory import Memory
from ausguck.store.port import RefusalSink, Series, SeriesQuery, StoredEvent

_SYSTEM = SystemClock()


@dataclass(frozen=True, slots=True)
class InfluxdbStats:
    """The adapter's state, for the health route."""

    requests: Mapping[tuple[str, int], int]
    """By bucket, or `query` or `delete`, and status; status 0 is no answer at all."""
    lines: int
    line_bytes: int
    sent_bytes: int
    bisections: int
    refused: int
    expired: int
    """Values that are kept apart, and came later than that is kept."""
    holds: int
    checked: int
    pruned: int
    last_write_ms: int | None


class Doors(NamedTuple):
    """Ways to one server, so that slow answers to readers never delay history."""

    history: Server
    """For writes, and what they have to know first."""
    readers: Server


class InfluxdbStore:
    """A `Store` in an InfluxDB 2 server; made by `open_influxdb`."""

    def __init__(
        self,
        doors: Doors,
        writer: Writer,
        delivery: Delivery,
        memory: Memory,
        retention: Retention,
        clock: Clock,
    ) -> None:
        self._doors = doors
        self._states = States(doors.history, delivery.chunk)
        self._recorded = States(doors.readers, delivery.chunk)
        self._writer = writer
        self._delivery = delivery
        self._memory = memory
        self._retention = retention
        self._clock = clock
        self._turn = asyncio.Lock()
        self._recording = asyncio.Lock()
        self._pruned = 0
        self._last_write_ms: int | None = None

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        """Write a batch and the position behind it, all or nothing; see the port."""
        async with self._turn:
            memory = self._memory
            if memory.position is not None and position <= memory.position:
                return Outcome(0, len(batch.readings) + len(batch.events), ())
            outcome = await self._writer.write(batch, position, memory, refuse)
            self._last_write_ms = self._clock.now_ms()
            return outcome

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        return self._memory.position

    async def books(self) -> Books:
        """Totals since the store was made, moved in the same point as the position."""
        return self._memory.books

    async def latest(self, kind: Kind, name: str | None = None) -> Sequence[Reading]:
        """Each asset's newest reading by event time, by name; None for a value not in it."""
        return self._memory.newest(kind, name)

    async def series(self, query: SeriesQuery) -> Sequence[Series]:
        """One series a metric, in the order asked; an empty one where nothing was stored."""
        return await series.series(self._doors.readers, query)

    async def events(
        self, asset: AssetId, from_ms: int, to_ms: int, limit: int = 1000
    ) -> Sequence[StoredEvent]:
        """An asset's events of [from_ms, to_ms), oldest first."""
        return await series.events(self._doors.readers, asset, from_ms, to_ms, limit)

    async def record(self, rows: Sequence[StateRow]) -> None:
        """Keep rows of state; one with the same measurement, tags and time replaces the first."""
        async with self._recording:
            await self._states.record(rows)

    async def recorded(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int = 100_000
    ) -> Sequence[StateRow]:
        """Rows of state of [from_ms, to_ms), by time and then by tags."""
        return await self._recorded.recorded(measurement, from_ms, to_ms, limit)

    async def prune(self, now_ms: int) -> int:
        """Remove what is past its class's retention and return how many rows went."""
        async with self._turn:
            cuts = Cuts.at(now_ms, self._retention)
            gone = await prune(self._doors.history, cuts)
            self._memory.expire(cuts)
            self._pruned += gone
            return gone

    def stats(self) -> InfluxdbStats:
        """What it did since the process started."""
        traffic, counts = self._doors.history.traffic, self._delivery.counts
        return InfluxdbStats(
            requests=dict(traffic.requests),
            lines=traffic.lines,
            line_bytes=traffic.line_bytes,
            sent_bytes=traffic.sent_bytes,
            bisections=counts.bisections,
            refused=counts.refused,
            expired=counts.expired,
            holds=counts.holds,
            checked=self._writer.checked,
            pruned=self._pruned,
            last_write_ms=self._last_write_ms,
        )


@asynccontextmanager
async def open_influxdb(
    settings: Influxdb,
    retention: Retention,
    *,
    probe: Probe = ignore,
    clock: Clock = _SYSTEM,
) -> AsyncIterator[InfluxdbStore]:
    """Read where the books stand and what is newest; a consumer's first books are begun here.

    Raises:
        StoreError: the books are of another format.
        StoreUnavailable: the server cannot be reached or refuses us now; try again.
    """
    async with connected(settings) as server, connected(settings, server.traffic) as readers:
        delivery = Delivery(server, settings.batch_lines, settings.most_refused_percent)
        writer = Writer(server, settings.consumer, delivery, probe)
        place = await cursor(server, settings.consumer)
        if place is None:
            place = (None, Books())
            await writer.move(*place)
        memory = await load(server, *place)
        doors = Doors(server, readers)
        yield InfluxdbStore(doors, writer, delivery, memory, retention, clock)
