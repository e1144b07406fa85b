"""GTFS timetables: days that pass midnight, calendars, frequencies, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.importing.faults import Faults
from ausguck.importing.feeds import open_feed
from ausguck.importing.gtfs_times import begins_ms, day, days, moment_ms, seconds
from ausguck.importing.gtfs_trips import line_names, read_timetable
from ausguck.importing.line_hours import line_hours
from ausguck.importing.timetable import Run, Timetable
from ausguck.register.hours import LONGEST, Opening, hours_at, hours_fault
from tests.conftest import SHARED_DATA

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
BULLRUNNER = SHARED_DATA / "bullrunner-gtfs.zip"
TUESDAY = date(2026, 5, 5)

FEED: Mapping[str, str] = {
    "agency.txt": "agency_name,agency_timezone\nKVG,Europe/Berlin\n",
    "routes.txt": "route_id,route_short_name\nr11,11\nr12,\n",
    "calendar.txt": (
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
        "week,1,1,1,1,1,0,0,20260501,20260531\n"
    ),
    "calendar_dates.txt": (
        "service_id,date,exception_type\nweek,20260514,2\nextra,20260514,1\nextra,20260516,1\n"
    ),
    "trips.txt": (
        "route_id,service_id,trip_id,block_id\n"
        "r11,week,t1,B1\nr12,week,t2,B1\nr11,extra,t3,\nr11,week,none,\n"
    ),
    # Not in order, with blanks between, and over midnight.
    "stop_times.txt": (
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
        "t1,05:40:00,05:41:00,c,9\n"
        "t1,,,b,5\n"
        "t1,4:58:00,5:00:00,a,1\n"
        "t2,23:30:00,23:31:00,a,0\n"
        "t2,25:10:30,25:12:00,b,1\n"
        "t3,08:00:00,08:00:00,a,0\n"
        "t3,,09:00:00,b,1\n"
    ),
}


def runs_of(timetable: Timetable, first: date, last: date) -> Iterator[Run]:
    for on in days(first, last):
        yield from timetable.runs(timetable.trips.values(), on)


def read(path: Path, **changed: str) -> tuple[Timetable, Faults]:
    """A timetable from the feed above, in which some tables are others."""
    files = {**FEED, **{f"{name}.txt": text for name, text in changed.items()}}
    for name, text in files.items():
        (path / name).write_text(text)
    with open_feed(path) as feed:
        return read_timetable(feed, ZoneInfo("UTC"), source="gtfs:kvg"), feed.faults


def at(*parts: int) -> int:
    return round(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]  # year to second


class TestTimes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("05:30:00", 19_800),
            ("5:30:00", 19_800),
            ("05:30", 19_800),
            ("24:00:00", 86_400),
            ("27:59:59", 100_799),
            ("100:00:00", 360_000),
            ("05:60:00", None),
            ("-1:00:00", None),
            ("5", None),
            ("", None),
            ("05:30:00 ", None),
        ],
    )
    def test_seconds(self, text: str, expected: int | None) -> None:
        assert seconds(text) == expected

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("20260301", date(2026, 3, 1)),
            ("2026-03-01", date(2026, 3, 1)),
            ("20260229", None),
            ("1.3.2026", None),
        ],
    )
    def test_days(self, text: str, expected: date | None) -> None:
        assert day(text) == expected

    @pytest.mark.parametrize(
        ("on", "five", "next_one"),
        [
            # 23 hours: the service day begins an hour before midnight.
            (date(2026, 3, 29), (2026, 3, 29, 3), (2026, 3, 29, 23)),
            (date(2026, 5, 5), (2026, 5, 5, 3), (2026, 5, 5, 23)),
            # 25 hours: an hour after it.
            (date(2026, 10, 25), (2026, 10, 25, 4), (2026, 10, 26, 0)),
        ],
    )
    def test_a_time_is_the_clocks_on_days_of_23_and_25_hours(
        self, on: date, five: tuple[int, ...], next_one: tuple[int, ...]
    ) -> None:
        assert moment_ms(on, 5 * 3600, BERLIN) == at(*five)
        assert moment_ms(on, 25 * 3600, BERLIN) == at(*next_one)

    @given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.sampled_from([BERLIN, NEW_YORK]))
    def test_noon_is_noon(self, on: date, zone: ZoneInfo) -> None:
        noon = datetime.fromtimestamp(begins_ms(on, zone) / 1000 + 43_200, zone)
        assert (noon.date(), noon.hour, noon.minute) == (on, 12, 0)


class TestCalendar:
    def test_trips_run_on_their_days_and_pass_midnight(self, tmp_path: Path) -> None:
        timetable, faults = read(tmp_path)
        assert not faults.count
        assert timetable.untimed == 1
        first, second = runs_of(timetable, TUESDAY, TUESDAY)
        assert (first.line, first.trip, first.block) == ("11", "t1", "B1")
        assert (first.from_ms, first.to_ms) == (at(2026, 5, 5, 3), at(2026, 5, 5, 3, 40))
        # A route without a short name is called by its id.
        assert (second.line, second.trip) == ("r12", "t2")
        assert (second.from_ms, second.to_ms) == (
            at(2026, 5, 5, 21, 31),
            at(2026, 5, 5, 23, 10, 30),
        )

    @pytest.mark.parametrize(
        ("on", "trips"),
        [
            (date(2026, 4, 30), []),
            (date(2026, 5, 1), ["t1", "t2"]),
            (date(2026, 5, 2), []),
            (date(2026, 5, 14), ["t3"]),
            (date(2026, 5, 16), ["t3"]),
            (date(2026, 5, 29), ["t1", "t2"]),
            (date(2026, 6, 1), []),
        ],
    )
    def test_exceptions_add_and_remove_days(
        self, tmp_path: Path, on: date, trips: list[str]
    ) -> None:
        timetable, _ = read(tmp_path)
        assert [run.trip for run in runs_of(timetable, on, on)] == trips

    def test_a_feed_of_exceptions_alone(self, tmp_path: Path) -> None:
        (tmp_path / "calendar.txt").unlink(missing_ok=True)
        timetable, faults = read(
            tmp_path,
            calendar_dates="service_id,date,exception_type\nweek,20260505,1\nextra,20260507,1\n",
        )
        assert not faults.count
        assert timetable.bounds() == (date(2026, 5, 1), date(2026, 5, 31))
        assert timetable.blocks.keys() == {"B1"}

    def test_a_zone_that_no_agency_names_is_the_sites(self, tmp_path: Path) -> None:
        timetable, faults = read(tmp_path, agency="agency_name,agency_timezone\n")
        assert (timetable.zone, faults.count) == (ZoneInfo("UTC"), 0)


class TestFrequencies:
    HEADER = "trip_id,start_time,end_time,headway_secs, exact_times\n"

    def test_without_exact_times_it_is_a_window_until_the_last_has_arrived(
        self, tmp_path: Path
    ) -> None:
        rows = "t1,06:00:00,24:00:00,600,0\nt2,06:00:00,07:00:00,600,\n"
        timetable, faults = read(tmp_path, frequencies=self.HEADER + rows)
        assert not faults.count
        runs = list(runs_of(timetable, TUESDAY, TUESDAY))
        assert [(run.trip, run.from_ms, run.to_ms) for run in runs] == [
            ("t2", at(2026, 5, 5, 4), at(2026, 5, 5, 6, 39, 30)),
            ("t1", at(2026, 5, 5, 4), at(2026, 5, 5, 22, 40)),
        ]

    def test_with_exact_times_each_departure_is_a_trip(self, tmp_path: Path) -> None:
        rows = "t1,06:00:00,06:20:00,600,1\nt1,08:00:00,08:05:00,600,1\n"
        timetable, _ = read(tmp_path, frequencies=self.HEADER + rows)
        runs = [run for run in runs_of(timetable, TUESDAY, TUESDAY) if run.trip == "t1"]
        assert [run.from_ms for run in runs] == [
            at(2026, 5, 5, 4),
            at(2026, 5, 5, 4, 10),
            at(2026, 5, 5, 6),
        ]
        assert {run.to_ms - run.from_ms for run in runs} == {40 * 60_000}


@pytest.mark.parametrize(
    ("table", "text", "fault"),
    [
        (
            "stop_times",
            "trip_id,arrival_time,departure_time,stop_sequence\nt1,5 o'clock,05:00:00,1\n",
            (
                'stop_times.txt, line 2: arrival_time: found "5 o\'clock", '
                "expected a time such as 05:30:00; over 24:00:00 after midnight"
            ),
        ),
        (
            "stop_times",
            "trip_id,arrival_time,departure_time,stop_sequence\nt1,,05:00:00,x\n",
            "stop_times.txt, line 2: stop_sequence: found 'x', expected a whole number from 0 on",
        ),
        (
            "stop_times",
            (
                "trip_id,arrival_time,departure_time,stop_sequence\n"
                "t1,23:50:00,23:50:00,1\nt1,00:10:00,00:10:00,2\n"
            ),
            (
                "stop_times.txt, line 3: arrival_time: found an end 85200 s before the trip "
                "begins, expected one behind it; over 24:00:00 after midnight"
            ),
        ),
        (
            "trips",
            "route_id,service_id,trip_id\nr99,week,t1\n",
            "trips.txt, line 2: route_id: found 'r99', expected a route of routes.txt",
        ),
        (
            "trips",
            "route_id,service_id,trip_id\nr11,never,t1\n",
            "trips.txt, line 2: service_id: found 'never', expected one of the calendar",
        ),
        (
            "trips",
            "route_id,service_id,trip_id\nr11,week,t1\nr12,week,t1\n",
            "trips.txt, line 3: trip_id: found 't1' twice, expected each trip once",
        ),
        (
            "calendar",
            (
                "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
                "start_date,end_date\nweek,1,1,1,1,yes,0,0,20260501,20260531\n"
            ),
            "calendar.txt, line 2: friday: found 'yes', expected 0 or 1",
        ),
        (
            "calendar",
            (
                "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
                "start_date,end_date\nweek,1,1,1,1,1,0,0,20260501,20260532\n"
            ),
            "calendar.txt, line 2: end_date: found '20260532', expected a day such as 20260301",
        ),
        (
            "calendar_dates",
            "service_id,date,exception_type\nextra,20260505,3\n",
            "calendar_dates.txt, line 2: exception_type: found '3', expected 1 or 2",
        ),
        (
            "frequencies",
            "trip_id,start_time,end_time,headway_secs,exact_times\nt1,06:00:00,07:00:00,0,0\n",
            "frequencies.txt, line 2: headway_secs: found '0', expected a whole number from 1 on",
        ),
        (
            "frequencies",
            "trip_id,start_time,end_time,headway_secs,exact_times\nt1,06:00:00,07:00:00,60,2\n",
            "frequencies.txt, line 2: exact_times: found '2', expected nothing, 0 or 1",
        ),
        (
            "agency",
            "agency_name,agency_timezone\nKVG,Europe/Kiel\n",
            (
                "agency.txt, line 2: agency_timezone: found 'Europe/Kiel', "
                "expected a time zone such as Europe/Berlin"
            ),
        ),
    ],
)
def test_a_fault_names_file_line_column_found_and_expected(
    tmp_path: Path, table: str, text: str, fault: str
) -> None:
    _, faults = read(tmp_path, **{table: text})
    assert fault in list(map(str, faults.shown))


class TestLineHours:
    def test_hours_of_a_week_with_a_night_and_a_holiday(self, tmp_path: Path) -> None:
        timetable, _ = read(tmp_path)
        hours = line_hours(timetable, date(2026, 5, 4), date(2026, 5, 31))
        assert hours["11"] == (
            "unknown; 2026 May 04-2026 May 31 off; "
            "2026 May 04-2026 May 31 Mo,Tu,We,Th,Fr 05:00-05:40; "
            "2026 May 14 08:00-09:00; 2026 May 16 08:00-09:00"
        )
        assert hours["r12"] == (
            "unknown; 2026 May 04-2026 May 31 off; "
            "2026 May 04-2026 May 31 Sa 00:00-01:11; "
            "2026 May 04-2026 May 31 Tu,We,Th,Fr 00:00-01:11,23:31-24:00; "
            "2026 May 04-2026 May 31 Mo 23:31-24:00; "
            "2026 May 14 00:00-01:11; 2026 May 15 23:31-24:00"
        )

    def test_they_say_what_the_trips_say(self, tmp_path: Path) -> None:
        """Each quarter of an hour from day to day, the calendar's change of hour too."""
        calendar = FEED["calendar.txt"].replace("20260501,20260531", "20261001,20261130")
        timetable, _ = read(
            tmp_path,
            calendar=calendar,
            calendar_dates="service_id,date,exception_type\nextra,20261025,1\n",
        )
        first, last = date(2026, 10, 20), date(2026, 11, 2)
        runs = list(runs_of(timetable, date(2026, 10, 18), last))
        for line, text in line_hours(timetable, first, last).items():
            assert hours_fault(text) is None
            for at_ms in range(at(2026, 10, 20), at(2026, 11, 2), 900_000):
                is_out = any(run.from_ms <= at_ms < run.to_ms for run in runs if run.line == line)
                found = hours_at(text, at_ms, BERLIN).opening
                assert (found is Opening.OPEN) is is_out, datetime.fromtimestamp(at_ms / 1000, UTC)

    def test_hours_that_no_week_repeats_end_where_there_is_no_more_room(
        self, tmp_path: Path
    ) -> None:
        odd = [on for on in days(date(2026, 1, 1), date(2028, 12, 31)) if on.toordinal() % 11 < 4]
        rows = [f"{('week', 'extra')[on.day % 2]},{on:%Y%m%d},1\n" for on in odd]
        timetable, _ = read(
            tmp_path,
            calendar=FEED["calendar.txt"].replace("1,1,1,1,1,0,0", "0,0,0,0,0,0,0"),
            calendar_dates="service_id,date,exception_type\n" + "".join(rows),
        )
        text = line_hours(timetable, date(2026, 1, 1), date(2028, 12, 31))["11"]
        assert LONGEST // 2 < len(text) <= LONGEST
        assert hours_fault(text) is None
        first, later = at(2026, 1, 4, 12), at(2028, 12, 30, 12)
        assert hours_at(text, first, BERLIN).opening is Opening.CLOSED
        assert hours_at(text, later, BERLIN).opening is Opening.UNKNOWN

    def test_outside_of_what_was_imported_nobody_knows(self, tmp_path: Path) -> None:
        timetable, _ = read(tmp_path)
        text = line_hours(timetable, TUESDAY, TUESDAY)["11"]
        assert hours_at(text, at(2026, 5, 5, 12), BERLIN).opening is Opening.CLOSED
        assert hours_at(text, at(2026, 5, 6, 12), BERLIN).opening is Opening.UNKNOWN
        assert hours_at(text, at(2026, 5, 4, 12), BERLIN).opening is Opening.UNKNOWN


