"""Which identities are stored at some assets and times: one query a table and day."""

from collections.abc import Iterable, Sequence
from typing import Any

from ausguck.model import AssetId, Kind, Reading
from ausguck.store.duckdb import frames
from ausguck.store.duckdb.database import Database
from ausguck.store.duckdb.tables import EVENTS, IDENTITY, Table
from ausguck.store.judging.identities import Identity, stored_identity
from ausguck.store.judging.judgement import About, Question, Stored

Moments = Iterable[tuple[AssetId, int]]

DAY_MS = 86_400_000
DOUBTFUL = "doubtful"
_DOUBTFUL_NAMES = {"bus_id": "object", "station_id": "object"}


class StoredIdentities:
    """Asks the tables; to be called in the writing thread only."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def answer(self, question: Question) -> Stored:
        """What is stored of those that are doubtful."""
        if question.about is About.EVENTS:
            return self._events_at(question.moments)
        if question.about is About.SUSPECTS:
            return self._suspects_like([r for r in question.doubtful if isinstance(r, Reading)])
        return self._readings_at(question.moments)

    def _readings_at(self, moments: Moments) -> Stored:
        known: dict[Identity, int] = {}
        for (kind, _), part in _by_kind_and_day(moments).items():
            if kind not in IDENTITY:
                continue
            for *asset, at_ms, boot_id, seq, digest in self._stored(
                IDENTITY[kind], ("boot_id", "seq", "digest"), part
            ):
                site, name = asset
                key = stored_identity(AssetId(site, kind, name), at_ms, boot_id, seq, digest)
                known[key] = digest
        return known

    def _suspects_like(self, readings: Sequence[Reading]) -> Stored:
        """What the same boots have said without a time in the day before."""
        found: dict[Identity, int] = {}
        for kind, table in IDENTITY.items():
            names = {reading.asset.name for reading in readings if reading.asset.kind is kind}
            if not names:
                continue
            since_ms = min(reading.received_at_ms for reading in readings) - DAY_MS
            rows = self._database.writer.execute(
                f"SELECT {', '.join(table.asset_columns)}, boot_id, seq, digest"  # noqa: S608 - names are the catalogue's
                f" FROM {table.name} WHERE observed_at_ms >= ? AND clock_suspect"
                f" AND seq IS NOT NULL AND list_contains(?, {table.asset_columns[-1]})",
                [since_ms, sorted(names)],
            ).fetchall()
            for site, name, boot_id, seq, digest in rows:
                found[AssetId(site, kind, name), boot_id, seq, digest] = digest
        return found

    def _events_at(self, moments: Moments) -> Stored:
        known: dict[Identity, int] = {}
        for (kind, _), part in _by_kind_and_day(moments).items():
            for site, _, name, at_ms, event_type, digest in self._stored(
                EVENTS, ("type", "digest"), part
            ):
                known[AssetId(site, kind, name), at_ms, event_type, digest] = digest
        return known

    def _stored(
        self, table: Table, columns: tuple[str, ...], moments: Sequence[tuple[AssetId, int]]
    ) -> list[tuple[Any, ...]]:
        """Rows at these assets and times; the bounds let DuckDB skip the rest of the table."""
        connection = self._database.writer
        keys = (*table.asset_columns, "observed_at_ms")
        times = [at_ms for _, at_ms in moments]
        same = " AND ".join(
            f"stored.{key} = {DOUBTFUL}.{_DOUBTFUL_NAMES.get(key, key)}" for key in keys
        )
        connection.register(DOUBTFUL, frames.doubtful(moments))
        try:
            return connection.execute(
                f"SELECT {', '.join(f'stored.{name}' for name in (*keys, *columns))}"  # noqa: S608 - names are the catalogue's, bounds are whole numbers
                f" FROM {table.name} AS stored SEMI JOIN {DOUBTFUL} ON {same}"
                f" WHERE stored.observed_at_ms BETWEEN {min(times):d} AND {max(times):d}"
            ).fetchall()
        finally:
            connection.unregister(DOUBTFUL)


def _by_kind_and_day(moments: Moments) -> dict[tuple[Kind, int], list[tuple[AssetId, int]]]:
    """One look-up a day, so that one old reading does not make a month be read."""
    parts: dict[tuple[Kind, int], list[tuple[AssetId, int]]] = {}
    for asset, at_ms in moments:
        parts.setdefault((asset.kind, at_ms // DAY_MS), []).append((asset, at_ms))
    return parts
