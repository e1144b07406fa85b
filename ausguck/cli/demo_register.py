"""The simulated city's register in the demo's desk, so that nobody in it is a stranger."""

from datetime import date, timedelta
from pathlib import Path

from ausguck.clock import Clock
from ausguck.desk.registry import open_registry
from ausguck.register.change import Given, Offer
from ausguck.register.rows import BEGINNING_MS, ROW_TYPES, Tables
from simulators.city.rhythm import local_time
from simulators.register_files import city_tables
from simulators.run import Job

WHO = "demo"
DAYS = 3
"""From yesterday, whose last duties end in the small hours, until tomorrow."""


def register_city(job: Job, desk_file: Path, clock: Clock) -> None:
    """Have the desk know the city of a job; on the second day over the same files it is renewed.

    Raises:
        StoreError: the file is not a desk of this version.
    """
    now_ms = clock.now_ms()
    offer = offered(city_tables(job.plan, yesterday(now_ms), DAYS))
    with open_registry(desk_file, job.site) as registry:
        registry.apply(registry.diff(offer, now_ms), WHO, now_ms)


def yesterday(now_ms: int) -> date:
    """The local date before now's."""
    return local_time(now_ms).date() - timedelta(days=1)


def offered(tables: Tables) -> Offer:
    """All rows of the tables."""
    rows = {
        name: tuple(
            Given(row, row.valid_from_ms != BEGINNING_MS, f"{name} {row.id}")
            for row in getattr(tables, name)
        )
        for name in ROW_TYPES
    }
    return Offer(WHO, rows, adds_only=True)
