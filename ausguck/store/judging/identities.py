"""Which members of a batch are new, which are there already and which contradict; pure.

A member later than everything known of its asset is new without asking. Only the others are
doubtful and have to be looked up, and devices send few of those.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from ausguck.clock import iso_utc
from ausguck.model import AssetId, Event, Reading

NEVER_MS = -(2**63)

Identity = (
    tuple[AssetId, int, int]
    | tuple[AssetId, int, str | None, int]
    | tuple[AssetId, str | None, int, int]
)
"""By content, by sequence number, and that of a reading without a time of its own."""


class Member(Protocol):
    """What readings and events have in common here."""

    @property
    def asset(self) -> AssetId:
        """Whose it is."""
        ...

    @property
    def observed_at_ms(self) -> int:
        """When it was."""
        ...

    @property
    def digest(self) -> int:
        """What it says."""
        ...


M = TypeVar("M", bound=Member)


class Split(NamedTuple):
    """The quick part of the decision."""

    reached: dict[AssetId, int]
    doubtful: list[int]


class Verdict(NamedTuple):
    """The whole decision, as indices."""

    new: list[int]
    duplicates: int
    conflicts: list[int]


def reading_identity(reading: Reading) -> Identity:
    """What makes a reading itself; without a sequence number that is its content."""
    if reading.seq is None:
        return (reading.asset, reading.observed_at_ms, reading.digest)
    return (reading.asset, reading.observed_at_ms, reading.boot_id, reading.seq)


def stored_identity(
    asset: AssetId, at_ms: int, boot_id: str | None, seq: int | None, digest: int
) -> Identity:
    """The same, from the key columns of a row."""
    if seq is None:
        return (asset, at_ms, digest)
    return (asset, at_ms, boot_id, seq)


def event_identity(event: Event) -> Identity:
    """What makes an event itself: two of one moment and type differ by content."""
    return (event.asset, event.observed_at_ms, event.type, event.digest)


def split(members: Sequence[Member], newest: Mapping[AssetId, int]) -> Split:
    """Tell the doubtful from those that are later than all before them of their asset."""
    reached = dict(newest)
    doubtful: list[int] = []
    for index, member in enumerate(members):
        asset = member.asset
        at_ms = member.observed_at_ms
        if at_ms > reached.get(asset, NEVER_MS):
            reached[asset] = at_ms
        else:
            doubtful.append(index)
    return Split(reached, doubtful)


def decide(
    members: Sequence[M],
    doubtful: Sequence[int],
    identity: Callable[[M], Identity],
    stored: Mapping[Identity, int],
) -> Verdict:
    """Judge the doubtful against what is stored and against the batch itself.

    `stored` has the digest of each stored identity at the doubtful's assets and times.
    """
    doubts = set(doubtful)
    assets = {members[index].asset for index in doubtful}
    known = dict(stored)
    new: list[int] = []
    conflicts: list[int] = []
    duplicates = 0
    for index, member in enumerate(members):
        if index not in doubts:
            new.append(index)
            if member.asset in assets:
                known[identity(member)] = member.digest
            continue
        mine = identity(member)
        first = known.get(mine)
        if first is None:
            known[mine] = member.digest
            new.append(index)
        elif first == member.digest:
            duplicates += 1
        else:
            conflicts.append(index)
    return Verdict(new, duplicates, conflicts)


def conflict_detail(reading: Reading) -> str:
    """What the operator reads beside a conflict."""
    boot = f" of boot {reading.boot_id}" if reading.boot_id else ""
    return (
        f"{reading.asset} at {iso_utc(reading.observed_at_ms)}: "
        f"sequence number {reading.seq}{boot} is stored with other content"
    )
