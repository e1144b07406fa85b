"""What an InfluxDB has to hold before we write to it: buckets and three roles; pure."""

from dataclasses import dataclass
from enum import StrEnum

from ausguck.catalogue.state import Bucket
from ausguck.settings.tree import Retention
from ausguck.store.influxdb_setup.found import Action, FoundBucket

HOUR_S = 3_600
DAY_S = 86_400
FOR_EVER = 0
"""How InfluxDB writes that nothing is ever removed."""
ROLLUP_ASSET_DAYS = 400
LONG_DAYS = 180


@dataclass(frozen=True, slots=True)
class WantedBucket:
    """A bucket as it should be; `kept_s` 0 keeps for ever."""

    name: str
    bucket: Bucket
    kept_s: int
    shard_s: int


class Role(StrEnum):
    """Who holds a token; the name of its file, too."""

    WRITER = "writer"
    READER = "reader"
    PLANNER = "planner"


@dataclass(frozen=True, slots=True)
class Rights:
    """What a role may do, and nothing else."""

    actions: frozenset[Action]
    buckets: tuple[Bucket, ...]


WITHOUT_VEHICLES = (Bucket.ROLLUP, Bucket.ROLLUP_DAY)
RIGHTS = {
    Role.WRITER: Rights(frozenset(Action), tuple(Bucket)),
    Role.READER: Rights(frozenset({Action.READ}), tuple(Bucket)),
    Role.PLANNER: Rights(frozenset({Action.READ}), WITHOUT_VEHICLES),
}


def buckets(prefix: str, retention: Retention) -> tuple[WantedBucket, ...]:
    """All buckets, in the catalogue's order.

    A query costs series times shards, so what is asked for over years lies in long shards. The
    server removes whole shards only: what must not be kept longer lies in short ones.
    """
    kept_and_shard = {
        Bucket.TELEMETRY: _raw(retention.telemetry_days),
        Bucket.POSITION: (retention.position_days * DAY_S, 6 * HOUR_S),
        Bucket.STATION: _raw(retention.station_days),
        Bucket.BOOKS: (FOR_EVER, 7 * DAY_S),
        Bucket.ROLLUP_ASSET: (ROLLUP_ASSET_DAYS * DAY_S, 90 * DAY_S),
        Bucket.ROLLUP: (FOR_EVER, 90 * DAY_S),
        Bucket.ROLLUP_DAY: (FOR_EVER, 364 * DAY_S),
    }
    return tuple(
        WantedBucket(f"{prefix}{bucket}", bucket, *kept_and_shard[bucket]) for bucket in Bucket
    )


def is_shorter(found: FoundBucket, wanted: WantedBucket) -> bool:
    """Whether readings would be removed if the bucket became as it should be."""
    if wanted.kept_s == FOR_EVER:
        return False
    return found.kept_s == FOR_EVER or wanted.kept_s < found.kept_s


def description(role: Role, prefix: str) -> str:
    """How a token is called on the server, for people and to find it again."""
    return f"ausguck {role} {prefix}".rstrip()


def span(kept_s: int) -> str:
    """How long, for people."""
    if kept_s == FOR_EVER:
        return "for ever"
    return f"{kept_s // DAY_S} d" if kept_s % DAY_S == 0 else f"{kept_s / HOUR_S:g} h"


def _raw(days: int) -> tuple[int, int]:
    return days * DAY_S, (7 * DAY_S if days > LONG_DAYS else DAY_S)
