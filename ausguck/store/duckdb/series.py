"""Questions in SQL: one asset's metrics over time, and its events.

Each function is given a cursor and runs in a reading thread. Values are bound; identifiers
are the catalogue's.
"""

from typing import Any

import duckdb

from ausguck.catalogue import Metric, Shape
from ausguck.model import AssetId, Kind
from ausguck.store.duckdb.tables import EVENTS, Table, place
from ausguck.store.port import Point, Series, SeriesQuery, StoredEvent
from ausguck.store.windows import Windows, windows

LOOK_BACK_MS = 86_400_000
"""A counter's difference over a longer silence says nothing about when, and is not booked."""
ORDER = "observed_at_ms, seq NULLS FIRST, digest"

Row = tuple[Any, ...]


def series(cursor: duckdb.DuckDBPyConnection, query: SeriesQuery) -> list[Series]:
    """The series of a query, in the order asked.

    Raises:
        StoreError: a metric or the time zone is unknown.
    """
    places = [place(query.asset.kind, key) for key in query.metrics]
    if query.every is None:
        return [_readings(cursor, query, table, metric) for table, metric in places]
    cut = windows(query.from_ms, query.to_ms, query.every, query.timezone, query.limit)
    return [_windows(cursor, query, table, metric, cut) for table, metric in places]


def events(
    cursor: duckdb.DuckDBPyConnection, asset: AssetId, from_ms: int, to_ms: int, limit: int
) -> list[StoredEvent]:
    """An asset's events of [from_ms, to_ms), oldest first."""
    rows = cursor.execute(
        f"SELECT observed_at_ms, received_at_ms, type, detail FROM {EVENTS.name}"  # noqa: S608 - our name
        " WHERE site = ? AND kind = ? AND object = ? AND observed_at_ms >= ?"
        " AND observed_at_ms < ? ORDER BY observed_at_ms, received_at_ms, type, digest LIMIT ?",
        [asset.site, Kind(asset.kind).value, asset.name, from_ms, to_ms, limit],
    ).fetchall()
    return [StoredEvent(asset, *row) for row in rows]


def _known(table: Table, metric: Metric) -> str:
    """The readings of an asset and a time that hold the metric."""
    site, name = table.asset_columns
    return (
        f"FROM {table.name} WHERE {site} = ? AND {name} = ?"
        f" AND observed_at_ms >= ? AND observed_at_ms < ? AND {metric.key} IS NOT NULL"
    )


def _readings(
    cursor: duckdb.DuckDBPyConnection, query: SeriesQuery, table: Table, metric: Metric
) -> Series:
    rows = cursor.execute(
        f"SELECT observed_at_ms, {metric.key} {_known(table, metric)} ORDER BY {ORDER} LIMIT ?",
        [query.asset.site, query.asset.name, query.from_ms, query.to_ms, query.limit + 1],
    ).fetchall()
    points = [Point(at_ms, value) for at_ms, value in rows[: query.limit]]
    return Series(metric.key, points, truncated=len(rows) > query.limit)


def _windows(
    cursor: duckdb.DuckDBPyConnection,
    query: SeriesQuery,
    table: Table,
    metric: Metric,
    cut: Windows,
) -> Series:
    if not cut.starts:
        return Series(metric.key, (), truncated=cut.truncated)
    asset = [query.asset.site, query.asset.name]
    if metric.shape is Shape.COUNTER:
        rows = cursor.execute(
            _counter_sql(table, metric),
            [
                list(cut.starts),
                *asset,
                query.from_ms - LOOK_BACK_MS,
                cut.end_ms,
                query.from_ms,
                LOOK_BACK_MS,
            ],
        ).fetchall()
    else:
        rows = cursor.execute(
            _window_sql(table, metric), [list(cut.starts), *asset, query.from_ms, cut.end_ms]
        ).fetchall()
    found = {row[0]: _point(row) for row in rows}
    points = [found.get(start) or Point(start, None, samples=0) for start in cut.starts]
    return Series(metric.key, points, truncated=cut.truncated)


def _point(row: Row) -> Point:
    return Point(*row)


def _window_sql(table: Table, metric: Metric) -> str:
    key = metric.key
    if metric.shape is Shape.GAUGE:
        summary = f"avg({key}), count(*), min({key})::DOUBLE, max({key})::DOUBLE"
    else:
        summary = f"last({key} ORDER BY {ORDER}), count(*)"
    return (
        "WITH starts AS (SELECT unnest(?::BIGINT[]) AS start_ms),"  # noqa: S608 - names are the catalogue's
        f" known AS (SELECT * {_known(table, metric)})"
        f" SELECT start_ms, {summary} FROM known"
        " ASOF JOIN starts ON known.observed_at_ms >= starts.start_ms GROUP BY start_ms"
    )


def _counter_sql(table: Table, metric: Metric) -> str:
    # A reading under our receive time may be older than the one before it: it has only its
    # like for neighbours, or what lies between would be booked twice.
    key = metric.key
    return (
        "WITH starts AS (SELECT unnest(?::BIGINT[]) AS start_ms),"  # noqa: S608 - names are the catalogue's
        f" known AS (SELECT observed_at_ms, boot_id, {key} AS total,"
        f" lag(observed_at_ms) OVER turn AS before_ms, lag(boot_id) OVER turn AS before_boot_id,"
        f" lag({key}) OVER turn AS before {_known(table, metric)}"
        f" WINDOW turn AS (PARTITION BY clock_suspect ORDER BY {ORDER})),"
        " booked AS (SELECT observed_at_ms, total - before AS increase FROM known"
        " WHERE observed_at_ms >= ? AND before_ms >= observed_at_ms - ?"
        " AND boot_id IS NOT DISTINCT FROM before_boot_id AND total >= before)"
        " SELECT start_ms, sum(increase), count(*) FROM booked"
        " ASOF JOIN starts ON booked.observed_at_ms >= starts.start_ms GROUP BY start_ms"
    )
