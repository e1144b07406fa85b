"""Questions in InfluxQL: one asset's metrics over time, and its events.

Values are bound as parameters; identifiers are the catalogue's.
"""

import asyncio
from collections.abc import Sequence
from itertools import pairwise

from ausguck.catalogue import Metric, Shape
from ausguck.model import AssetId
from ausguck.store.influxdb.fold import LOOK_BACK_MS, Sample, Total, fold, increases
from ausguck.store.influxdb.lines import unsigned
from ausguck.store.influxdb.places import EVENTS, IDENTITY, Place, home
from ausguck.store.influxdb.questions import Row, Span, Wanted, read
from ausguck.store.influxdb.server import Cell, Server
from ausguck.store.influxdb.text import field_out
from ausguck.store.influxdb.values import value
from ausguck.store.port import Point, Series, SeriesQuery, StoredEvent
from ausguck.store.windows import Windows, windows

_COUNTER = ("boot_id", "clock_suspect")
_EVENT = ("received_at_ms", "type", "detail", "digest")
Rank = tuple[int, int]


async def series(server: Server, query: SeriesQuery) -> list[Series]:
    """The series of a query, in the order asked.

    Raises:
        StoreError: a metric or the time zone is unknown.
        StoreUnavailable: the server does not answer.
    """
    asked = [home(query.asset.kind, key) for key in query.metrics]
    if query.every is None:
        return await _readings(server, query, asked)
    cut = windows(query.from_ms, query.to_ms, query.every, query.timezone, query.limit)
    return await _windows(server, query, asked, cut)


async def events(
    server: Server, asset: AssetId, from_ms: int, to_ms: int, limit: int
) -> list[StoredEvent]:
    """An asset's events of [from_ms, to_ms), oldest first."""
    span = Span(EVENTS, asset, from_ms, to_ms)
    (rows,) = await read(server, [Wanted(span, _EVENT, limit=limit)])
    found = [
        (row.at_ms, _whole(received), _text(event_type), unsigned(_whole(digest)), _text(detail))
        for row in rows
        for received, event_type, detail, digest in (row.cells,)
    ]
    return [
        StoredEvent(asset, at_ms, received_ms, event_type, detail)
        for at_ms, received_ms, event_type, _, detail in sorted(found)
    ]


async def _readings(
    server: Server, query: SeriesQuery, asked: Sequence[tuple[Place, Metric]]
) -> list[Series]:
    """Each reading a point."""
    wanted = [
        Wanted(
            Span(place, query.asset, query.from_ms, query.to_ms),
            (metric.key,),
            limit=query.limit + 1,
        )
        for place, metric in asked
    ]
    ranked = await _in_order(server, query.asset, await read(server, wanted))
    return [
        Series(
            metric.key,
            [Point(*sample) for sample in _samples(metric, rows[: query.limit])],
            truncated=len(rows) > query.limit,
        )
        for (_, metric), rows in zip(asked, ranked, strict=True)
    ]


async def _windows(
    server: Server, query: SeriesQuery, asked: Sequence[tuple[Place, Metric]], cut: Windows
) -> list[Series]:
    """Each window a point."""
    if not cut.starts:
        return [Series(metric.key, (), truncated=cut.truncated) for _, metric in asked]
    wanted = [_whole_span(query, place, metric, cut) for place, metric in asked]
    ranked = await _in_order(server, query.asset, await read(server, wanted))
    found = []
    for (_, metric), rows in zip(asked, ranked, strict=True):
        points = await asyncio.to_thread(_folded, metric, rows, query.from_ms, cut)
        found.append(Series(metric.key, points, truncated=cut.truncated))
    return found


def _whole_span(query: SeriesQuery, place: Place, metric: Metric, cut: Windows) -> Wanted:
    """All that the windows sum up; for a counter also the readings before them."""
    if metric.shape is Shape.COUNTER:
        span = Span(place, query.asset, query.from_ms - LOOK_BACK_MS, cut.end_ms)
        return Wanted(span, (metric.key, *_COUNTER))
    return Wanted(Span(place, query.asset, query.from_ms, cut.end_ms), (metric.key,))


async def _in_order(
    server: Server, asset: AssetId, found: Sequence[Sequence[Row]]
) -> list[Sequence[Row]]:
    """Rows that hold their first field, and those of one millisecond as the port has it."""
    known = [[row for row in rows if row.cells[0] is not None] for rows in found]
    twins = {
        later.at_ms
        for rows in known
        for earlier, later in pairwise(rows)
        if earlier.at_ms == later.at_ms
    }
    if not twins:
        return [*known]
    spans = [Span(IDENTITY[asset.kind], asset, at_ms, at_ms + 1) for at_ms in sorted(twins)]
    ranked = await read(server, [Wanted(span, ("seq", "digest")) for span in spans])
    ranks: dict[int, Rank] = {
        row.ns: (-1 if seq is None else unsigned(_whole(seq)), unsigned(_whole(digest)))
        for rows in ranked
        for row in rows
        for seq, digest in (row.cells,)
    }
    nowhere = (-1, 0)
    return [sorted(rows, key=lambda row: (row.at_ms, ranks.get(row.ns, nowhere))) for rows in known]


def _samples(metric: Metric, rows: Sequence[Row]) -> list[Sample]:
    return [
        (row.at_ms, found)
        for row in rows
        if (found := value(metric.type, row.cells[0])) is not None
    ]


def _folded(metric: Metric, rows: Sequence[Row], from_ms: int, cut: Windows) -> list[Point]:
    if metric.shape is not Shape.COUNTER:
        return fold(metric.shape, _samples(metric, rows), cut)
    totals = [
        Total(row.at_ms, _text_or_none(boot_id), bool(suspect), _whole(total))
        for row in rows
        for total, boot_id, suspect in (row.cells,)
    ]
    return fold(metric.shape, increases(totals, from_ms), cut)


def _whole(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _text(cell: Cell) -> str:
    return field_out(cell) if isinstance(cell, str) else ""


def _text_or_none(cell: Cell) -> str | None:
    return field_out(cell) if isinstance(cell, str) else None
