"""Where the windows of a question begin: hours of the clock, and days of a place; pure.

A day runs from one local midnight to the next, so it has 23 or 25 hours twice a year.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ausguck.errors import StoreError
from ausguck.store.port import Every

WIDTH_MS = {
    Every.MINUTE: 60_000,
    Every.FIVE_MINUTES: 300_000,
    Every.QUARTER_HOUR: 900_000,
    Every.HOUR: 3_600_000,
}


class Windows(NamedTuple):
    """The beginnings in order, the end of the last, and whether there were more."""

    starts: tuple[int, ...]
    end_ms: int
    truncated: bool


def windows(from_ms: int, to_ms: int, every: Every, timezone: str, limit: int) -> Windows:
    """Windows that cover [from_ms, to_ms); the first begins at or before `from_ms`.

    Widths below a day are counted from local midnight's offset, so that hours are whole hours
    of the place.

    Raises:
        StoreError: the time zone is unknown.
    """
    if from_ms >= to_ms:
        return Windows((), to_ms, truncated=False)
    zone = _zone(timezone)
    starts = _days(from_ms, zone) if every is Every.DAY else _steps(from_ms, WIDTH_MS[every], zone)
    some = tuple(islice(takewhile(lambda start: start < to_ms, starts), limit + 1))
    if len(some) <= limit:
        return Windows(some, to_ms, truncated=False)
    return Windows(some[:limit], some[limit], truncated=True)


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise StoreError("windows", f"unknown time zone {timezone!r}") from error


def _steps(from_ms: int, width_ms: int, zone: ZoneInfo) -> Iterator[int]:
    offset = datetime.fromtimestamp(from_ms / 1000, tz=zone).utcoffset() or timedelta()
    shift_ms = int(offset.total_seconds() * 1000) % width_ms
    start = (from_ms + shift_ms) // width_ms * width_ms - shift_ms
    while True:
        yield start
        start += width_ms


def _days(from_ms: int, zone: ZoneInfo) -> Iterator[int]:
    day = datetime.fromtimestamp(from_ms / 1000, tz=zone).date()
    while True:
        midnight = datetime.combine(day, time(), tzinfo=zone)
        yield int(midnight.astimezone(UTC).timestamp()) * 1000
        day += timedelta(days=1)
