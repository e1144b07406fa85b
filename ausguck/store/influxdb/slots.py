"""The nanosecond at which a point stands, so that two of one millisecond both survive; pure.

It is the millisecond and, for its last six digits, what tells the point from others. Where two
that differ would meet, the second takes the next free one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ausguck.model import AssetId, Event, Reading
from ausguck.store.influxdb.places import NS_PER_MS
from ausguck.store.judging.identities import Identity, event_identity, reading_identity

Moment = tuple[AssetId, int]


def reading_slot(reading: Reading) -> int:
    """Where a reading belongs."""
    told = reading.digest if reading.seq is None else reading.seq
    return reading.observed_at_ms * NS_PER_MS + told % NS_PER_MS


def event_slot(event: Event) -> int:
    """Where an event belongs."""
    return event.observed_at_ms * NS_PER_MS + event.digest % NS_PER_MS


@dataclass(slots=True)
class _Standing:
    """What stands at one moment."""

    slots: set[int] = field(default_factory=set)
    by_identity: dict[Identity, int] = field(default_factory=dict)


@dataclass(slots=True)
class Slots:
    """Who stands where at the moments that were looked up."""

    taken: dict[Moment, _Standing] = field(default_factory=dict)

    def look_at(self, moments: Iterable[Moment]) -> None:
        """Watch some moments, at which more than one point may stand."""
        for moment in moments:
            self.taken.setdefault(moment, _Standing())

    def found(self, moment: Moment, ns: int, identity: Identity) -> None:
        """Note what stands in the store."""
        standing = self.taken.setdefault(moment, _Standing())
        standing.slots.add(ns)
        standing.by_identity[identity] = ns

    def of_readings(self, readings: Iterable[Reading]) -> list[int]:
        """Where each reading is to stand."""
        if not self.taken:
            # As `reading_slot`, written out: a call for each costs as much again.
            return [
                r.observed_at_ms * NS_PER_MS + (r.digest if r.seq is None else r.seq) % NS_PER_MS
                for r in readings
            ]
        return [
            self._free(
                (reading.asset, reading.observed_at_ms),
                reading_slot(reading),
                reading_identity(reading),
            )
            for reading in readings
        ]

    def of_events(self, events: Iterable[Event]) -> list[int]:
        """Where each event is to stand."""
        return [
            self._free(
                (event.asset, event.observed_at_ms), event_slot(event), event_identity(event)
            )
            for event in events
        ]

    def _free(self, moment: Moment, ns: int, identity: Identity) -> int:
        standing = self.taken.get(moment)
        if standing is None:
            return ns
        mine = standing.by_identity.get(identity)
        if mine is not None:
            return mine
        while ns in standing.slots:
            ns = ns - ns % NS_PER_MS + (ns + 1) % NS_PER_MS
        standing.slots.add(ns)
        standing.by_identity[identity] = ns
        return ns
