"""Duties, with a timetable and without, as assignments of buses."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.importing.gtfs_times import Service, moment_ms
from ausguck.importing.roster import LONGEST_LAYOVER_MS, Duty, Plan, assignments
from ausguck.importing.timetable import Span, Timetable, Trip

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 5, 5)

HOUR_S = 3600


def ms(hours: float, on: date = TUESDAY) -> int:
    return moment_ms(on, round(hours * HOUR_S), BERLIN)


def trip(name: str, line: str, from_h: float, to_h: float, block: str = "B1") -> Trip:
    span = Span(round(from_h * HOUR_S), round(to_h * HOUR_S))
    return Trip(name, line, "week", block, (span,))


def timetable(*trips: Trip) -> Timetable:
    blocks: dict[str, list[Trip]] = {}
    for one in trips:
        blocks.setdefault(one.block, []).append(one)
    service = Service(frozenset(range(5)), date(2026, 5, 1), date(2026, 5, 31))
    return Timetable(
        "gtfs:kvg", BERLIN, {one.id: one for one in trips}, {"week": service}, blocks=blocks
    )


def duty(line_number: int = 2, bus: str = "bus/1", **fields: object) -> Duty:
    known: dict[str, object] = {"on": TUESDAY, **fields}
    return Duty(bus, f"duties.csv, line {line_number}", **known)  # type: ignore[arg-type]  # as the caller says


Row = tuple[str | None, str | None, str | None, float, float]


def rows(plan: Plan, *duties: Duty) -> list[Row]:
    """Line, trip, block, and from and to as hours of the day."""
    found = assignments(duties, plan)
    assert all(one.is_dated for one in found)
    assert plan.faults.shown == []
    return [
        (
            row.line,  # type: ignore[attr-defined]  # an assignment
            row.trip,  # type: ignore[attr-defined]  # as above
            row.block,  # type: ignore[attr-defined]  # as above
            (row.valid_from_ms - ms(0)) / 3_600_000,
            ((row.valid_to_ms or 0) - ms(0)) / 3_600_000,
        )
        for row in (one.row for one in found)
    ]


class TestBlock:
    def test_trips_of_one_line_become_one_row_with_the_pauses(self) -> None:
        plan = Plan(timetable(trip("t2", "11", 6.5, 7), trip("t1", "11", 5, 6)))
        assert rows(plan, duty(block="B1")) == [("11", None, "B1", 5, 7)]

    def test_a_pause_belongs_to_the_line_behind_it(self) -> None:
        plan = Plan(timetable(trip("t1", "11", 5, 6), trip("t2", "12", 6.25, 7)))
        assert rows(plan, duty(block="B1")) == [
            ("11", "t1", "B1", 5, 6),
            ("12", "t2", "B1", 6, 7),
        ]

    @pytest.mark.parametrize(("pause_s", "count"), [(0, 1), (1, 2)])
    def test_a_pause_of_more_than_an_hour_is_none_of_it(self, pause_s: int, count: int) -> None:
        later_h = 6 + (LONGEST_LAYOVER_MS / 1000 + pause_s) / HOUR_S
        plan = Plan(timetable(trip("t1", "11", 5, 6), trip("t2", "11", later_h, 9)))
        assert len(rows(plan, duty(block="B1"))) == count

    def test_it_passes_midnight(self) -> None:
        plan = Plan(timetable(trip("t1", "11", 23, 24.5), trip("t2", "N1", 24.5, 26)))
        assert rows(plan, duty(block="B1"))[-1] == ("N1", "t2", "B1", 24.5, 26)

    def test_trips_that_overlap_do_not_make_rows_that_do(self) -> None:
        plan = Plan(
            timetable(trip("t1", "11", 5, 7), trip("t2", "12", 6, 6.5), trip("t3", "12", 6.5, 8))
        )
        assert rows(plan, duty(block="B1")) == [
            ("11", "t1", "B1", 5, 7),
            ("12", "t3", "B1", 7, 8),
        ]

    def test_times_cut_off_what_another_bus_drives(self) -> None:
        plan = Plan(timetable(trip("t1", "11", 5, 9)))
        first = duty(2, block="B1", to_ms=ms(7))
        second = duty(3, "bus/2", block="B1", from_ms=ms(7))
        assert rows(plan, first, second) == [
            ("11", "t1", "B1", 5, 7),
            ("11", "t1", "B1", 7, 9),
        ]


def test_a_trip_alone_and_under_its_block() -> None:
    plan = Plan(timetable(trip("t1", "11", 5, 6), trip("t2", "12", 6, 7)))
    assert rows(plan, duty(trip="t2")) == [("12", "t2", None, 6, 7)]
    assert rows(plan, duty(trip="t2", block="B1")) == [("12", "t2", "B1", 6, 7)]


def test_a_line_is_from_its_first_departure_until_its_last_arrival() -> None:
    plan = Plan(timetable(trip("t1", "11", 5, 6), trip("t2", "11", 20, 21), trip("t3", "12", 4, 5)))
    assert rows(plan, duty(line="11")) == [("11", None, None, 5, 21)]
    assert rows(plan, duty(line="11", from_ms=ms(8))) == [("11", None, None, 8, 21)]


def test_a_line_with_its_own_times_needs_no_timetable() -> None:
    timed = duty(line="99", from_ms=ms(4.5), to_ms=ms(25.5))
    assert rows(Plan(), timed) == [("99", None, None, 4.5, 25.5)]
    assert rows(Plan(timetable(trip("t1", "11", 5, 6))), timed) == [("99", None, None, 4.5, 25.5)]


def test_without_a_timetable_block_and_trip_are_words() -> None:
    given_ = duty(line="11", block="B1", trip="t1", from_ms=ms(5), to_ms=ms(6))
    assert rows(Plan(), given_) == [("11", "t1", "B1", 5, 6)]


def test_a_frequency_gives_its_window() -> None:
    window = Trip("t1", "11", "week", "B1", (Span(6 * HOUR_S, 24 * HOUR_S + 1800),))
    assert rows(Plan(timetable(window)), duty(trip="t1")) == [("11", "t1", None, 6, 24.5)]


def test_rows_have_the_source_and_say_where_they_were_given() -> None:
    (found,) = assignments([duty(7, line="11", from_ms=1, to_ms=2)], Plan(source="disposition"))
    assert (found.row.source, found.place) == ("disposition", "duties.csv, line 7")  # type: ignore[attr-defined]  # an assignment


@pytest.mark.parametrize(
    ("duties", "fault"),
    [
        (
            [duty(bus="bus/9", block="B1")],
            "duties.csv, line 2: bus: found 'bus/9', expected a bus of the register",
        ),
        (
            [duty(block="B9")],
            "duties.csv, line 2: block: found 'B9', expected a block of gtfs:kvg",
        ),
        (
            [duty(trip="t9")],
            "duties.csv, line 2: trip: found 't9', expected a trip of gtfs:kvg",
        ),
        (
            [duty(line="99")],
            "duties.csv, line 2: line: found '99', expected a line of gtfs:kvg",
        ),
        (
            [duty(block="B1", on=date(2026, 5, 3))],
            (
                "duties.csv, line 2: date: found 2026-05-03, on which block 'B1' does not run, "
                "expected a day on which it does"
            ),
        ),
        (
            [duty(block="B1", on=None)],
            "duties.csv, line 2: date: found nothing, expected a day of service",
        ),
        (
            [duty(block="B1", from_ms=ms(5), to_ms=ms(5))],
            ("duties.csv, line 2: to: found a time not after the beginning, expected a later one"),
        ),
        (
            [duty(block="B1", from_ms=ms(10))],
            ("duties.csv, line 2: from: found a time outside of the duty, expected one within it"),
        ),
        (
            [duty()],
            (
                "duties.csv, line 2: from: found nothing, "
                "expected a time, for no timetable says when it runs"
            ),
        ),
        (
            [duty(2, block="B1"), duty(3, line="11", from_ms=ms(5.5), to_ms=ms(8))],
            (
                "duties.csv, line 3: from: found a duty of bus/1 during that of "
                "duties.csv, line 2, expected one duty at a time"
            ),
        ),
    ],
)
def test_a_fault_names_line_column_found_and_expected(duties: list[Duty], fault: str) -> None:
    plan = Plan(timetable(trip("t1", "11", 5, 6)), buses={"bus/1"})
    assignments(duties, plan)
    assert fault in list(map(str, plan.faults.shown))


def test_one_duty_may_begin_as_another_ends() -> None:
    plan = Plan()
    first = duty(2, line="11", from_ms=ms(5), to_ms=ms(6))
    second = duty(3, line="12", from_ms=ms(6), to_ms=ms(7))
    assert [line for line, *_ in rows(plan, second, first)] == ["11", "12"]


_TRIPS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12), st.sampled_from(["11", "12"])),
    min_size=1,
    max_size=8,
)


@given(_TRIPS)
def test_a_block_is_covered_and_nothing_overlaps(given_: list[tuple[int, int, str]]) -> None:
    """In steps of ten minutes: whenever a trip runs, its bus is on some duty of the block."""
    trips = [
        trip(f"t{number}", line, begun / 6, (begun + long) / 6)
        for number, (begun, long, line) in enumerate(given_)
    ]
    plan = Plan(timetable(*trips))
    found = [one.row for one in assignments([duty(block="B1")], plan)]
    assert plan.faults.count == 0

    spans = sorted((row.valid_from_ms, row.valid_to_ms or 0) for row in found)
    assert all(begun < ended for begun, ended in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    for begun, long, _ in given_:
        for step in range(begun, begun + long):
            at_ms = ms(step / 6)
            assert any(from_ms <= at_ms < to_ms for from_ms, to_ms in spans)
