"""People, teams and duties: who is to be called, and what becomes of it when somebody leaves."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_port import AccessRefused, AccessUnknown
from ausguck.desk.access_rows import NewKey
from ausguck.desk.engine import reading_engine, writing_engine
from ausguck.desk.people_duty import How, OnDuty, gaps, holes, on_duty, plan_of
from ausguck.desk.people_leaving import OPEN, Item
from ausguck.desk.people_rows import Duty, Person, Team

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
CLI = "command line"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[AccessDesk]:
    with open_access(tmp_path / "desk.sqlite") as opened:
        opened.set_team(Team(name="night", title="Night shift"), CLI, NOW_MS)
        for name in ("ada", "ben", "cem"):
            opened.set_person(Person(name=name, teams=("night",)), CLI, NOW_MS)
        yield opened


def duty(person: str, begins_h: float, ends_h: float, *, is_deputy: bool = False) -> Duty:
    return Duty(
        team="night",
        person=person,
        from_ms=NOW_MS + round(begins_h * HOUR_MS),
        to_ms=NOW_MS + round(ends_h * HOUR_MS),
        is_deputy=is_deputy,
    )


def planned(desk: AccessDesk) -> list[tuple[str, int, int]]:
    """Who, from and to, in hours from now."""
    rows = desk.duties(0, NOW_MS + 1000 * HOUR_MS)
    hours = [((row.from_ms - NOW_MS) // HOUR_MS, (row.to_ms - NOW_MS) // HOUR_MS) for row in rows]
    return [(row.person, *span) for row, span in zip(rows, hours, strict=True)]


def leave(
    desk: AccessDesk, name: str, to: str | None = None, *, dry_run: bool = False
) -> list[str]:
    found = desk.leave(name, to, who=CLI, now_ms=NOW_MS, dry_run=dry_run)
    return [*found.ended, *found.handed_over]


def test_somebody_is_as_was_told(desk: AccessDesk) -> None:
    told = Person(
        name="dora",
        display="Dora Ek",
        email="dora@city.example",
        phone="+49 431 1",
        languages=("de", "en"),
        teams=("night",),
    )

    desk.set_person(told, CLI, NOW_MS)

    kept = desk.person("dora")
    assert kept is not None
    assert kept.created_at_ms == NOW_MS
    assert (kept.display, kept.languages, kept.teams) == ("Dora Ek", ("de", "en"), ("night",))
    assert desk.teams()[0].members == ("ada", "ben", "cem", "dora")
    desk.set_person(Person(name="dora"), CLI, NOW_MS + 5)
    again = desk.person("dora")
    assert again is not None
    assert (again.email, again.teams, again.created_at_ms) == (None, (), NOW_MS)
    with pytest.raises(AccessUnknown, match="no team 'day'"):
        desk.set_person(Person(name="dora", teams=("day",)), CLI, NOW_MS)


def test_a_team_is_of_people_who_are_there(desk: AccessDesk) -> None:
    with pytest.raises(AccessUnknown, match="no person 'eve'"):
        desk.set_team(Team(name="day", lead="eve"), CLI, NOW_MS)
    with pytest.raises(AccessRefused, match="its own deputy"):
        desk.set_team(Team(name="night", deputy_team="night"), CLI, NOW_MS)
    with pytest.raises(AccessUnknown, match="no team 'late'"):
        desk.set_team(Team(name="day", deputy_team="late"), CLI, NOW_MS)
    leave(desk, "cem")
    with pytest.raises(AccessRefused, match="cem has left"):
        desk.set_team(Team(name="day", members=("cem",)), CLI, NOW_MS)
    assert [team.name for team in desk.teams()] == ["night"]


def test_a_duty_is_planned_once(desk: AccessDesk) -> None:
    assert desk.add_duties([duty("ada", 1, 2), duty("ben", 2, 3)], CLI, NOW_MS) == 2
    assert desk.add_duties([duty("ada", 1, 2), duty("ada", 3, 4)], CLI, NOW_MS) == 1

    with pytest.raises(AccessRefused, match="ends before it begins"):
        desk.add_duties([duty("ada", 5, 6), duty("ada", 8, 7)], CLI, NOW_MS)

    assert planned(desk) == [("ada", 1, 2), ("ben", 2, 3), ("ada", 3, 4)]


def test_what_was_served_stays_on_the_plan(desk: AccessDesk) -> None:
    desk.add_duties([duty("ada", -2, 2), duty("ben", 3, 4), duty("cem", -5, -4)], CLI, NOW_MS)
    over, runs, comes = desk.duties(0, NOW_MS + 100 * HOUR_MS)

    desk.remove_duty(runs.id, CLI, NOW_MS)
    desk.remove_duty(comes.id, CLI, NOW_MS)

    assert planned(desk) == [("cem", -5, -4), ("ada", -2, 0)]
    with pytest.raises(AccessUnknown):
        desk.remove_duty(over.id, CLI, NOW_MS)


def test_the_plan_says_who_is_called() -> None:
    teams = [
        Team(name="night", lead="lea", deputy_team="day"),
        Team(name="day", deputy="dan", deputy_team="night"),
        Team(name="late", deputy_team="empty", lead="lia"),
        Team(name="empty", deputy_team="late"),
    ]
    rows = [
        duty("ada", 0, 4),
        duty("ben", 1, 2),
        duty("cem", 3, 6, is_deputy=True),
    ]
    plan = plan_of(teams, rows)

    def at(hours: float, team: str = "night") -> OnDuty | None:
        return on_duty(plan, team, NOW_MS + round(hours * HOUR_MS))

    assert at(0) == OnDuty("ada", How.DUTY, "night")
    assert at(1.5) == OnDuty("ben", How.DUTY, "night")  # it began last
    assert at(2) == OnDuty("ada", How.DUTY, "night")
    assert at(3.5) == OnDuty("ada", How.DUTY, "night")
    assert at(4) == OnDuty("cem", How.DEPUTY, "night")
    assert at(6) == OnDuty("dan", How.FALLBACK, "day")
    assert at(0, "late") == OnDuty("lia", How.FALLBACK, "late")
    assert at(0, "empty") == OnDuty("lia", How.FALLBACK, "late")
    assert at(0, "nowhere") is None


def test_a_ring_of_deputies_ends() -> None:
    plan = plan_of([Team(name="a", deputy_team="b"), Team(name="b", deputy_team="a")], [])

    assert on_duty(plan, "a", NOW_MS) is None


def test_gaps_are_told() -> None:
    plan = plan_of([Team(name="night")], [duty("ada", 1, 2), duty("ben", 4, 5, is_deputy=True)])

    found = gaps(plan, "night", NOW_MS, NOW_MS + 6 * HOUR_MS)

    hours = [((gap.from_ms - NOW_MS) / HOUR_MS, (gap.to_ms - NOW_MS) / HOUR_MS) for gap in found]
    assert hours == [(0, 1), (2, 4), (5, 6)]


@given(
    st.lists(st.tuples(st.integers(-5, 30), st.integers(1, 10)), max_size=12),
    st.integers(0, 10),
    st.integers(1, 20),
)
@settings(max_examples=200, deadline=None)
def test_every_hour_is_covered_or_in_a_gap(
    spans: list[tuple[int, int]], begins: int, length: int
) -> None:
    rows = [
        Duty(team="t", person="p", from_ms=start, to_ms=start + hours) for start, hours in spans
    ]
    found = holes(rows, begins, begins + length)

    for hour in range(begins, begins + length):
        is_covered = any(row.holds_at(hour) for row in rows)
        assert is_covered is not any(low <= hour < high for low, high in found)
    assert found == sorted(found)
    assert all(begins <= low < high <= begins + length for low, high in found)


def test_leaving_ends_keys_and_sessions(desk: AccessDesk) -> None:
    key = desk.add_key(NewKey(name="ada", scopes=("view",), person="ada"), CLI, NOW_MS).key
    other = desk.add_key(NewKey(name="ben", scopes=("view",), person="ben"), CLI, NOW_MS).key
    mine, theirs = desk.begin_session(key, NOW_MS), desk.begin_session(other, NOW_MS)

    assert leave(desk, "ada") == [f"key ada ({key.prefix})"]

    assert desk.session(mine, NOW_MS) is None
    assert desk.session(theirs, NOW_MS) is not None
    assert [one.name for one in desk.all_keys() if one.holds_at(NOW_MS)] == ["ben"]
    left = desk.person("ada")
    assert left is not None
    assert (left.is_here, left.teams) == (False, ())
    with pytest.raises(AccessRefused, match="ada has left"):
        desk.set_person(Person(name="ada"), CLI, NOW_MS)
    with pytest.raises(AccessRefused, match="ada has left"):
        desk.add_duties([duty("ada", 1, 2)], CLI, NOW_MS)


def test_no_duty_is_left_empty(desk: AccessDesk) -> None:
    desk.add_key(NewKey(name="ada", scopes=("view",), person="ada"), CLI, NOW_MS)
    desk.add_duties([duty("ada", -1, 2), duty("ada", 5, 9), duty("ada", -9, -8)], CLI, NOW_MS)
    before = planned(desk)

    with pytest.raises(AccessRefused) as refused:
        leave(desk, "ada")

    told = str(refused.value)
    assert told.count("for team night") == 2
    assert "for team night, 2027-01-15T07:00Z to 2027-01-15T10:00Z" in told
    assert "ausguck people leave ada --to SOMEBODY" in told
    assert planned(desk) == before
    assert desk.has_live_key(NOW_MS)

    handed = leave(desk, "ada", "ben")
    assert len(handed) == 3
    assert planned(desk) == [("ada", -9, -8), ("ada", -1, 0), ("ben", 0, 2), ("ben", 5, 9)]


def test_a_duty_that_others_cover_needs_nobody(desk: AccessDesk) -> None:
    desk.add_duties([duty("ada", 1, 5), duty("ben", 0, 3), duty("cem", 3, 6)], CLI, NOW_MS)

    ended = leave(desk, "ada")

    assert len(ended) == 1
    assert planned(desk) == [("ben", 0, 3), ("cem", 3, 6)]


def test_roles_and_keys_of_programs_go_over(desk: AccessDesk) -> None:
    desk.set_team(Team(name="night", lead="ada"), CLI, NOW_MS)
    desk.set_team(Team(name="day", deputy="ada"), CLI, NOW_MS)
    robot = NewKey(name="scraper", scopes=("view",), person="ada", is_service=True)
    desk.add_key(robot, CLI, NOW_MS)
    with pytest.raises(AccessRefused, match="lead of team night"):
        leave(desk, "ada")

    leave(desk, "ada", "ben")

    day, night = desk.teams()
    assert (day.deputy, night.lead) == ("ben", "ben")
    (key,) = desk.all_keys()
    assert (key.person, key.holds_at(NOW_MS)) == ("ben", True)


@pytest.mark.parametrize(
    ("to", "error"),
    [("ada", AccessRefused), ("cem", AccessRefused), ("eve", AccessUnknown)],
)
def test_it_goes_to_somebody_who_is_there(
    to: str, error: type[AccessRefused], desk: AccessDesk
) -> None:
    leave(desk, "cem")

    with pytest.raises(error):
        leave(desk, "ada", to)

    kept = desk.person("ada")
    assert kept is not None
    assert kept.is_here


def test_a_dry_run_changes_nothing(desk: AccessDesk) -> None:
    desk.add_key(NewKey(name="ada", scopes=("view",), person="ada"), CLI, NOW_MS)
    desk.add_duties([duty("ada", 1, 2)], CLI, NOW_MS)
    audit, plan = list(desk.audit()), planned(desk)

    told = leave(desk, "ada", "ben", dry_run=True)

    assert len(told) == 2
    assert (list(desk.audit()), planned(desk)) == (audit, plan)
    assert desk.has_live_key(NOW_MS)
    assert leave(desk, "ada", "ben") == told


def test_every_change_is_in_the_log_with_who(desk: AccessDesk) -> None:
    desk.add_duties([duty("ada", 1, 2)], "ben", NOW_MS)
    desk.leave("ada", "cem", who="ben", now_ms=NOW_MS + 7)

    newest = [(row.at_ms - NOW_MS, row.who, row.action) for row in desk.audit(limit=3)]
    assert newest == [
        (7, "ben", "person.leave"),
        (7, "ben", "handover"),
        (0, "ben", "duty.add"),
    ]
    older = desk.audit(before_id=desk.audit(limit=3)[-1].id)
    assert {row.who for row in older} == {CLI}


class Incidents:
    """What another room keeps and a person answers for."""

    def __init__(self) -> None:
        self.holder: str | None = "ada"

    def find(self, connection: Connection, person: str, now_ms: int) -> Sequence[Item]:
        del connection, now_ms
        return [Item("17", "incident 17")] if person == self.holder else []

    def give(self, connection: Connection, item: Item, to: str | None, now_ms: int) -> None:
        del connection, item, now_ms
        self.holder = to


def test_other_rooms_join_what_is_handed_over(desk: AccessDesk, tmp_path: Path) -> None:
    path = tmp_path / "desk.sqlite"
    incidents = Incidents()
    reader, writer = reading_engine(path), writing_engine(path)
    try:
        joined = AccessDesk(reader, writer, (*OPEN, incidents))
        with pytest.raises(AccessRefused, match="incident 17"):
            leave(joined, "ada")
        leave(joined, "ada", "ben")
    finally:
        reader.dispose()
        writer.dispose()
    assert incidents.holder == "ben"
    ada = desk.person("ada")
    assert ada is not None
    assert not ada.is_here
