"""What preparing says: each thing it looked at, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What became of one thing."""

    MADE = "made"
    CORRECTED = "corrected"
    KEPT = "kept"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at: `server`, `organisation`, `bucket`, `mapping`, `token`."""

    kind: str
    name: str
    change: Change
    detail: str


@dataclass(frozen=True, slots=True)
class Shortening:
    """A bucket whose older readings would be removed."""

    name: str
    found: str
    wanted: str
