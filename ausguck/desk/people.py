"""People, teams and the duty plan in the desk's SQL."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Engine, Row, Select, delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_update

from ausguck.desk.access_keys import must_be_here
from ausguck.desk.access_port import AccessRefused, AccessUnknown, Leaving
from ausguck.desk.access_writing import Writing, noted
from ausguck.desk.people_duty import Plan, plan_of
from ausguck.desk.people_leaving import OPEN, Open, leave
from ausguck.desk.people_rows import Duty, Person, Team
from ausguck.desk.people_tables import duties, members, people, teams

LEAST_MS: Final = 0
MOST_MS: Final = 4_102_444_800_000  # the year 2100


class PeopleDesk(Writing):
    """People, teams and duties; `open_things` is what somebody who leaves hands over."""

    def __init__(self, reader: Engine, writer: Engine, open_things: Sequence[Open] = OPEN) -> None:
        super().__init__(reader, writer)
        self._open_things = open_things

    def people(self) -> Sequence[Person]:
        """Everybody by name, also who left."""
        with self.reading() as connection:
            teams_of = _grouped(connection, members.c.person, members.c.team)
            rows = connection.execute(select(people).order_by(people.c.name))
            return [_person(row, teams_of.get(row.name, ())) for row in rows]

    def person(self, name: str) -> Person | None:
        """One of them, or None."""
        return next((one for one in self.people() if one.name == name), None)

    def set_person(self, person: Person, who: str, now_ms: int) -> Person:
        """Add somebody, or change what is known of them; `teams` are whole.

        Raises:
            AccessRefused: they have left.
            AccessUnknown: a team is not known.
        """
        told = {
            "display": person.display,
            "email": person.email,
            "phone": person.phone,
            "languages": " ".join(person.languages),
        }
        with self.writing() as connection:
            if _is_there(connection, select(people.c.name).where(people.c.name == person.name)):
                must_be_here(connection, person.name)
                action = "person.change"
            else:
                action = "person.add"
            for team in person.teams:
                _must_be_team(connection, team)
            kept = insert_or_update(people).values(name=person.name, created_at_ms=now_ms, **told)
            connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_=told))
            pairs = [{"person": person.name, "team": team} for team in person.teams]
            _replace_members(connection, members.c.person == person.name, pairs)
            detail = " ".join(person.teams)
            noted(connection, who, action, f"person/{person.name}", detail, now_ms)
        return person

    def leave(
        self, name: str, to: str | None, *, who: str, now_ms: int, dry_run: bool = False
    ) -> Leaving:
        """End somebody's keys and sessions, and hand over what is open to `to`.

        Raises:
            AccessRefused: something would be left to nobody; says what, and nothing was done.
            AccessUnknown: one of the two is not known.
        """
        with self.writing() as connection:
            leaving = Leaving(name, to=to)
            leaving = leave(connection, leaving, self._open_things, who, now_ms)
            if dry_run:
                connection.rollback()
        return leaving

    def teams(self) -> Sequence[Team]:
        """All teams by name."""
        with self.reading() as connection:
            return _teams(connection)

    def set_team(self, team: Team, who: str, now_ms: int) -> Team:
        """Add a team, or change it; `members` are whole.

        Raises:
            AccessRefused: somebody named has left, or the team would be its own deputy.
            AccessUnknown: somebody named is not known.
        """
        told = {
            "title": team.title,
            "lead": team.lead,
            "deputy": team.deputy,
            "deputy_team": team.deputy_team,
        }
        with self.writing() as connection:
            if team.deputy_team == team.name:
                raise AccessRefused(f"team {team.name} cannot be its own deputy")
            for person in {*team.members, team.lead, team.deputy} - {None}:
                must_be_here(connection, str(person))
            if team.deputy_team is not None:
                _must_be_team(connection, team.deputy_team)
            kept = insert_or_update(teams).values(name=team.name, **told)
            connection.execute(kept.on_conflict_do_update(index_elements=["name"], set_=told))
            pairs = [{"team": team.name, "person": person} for person in team.members]
            _replace_members(connection, members.c.team == team.name, pairs)
            detail = ", ".join(f"{key} {value}" for key, value in told.items() if value)
            noted(connection, who, "team.set", f"team/{team.name}", detail, now_ms)
        return team

    def duties(self, from_ms: int, to_ms: int, team: str | None = None) -> Sequence[Duty]:
        """Duties that run at some time of [from_ms, to_ms), by beginning."""
        with self.reading() as connection:
            return _duties(connection, from_ms, to_ms, team)

    def plan(self, from_ms: int, to_ms: int) -> Plan:
        """All teams and the duties of a stretch, to be asked by `on_duty` and `gaps`."""
        with self.reading() as connection:
            return plan_of(_teams(connection), _duties(connection, from_ms, to_ms, None))

    def add_duties(self, duties: Sequence[Duty], who: str, now_ms: int) -> int:
        """Plan duties, those that are planned already left out; returns how many were new.

        Raises:
            AccessRefused: one of them ends before it begins, or is of somebody who left.
            AccessUnknown: a team or a person is not known.
        """
        with self.writing() as connection:
            return sum(_planned(connection, duty, who, now_ms) for duty in duties)

    def remove_duty(self, duty_id: int, who: str, now_ms: int) -> None:
        """Take a duty off the plan; one that runs ends now.

        Raises:
            AccessUnknown: there is none of this id, or it is over.
        """
        is_it = duties.c.id == duty_id
        with self.writing() as connection:
            row = connection.execute(
                select(duties).where(is_it, duties.c.to_ms > now_ms)
            ).one_or_none()
            if row is None:
                raise AccessUnknown(f"there is no duty {duty_id} that runs or comes")
            if row.from_ms < now_ms:
                connection.execute(update(duties).where(is_it).values(to_ms=now_ms))
            else:
                connection.execute(delete(duties).where(is_it))
            detail = f"{row.person}, team {row.team}"
            noted(connection, who, "duty.remove", f"duty/{duty_id}", detail, now_ms)


def _person(row: Row[Any], their_teams: Iterable[str]) -> Person:
    return Person(
        name=row.name,
        display=row.display,
        email=row.email,
        phone=row.phone,
        languages=tuple(row.languages.split()),
        teams=tuple(their_teams),
        created_at_ms=row.created_at_ms,
        left_at_ms=row.left_at_ms,
    )


def _teams(connection: Connection) -> list[Team]:
    people_of = _grouped(connection, members.c.team, members.c.person)
    return [
        Team(
            name=row.name,
            title=row.title,
            lead=row.lead,
            deputy=row.deputy,
            deputy_team=row.deputy_team,
            members=tuple(people_of.get(row.name, ())),
        )
        for row in connection.execute(select(teams).order_by(teams.c.name))
    ]


def _duties(connection: Connection, from_ms: int, to_ms: int, team: str | None) -> list[Duty]:
    asked = select(duties).where(duties.c.from_ms < to_ms, duties.c.to_ms > from_ms)
    if team is not None:
        asked = asked.where(duties.c.team == team)
    rows = connection.execute(asked.order_by(duties.c.from_ms, duties.c.id))
    return [Duty(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


def _planned(connection: Connection, duty: Duty, who: str, now_ms: int) -> bool:
    """Plan one duty, unless it is planned already."""
    if not LEAST_MS <= duty.from_ms < duty.to_ms <= MOST_MS:
        raise AccessRefused(f"the duty of {duty.person} for {duty.team} ends before it begins")
    _must_be_team(connection, duty.team)
    must_be_here(connection, duty.person)
    told = {key: value for key, value in msgspec.structs.asdict(duty).items() if key != "id"}
    same = [duties.c[key] == value for key, value in told.items()]
    if _is_there(connection, select(duties.c.id).where(*same)):
        return False
    made = connection.execute(insert(duties).values(**told).returning(duties.c.id)).scalar_one()
    detail = f"{duty.person}, team {duty.team}"
    noted(connection, who, "duty.add", f"duty/{made}", detail, now_ms)
    return True


def _grouped(connection: Connection, by: Any, what: Any) -> dict[str, list[str]]:  # noqa: ANN401 - SQLAlchemy's columns
    found: dict[str, list[str]] = {}
    for key, value in connection.execute(select(by, what).order_by(by, what)):
        found.setdefault(key, []).append(value)
    return found


def _replace_members(connection: Connection, whose: Any, pairs: list[dict[str, str]]) -> None:  # noqa: ANN401 - as above
    connection.execute(delete(members).where(whose))
    if pairs:
        connection.execute(insert(members), pairs)


def _must_be_team(connection: Connection, team: str) -> None:
    if not _is_there(connection, select(teams.c.name).where(teams.c.name == team)):
        raise AccessUnknown(
            f"there is no team {team!r}; `ausguck people team set {team}` makes one"
        )


def _is_there(connection: Connection, asked: Select[Any]) -> bool:
    return connection.execute(asked.limit(1)).first() is not None