@pytest.mark.recordings
class TestBullRunner:
    """A real agency's feed: a header with a blank in it, and windows until midnight."""

    @staticmethod
    def read() -> Timetable:
        with open_feed(BULLRUNNER) as feed:
            assert line_names(feed) == {name: name for name in "ABCDEF"}
            timetable = read_timetable(feed, BERLIN)
            assert feed.faults.shown == []
        return timetable

    def test_it_is_read_whole(self) -> None:
        timetable = self.read()
        assert (timetable.source, timetable.zone) == ("gtfs:bullrunner-gtfs", NEW_YORK)
        assert (len(timetable.trips), timetable.untimed) == (15, 0)
        assert timetable.bounds() == (date(2015, 1, 1), date(2020, 12, 31))
        assert not timetable.blocks

    def test_a_monday_a_friday_and_a_sunday(self) -> None:
        timetable = self.read()

        def lines(on: date) -> list[str]:
            return sorted(run.line for run in runs_of(timetable, on, on))

        assert lines(date(2016, 3, 7)) == list("ABCDEF")
        assert lines(date(2016, 3, 11)) == list("ABCDEF")
        assert lines(date(2016, 3, 13)) == list("CDF")
        # The clocks went forward that Sunday; 14:30 is 14:30 in summer time.
        run = next(runs_of(timetable, date(2016, 3, 13), date(2016, 3, 13)))
        assert run.from_ms == at(2016, 3, 13, 18, 30)

    def test_its_hours_are_hours(self) -> None:
        found = line_hours(self.read(), date(2016, 3, 7), date(2016, 4, 3))
        assert found.keys() == set("ABCDEF")
        assert all(hours_fault(text) is None for text in found.values())
        night_ms = at(2016, 3, 8, 5, 19)  # 00:19 on Tuesday
        assert hours_at(found["A"], night_ms, NEW_YORK).opening is Opening.OPEN
        assert hours_at(found["A"], night_ms + 120_000, NEW_YORK).opening is Opening.CLOSED
