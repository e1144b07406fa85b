"""Questions in InfluxQL: one asset's metrics over time, and its events.

Values are bound as parameters; identifiers are the catalogue's.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ausguck.catalogue import Metric, Shape
from ausguck.model import AssetId
from ausguck.store.influxdb.fold import LOOK_BACK_MS, Sample, Total, fold, increases
from ausguck.store.influxdb.lines import unsigned
from ausguck.store.influxdb.lookups import Row, Span, read
from ausguck.store.influxdb.places import EVENTS, IDENTITY, NS_PER_MS, Place, home
from ausguck.store.influxdb.server import Cell, Server
from ausguck.store.influxdb.text import field_out
from ausguck.store.influxdb.values import value
from ausguck.store.port import Point, Series, SeriesQuery, StoredEvent
from ausguck.store.windows import Windows, windows

_COUNTER = ("boot_id", "clock_suspect")
_EVENT = ("received_at_ms", "type", "detail", "digest")
Rank = tuple[int, int]


class _Asked(NamedTuple):
    """One metric of a query."""

    place: Place
    metric: Metric

    @property
    def fields(self) -> tuple[str, ...]:
        """What has to be read for it."""
        counter = self.metric.shape is Shape.COUNTER
        return (self.metric.key, *_COUNTER) if counter else (self.metric.key,)


async def series(server: Server, query: SeriesQuery) -> list[Series]:
    """The series of a query, in the order asked.

    Raises:
        StoreError: a metric or the time zone is unknown.
        StoreUnavailable: the server does not answer.
    """
    asked = [_Asked(*home(query.asset.kind, key)) for key in query.metrics]
    cut = None
    if query.every is not None:
        cut = windows(query.from_ms, query.to_ms, query.every, query.timezone, query.limit)
    return [await _one(server, query, one, cut) for one in asked]


async def events(
    server: Server, asset: AssetId, from_ms: int, to_ms: int, limit: int
) -> list[StoredEvent]:
    """An asset's events of [from_ms, to_ms), oldest first."""
    span = Span(EVENTS, asset, from_ms, to_ms)
    ((_, rows),) = await read(server, [span], _EVENT, f" LIMIT {limit:d}")
    found = [
        (ns // NS_PER_MS, _whole(received), _text(kind), _whole(digest), _text(detail))
        for ns, (received, kind, detail, digest) in rows
    ]
    return [
        StoredEvent(asset, at_ms, received, kind, detail)
        for at_ms, received, kind, _, detail in sorted(
            found, key=lambda one: (*one[:3], unsigned(one[3]))
        )
    ]


async def _one(server: Server, query: SeriesQuery, asked: _Asked, cut: Windows | None) -> Series:
    key, place = asked.metric.key, asked.place
    if cut is None:
        span = Span(place, query.asset, query.from_ms, query.to_ms)
        rows = await _rows(server, span, (key,), f" LIMIT {query.limit + 1:d}")
        samples = await asyncio.to_thread(_samples, asked.metric, rows)
        points = [Point(*sample) for sample in samples[: query.limit]]
        return Series(key, points, truncated=len(rows) > query.limit)
    if not cut.starts:
        return Series(key, (), truncated=cut.truncated)
    look_back = LOOK_BACK_MS if asked.metric.shape is Shape.COUNTER else 0
    span = Span(place, query.asset, query.from_ms - look_back, cut.end_ms)
    rows = await _rows(server, span, asked.fields)
    points = await asyncio.to_thread(_folded, asked.metric, rows, query.from_ms, cut)
    return Series(key, points, truncated=cut.truncated)


async def _rows(server: Server, span: Span, fields: tuple[str, ...], limit: str = "") -> list[Row]:
    """Rows that hold the first field, by time and within a millisecond as the port has it."""
    ((_, rows),) = await read(server, [span], fields, limit)
    rows = [row for row in rows if row.cells[0] is not None]
    twins = [
        later.ns // NS_PER_MS
        for earlier, later in pairwise(rows)
        if earlier.ns // NS_PER_MS == later.ns // NS_PER_MS
    ]
    if not twins:
        return rows
    main = IDENTITY[span.asset.kind]
    around = Span(main, span.asset, twins[0], twins[-1] + 1)
    ((_, ranked),) = await read(server, [around], ("seq", "digest"))
    ranks: dict[int, Rank] = {
        ns: (-1 if seq is None else unsigned(_whole(seq)), unsigned(_whole(digest)))
        for ns, (seq, digest) in ranked
    }
    nowhere = (-1, 0)
    return sorted(rows, key=lambda row: (row.ns // NS_PER_MS, ranks.get(row.ns, nowhere)))


def _samples(metric: Metric, rows: Sequence[Row]) -> list[Sample]:
    return [
        (row.ns // NS_PER_MS, found)
        for row in rows
        if (found := value(metric.type, row.cells[0])) is not None
    ]


def _folded(metric: Metric, rows: Sequence[Row], from_ms: int, cut: Windows) -> list[Point]:
    if metric.shape is not Shape.COUNTER:
        return fold(metric.shape, _samples(metric, rows), cut)
    totals = [
        Total(ns // NS_PER_MS, _text_or_none(boot_id), bool(suspect), _whole(total))
        for ns, (total, boot_id, suspect) in rows
    ]
    return fold(metric.shape, increases(totals, from_ms), cut)


def _whole(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _text(cell: Cell) -> str:
    return field_out(cell) if isinstance(cell, str) else ""


def _text_or_none(cell: Cell) -> str | None:
    return field_out(cell) if isinstance(cell, str) else None
