"""Entity tags for what is polled: unchanged readings cost a 304 and no body.

The tags are weak and cover the readings, not the ages that follow from the time of asking.
"""

from collections.abc import Iterable
from hashlib import blake2b

from ausguck.model import Reading


def of_readings(readings: Iterable[Reading], *more: object) -> str:
    """A tag that changes when any of the readings, or anything more, does."""
    digest = blake2b(digest_size=12)
    for reading in readings:
        identity = (
            reading.asset.name,
            reading.observed_at_ms,
            reading.received_at_ms,
            reading.boot_id,
            reading.seq,
            reading.digest,
        )
        digest.update(repr(identity).encode())
    digest.update(repr(more).encode())
    return f'W/"{digest.hexdigest()}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the client has this already (weak comparison, RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    given = [entry.strip() for entry in if_none_match.split(",")]
    return "*" in given or tag.removeprefix("W/") in {entry.removeprefix("W/") for entry in given}
