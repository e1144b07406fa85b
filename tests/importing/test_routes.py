from pathlib import Path

import pytest

from ausguck.importing.faults import WrongInput
from ausguck.importing.feeds import open_feed
from ausguck.importing.routes import read_gtfs, timetable_of
from ausguck.importing.sources import Bike, Kind, Manner, read
from ausguck.register.register import Register
from ausguck.register.rows import Assignment, Line, Party, Role, Tables
from tests.conftest import SHARED_DATA
from tests.importing.scenes import DAY_MS, NOW_MS, applied, feed_of, scene

AGENCY = "agency_id,agency_name,agency_timezone\nk,KVG,Europe/Berlin\n"
HEAD = "route_id,agency_id,route_short_name,route_long_name,route_type\n"
FEED = {"agency.txt": AGENCY, "routes.txt": HEAD + "A,k,11,Wik - Dorf,3\nB,,12,,3\n"}
TIMES = {
    "trips.txt": "route_id,service_id,trip_id,block_id\nA,Mo,t1,B1\nA,Mo,t2,B1\nB,Mo,t3,\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nMo,1,1,1,1,1,1,1,20260101,20261231\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t1,05:00:00,05:00:00,s,1\nt1,06:00:00,06:00:00,e,2\n"
    "t2,06:10:00,06:10:00,e,1\nt2,25:10:00,25:10:00,s,2\n"
    "t3,07:00:00,07:00:00,s,1\nt3,08:00:00,08:00:00,e,2\n",
}


def lines(tables: Tables) -> dict[str, Line]:
    return {row.id: row for row in tables.lines if row.valid_to_ms is None}


def test_routes_become_lines_and_agencies_parties(tmp_path: Path) -> None:
    with feed_of(tmp_path, FEED | TIMES) as feed:
        imported = read_gtfs(feed, scene(source="gtfs"))
    tables = applied(Tables(), imported.offer)
    assert tables.parties == (
        Party(id="k", role=Role.BUS_COMPANY, title="KVG", external_ids={"gtfs": "k"}),
    )
    found = lines(tables)
    assert found["11"].title == "Wik - Dorf"
    assert found["11"].external_ids == {"gtfs": "A"}
    assert found["12"].party == "k", "of the only agency, as GTFS allows"
    assert found["11"].service_hours
    assert found["12"].service_hours
    with feed_of(tmp_path, FEED | TIMES) as feed:
        again = read_gtfs(feed, scene(tables, source="gtfs")).offer
    assert applied(tables, again) == tables
    tomorrow_ms = NOW_MS + DAY_MS
    with feed_of(tmp_path, FEED | TIMES) as feed:
        again = read_gtfs(feed, scene(tables, "gtfs", tomorrow_ms)).offer
    assert applied(tables, again, tomorrow_ms) == tables


def test_a_route_that_is_called_otherwise_is_a_new_line_that_succeeds_the_old(
    tmp_path: Path,
) -> None:
    by_hand = Line(id="99", title="ferry")
    with feed_of(tmp_path, FEED) as feed:
        hand = Tables(lines=(by_hand,))
        first = applied(hand, read_gtfs(feed, scene(hand, source="gtfs")).offer)
    later_ms = NOW_MS + DAY_MS
    renamed = FEED | {"routes.txt": FEED["routes.txt"].replace("A,k,11", "A,k,21")}
    with feed_of(tmp_path, renamed) as feed:
        imported = read_gtfs(feed, scene(first, "gtfs", later_ms))
    then = Register(applied(first, imported.offer, later_ms))

    assert list(imported.notes)[-1] == "routes.txt, line 2: line 11 is called 21 from now on"
    assert then.lines.at("11", later_ms - 1) is not None
    assert then.lines.at("11", later_ms) is None
    assert then.lines.at("21", later_ms - 1) is None
    assert then.lines.at("21", later_ms) is not None
    assert then.lines.now_called("11") == "21"
    assert then.lines.at("99", later_ms) == by_hand, "what is of elsewhere stays"


