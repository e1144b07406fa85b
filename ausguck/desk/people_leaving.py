"""Somebody leaves: their keys end, and what is open goes to somebody else or holds them back.

What can be open is a list: whoever keeps something that a person answers for adds an `Open`.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from ausguck.clock import iso_utc
from ausguck.desk.access_keys import end, live_of_person, must_be_here
from ausguck.desk.access_port import AccessRefused, Leaving
from ausguck.desk.access_tables import keys
from ausguck.desk.access_writing import noted
from ausguck.desk.people_duty import holes
from ausguck.desk.people_rows import Duty
from ausguck.desk.people_tables import duties, members, people, teams


class Item(NamedTuple):
    """One thing that somebody answers for; `is_covered` when nobody is missed there."""

    id: str
    words: str
    is_covered: bool = False


class Open(Protocol):
    """A kind of thing that a person who leaves hands over."""

    def find(self, connection: Connection, person: str, now_ms: int) -> Sequence[Item]:
        """What is open for somebody."""
        ...

    def give(self, connection: Connection, item: Item, to: str | None, now_ms: int) -> None:
        """Have somebody else answer for it; nobody where others cover it."""
        ...


class Duties:
    """Duties that run or come."""

    def find(self, connection: Connection, person: str, now_ms: int) -> Sequence[Item]:
        """Each duty; covered where others are on duty for the team all the while."""
        asked = select(duties).where(duties.c.to_ms > now_ms).order_by(duties.c.from_ms)
        planned = [Duty(**row._mapping) for row in connection.execute(asked)]  # noqa: SLF001 - SQLAlchemy's public name
        return [
            Item(str(duty.id), _duty_words(duty), _is_covered(duty, planned, now_ms))
            for duty in planned
            if duty.person == person
        ]

    def give(self, connection: Connection, item: Item, to: str | None, now_ms: int) -> None:
        """The rest of a duty goes over; what was served stays as it was."""
        is_it = duties.c.id == int(item.id)
        row = connection.execute(select(duties).where(is_it)).one()
        if row.from_ms < now_ms:
            connection.execute(update(duties).where(is_it).values(to_ms=now_ms))
        else:
            connection.execute(delete(duties).where(is_it))
        if to is not None and not item.is_covered:
            connection.execute(
                insert(duties).values(
                    team=row.team,
                    person=to,
                    from_ms=max(row.from_ms, now_ms),
                    to_ms=row.to_ms,
                    is_deputy=row.is_deputy,
                )
            )


class Roles:
    """Teams that somebody leads, or stands in for."""

    def find(self, connection: Connection, person: str, now_ms: int) -> Sequence[Item]:
        """Each role."""
        del now_ms
        rows = connection.execute(select(teams).order_by(teams.c.name))
        return [
            Item(f"{role}/{row.name}", f"{role} of team {row.name}")
            for row in rows
            for role, holder in (("lead", row.lead), ("deputy", row.deputy))
            if holder == person
        ]

    def give(self, connection: Connection, item: Item, to: str | None, now_ms: int) -> None:
        """Another lead, another deputy."""
        del now_ms
        role, _, team = item.id.partition("/")
        connection.execute(update(teams).where(teams.c.name == team).values({role: to}))


class ServiceKeys:
    """Keys of programs that somebody answers for."""

    def find(self, connection: Connection, person: str, now_ms: int) -> Sequence[Item]:
        """Each key that holds."""
        held = live_of_person(connection, person, now_ms)
        return [
            Item(str(key.id), f"key {key.name} ({key.prefix}) of a program")
            for key in held
            if key.is_service
        ]

    def give(self, connection: Connection, item: Item, to: str | None, now_ms: int) -> None:
        """Somebody else answers for it; the program notices nothing."""
        del now_ms
        connection.execute(update(keys).where(keys.c.id == int(item.id)).values(person=to))


OPEN: Final[tuple[Open, ...]] = (Duties(), Roles(), ServiceKeys())


def leave(
    connection: Connection, leaving: Leaving, things: Sequence[Open], who: str, now_ms: int
) -> Leaving:
    """Do all of it in the caller's transaction; says what was done.

    Raises:
        AccessRefused: something would be left to nobody.
    """
    person, to = leaving.person, leaving.to
    must_be_here(connection, person)
    if to is not None:
        must_be_here(connection, to)
    if to == person:
        raise AccessRefused(f"{person} cannot hand over to {person}")
    found = [(kind, item) for kind in things for item in kind.find(connection, person, now_ms)]
    left_empty = [item for _, item in found if not item.is_covered]
    if to is None and left_empty:
        raise AccessRefused(*_obstacles(person, left_empty))
    for kind, item in found:
        kind.give(connection, item, to, now_ms)
        if not item.is_covered:
            detail = f"from {person} to {to}"
            noted(connection, who, "handover", item.words, detail, now_ms)
    personal = [key for key in live_of_person(connection, person, now_ms) if not key.is_service]
    end(connection, personal, who, now_ms)
    connection.execute(delete(members).where(members.c.person == person))
    connection.execute(update(people).where(people.c.name == person).values(left_at_ms=now_ms))
    noted(connection, who, "person.leave", f"person/{person}", f"to {to}" if to else "", now_ms)
    covered = [item.words for _, item in found if item.is_covered]
    return msgspec.structs.replace(
        leaving,
        ended=(*(f"key {key.name} ({key.prefix})" for key in personal), *covered),
        handed_over=tuple(item.words for item in left_empty),
    )


def _obstacles(person: str, left_empty: Sequence[Item]) -> Iterator[str]:
    yield f"{person} cannot leave yet, for nobody would have:"
    yield from (f"  {item.words}" for item in left_empty)
    yield (
        f"Say who takes them over with `ausguck people leave {person} --to SOMEBODY`, or plan "
        "others on those duties first with `ausguck people duty add`."
    )


def _duty_words(duty: Duty) -> str:
    rank = "deputy's duty" if duty.is_deputy else "duty"
    return (
        f"{rank} {duty.id} for team {duty.team}, {_minute(duty.from_ms)} to {_minute(duty.to_ms)}"
    )


def _minute(at_ms: int) -> str:
    return iso_utc(at_ms)[:16] + "Z"


def _is_covered(duty: Duty, planned: Sequence[Duty], now_ms: int) -> bool:
    others = [one for one in planned if one.team == duty.team and one.person != duty.person]
    return not holes(others, max(duty.from_ms, now_ms), duty.to_ms)
