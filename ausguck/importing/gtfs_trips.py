"""A timetable from a GTFS feed, read as a stream: only the ends of each trip are kept.

A trip is known by its first departure and its last arrival, which GTFS requires; the stops
between may have no times, and are not looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ausguck.importing.faults import at_line, quoted
from ausguck.importing.feeds import Feed
from ausguck.importing.gtfs import Record, gtfs_table
from ausguck.importing.gtfs_times import DATE_EXPECTED, TIME_EXPECTED, Service, day, seconds
from ausguck.importing.timetable import Span, Timetable, Trip

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
ADDED, REMOVED = "1", "2"

LineOf = Callable[[str], str | None]
"""The line that a `route_id` is, or None when it is none of ours."""


def read_timetable(
    feed: Feed, zone: ZoneInfo, line_of: LineOf | None = None, source: str | None = None
) -> Timetable:
    """Read what a feed says of times; what is wrong goes to `feed.faults`.

    `source` is what its rows are kept under, else the feed's name. `zone` counts where the feed
    names none of its own. Without `line_of` a line is called by its `route_short_name`, as
    passengers do, or by its `route_id` where it has none.
    """
    if line_of is None:
        line_of = line_names(feed).get
    own_zone = _zone(feed) or zone
    services = _services(feed)
    ends = _ends(feed)
    headways = _headways(feed)
    trips: dict[str, Trip] = {}
    blocks: dict[str, list[Trip]] = {}
    untimed = 0
    for record in gtfs_table(
        feed, "trips.txt", ("route_id", "service_id", "trip_id"), ("block_id",)
    ):
        route, service, name, block = record.values
        line = line_of(route)
        place = at_line("trips.txt", record.line)
        if line is None:
            feed.faults.add(place, "route_id", quoted(route), "a route of routes.txt")
        elif service not in services:
            feed.faults.add(place, "service_id", quoted(service), "one of the calendar")
        elif name in trips:
            feed.faults.add(place, "trip_id", f"{quoted(name)} twice", "each trip once")
        elif name not in ends:
            untimed += 1
        else:
            spans = _spans(ends[name], headways.get(name, ()))
            trips[name] = Trip(name, line, service, block, spans)
            if block:
                blocks.setdefault(block, []).append(trips[name])
    source = source or f"gtfs:{feed.name.removesuffix('.zip')}"
    return Timetable(source, own_zone, trips, services, untimed, blocks)


def line_names(feed: Feed) -> dict[str, str]:
    """What each `route_id` is called by passengers: its short name, else its id."""
    return {
        record.values[0]: record.values[1] or record.values[0]
        for record in gtfs_table(feed, "routes.txt", ("route_id",), ("route_short_name",))
    }


@dataclass(slots=True)
class _Ends:
    """The first and the last stop of a trip that have a time; `line` is where the last stands."""

    first: int
    departs_s: int
    last: int
    arrives_s: int
    line: int

    def take(self, other: "_Ends") -> None:
        """Have one more stop, in whatever order they come."""
        if other.first < self.first:
            self.first, self.departs_s = other.first, other.departs_s
        if other.last > self.last:
            self.last, self.arrives_s, self.line = other.last, other.arrives_s, other.line


class _Headway(NamedTuple):
    from_s: int
    to_s: int
    headway_s: int
    is_exact: bool


class _Cell(NamedTuple):
    """One value of a table, to be made something of or to be complained about."""

    feed: Feed
    table: str
    line: int
    key: str
    text: str

    def complain(self, expected: str) -> None:
        self.feed.faults.add(at_line(self.table, self.line), self.key, quoted(self.text), expected)

    def seconds(self) -> int | None:
        found = seconds(self.text)
        if found is None:
            self.complain(TIME_EXPECTED)
        return found

    def day(self) -> date | None:
        found = day(self.text)
        if found is None:
            self.complain(DATE_EXPECTED)
        return found

    def one_of(self, *choices: str) -> bool:
        if self.text not in choices:
            names = [one or "nothing" for one in choices]
            self.complain(f"{', '.join(names[:-1])} or {names[-1]}")
        return self.text in choices

    def number(self, least: int) -> int | None:
        if self.text.isascii() and self.text.isdigit() and int(self.text) >= least:
            return int(self.text)
        self.complain(f"a whole number from {least} on")
        return None


def _spans(trip: _Ends, headways: Sequence[_Headway]) -> tuple[Span, ...]:
    if not headways:
        return (Span(trip.departs_s, trip.arrives_s),)
    length_s = trip.arrives_s - trip.departs_s
    spans: list[Span] = []
    for one in sorted(headways):
        if one.is_exact:
            starts = range(one.from_s, one.to_s, one.headway_s)
            spans += [Span(start_s, start_s + length_s) for start_s in starts]
        else:
            spans.append(Span(one.from_s, one.to_s + length_s))
    return tuple(spans)


def _zone(feed: Feed) -> ZoneInfo | None:
    for record in gtfs_table(feed, "agency.txt", ("agency_timezone",)):
        try:
            return ZoneInfo(record.values[0])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            cell = _Cell(feed, "agency.txt", record.line, "agency_timezone", record.values[0])
            cell.complain("a time zone such as Europe/Berlin")
    return None


def _services(feed: Feed) -> dict[str, Service]:
    found: dict[str, Service] = {}
    table, needs = "calendar.txt", ("service_id", *WEEKDAYS, "start_date", "end_date")
    for record in gtfs_table(feed, table, needs):
        cells = dict(zip(needs, _cells(feed, table, record, needs), strict=True))
        weekdays = frozenset(
            index
            for index, key in enumerate(WEEKDAYS)
            if cells[key].one_of("0", "1") and cells[key].text == "1"
        )
        first, last = cells["start_date"].day(), cells["end_date"].day()
        found[cells["service_id"].text] = Service(weekdays, first, last)
    table, columns = "calendar_dates.txt", ("service_id", "date", "exception_type")
    for record in gtfs_table(feed, table, columns):
        name, on, kind = _cells(feed, table, record, columns)
        date_ = on.day()
        if kind.one_of(ADDED, REMOVED) and date_ is not None:
            service = found.setdefault(name.text, Service())
            (service.added if kind.text == ADDED else service.removed).add(date_)
    return found


def _ends(feed: Feed) -> dict[str, _Ends]:
    table = "stop_times.txt"
    found: dict[str, _Ends] = {}
    needs, may = ("trip_id", "stop_sequence"), ("arrival_time", "departure_time")
    for record in gtfs_table(feed, table, needs, may):
        trip, number, arrival, departure = _cells(feed, table, record, (*needs, *may))
        if not (arrival.text or departure.text):
            continue  # a stop between, whose time is left to interpolation
        arrives_s = (arrival if arrival.text else departure).seconds()
        departs_s = (departure if departure.text else arrival).seconds()
        stop = number.number(0)
        if arrives_s is not None and departs_s is not None and stop is not None:
            here = _Ends(stop, departs_s, stop, arrives_s, record.line)
            found.setdefault(trip.text, here).take(here)
    for ends in found.values():
        if ends.arrives_s < ends.departs_s:
            feed.faults.add(
                at_line(table, ends.line),
                "arrival_time",
                f"an end {ends.departs_s - ends.arrives_s} s before the trip begins",
                "one behind it; over 24:00:00 after midnight",
            )
    return found


def _headways(feed: Feed) -> dict[str, list[_Headway]]:
    table = "frequencies.txt"
    found: dict[str, list[_Headway]] = {}
    needs, may = ("trip_id", "start_time", "end_time", "headway_secs"), ("exact_times",)
    for record in gtfs_table(feed, table, needs, may):
        trip, start, end, headway, exact = _cells(feed, table, record, (*needs, *may))
        from_s, to_s, headway_s = start.seconds(), end.seconds(), headway.number(1)
        is_known = exact.one_of("", "0", "1")
        if from_s is None or to_s is None or headway_s is None or not is_known:
            continue
        one = _Headway(from_s, to_s, headway_s, exact.text == "1")
        found.setdefault(trip.text, []).append(one)
    return found


def _cells(feed: Feed, table: str, record: Record, keys: Sequence[str]) -> list[_Cell]:
    return [
        _Cell(feed, table, record.line, key, text)
        for key, text in zip(keys, record.values, strict=True)
    ]
