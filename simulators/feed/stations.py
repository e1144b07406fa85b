"""The stations a simulated feed tells of, and how a day's traffic changes them."""

import csv
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

EBIKE_SHARE: Final = 4


@dataclass(frozen=True, slots=True)
class FeedStation:
    """One station: what it is, what it has, and when it last told of it (POSIX seconds)."""

    station_id: str
    name: str
    lat: float
    lon: float
    capacity: int
    bikes: int
    docks: int
    last_reported_s: int
    disabled: int = 0
    is_renting: bool = True

    def with_bikes(self, bikes: int, at_s: int) -> "FeedStation":
        """The same station after a trip."""
        docks = max(0, self.capacity - bikes - self.disabled)
        return replace(self, bikes=bikes, docks=docks, last_reported_s=at_s)

    @property
    def by_type(self) -> dict[str, int]:
        """Bikes by type; the sum is `bikes`."""
        ebikes = self.bikes // EBIKE_SHARE
        return {"bike": self.bikes - ebikes, "ebike": ebikes}


def from_csv(path: Path, at_s: int) -> list[FeedStation]:
    """London's stations as spData has them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            FeedStation(
                station_id=row["id"],
                name=f"{row['name']}, {row['area']}",
                lat=round(float(row["Y"]), 6),
                lon=round(float(row["X"]), 6),
                capacity=int(row["nbikes"]) + int(row["nempty"]),  # codespell:ignore
                bikes=int(row["nbikes"]),
                docks=int(row["nempty"]),  # codespell:ignore
                last_reported_s=at_s,
            )
            for row in csv.DictReader(file)
        ]


def after_a_minute(
    stations: list[FeedStation], at_s: int, share: float, rng: random.Random
) -> tuple[list[FeedStation], int]:
    """The stations with a share of them changed by one bike, and how many that were."""
    changed = 0
    later = []
    for station in stations:
        if rng.random() < share:
            changed += 1
            step = 1 if station.bikes == 0 else rng.choice((-1, 1))
            later.append(station.with_bikes(station.bikes + step, at_s))
        else:
            later.append(station)
    return later, changed
