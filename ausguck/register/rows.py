"""The register's rows: one version of one thing, true from one moment until another.

A thing is known by its `id` for as long as it lives; what changes about it makes another row
of the same id, and their times never overlap. So what was true yesterday stays to be asked.
Times are UTC milliseconds, an interval holds its beginning and not its end, and no end is None.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

BEGINNING_MS: Final = 0
"""Since ever, for what nobody dated."""

Ring = tuple[tuple[float, float], ...]
"""The corners of an area as (lat, lon), in order; the last joins the first by itself."""


class Lifecycle(StrEnum):
    """How far a thing has come."""

    PLANNED = "planned"
    ACTIVE = "active"
    RETIRED = "retired"


class DeviceState(StrEnum):
    """Where a device is in its life."""

    SPARE = "spare"
    FITTED = "fitted"
    REPAIR = "repair"
    STOLEN = "stolen"
    RETIRED = "retired"


class Role(StrEnum):
    """What a party does."""

    CITY = "city"
    BUS_COMPANY = "bus_company"
    BIKE_OPERATOR = "bike_operator"


class EventKind(StrEnum):
    """What people know of that devices do not."""

    FESTIVAL = "festival"
    DIVERSION = "diversion"
    ROLLOUT = "rollout"
    STRIKE = "strike"
    WORKS = "works"
    OTHER = "other"


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every row has; `external_ids` are its names elsewhere, by source.

    A row holds texts and numbers alone, so the garbage collector need not walk through 200,000.
    """

    id: str
    valid_from_ms: int = BEGINNING_MS
    valid_to_ms: int | None = None
    external_ids: Mapping[str, str] = {}
    lifecycle: Lifecycle = Lifecycle.ACTIVE
    successor: str | None = None
    """The id under which the same thing goes on, such as line 12 after line 11."""

    def holds_at(self, at_ms: int) -> bool:
        """Whether it is true at that moment."""
        return self.valid_from_ms <= at_ms and (
            self.valid_to_ms is None or at_ms < self.valid_to_ms
        )


class Party(Row, frozen=True, kw_only=True):
    """Who owns or runs something."""

    role: Role
    title: str = ""


class Line(Row, frozen=True, kw_only=True):
    """A bus line; its `id` is what passengers and telemetry call it, such as `11`."""

    title: str = ""
    party: str | None = None
    service_hours: str | None = None
    """When some bus of it is out, as opening hours are written in OpenStreetMap."""


class Zone(Row, frozen=True, kw_only=True):
    """A part of the city that numbers are asked for."""

    title: str = ""
    area: Ring = ()


class Depot(Row, frozen=True, kw_only=True):
    """Where buses stand at night."""

    title: str = ""
    area: Ring = ()
    party: str | None = None


class SimPool(Row, frozen=True, kw_only=True):
    """SIM cards that share a contract: its cap in bytes a billing month, and the month's day."""

    operator: str | None = None
    """MCC-MNC, such as `262-01`."""
    cap_bytes: int | None = None
    billing_day: int = 1
    party: str | None = None


class Asset(Row, frozen=True, kw_only=True):
    """A bus or a station; its `id` is written as in topics, `bus/0123` or `station/1001`."""

    title: str = ""
    party: str | None = None
    depot: str | None = None
    line: str | None = None
    """Where a bus drives the same line all its life; else assignments say."""
    zone: str | None = None
    """Named outright; else the zone is the one whose area holds the place."""
    lat: float | None = None
    lon: float | None = None
    capacity: int | None = None
    opening_hours: str | None = None
    """As in OpenStreetMap, such as `Mo-Su 05:00-24:00`."""
    has_controller: bool | None = None
    """Whether a station has a device of its own, or is only as alive as its feed."""


class Device(Row, frozen=True, kw_only=True):
    """A router or controller; its `id` is its serial number."""

    model: str = ""
    state: DeviceState = DeviceState.SPARE
    sim_pool: str | None = None
    sim_pool_2: str | None = None


class Fitting(Row, frozen=True, kw_only=True):
    """That the device `id` is in `asset`; one device at a time, and one asset."""

    asset: str


class Assignment(Row, frozen=True, kw_only=True):
    """That the bus `id` (`bus/0123`) is on a line's duty from one moment until another."""

    line: str | None = None
    trip: str | None = None
    block: str | None = None
    source: str = ""


class Event(Row, frozen=True, kw_only=True):
    """What people know of, as annotation and for leaving days out of a profile."""

    kind: EventKind
    title: str
    area: Ring = ()
    lines: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    source: str = ""


class Tables(msgspec.Struct, frozen=True):
    """All rows; the fields' names are those of the CSV files and of the desk's tables."""

    parties: tuple[Party, ...] = ()
    lines: tuple[Line, ...] = ()
    zones: tuple[Zone, ...] = ()
    depots: tuple[Depot, ...] = ()
    sim_pools: tuple[SimPool, ...] = ()
    assets: tuple[Asset, ...] = ()
    devices: tuple[Device, ...] = ()
    fittings: tuple[Fitting, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    events: tuple[Event, ...] = ()


ROW_TYPES: Final[Mapping[str, type[Row]]] = {
    "parties": Party,
    "lines": Line,
    "zones": Zone,
    "depots": Depot,
    "sim_pools": SimPool,
    "assets": Asset,
    "devices": Device,
    "fittings": Fitting,
    "assignments": Assignment,
    "events": Event,
}
"""What each of the tables holds, in the order in which one may name another."""
