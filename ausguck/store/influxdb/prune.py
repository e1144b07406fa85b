"""What is past its retention goes; where the bucket's own was first, nothing is left to do."""

from collections.abc import Iterator

from ausguck.catalogue.state import TABLES, Bucket
from ausguck.store.cuts import Cuts
from ausguck.store.influxdb.places import (
    BUS_POSITION,
    EVENTS,
    HOTSPOT,
    NS_PER_MS,
    STATION,
    quoted,
)
from ausguck.store.influxdb.server import Server
from ausguck.store.influxdb.times import rfc3339

EARLIEST = "1970-01-01T00:00:00Z"
_ALWAYS = ("received_at_ms",)


async def prune(server: Server, cuts: Cuts) -> int:
    """Remove what is older, and return how many points went.

    Raises:
        StoreUnavailable: it is not known to be done.
    """
    gone = 0
    for bucket, name, fields in _measurements():
        cut_ns = cuts.of(bucket) * NS_PER_MS
        statement = (
            f"SELECT {', '.join(f'count({quoted(field)})' for field in fields)}"  # noqa: S608 - names are the catalogue's
            f" FROM {quoted(name)} WHERE time < $cut"
        )
        (tables,) = await server.ask(bucket, [statement], {"cut": cut_ns})
        cells = [cell for table in tables for line in table.values for cell in line[1:]]
        count = max((cell for cell in cells if isinstance(cell, int)), default=0)
        if count:
            await server.delete(bucket, EARLIEST, rfc3339(cut_ns - 1), f'_measurement="{name}"')
            gone += count
    return gone


def _measurements() -> Iterator[tuple[Bucket, str, tuple[str, ...]]]:
    """Each measurement with fields of which every point has one."""
    for place in (HOTSPOT, BUS_POSITION, STATION, EVENTS):
        yield place.bucket, place.name, _ALWAYS
    for table in TABLES:
        yield table.bucket, table.measurement.value, tuple(field.key for field in table.fields)
