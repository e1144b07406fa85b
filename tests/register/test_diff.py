"""What an offer changes: nothing of what was, and of what is only what it says otherwise."""

import msgspec

from ausguck.register.change import Given, Offer
from ausguck.register.diff import after, diff
from ausguck.register.rows import (
    Asset,
    Assignment,
    Device,
    DeviceState,
    Event,
    EventKind,
    Fitting,
    Line,
    Tables,
)
from tests.register.offers import DAY_MS, NOW_MS, applied, dated, offer, undated

LATER_MS = NOW_MS + DAY_MS
BUS = Asset(id="bus/1")
OTHER = Asset(id="bus/2")


def spans(tables: Tables, table: str) -> list[tuple[str, int, int | None]]:
    return [(row.id, row.valid_from_ms, row.valid_to_ms) for row in getattr(tables, table)]


def states(tables: Tables) -> list[tuple[str, DeviceState, int | None]]:
    return [(row.id, row.state, row.valid_to_ms) for row in tables.devices]


def test_what_was_never_known_is_so_since_ever() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11")]), NOW_MS)

    assert spans(tables, "lines") == [("11", 0, None)]


def test_what_is_told_again_changes_nothing() -> None:
    told = offer(lines=[Line(id="11", title="Wik")], assets=[BUS])
    tables = applied(Tables(), told, NOW_MS)

    assert diff(tables, told, LATER_MS).changes == []


def test_what_is_otherwise_ends_the_one_and_begins_another() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11", title="Wik")]), NOW_MS)

    found = diff(tables, offer(lines=[undated(Line(id="11", title="Elmschenhagen"), "l.csv")]), 9)

    assert [change.place for change in found.changes] == ["l.csv", "l.csv"]
    assert after(tables, found.changes).lines == (
        Line(id="11", title="Wik", valid_to_ms=9),
        Line(id="11", title="Elmschenhagen", valid_from_ms=9),
    )


def test_what_changes_twice_in_a_moment_has_one_version_of_it() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11", title="a")]), 1)
    tables = applied(tables, offer(lines=[Line(id="11", title="b")]), 9)
    tables = applied(tables, offer(lines=[Line(id="11", title="c")]), 9)

    assert [(row.title, row.valid_from_ms) for row in tables.lines] == [("a", 0), ("c", 9)]


def test_what_a_whole_table_names_no_more_ends_and_stays_to_be_asked() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11"), Line(id="12")], assets=[BUS]), 1)

    then = applied(tables, offer(lines=[Line(id="12")]), NOW_MS)

    assert spans(then, "lines") == [("11", 0, NOW_MS), ("12", 0, None)]
    assert then.assets == tables.assets
    assert applied(tables, offer(lines=[Line(id="12")], adds_only=True), NOW_MS) == tables


def test_what_comes_back_begins_anew() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11")]), 1)
    tables = applied(tables, offer(lines=[]), 5)
    tables = applied(tables, offer(lines=[Line(id="11")]), 9)

    assert spans(tables, "lines") == [("11", 0, 5), ("11", 9, None)]


def test_a_dated_row_is_that_version_and_ends_the_one_before() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11", title="a")]), 1)
    new = dated(Line(id="11", title="b", valid_from_ms=7))

    told = offer(lines=[new])
    tables = applied(tables, told, 5)

    assert spans(tables, "lines") == [("11", 0, 7), ("11", 7, None)]
    assert diff(tables, told, 6).changes == []
    assert diff(tables, told, 8).changes == []


def test_open_versions_of_one_file_end_where_the_next_begins() -> None:
    told = offer(
        lines=[
            dated(Line(id="11", title="b", valid_from_ms=7)),
            dated(Line(id="11", title="a", valid_from_ms=3)),
        ]
    )

    assert spans(applied(Tables(), told, 5), "lines") == [("11", 3, 7), ("11", 7, None)]


def test_what_is_exported_with_all_its_dates_changes_nothing() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11", title="a"), Line(id="12")]), 1)
    tables = applied(tables, offer(lines=[Line(id="11", title="b")]), 5)
    told = offer(lines=[dated(row) for row in tables.lines])

    assert diff(tables, told, 9).changes == []


def test_an_end_is_told_without_a_beginning() -> None:
    tables = applied(Tables(), offer(lines=[Line(id="11")]), 1)
    told = offer(lines=[Line(id="11", valid_to_ms=7, successor="12"), Line(id="12")])

    then = applied(tables, told, 5)

    assert spans(then, "lines") == [("11", 0, 5), ("11", 5, 7), ("12", 7, None)]
    assert diff(then, told, 6).changes == []
    assert diff(then, told, 9).changes == []


