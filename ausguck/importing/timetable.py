"""What a timetable says of a day: which trips run, on which line and block, from when to when.

Pure; `ausguck.importing.gtfs_trips` reads one from a GTFS feed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ausguck.importing.gtfs_times import Service, moment_ms


class Span(NamedTuple):
    """From one second of a service day until another."""

    from_s: int
    to_s: int


@dataclass(frozen=True, slots=True)
class Trip:
    """One trip of the timetable; `spans` is when a bus is out on it, on a day it runs.

    Without frequencies that is one span. With exact times there is one for each departure; with
    a headway alone one window, from the first departure until the last bus has arrived.
    """

    id: str
    line: str
    service: str
    block: str
    spans: tuple[Span, ...]


class Run(NamedTuple):
    """A trip on one day; ordered by time."""

    from_ms: int
    to_ms: int
    line: str
    trip: str
    block: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """A feed's trips and days; `untimed` trips had no times, and are not among `trips`."""

    source: str
    zone: ZoneInfo
    trips: Mapping[str, Trip]
    services: Mapping[str, Service]
    untimed: int = 0
    blocks: Mapping[str, Sequence[Trip]] = field(default_factory=dict)

    def runs_on(self, service: str, on: date) -> bool:
        """Whether a service runs on a day."""
        found = self.services.get(service)
        return found is not None and found.runs_on(on)

    def bounds(self) -> tuple[date, date] | None:
        """The first and the last day that any service knows of."""
        known = [on for service in self.services.values() for on in service.bounds()]
        return (min(known), max(known)) if known else None

    def runs(self, trips: Iterable[Trip], on: date) -> list[Run]:
        """Those of the trips that run on a service day, in order of time."""
        found = [
            Run(
                moment_ms(on, span.from_s, self.zone),
                moment_ms(on, span.to_s, self.zone),
                trip.line,
                trip.id,
                trip.block,
            )
            for trip in trips
            if self.runs_on(trip.service, on)
            for span in trip.spans
        ]
        return sorted(found)
