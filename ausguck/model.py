"""What a thing is: assets, readings, events, dead letters and the books that count them.

Times are UTC in whole milliseconds since 1970 and end in `_ms`; units are in the names.
The structs are msgspec's because they are made once a message (about 0.1 µs each).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

Scalar = bool | int | float | str
Values = tuple[Scalar | None, ...]


class Kind(StrEnum):
    """What an asset is; `device` is a serial number that a register resolves to one."""

    BUS = "bus"
    STATION = "station"
    DEVICE = "device"


class AssetId(NamedTuple):
    """One bus or station of one site."""

    site: str
    kind: Kind
    name: str

    def __str__(self) -> str:
        """The asset as people write it, `bus/0123`."""
        return f"{self.kind}/{self.name}"


class Position(NamedTuple):
    """A place between two records of the journal; ordered as the records are."""

    epoch: int
    segment: int
    offset: int


class Reading(msgspec.Struct, frozen=True, gc=False):
    """One element of telemetry, judged and cleaned.

    `values` stand in the order of `catalogue.keys(asset.kind)`, `None` where unknown.
    Identity is (asset, observed_at_ms, boot_id, seq), or with no `seq`
    (asset, observed_at_ms, digest); `digest` is of the element's bytes, `seq` and `digest` are
    unsigned 64-bit numbers.
    With `clock_suspect` the time is ours; where there is a `seq`, identity is then
    (asset, boot_id, seq, digest).
    """

    asset: AssetId
    observed_at_ms: int
    received_at_ms: int
    boot_id: str | None
    seq: int | None
    digest: int
    clock_suspect: bool
    values: Values


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something that happened to an asset: a status, or an event a device names.

    For a status `type` is `status` and `detail` the state; identity as for readings,
    with `digest` in place of a sequence number.
    """

    asset: AssetId
    observed_at_ms: int
    received_at_ms: int
    type: str
    detail: str
    digest: int


class Inventory(msgspec.Struct, frozen=True, gc=False):
    """What a device says it is, or a feed says of a station; the newest one holds."""

    asset: AssetId
    observed_at_ms: int
    model: str | None
    firmware: str | None
    serial: str | None
    profile: str | None
    sim_count: int | None
    name: str | None = None
    lat: float | None = None
    lon: float | None = None
    capacity: int | None = None


class Reason(StrEnum):
    """Why a reading, or a message that yields none, became a dead letter."""

    UNDECODABLE = "undecodable"
    EMPTY = "empty"
    IDENTITY = "identity"
    GRAMMAR = "grammar"
    LIMIT = "limit"
    TIME = "time"
    TOO_OLD = "too_old"
    CONFLICT = "conflict"
    REJECTED = "rejected"


class Origin(NamedTuple):
    """Which element of which journal record something came from."""

    position: Position
    element: int


class DeadLetter(msgspec.Struct, frozen=True):
    """A reading that was not stored, or a message that yielded none, with its reason.

    `element` is redacted; `detail` says what was found and what was expected.
    """

    origin: Origin
    received_at_ms: int
    topic: str
    reason: Reason
    detail: str
    element: bytes


class DroppedValue(msgspec.Struct, frozen=True):
    """One value that was left out of a reading which itself was kept."""

    origin: Origin
    asset: AssetId
    received_at_ms: int
    key: str
    reason: str
    example: str


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """What one record of the journal holds; `..._origins` stand beside what they name.

    `elements` is counted from the payload, before anything is judged, so that the books can
    be held against it.
    """

    readings: Sequence[Reading] = ()
    reading_origins: Sequence[Origin] = ()
    events: Sequence[Event] = ()
    event_origins: Sequence[Origin] = ()
    inventories: Sequence[Inventory] = ()
    dead_letters: Sequence[DeadLetter] = ()
    dropped: Sequence[DroppedValue] = ()
    elements: int = 1

    @property
    def is_plain(self) -> bool:
        """Whether there are readings and nothing else."""
        return not (self.events or self.inventories or self.dead_letters or self.dropped)


class Batch(msgspec.Struct, frozen=True):
    """What history writes in one transaction, with the books it adds.

    `origins[i]` is where `readings[i]` came from, and after those each of `events`.
    """

    readings: Sequence[Reading]
    events: Sequence[Event]
    origins: Sequence[Origin]
    dead_lettered: int
    inventories: int = 0
    """Inventories the desk took; the books count them as stored."""
    decoded: int = 0
    """Elements that were read, counted before anything was judged."""


class Refusal(msgspec.Struct, frozen=True):
    """A member of a batch that the store did not take; `index` counts readings, then events."""

    index: int
    reason: Reason
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of a batch: `stored + duplicates + len(refused)` is its size."""

    stored: int
    duplicates: int
    refused: Sequence[Refusal]


class Books(msgspec.Struct, frozen=True):
    """Totals since the store was made.

    `decoded` is counted where payloads are taken apart, the others where each element ended.
    """

    stored: int = 0
    duplicates: int = 0
    dead_lettered: int = 0
    decoded: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every element that was read has come to exactly one end."""
        return self.decoded == self.stored + self.duplicates + self.dead_lettered
