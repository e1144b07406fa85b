"""What the server knows of the newest, read when the store is opened."""

from typing import NamedTuple

from ausguck import catalogue
from ausguck.errors import StoreError
from ausguck.model import AssetId, Books, Kind, Position, Reading, Scalar
from ausguck.store.influxdb.lines import unsigned
from ausguck.store.influxdb.places import (
    CURSOR,
    EVENTS,
    FORMAT,
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
from ausguck.store.influxdb.questions import Span, Wanted, read
from ausguck.store.influxdb.server import Cell, Server, Table
from ausguck.store.influxdb.text import field_out, tag_out, tag_value
from ausguck.store.influxdb.values import value
from ausguck.store.judging.memory import Memory

_CURSOR = (
    "format",
    "epoch",
    "segment",
    "byte_offset",
    "stored",
    "duplicates",
    "dead_lettered",
    "decoded",
)
TOGETHER = 2
"""Rows asked for each series: a second one of the same millisecond tells that there are more."""


class Point(NamedTuple):
    """Where a point stands."""

    asset: AssetId
    ns: int


Points = dict[Point, dict[str, Cell]]


async def load(server: Server, position: Position | None, books: Books) -> Memory:
    """What is newest, beside where the books stand."""
    memory = Memory(position, books, await _newest_events(server))
    for kind, place in IDENTITY.items():
        fields = (*KEYS[:-1], *(metric.key for _, metric in metrics(kind, place)))
        newest = await _newest(server, kind, place, fields)
        for sparse in SPARSE[kind]:
            apart = tuple(metric.key for _, metric in metrics(kind, sparse))
            for point, cells in (await _newest(server, kind, sparse, apart)).items():
                if point in newest:
                    newest[point] |= cells
        memory.remember(_reading(point, cells) for point, cells in newest.items())
    memory.newest_readings = {
        asset: reading.observed_at_ms for asset, reading in memory.latest.items()
    }
    return memory


async def cursor(server: Server, consumer: str) -> tuple[Position | None, Books] | None:
    """Where a consumer's books stand; None where it has never written.

    Raises:
        StoreError: the books are of another format.
    """
    (consumer_tag,) = CURSOR.tags
    statement = (
        f"SELECT {columns(_CURSOR)} FROM {quoted(CURSOR.name)}"  # noqa: S608 - our names
        f" WHERE {quoted(consumer_tag)} = $consumer"
    )
    (tables,) = await server.ask(CURSOR.bucket, [statement], {"consumer": tag_value(consumer)})
    if not tables:
        return None
    _time, found, *cells = tables[0].values[-1]
    if found != FORMAT:
        raise StoreError(STORE, f"the books have format {found}, this version reads {FORMAT}")
    epoch, segment, offset, *books = cells
    numbers = [cell if isinstance(cell, int) else 0 for cell in books]
    if not isinstance(epoch, int) or not isinstance(segment, int) or not isinstance(offset, int):
        return None, Books(*numbers)
    return Position(epoch, segment, offset), Books(*numbers)


async def _newest_events(server: Server) -> dict[AssetId, int]:
    statement = (
        f'SELECT last("digest") FROM {quoted(EVENTS.name)}'  # noqa: S608 - our names
        f" GROUP BY {columns(EVENTS.tags)}"
    )
    (tables,) = await server.ask(EVENTS.bucket, [statement], {})
    newest: dict[AssetId, int] = {}
    for table in tables:
        at_ns = table.values[-1][0]
        if isinstance(at_ns, int):
            newest[_asset(EVENTS, Kind.DEVICE, table)] = at_ns // NS_PER_MS
    return newest


async def _newest(server: Server, kind: Kind, place: Place, fields: tuple[str, ...]) -> Points:
    """Each asset's points of its newest millisecond."""
    statement = (
        f"SELECT {columns(fields)} FROM {quoted(place.name)}"  # noqa: S608 - names are the catalogue's
        f" GROUP BY {columns(place.tags)} ORDER BY time DESC LIMIT {TOGETHER}"
    )
    (tables,) = await server.ask(place.bucket, [statement], {})
    points: Points = {}
    crowded: list[Span] = []
    for table in tables:
        asset = _asset(place, kind, table)
        times = [line[0] // NS_PER_MS for line in table.values if isinstance(line[0], int)]
        for line, at_ms in zip(table.values, times, strict=True):
            if at_ms == times[0] and isinstance(line[0], int):
                points[Point(asset, line[0])] = dict(zip(fields, line[1:], strict=True))
        if times[0] == times[-1] and len(times) == TOGETHER:
            crowded.append(Span(place, asset, times[0], times[0] + 1))
    found = await read(server, [Wanted(span, fields) for span in crowded])
    for span, rows in zip(crowded, found, strict=True):
        for ns, cells in rows:
            points[Point(span.asset, ns)] = dict(zip(fields, cells, strict=True))
    return points


def _asset(place: Place, kind: Kind, table: Table) -> AssetId:
    return asset_of(place, kind, {tag: tag_out(kept) for tag, kept in table.tags.items()})


def _reading(point: Point, cells: dict[str, Cell]) -> Reading:
    received, boot_id, seq, digest, suspect = (cells[key] for key in KEYS[:-1])
    values: list[Scalar | None] = [
        value(metric.type, cells.get(metric.key)) for metric in catalogue.metrics(point.asset.kind)
    ]
    return Reading(
        point.asset,
        point.ns // NS_PER_MS,
        received if isinstance(received, int) else 0,
        field_out(boot_id) if isinstance(boot_id, str) else None,
        unsigned(seq) if isinstance(seq, int) else None,
        unsigned(digest) if isinstance(digest, int) else 0,
        bool(suspect),
        tuple(values),
    )