def test_a_plan_stays_while_the_present_changes_and_goes_with_its_thing() -> None:
    plan = dated(Line(id="11", title="plan", valid_from_ms=20))
    tables = applied(Tables(), offer(lines=[Line(id="11", title="a"), plan]), 1)

    changed = applied(tables, offer(lines=[Line(id="11", title="b")]), 9)
    over = applied(tables, offer(lines=[]), 9)

    assert spans(changed, "lines") == [("11", 0, 9), ("11", 9, 20), ("11", 20, None)]
    assert spans(over, "lines") == [("11", 0, 9)]


def test_the_first_fitting_of_device_and_asset_is_since_ever() -> None:
    devices = [Device(id="S1"), Device(id="S2")]
    first = offer(assets=[BUS, OTHER], devices=devices, fittings=[Fitting(id="S1", asset="bus/1")])
    tables = applied(Tables(), first, NOW_MS)
    second = [Fitting(id="S2", asset="bus/1"), Fitting(id="S1", asset="bus/2")]

    then = applied(tables, offer(fittings=second), LATER_MS)

    assert spans(tables, "fittings") == [("S1", 0, None)]
    assert spans(then, "fittings") == [
        ("S1", 0, LATER_MS),
        ("S1", LATER_MS, None),
        ("S2", LATER_MS, None),
    ]


def test_a_device_is_fitted_or_spare_as_its_fitting_says() -> None:
    devices = [Device(id="S1"), Device(id="S2", state=DeviceState.REPAIR)]
    told = offer(assets=[BUS], devices=devices, fittings=[Fitting(id="S1", asset="bus/1")])
    tables = applied(Tables(), told, 1)
    assert states(tables) == [("S1", DeviceState.FITTED, None), ("S2", DeviceState.REPAIR, None)]
    assert diff(tables, offer(devices=devices), 5).changes == []

    tables = applied(tables, offer(fittings=[]), 5)

    assert states(tables) == [
        ("S1", DeviceState.FITTED, 5),
        ("S2", DeviceState.REPAIR, None),
        ("S1", DeviceState.SPARE, None),
    ]


def test_a_stolen_device_is_out_of_its_asset() -> None:
    told = offer(
        assets=[BUS], devices=[Device(id="S1")], fittings=[Fitting(id="S1", asset="bus/1")]
    )
    tables = applied(Tables(), told, 1)

    tables = applied(tables, offer(devices=[Device(id="S1", state=DeviceState.STOLEN)]), 5)

    assert spans(tables, "fittings") == [("S1", 0, 5)]
    assert states(tables) == [("S1", DeviceState.FITTED, 5), ("S1", DeviceState.STOLEN, None)]


def duty(begin_ms: int, line: str, source: str = "") -> Assignment:
    end_ms = begin_ms + 5
    return Assignment(
        id="bus/1", line=line, valid_from_ms=begin_ms, valid_to_ms=end_ms, source=source
    )


def duties(source: str, from_ms: int, to_ms: int, *rows: Assignment) -> Offer:
    given: list[Given] = [dated(row) for row in rows]
    return Offer(source, {"assignments": given}, from_ms, to_ms)


def test_duties_replace_their_own_stretch_and_source() -> None:
    tables = applied(Tables(), duties("csv", 0, 20, duty(0, "11"), duty(10, "11")), 99)
    tables = applied(tables, duties("gtfs", 0, 40, duty(5, "12"), duty(20, "12")), 99)

    then = applied(tables, duties("csv", 10, 30, duty(15, "13")), 99)

    assert [(row.valid_from_ms, row.source) for row in then.assignments] == [
        (0, "csv"),
        (5, "gtfs"),
        (15, "csv"),
        (20, "gtfs"),
    ]


def test_an_event_that_people_made_outlives_the_next_file() -> None:
    week = Event(id="kiwo", kind=EventKind.FESTIVAL, title="Kieler Woche", valid_from_ms=5)
    works = msgspec.structs.replace(week, id="works", kind=EventKind.WORKS)
    tables = applied(Tables(), offer(source="people", events=[dated(week)]), 1)
    tables = applied(tables, offer(source="files", events=[dated(works)]), 1)

    then = applied(tables, offer(source="files", events=[]), 9)

    assert [(row.id, row.source) for row in then.events] == [("kiwo", "people")]
