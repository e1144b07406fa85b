"""Opening hours as OpenStreetMap writes them, and what they say at a moment.

The hours are those of the clock on the wall. The parser counts an hour that the clocks show
twice only once, so it is asked by the wall's time alone, and changes of the clock are walked
over here.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from opening_hours import (  # type: ignore[attr-defined]  # its stub leaves the errors out
    OpeningHours,
    ParserError,
    State,
    UnknownCountryError,
)

HORIZON_DAYS: Final = 400
"""Nobody looks further: what holds for longer is to be asked again then."""
LONGEST: Final = 1000
"""Characters, as of any text of the register; a line's hours of a year have a few hundred."""
_EXPECTED: Final = "opening hours as in OpenStreetMap, such as 'Mo-Su 05:00-24:00'"
_DAY_MS: Final = 86_400_000
_HORIZON_MS: Final = HORIZON_DAYS * _DAY_MS
_STRIDE_MS: Final = 7 * _DAY_MS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MS: Final = timedelta(milliseconds=1)


class Opening(StrEnum):
    """What opening hours say."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


class Hours(NamedTuple):
    """What holds at a moment, and for how long it does at least."""

    opening: Opening
    until_ms: int


_OPENINGS: Final = {
    State.OPEN: Opening.OPEN,
    State.CLOSED: Opening.CLOSED,
    State.UNKNOWN: Opening.UNKNOWN,
}


def hours_fault(text: str) -> str | None:
    """What is wrong with opening hours, in the parser's words, or None."""
    if len(text) > LONGEST:
        return f"{len(text)} characters, more than {LONGEST}"
    try:
        _parsed(text, None)
    except ParserError as error:
        reason = str(error).rpartition("= ")[2].strip()
        return f"{reason}; {_EXPECTED}"
    return None


def hours_at(text: str, at_ms: int, zone: ZoneInfo, country: str | None = None) -> Hours:
    """What opening hours say at a moment; what cannot be read is unknown.

    Public holidays (`PH`) are those that hold in all of `country` (ISO 3166); without one there
    are none. School holidays (`SH`) are never.
    """
    try:
        hours = _parsed(text, country)
    except ParserError:
        return Hours(Opening.UNKNOWN, at_ms + _HORIZON_MS)
    opening = _opening(hours, at_ms, zone)
    return Hours(opening, _until(hours, opening, at_ms, zone))


@lru_cache(maxsize=4096)
def _parsed(text: str, country: str | None) -> OpeningHours:
    """Parsing takes 15 µs, and every station asks each minute.

    Without a longest interval a question behind the last date of all takes 8 s: the parser then
    looks at every day until the year 9999.
    """
    try:
        return _of(text, country)
    except UnknownCountryError:
        return _of(text, None)


def _of(text: str, country: str | None) -> OpeningHours:
    return OpeningHours(
        text,
        country=country,
        auto_timezone=False,
        auto_country=False,
        max_interval_days=HORIZON_DAYS,
    )


def _wall(at_ms: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + at_ms * _MS).astimezone(zone).replace(tzinfo=None)


def _opening(hours: OpeningHours, at_ms: int, zone: ZoneInfo) -> Opening:
    return _OPENINGS[hours.state(_wall(at_ms, zone))[0]]


def _until(hours: OpeningHours, opening: Opening, at_ms: int, zone: ZoneInfo) -> int:
    """The first moment at which another state holds, or the horizon.

    Until the clocks are changed a step on the wall is a step in time; at a change one looks
    anew, for the wall may then show an hour again, or leave one out.
    """
    horizon_ms = at_ms + _HORIZON_MS
    while at_ms < horizon_ms:
        wall = _wall(at_ms, zone)
        step = hours.next_change(wall)
        if isinstance(step, datetime):
            end_ms = min(horizon_ms, at_ms + (step.replace(tzinfo=None) - wall) // _MS)
        else:  # nothing more to come, unless the wall goes back to before this moment
            end_ms = at_ms + _DAY_MS
        changed_ms = _clock_change(at_ms, end_ms, zone)
        if changed_ms is None and step is None:
            return horizon_ms
        at_ms = changed_ms or end_ms
        if _opening(hours, at_ms, zone) is not opening:
            break
    return at_ms


def _clock_change(begin_ms: int, end_ms: int, zone: ZoneInfo) -> int | None:
    """The first moment behind `begin_ms`, until `end_ms`, from which the clocks stand otherwise."""
    offset = _offset(begin_ms, zone)
    before = begin_ms
    while before < end_ms:
        after = min(end_ms, before + _STRIDE_MS)
        if _offset(after, zone) != offset:
            while after - before > 1:
                middle = (before + after) // 2
                if _offset(middle, zone) == offset:
                    before = middle
                else:
                    after = middle
            return after
        before = after
    return None


def _offset(at_ms: int, zone: ZoneInfo) -> timedelta | None:
    return (_EPOCH + at_ms * _MS).astimezone(zone).utcoffset()
