"""Where everything is kept: measurements, tags and buckets, derived from the catalogue.

Every identifier that reaches the server comes from here, so none comes from a caller.
"""

from dataclasses import dataclass
from functools import cache

from ausguck import catalogue
from ausguck.catalogue import Measurement, Metric
from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreError
from ausguck.model import AssetId, Kind
from ausguck.store.metrics import metric as known_metric

STORE = "influxdb"
FORMAT = 1
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """One measurement: its bucket, and the tags by which its series are told apart, sorted."""

    name: str
    bucket: Bucket
    tags: tuple[str, ...]


HOTSPOT = Place(Measurement.HOTSPOT.value, Bucket.TELEMETRY, ("bus_id", "site"))
BUS_POSITION = Place(Measurement.BUS_POSITION.value, Bucket.POSITION, ("bus_id", "site"))
STATION = Place(Measurement.STATION.value, Bucket.STATION, ("site", "station_id"))
EVENTS = Place("events", Bucket.TELEMETRY, ("kind", "object", "site"))
CURSOR = Place("cursor", Bucket.BOOKS, ("consumer",))

IDENTITY: dict[Kind, Place] = {Kind.BUS: HOTSPOT, Kind.STATION: STATION}
"""The measurement in which each reading of a kind has exactly one point."""
SPARSE: dict[Kind, tuple[Place, ...]] = {Kind.BUS: (BUS_POSITION,), Kind.STATION: ()}
"""Measurements that get a point only from readings that hold one of their values."""
KEYS = ("received_at_ms", "boot_id", "seq", "digest", "clock_suspect", "batch")
"""The fields that each reading's point has beside the catalogue's."""


def quoted(identifier: str) -> str:
    """An identifier of ours as InfluxQL takes it."""
    if not identifier.replace("_", "").isalnum():
        raise StoreError(STORE, f"{identifier!r} is no identifier of ours")
    return f'"{identifier}"'


def columns(identifiers: tuple[str, ...] | list[str]) -> str:
    """Several of them with commas between."""
    return ", ".join(map(quoted, identifiers))


def tags_of(place: Place, asset: AssetId) -> tuple[str, ...]:
    """An asset's tag values, in the order of the place's tags."""
    named = {"site": asset.site, "kind": asset.kind.value}
    return tuple(named.get(tag, asset.name) for tag in place.tags)


def asset_of(place: Place, kind: Kind, tags: dict[str, str]) -> AssetId:
    """The asset that a series' tags name."""
    (name,) = (value for tag, value in tags.items() if tag not in {"site", "kind"})
    return AssetId(tags["site"], Kind(tags["kind"]) if place is EVENTS else kind, name)


@cache
def metrics(kind: Kind, place: Place) -> tuple[tuple[int, Metric], ...]:
    """The metrics that a place holds, each with its index in a reading's values."""
    return catalogue.columns(kind, Measurement(place.name))


@cache
def home(kind: Kind, key: str) -> tuple[Place, Metric]:
    """The place of a metric, and its catalogue entry.

    Raises:
        StoreError: there is no such metric.
    """
    metric = known_metric(STORE, kind, key)
    for place in (IDENTITY[kind], *SPARSE[kind]):
        if place.name == metric.measurement.value:
            return place, metric
    raise StoreError(STORE, f"no place for {metric.measurement}")
