"""Readings under our receive time, because the device's own was impossible; pure.

Delivered again, such a reading would come under another time and be taken for a new one. So
it is known by what the device did say: boot, sequence number and content. One that is behind
everything its boot has said so far is looked up; a later one is new without asking.
"""

from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from ausguck.model import AssetId, Reading

Boot = tuple[AssetId, str | None]
MOST_BOOTS = 50_000
"""So many are remembered; a device that invents boots costs look-ups, and no memory."""
Saying = tuple[AssetId, str | None, int, int]
"""Asset, boot, sequence number and digest."""


class Doubts(NamedTuple):
    """Which suspects may be stored already, and how far each boot has come."""

    doubtful: list[Reading]
    reached: Mapping[Boot, int]
    any: bool


class Sifted(NamedTuple):
    """Which readings of a batch go on, by index, and how far each boot has come."""

    going_on: Sequence[int]
    reached: Mapping[Boot, int]


def saying(reading: Reading) -> Saying:
    """By what a reading without a time of its own is known."""
    return (reading.asset, reading.boot_id, reading.seq or 0, reading.digest)


def is_suspect(reading: Reading) -> bool:
    """Whether a reading has no time of its own, but a sequence number."""
    return reading.clock_suspect and reading.seq is not None


def doubt(readings: Sequence[Reading], newest: Mapping[Boot, int]) -> Doubts:
    """Find the suspects that are not later than all that is known of their boot."""
    # Written out: a call for each reading costs more than all else here.
    among = [r for r in readings if r.clock_suspect and r.seq is not None]
    if not among:
        return Doubts([], newest, any=False)
    reached = dict(newest) if len(newest) < MOST_BOOTS else {}  # forgotten is only looked up
    doubtful: list[Reading] = []
    for reading in among:
        boot, seq = (reading.asset, reading.boot_id), reading.seq or 0
        known = reached.get(boot)
        if known is None or seq <= known:
            doubtful.append(reading)
        reached[boot] = seq if known is None else max(known, seq)
    return Doubts(doubtful, reached, any=True)


def sift(readings: Sequence[Reading], doubts: Doubts, stored: Container[object]) -> Sifted:
    """Leave out the suspects that are stored already, or twice in the batch."""
    if not doubts.any:
        return Sifted(range(len(readings)), doubts.reached)
    said: set[Saying] = set()
    going_on: list[int] = []
    for index, reading in enumerate(readings):
        if is_suspect(reading):
            mine = saying(reading)
            if mine in stored or mine in said:
                continue
            said.add(mine)
        going_on.append(index)
    return Sifted(going_on, doubts.reached)
