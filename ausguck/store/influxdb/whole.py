"""An InfluxDB as a whole, row for row: read in stretches of time, written as lines."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import chain, pairwise

from ausguck import catalogue
from ausguck.catalogue.state import StateMeasurement, StateRow, table
from ausguck.errors import StoreError
from ausguck.model import AssetId, Books, Event, Kind, Position, Reading, Scalar
from ausguck.probe import ignore
from ausguck.settings.partners import Influxdb
from ausguck.store.influxdb.columns import Columns
from ausguck.store.influxdb.delivery import Delivery, Lines, Refusals
from ausguck.store.influxdb.lines import UnfitError, event_line, unsigned
from ausguck.store.influxdb.memory import cursor
from ausguck.store.influxdb.places import (
    EVENTS,
    IDENTITY,
    KEYS,
    NS_PER_MS,
    SPARSE,
    STORE,
    Place,
    asset_of,
    columns,
    metrics,
    quoted,
)
from ausguck.store.influxdb.server import Cell, Server, connected
from ausguck.store.influxdb.slots import Moment, Slots
from ausguck.store.influxdb.states import States
from ausguck.store.influxdb.text import field_out, tag_out
from ausguck.store.influxdb.values import value
from ausguck.store.influxdb.writer import Writer
from ausguck.store.whole import KINDS, Row, Stock

BATCH = "whole store"
"""Stands where a batch's name does. No consumer has a space in its name, so it is nobody's."""
LAST_MS = 9_000_000_000_000
"""Later than anything a server of nanoseconds can hold."""
FIRST_STRETCH_MS = 3_600_000
_EVENT = ("received_at_ms", "type", "detail", "digest", "batch")
Cells = Mapping[str, Cell]


class WholeInfluxdb:
    """Made by `open_whole_influxdb`."""

    def __init__(self, server: Server, settings: Influxdb) -> None:
        self._server = server
        self._consumer = settings.consumer
        self._delivery = Delivery(server, settings.batch_lines, settings.most_refused_percent)
        self._states = States(server, settings.batch_lines)
        self._columns = Columns()
        self._stretch_ms: dict[Stock, int] = {}
        self._place: tuple[Position | None, Books] | None = None

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        return (await self._cursor())[0]

    async def books(self) -> Books:
        """Totals since the store was made."""
        return (await self._cursor())[1]

    async def size(self, stock: Stock, from_ms: int) -> int:
        """About how many rows there are from a time on."""
        place, counted = _counted(stock)
        counts = ", ".join(f"count({quoted(field)})" for field in counted)
        statement = f"SELECT {counts} FROM {quoted(place.name)} WHERE time >= $from"  # noqa: S608 - our names
        (tables,) = await self._server.ask(place.bucket, [statement], {"from": from_ms * NS_PER_MS})
        cells = (cell for one in tables for line in one.values for cell in line[1:])
        return max((cell for cell in cells if isinstance(cell, int)), default=0)

    async def page(self, stock: Stock, from_ms: int, limit: int) -> Sequence[Row]:
        """The oldest rows from a time on, in order of time; empty at the end."""
        while from_ms < LAST_MS:
            stretch_ms = self._stretch_ms.setdefault(stock, FIRST_STRETCH_MS)
            to_ms = min(from_ms + stretch_ms, LAST_MS)
            rows, until_ms = await self._stretch(stock, from_ms, to_ms, limit)
            if until_ms < to_ms:
                self._stretch_ms[stock] = max(stretch_ms // 2, 1)
            elif len(rows) < limit // 2:
                self._stretch_ms[stock] = stretch_ms * 2
            if rows:
                return rows
            # Nothing, or nothing that counts: over a gap in one step.
            found_ms = await self._next(stock, until_ms)
            if found_ms is None:
                break
            from_ms = found_ms
        return ()

    async def keep(self, stock: Stock, rows: Sequence[Row]) -> None:
        """Write a page as it is; see the port."""
        if not rows:
            return
        if stock in KINDS:
            await self._keep_readings([row for row in rows if isinstance(row, Reading)])
        elif stock is Stock.EVENTS:
            await self._keep_events([row for row in rows if isinstance(row, Event)])
        else:
            await self._states.record([row for row in rows if isinstance(row, StateRow)])

    async def settle(self, position: Position, books: Books) -> None:
        """Set position and books."""
        writer = Writer(self._server, self._consumer, self._delivery, ignore)
        await writer.move(position, books)
        self._place = (position, books)

    async def _cursor(self) -> tuple[Position | None, Books]:
        if self._place is None:
            self._place = await cursor(self._server, self._consumer) or (None, Books())
        return self._place

    async def _next(self, stock: Stock, from_ms: int) -> int | None:
        """The time of the next row."""
        place, fields = _counted(stock)
        found = await self._points(place, fields, from_ms, LAST_MS, " LIMIT 1")
        return found[0][0] // NS_PER_MS if found else None

    async def _stretch(
        self, stock: Stock, from_ms: int, to_ms: int, limit: int
    ) -> tuple[Sequence[Row], int]:
        """Rows of [from_ms, to_ms), and up to where they are all: less where it is too much."""
        if stock not in KINDS and stock is not Stock.EVENTS:
            return await self._states_of(StateMeasurement(stock), from_ms, to_ms, limit)
        place = EVENTS if stock is Stock.EVENTS else IDENTITY[KINDS[stock]]
        fields = _fields(stock, place)
        points = await self._points(place, fields, from_ms, to_ms, f" LIMIT {limit:d}")
        if len(points) == limit:
            # The server ends anywhere within the last millisecond; that one is read whole.
            last_ms = points[-1][0] // NS_PER_MS
            points = [point for point in points if point[0] < last_ms * NS_PER_MS]
            points += await self._points(place, fields, last_ms, last_ms + 1)
            to_ms = last_ms + 1
        settled = [(ns, cells) for ns, cells in points if await self._is_settled(cells["batch"])]
        if stock is Stock.EVENTS:
            return [_event(ns, cells) for ns, cells in settled], to_ms
        return await self._readings(KINDS[stock], settled), to_ms

    async def _states_of(
        self, measurement: StateMeasurement, from_ms: int, to_ms: int, limit: int
    ) -> tuple[Sequence[Row], int]:
        rows = await self._states.recorded(measurement, from_ms, to_ms, limit)
        if len(rows) < limit:
            return rows, to_ms
        last_ms = rows[-1].at_ms
        whole = [row for row in rows if row.at_ms < last_ms]
        whole += await self._states.recorded(measurement, last_ms, last_ms + 1, LAST_MS)
        return whole, last_ms + 1

    async def _points(
        self, place: Place, fields: Sequence[str], from_ms: int, to_ms: int, limit: str = ""
    ) -> list[tuple[int, Cells]]:
        """Points of all series in order of time: their fields and tags by name."""
        names = (*fields, *place.tags)
        statement = (
            f"SELECT {columns(names)} FROM {quoted(place.name)}"  # noqa: S608 - our names
            f" WHERE time >= $from AND time < $to{limit}"
        )
        parameters = {"from": from_ms * NS_PER_MS, "to": to_ms * NS_PER_MS}
        (tables,) = await self._server.ask(place.bucket, [statement], parameters)
        return [
            (line[0], dict(zip(names, line[1:], strict=True)))
            for line in chain.from_iterable(one.values for one in tables)
            if isinstance(line[0], int)
        ]

    async def _readings(self, kind: Kind, points: Sequence[tuple[int, Cells]]) -> list[Reading]:
        if not points:
            return []
        place = IDENTITY[kind]
        from_ms, last_ms = points[0][0] // NS_PER_MS, points[-1][0] // NS_PER_MS
        apart: dict[tuple[AssetId, int], Cells] = {}
        for sparse in SPARSE[kind]:
            fields = [metric.key for _, metric in metrics(kind, sparse)]
            for ns, cells in await self._points(sparse, fields, from_ms, last_ms + 1):
                apart[_asset(sparse, kind, cells), ns] = cells
        readings = []
        for ns, cells in points:
            asset = _asset(place, kind, cells)
            readings.append(_reading(asset, ns, {**apart.get((asset, ns), {}), **cells}))
        return readings

    async def _is_settled(self, batch: Cell) -> bool:
        """Whether a point counts: one that an interrupted batch left behind will come again."""
        consumer, _, place = str(batch).rpartition(" ")
        if consumer != self._consumer:
            return True
        position = await self.position()
        return position is not None and _place_of(place) <= position

    async def _keep_readings(self, readings: Sequence[Reading]) -> None:
        slots = Slots()
        slots.look_at(_shared(readings))
        times = slots.of_readings(readings)
        kind = readings[0].asset.kind
        try:
            written = self._columns.write(kind, readings, times, BATCH)
        except UnfitError as error:
            raise StoreError(STORE, str(error)) from error
        by_place = {IDENTITY[kind]: Lines(written.main, [*range(len(readings))])}
        for sparse in SPARSE[kind]:
            by_place[sparse] = Lines(written.apart, [*written.apart_of])
        await self._deliver(by_place, readings)

    async def _keep_events(self, events: Sequence[Event]) -> None:
        slots = Slots()
        slots.look_at(_shared(events))
        lines = Lines()
        try:
            for index, (event, ns) in enumerate(zip(events, slots.of_events(events), strict=True)):
                lines.add(event_line(event, ns, BATCH), index)
        except UnfitError as error:
            raise StoreError(STORE, str(error)) from error
        await self._deliver({EVENTS: lines}, events)

    async def _deliver(
        self, by_place: Mapping[Place, Lines], members: Sequence[Reading | Event]
    ) -> None:
        refusals = Refusals(len(members))
        # First what is kept apart: a reading counts by its main point.
        for place in sorted(by_place, key=lambda place: place in IDENTITY.values()):
            await self._delivery.deliver({place.bucket: by_place[place]}, refusals)
        for index, said in refusals.words.items():
            member = members[index]
            raise StoreError(STORE, f"{member.asset} at {member.observed_at_ms} refused: {said}")


@asynccontextmanager
async def open_whole_influxdb(settings: Influxdb) -> AsyncIterator[WholeInfluxdb]:
    """A server's buckets; nothing is asked yet."""
    async with connected(settings) as server:
        yield WholeInfluxdb(server, settings)


