"""Times as people write them, in the clock of the site or with an offset, and back again."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ausguck.errors import AusguckError

_SECOND_MS: Final = 1000
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LOCAL: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?))?", re.ASCII
)
_GERMAN: Final = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?: (\d{1,2}:\d\d(?::\d\d)?))?", re.ASCII
)
_HOURS: Final = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?", re.ASCII)
MAX_HOUR: Final = 48

EXPECTED: Final = "a time such as 2026-03-29, 2026-03-29 05:00 or 2026-03-29T05:00:00+02:00"
EXPECTED_DATE: Final = "a date such as 2026-03-29"
EXPECTED_HOURS: Final = (
    f"a time of day such as 05:00, or 25:30 for the next day, below {MAX_HOUR}:00"
)


class Misfit(AusguckError):  # noqa: N818 - never leaves the room; becomes a fault
    """A value is not of its column's form; says what was found where that needs words."""

    def __init__(self, expected: str, found: str | None = None) -> None:
        self.expected = expected
        self.found = found
        super().__init__(expected)


def moment_ms(text: str, zone: ZoneInfo) -> int:
    """A moment: RFC 3339, or a date or time of the site's own clock; a date is its midnight.

    Raises:
        Misfit: it is none, or the clocks skip it, or show it twice.
    """
    german = _GERMAN.fullmatch(text)
    if german is not None:
        day, month, year, hours = german.groups()
        text = f"{year}-{int(month):02}-{int(day):02}" + (f" {hours:0>5}" if hours else "")
    try:
        when = datetime.fromisoformat(text.upper())
    except ValueError:
        raise Misfit(EXPECTED) from None
    if when.tzinfo is not None:
        return _to_ms(when)
    if not _LOCAL.fullmatch(text.upper()):
        raise Misfit(EXPECTED)
    return _local_ms(when, zone, text)


def _local_ms(when: datetime, zone: ZoneInfo, text: str) -> int:
    """A time of the site's clock; midnight always is one, for a day begins somewhere."""
    first, second = when.replace(tzinfo=zone), when.replace(tzinfo=zone, fold=1)
    if when.time() == when.time().min or first.utcoffset() == second.utcoffset():
        return _to_ms(first)
    is_skipped = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != when
    found = f"{text!r}, which the clocks {'skip' if is_skipped else 'show twice'}"
    raise Misfit("a time with its offset, such as 2026-03-29T05:00:00+02:00", found)


def day(text: str) -> date:
    """A date, as ISO or in German.

    Raises:
        Misfit: it is none.
    """
    german = _GERMAN.fullmatch(text)
    try:
        if german is not None and german[4] is None:
            return date(int(german[3]), int(german[2]), int(german[1]))
        if len(text) == len("20260329") and text.isdecimal():
            raise Misfit(EXPECTED_DATE)
        return date.fromisoformat(text)
    except ValueError:
        raise Misfit(EXPECTED_DATE) from None


def time_of_day_ms(service: date, text: str, zone: ZoneInfo) -> int:
    """A time on a day of service, by the clock on the wall; hours from 24 on are the next day's.

    What the clocks skip is taken as so much later, what they show twice as the first of both:
    a duty's plan is made for all days alike.

    Raises:
        Misfit: it is no time of day.
    """
    found = _HOURS.fullmatch(text)
    if found is None or int(found[1]) >= MAX_HOUR:
        raise Misfit(EXPECTED_HOURS)
    days, hour = divmod(int(found[1]), 24)
    when = datetime(service.year, service.month, service.day, hour, int(found[2]), tzinfo=zone)
    return _to_ms(when.replace(second=int(found[3] or 0)) + days * _DAY)


def midnight_ms(service: date, zone: ZoneInfo) -> int:
    """When a day begins at the site."""
    return _to_ms(datetime(service.year, service.month, service.day, tzinfo=zone))


def written(at_ms: int) -> str:
    """A moment as exports have it: RFC 3339 in UTC, with milliseconds where there are some."""
    when = _EPOCH + timedelta(milliseconds=at_ms)
    precision = "milliseconds" if at_ms % _SECOND_MS else "seconds"
    return when.isoformat(timespec=precision).replace("+00:00", "Z")


def local(at_ms: int, zone: ZoneInfo) -> str:
    """A moment for people: the clock of the site with its offset, no finer than it need be."""
    when = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone)
    precision = "minutes" if not when.second else "seconds"
    return when.isoformat(timespec="milliseconds" if when.microsecond else precision)


def local_day(at_ms: int, zone: ZoneInfo) -> date:
    """The day of the site that a moment lies in."""
    return (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(zone).date()


def _to_ms(when: datetime) -> int:
    return (when - _EPOCH) // timedelta(milliseconds=1)
