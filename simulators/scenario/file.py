"""A scenario as it stands in its TOML file; `docs/how-to/simulate-trouble.md` tells how to write.

seed = 7
start = 2026-06-16T07:00:00        # local time of the city
duration = "45min"

[title]
en = "A carrier is down"
de = "Ein Netz ist ausgefallen"

[description]
en = "…"
de = "…"

[city]
buses = 40

[[faults]]
name = "mast"
kind = "carrier_down"
from = "07:15"
to = "07:35"
operator = "262-02"

[[expect]]
fault = "mast"
cause = "carrier_down"
severity = "critical"
actor = "carrier"
names = ["262-02"]
announced_within_s = 420
incidents = 1
resolved_by = "07:45"
why = { en = "…", de = "…" }
"""

from datetime import datetime
from typing import Annotated

import msgspec

from simulators.scenario.expected import Expect, Words
from simulators.scenario.faults import AnyFault

Count = Annotated[int, msgspec.Meta(ge=0)]
Chance = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]


class CityFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How big a city, and how often it speaks."""

    buses: Annotated[int, msgspec.Meta(ge=0, le=2000)] = 20
    stations: Annotated[int, msgspec.Meta(ge=0, le=5000)] = 10
    interval_s: Seconds = 10.0
    station_interval_s: Seconds = 60.0
    oddities: dict[str, Chance] = {}
    """The share of devices with each oddity of their own; without any, none is odd."""


class FeedFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A bike feed beside the city: stations without controllers of their own."""

    stations: Annotated[int, msgspec.Meta(ge=1, le=2000)] = 20
    prefix: str = "feed-"
    """What the collector is to put before the feed's ids."""
    ttl_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60


class ScenarioFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole file; every key is told in `docs/reference/scenarios.md`."""

    title: Words
    description: Words
    start: datetime
    duration: str
    expect: tuple[Expect, ...]
    seed: Count = 1
    city: CityFile = CityFile()
    feed: FeedFile | None = None
    faults: tuple[AnyFault, ...] = ()
