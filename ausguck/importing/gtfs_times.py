"""GTFS's own time: service days that pass midnight, and the days a service runs on; pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_TIME: Final = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_DATE: Final = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})")
_HALF_DAY: Final = timedelta(hours=12)

TIME_EXPECTED: Final = "a time such as 05:30:00; over 24:00:00 after midnight"
DATE_EXPECTED: Final = "a day such as 20260301"


def seconds(text: str) -> int | None:
    """Seconds since the service day began, from `25:10:00` or `25:10`; None if it is no time."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hours, minutes, rest = found.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(rest)


def day(text: str) -> date | None:
    """A day from `20260301` or `2026-03-01`; None if it is none."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def begins_ms(on: date, zone: ZoneInfo) -> int:
    """When a service day begins: twelve hours before its noon, which is not always midnight.

    So a time of 05:30 is half past five by the clock also on the days of 23 and 25 hours.
    """
    noon = datetime.combine(on, time(12), zone)
    return round((noon.timestamp() - _HALF_DAY.total_seconds()) * 1000)


def moment_ms(on: date, at_s: int, zone: ZoneInfo) -> int:
    """A time of a service day as UTC."""
    return begins_ms(on, zone) + at_s * 1000


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


@dataclass(slots=True)
class Service:
    """The days of one `service_id`: weekdays within bounds, and the exceptions."""

    weekdays: frozenset[int] = frozenset()
    """Monday is 0."""
    first: date | None = None
    last: date | None = None
    added: set[date] = field(default_factory=set)
    removed: set[date] = field(default_factory=set)

    def runs_on(self, on: date) -> bool:
        """Whether there is service on a day."""
        if on in self.removed:
            return False
        if on in self.added:
            return True
        is_within = (
            self.first is not None and self.last is not None and self.first <= on <= self.last
        )
        return is_within and on.weekday() in self.weekdays

    def bounds(self) -> list[date]:
        """The days by which it is known from when to when."""
        regular = (self.first, self.last) if self.weekdays else ()
        return [on for on in (*regular, *self.added, *self.removed) if on is not None]
