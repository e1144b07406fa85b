"""What a server has, in our words."""

from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr


class Action(StrEnum):
    """What a token may do with a bucket."""

    READ = "read"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class FoundBucket:
    """A bucket as the server has it."""

    id: str
    kept_s: int
    shard_s: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Which bucket InfluxQL means by a database's name."""

    id: str
    bucket_id: str
    retention_policy: str
    is_default: bool
    is_virtual: bool


@dataclass(frozen=True, slots=True)
class FoundToken:
    """A token as the server lists it; newer servers keep a hash and cannot show it."""

    id: str
    is_active: bool
    rights: frozenset[tuple[Action, str]] | None
    """What it may do with which bucket; None when it may do anything else."""
    token: SecretStr | None = field(repr=False)