def test_a_route_that_is_gone_is_over_unless_only_what_is_new_counts(tmp_path: Path) -> None:
    with feed_of(tmp_path, FEED) as feed:
        first = applied(Tables(), read_gtfs(feed, scene(source="gtfs")).offer)
    with feed_of(tmp_path, FEED | {"routes.txt": HEAD + "A,k,11,,3\n"}) as feed:
        whole = read_gtfs(feed, scene(first, "gtfs")).offer
        adding = read_gtfs(feed, scene(first, "gtfs"), adds_only=True).offer
    assert set(lines(applied(first, whole))) == {"11"}
    assert set(lines(applied(first, adding))) == {"11", "12"}


def test_routes_of_one_name_are_told_apart(tmp_path: Path) -> None:
    with feed_of(tmp_path, {"routes.txt": HEAD + "A,,11,,3\nB,,11,,3\n"}) as feed:
        imported = read_gtfs(feed, scene(source="gtfs"))
    assert set(lines(applied(Tables(), imported.offer))) == {"11", "11 (B)"}
    assert imported.notes[0] == "routes.txt, line 3: line 11 is route A too; now '11 (B)'"


def test_every_fault_of_a_feed_is_told(tmp_path: Path) -> None:
    text = HEAD + "A,kk,11,,3\nA,k,12,,3\nC,k,,,3\n"
    with pytest.raises(WrongInput) as found, feed_of(tmp_path, FEED | {"routes.txt": text}) as feed:
        read_gtfs(feed, scene(source="gtfs"))
    assert str(found.value).splitlines() == [
        "routes.txt, line 2: agency_id: found 'kk', expected an agency_id of agency.txt",
        "routes.txt, line 3: route_id: found 'A' again, expected each route once",
        "routes.txt, line 4: route_short_name: found nothing, expected a short or a long name",
    ]


def test_a_plan_of_duties_takes_its_times_from_the_timetable(tmp_path: Path) -> None:
    with feed_of(tmp_path, FEED | TIMES) as feed:
        known = applied(Tables(), read_gtfs(feed, scene(source="gtfs")).offer)
    (tmp_path / "june").mkdir()
    (tmp_path / "june" / "assets.csv").write_text("id\nbus/0123\n")
    (tmp_path / "june" / "assignments.csv").write_text("date,bus,block\n2026-06-15,bus/0123,B1\n")
    manner = Manner(Bike(), lambda *_: None, tmp_path / "feed.zip")
    offer = read(tmp_path / "june", Kind.CSV, scene(known), manner).offer
    rows = [one.row for one in offer.rows["assignments"]]
    assert rows
    assert all(isinstance(row, Assignment) and row.line == "11" for row in rows)
    hours = ((rows[-1].valid_to_ms or 0) - rows[0].valid_from_ms) / 3_600_000
    assert hours == pytest.approx(20 + 10 / 60)


@pytest.mark.recordings
def test_the_bull_runners_feed_imports_and_then_changes_nothing() -> None:
    with open_feed(SHARED_DATA / "bullrunner-gtfs.zip") as feed:
        imported = read_gtfs(feed, scene(source="gtfs"))
        timetable = timetable_of(feed, scene())
        assert not feed.faults.shown
    tables = applied(Tables(), imported.offer)

    assert [row.title for row in tables.parties] == ["USF Bull Runner"]
    assert sorted(lines(tables)) == ["A", "B", "C", "D", "E", "F"]
    assert lines(tables)["F"].title == "Brown Off-Campus South"
    assert list(imported.notes) == [
        "the timetable ends on 2020-12-31: when lines are out stays unknown"
    ]
    assert len(timetable.trips) == 15
    with open_feed(SHARED_DATA / "bullrunner-gtfs.zip") as feed:
        again = read_gtfs(feed, scene(tables, source="gtfs")).offer
    assert applied(tables, again) == tables