def _shared(members: Sequence[Reading | Event]) -> Iterator[Moment]:
    """The moments at which one asset has several."""
    moments = sorted((member.asset, member.observed_at_ms) for member in members)
    return (one for one, other in pairwise(moments) if one == other)


def _counted(stock: Stock) -> tuple[Place, tuple[str, ...]]:
    """The place of a stock's rows, and fields of which each row has one."""
    if stock is Stock.EVENTS:
        return EVENTS, ("digest",)
    if stock in KINDS:
        return IDENTITY[KINDS[stock]], ("digest",)
    of = table(StateMeasurement(stock))
    fields = tuple(field.key for field in of.fields)
    return Place(of.measurement.value, of.bucket, ()), fields


def _fields(stock: Stock, place: Place) -> tuple[str, ...]:
    if stock is Stock.EVENTS:
        return _EVENT
    return (*KEYS, *(metric.key for _, metric in metrics(KINDS[stock], place)))


def _place_of(words: str) -> Position:
    return Position(*(int(part, 16) for part in words.split(".")))


def _asset(place: Place, kind: Kind, cells: Cells) -> AssetId:
    return asset_of(place, kind, {tag: tag_out(str(cells[tag])) for tag in place.tags})


def _event(ns: int, cells: Cells) -> Event:
    return Event(
        _asset(EVENTS, Kind.DEVICE, cells),
        ns // NS_PER_MS,
        _whole(cells["received_at_ms"]) or 0,
        _text(cells["type"]) or "",
        _text(cells["detail"]) or "",
        unsigned(_whole(cells["digest"]) or 0),
    )


def _reading(asset: AssetId, ns: int, cells: Cells) -> Reading:
    seq = _whole(cells["seq"])
    values: list[Scalar | None] = [
        value(metric.type, cells.get(metric.key)) for metric in catalogue.metrics(asset.kind)
    ]
    return Reading(
        asset,
        ns // NS_PER_MS,
        _whole(cells["received_at_ms"]) or 0,
        _text(cells["boot_id"]),
        None if seq is None else unsigned(seq),
        unsigned(_whole(cells["digest"]) or 0),
        bool(cells["clock_suspect"]),
        tuple(values),
    )


def _whole(cell: Cell) -> int | None:
    return cell if isinstance(cell, int) else None


def _text(cell: Cell) -> str | None:
    return field_out(cell) if isinstance(cell, str) else None
