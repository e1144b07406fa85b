"""What a store remembers so as not to ask: where it stands, and each asset's newest.

Read from the store when it is opened, and changed only behind a commit.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from ausguck import catalogue
from ausguck.catalogue import DataClass
from ausguck.model import AssetId, Books, Kind, Position, Reading
from ausguck.store.cuts import Cuts
from ausguck.store.judging.suspects import Boot


@dataclass(slots=True)
class Memory:
    """One generation of it."""

    position: Position | None
    books: Books
    newest_events: dict[AssetId, int]
    latest: dict[AssetId, Reading] = field(default_factory=dict)
    newest_readings: dict[AssetId, int] = field(default_factory=dict)
    newest_suspects: Mapping[Boot, int] = field(default_factory=dict)

    def remember(self, readings: Iterable[Reading]) -> None:
        """Keep those that are newer than what is kept of their asset."""
        latest = self.latest
        for reading in readings:
            kept = latest.get(reading.asset)
            if (
                kept is None
                or reading.observed_at_ms > kept.observed_at_ms
                or rank(reading) > rank(kept)
            ):
                latest[reading.asset] = reading

    def newest(self, kind: Kind, name: str | None) -> list[Reading]:
        """Each asset's newest reading, by name."""
        kept = list(self.latest.values())
        return sorted(
            (r for r in kept if r.asset.kind is kind and name in {None, r.asset.name}),
            key=lambda reading: (reading.asset.name, reading.asset.site),
        )

    def expire(self, cuts: Cuts) -> None:
        """Drop what retention has removed."""
        self._forget(Kind.BUS, cuts.telemetry_ms)
        self._forget(Kind.STATION, cuts.station_ms)
        self._forget_positions(cuts.position_ms)

    def _forget(self, kind: Kind, before_ms: int) -> None:
        """Drop assets that were silent for all of it."""
        for asset, reading in tuple(self.latest.items()):
            if asset.kind is kind and reading.observed_at_ms < before_ms:
                del self.latest[asset]

    def _forget_positions(self, before_ms: int) -> None:
        """Drop the values of the class that is kept for the shortest time."""
        for asset, reading in tuple(self.latest.items()):
            if asset.kind is Kind.BUS and reading.observed_at_ms < before_ms:
                self.latest[asset] = _without_positions(reading)


def rank(reading: Reading) -> tuple[int, int, int, int]:
    """The later of one moment has the higher sequence number, or came later."""
    seq = -1 if reading.seq is None else reading.seq
    return reading.observed_at_ms, seq, reading.received_at_ms, reading.digest


def _without_positions(reading: Reading) -> Reading:
    values = tuple(
        None if metric.data_class is DataClass.EMPLOYEE_RELATED else value
        for metric, value in zip(catalogue.metrics(reading.asset.kind), reading.values, strict=True)
    )
    return msgspec.structs.replace(reading, values=values)
