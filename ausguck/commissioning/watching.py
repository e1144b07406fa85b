"""What an asset has said since somebody began to watch it; others cost nothing."""

from collections.abc import Iterable
from typing import Final

import msgspec

from ausguck import catalogue
from ausguck.model import AssetId, Reading, Scalar

WATCHED_MS: Final = 600_000
"""How long an asset is watched after somebody last asked."""
MOST: Final = 64
"""Assets watched at once; a workshop commissions one after the other."""
LATE_MS: Final = 30_000
"""A reading that arrives so long after it was observed had waited in the device."""
CLOCK_MS: Final = 10_000
"""How far a device's clock may be off."""


class Watched(msgspec.Struct):
    """What was seen of one asset; times are UTC milliseconds, None for what was not seen."""

    since_ms: int
    asked_ms: int
    heard_ms: int | None = None
    offset_ms: int | None = None
    """Of the last live reading: our time of receipt less the device's own."""
    clock_suspect: bool = False
    is_clock_sound: bool = False
    """Whether a live reading came with a right time; before, a late one may have a slow clock."""
    late_offset_ms: int | None = None
    """The same difference of the last late reading."""
    buffered_ms: int | None = None
    """When a reading last arrived that had waited in the device."""
    values: dict[str, Scalar] = {}
    """The newest value of each key."""
    firsts: dict[str, Scalar] = {}
    """The first value of each key since watching began."""


class Watching:
    """Holds what is watched; used on the event loop alone."""

    def __init__(self) -> None:
        self._watched: dict[AssetId, Watched] = {}

    def look(self, asset: AssetId, now_ms: int) -> Watched:
        """What was seen of an asset so far; the first call begins to watch it."""
        self._forget(now_ms)
        found = self._watched.get(asset)
        if found is None:
            if len(self._watched) >= MOST:
                del self._watched[min(self._watched, key=self._asked)]
            found = self._watched[asset] = Watched(now_ms, now_ms)
        found.asked_ms = now_ms
        return found

    def note(self, readings: Iterable[Reading]) -> None:
        """See what was stored."""
        if not self._watched:
            return
        for reading in readings:
            watched = self._watched.get(reading.asset)
            if watched is not None:
                _note(watched, reading)

    def _asked(self, asset: AssetId) -> int:
        return self._watched[asset].asked_ms

    def _forget(self, now_ms: int) -> None:
        for asset, watched in tuple(self._watched.items()):
            if now_ms - watched.asked_ms > WATCHED_MS:
                del self._watched[asset]


def _note(watched: Watched, reading: Reading) -> None:
    watched.heard_ms = reading.received_at_ms
    offset_ms = reading.received_at_ms - reading.observed_at_ms
    if offset_ms > LATE_MS:
        # What it says is of an earlier time, and would turn ticks back.
        watched.late_offset_ms = offset_ms
        if watched.is_clock_sound:
            watched.buffered_ms = reading.received_at_ms
        return
    watched.offset_ms = offset_ms
    watched.clock_suspect = reading.clock_suspect
    watched.is_clock_sound |= not reading.clock_suspect and abs(offset_ms) <= CLOCK_MS
    for key, value in zip(catalogue.keys(reading.asset.kind), reading.values, strict=True):
        if value is not None:
            watched.values[key] = value
            watched.firsts.setdefault(key, value)
