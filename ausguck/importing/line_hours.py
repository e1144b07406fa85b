"""When some bus of a line should be out, by a timetable, written as opening hours are.

The hours are those of the clock on the wall, day by day: the weekday's usual hours, then each
day that differs. Before the first day and behind the last one they are unknown, not closed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from ausguck.importing.gtfs_times import days, moment_ms
from ausguck.importing.timetable import Span, Timetable
from ausguck.register.hours import LONGEST

_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_WEEKDAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAY_MIN: Final = 1440
_DAY_S: Final = 86_400
_ONE_DAY: Final = timedelta(days=1)

Hours = tuple[tuple[int, int], ...]
"""From one minute of a day until another, in order; none of them touch."""


def line_hours(timetable: Timetable, first: date, last: date) -> dict[str, str]:
    """The hours of each line on the days from `first` to `last`, as OpenStreetMap has them.

    Of each service day what counts is the time from the line's first departure until its last
    arrival, in whole minutes: an hourly bus is out between its departures too. A line that runs
    on none of the days is there, and closed on all of them. Hours that would be longer than
    `LONGEST`, since no week is like another, end so much earlier.
    """
    by_service = _by_service(timetable)
    until_s = max((one.to_s for spans in by_service.values() for one in spans.values()), default=0)
    reach = range(until_s // _DAY_S + 2)  # a day more, for those of 23 hours
    running = {
        on: frozenset(name for name in timetable.services if timetable.runs_on(name, on))
        for on in days(first - len(reach) * _ONE_DAY, last)
    }
    found: dict[str, str] = {}
    for line in sorted(by_service):
        by_day = {}
        for on in days(first, last):
            spans = [
                span
                for ago in reach
                if (span := _span(by_service[line], running, on - ago * _ONE_DAY, timetable.zone))
            ]
            by_day[on] = _hours(spans, on, timetable.zone)
        found[line] = _fitting(by_day)
    return found


def _fitting(by_day: Mapping[date, Hours]) -> str:
    """As many of the days, from the first on, as there is room to write down."""
    kept = sorted(by_day)
    while len(text := _written({on: by_day[on] for on in kept})) > LONGEST and len(kept) > 1:
        kept = kept[: len(kept) * 3 // 4]
    return text


def _by_service(timetable: Timetable) -> dict[str, dict[str, Span]]:
    """Of each line and service: its first departure and last arrival."""
    found: dict[str, dict[str, Span]] = {}
    for trip in timetable.trips.values():
        spans = found.setdefault(trip.line, {})
        known = spans.get(trip.service, trip.spans[0])
        from_s = min(known.from_s, *(span.from_s for span in trip.spans))
        to_s = max(known.to_s, *(span.to_s for span in trip.spans))
        spans[trip.service] = Span(from_s, to_s)
    return found


def _span(
    services: Mapping[str, Span], running: Mapping[date, frozenset[str]], on: date, zone: ZoneInfo
) -> tuple[int, int] | None:
    """From when to when a line is out on a service day."""
    spans = [services[name] for name in services.keys() & running[on]]
    if not spans:
        return None
    return (
        moment_ms(on, min(span.from_s for span in spans), zone),
        moment_ms(on, max(span.to_s for span in spans), zone),
    )


def _hours(spans: Sequence[tuple[int, int]], on: date, zone: ZoneInfo) -> Hours:
    """What of several service days lies on one day of the calendar."""
    found: list[tuple[int, int]] = []
    for from_ms, to_ms in spans:
        begun, ended = _minute(from_ms, on, zone), _minute(to_ms + 59_999, on, zone)
        found.append((min(begun, ended), max(begun, ended)))
    return _joined(sorted(found))


def _minute(at_ms: int, on: date, zone: ZoneInfo) -> int:
    """Which minute of a day the clocks show then; its ends for what lies outside of it."""
    shown = datetime.fromtimestamp(at_ms // 60_000 * 60, zone).replace(tzinfo=None)
    since = shown - datetime.combine(on, time())
    return max(0, min(_DAY_MIN, since // timedelta(minutes=1)))


def _joined(spans: Sequence[tuple[int, int]]) -> Hours:
    joined: list[tuple[int, int]] = []
    for begun, ended in spans:
        if begun >= ended:
            continue
        if joined and begun <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ended, joined[-1][1]))
        else:
            joined.append((begun, ended))
    return tuple(joined)


def _written(by_day: Mapping[date, Hours]) -> str:
    whole = _dates(min(by_day), max(by_day))
    usual = [_usual(by_day, weekday) for weekday in range(7)]
    rules = ["unknown", f"{whole} off"]
    for hours in sorted(set(usual) - {()}):
        names = [_WEEKDAYS[index] for index, one in enumerate(usual) if one == hours]
        rules.append(f"{whole} {','.join(names)} {_clock(hours)}")
    for hours, first, last in _exceptions(by_day, usual):
        rules.append(f"{_dates(first, last)} {_clock(hours)}")
    return "; ".join(rules)


def _usual(by_day: Mapping[date, Hours], weekday: int) -> Hours:
    counts = Counter(hours for on, hours in by_day.items() if on.weekday() == weekday)
    return min(counts, key=lambda hours: (-counts[hours], hours), default=())


def _exceptions(
    by_day: Mapping[date, Hours], usual: Sequence[Hours]
) -> Iterator[tuple[Hours, date, date]]:
    """Days in a row that have hours of their own, and the same."""
    odd = [(on, hours) for on, hours in sorted(by_day.items()) if hours != usual[on.weekday()]]
    numbered = enumerate(odd)
    for (hours, _), group in groupby(
        numbered, key=lambda one: (one[1][1], one[1][0].toordinal() - one[0])
    ):
        dates = [on for _, (on, _) in group]
        yield hours, dates[0], dates[-1]


def _dates(first: date, last: date) -> str:
    if first == last:
        return _date(first)
    return f"{_date(first)}-{_date(last)}"


def _date(on: date) -> str:
    return f"{on.year} {_MONTHS[on.month - 1]} {on.day:02}"


def _clock(hours: Hours) -> str:
    """The hours of a day, or that there are none."""
    spans = [
        f"{begun // 60:02}:{begun % 60:02}-{ended // 60:02}:{ended % 60:02}"
        for begun, ended in hours
    ]
    return ",".join(spans) or "off"
