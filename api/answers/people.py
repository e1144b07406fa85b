"""People, teams and duties as they go over HTTP."""

from pydantic import BaseModel, Field

from api.answers.access import moment
from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.desk.access_port import Leaving
from ausguck.desk.people_duty import Gap, How, OnDuty
from ausguck.desk.people_rows import Duty, Person, Team


class PersonAnswer(BaseModel):
    """Somebody who works with this."""

    name: str = Field(examples=["ada"])
    display: str = Field(description="as people write it", examples=["Ada Holm"])
    email: str | None = Field(description="null where not known, or not for whom asks")
    phone: str | None = Field(description="null where not known, or not for whom asks")
    languages: list[str] = Field(examples=[["de", "en"]])
    teams: list[str]
    left_at: UtcTime | None


class PersonList(BaseModel):
    """Everybody by name, also who left."""

    items: list[PersonAnswer]


class LeavingAnswer(BaseModel):
    """What somebody's leaving came to, or would."""

    person: str
    to: str | None = Field(description="who took over")
    ended: list[str] = Field(description="keys, and duties that others cover")
    handed_over: list[str]
    dry_run: bool = Field(description="whether nothing was done")


class TeamAnswer(BaseModel):
    """People who answer for something together."""

    name: str = Field(examples=["night"])
    title: str
    lead: str | None
    deputy: str | None = Field(description="asked where nobody of the plan is on duty")
    deputy_team: str | None = Field(description="asked after the deputy")
    members: list[str]


class TeamList(BaseModel):
    """All teams by name."""

    items: list[TeamAnswer]


class DutyAnswer(BaseModel):
    """That somebody is on duty from one moment until another."""

    id: int
    team: str
    person: str
    begins_at: UtcTime
    ends_at: UtcTime
    is_deputy: bool = Field(description="comes second, where the first cannot be had")


class GapAnswer(BaseModel):
    """A stretch in which nobody of the plan is on duty."""

    team: str
    begins_at: UtcTime
    ends_at: UtcTime


class DutyList(BaseModel):
    """Duties of a stretch by their beginning, and what none of them covers."""

    items: list[DutyAnswer]
    gaps: list[GapAnswer]


class OnDutyAnswer(BaseModel):
    """Who is on duty for a team now; null where nobody is to be had."""

    team: str
    person: PersonAnswer | None
    how: How | None = Field(description="by the plan, as deputy, or for lack of anybody planned")
    by_team: str | None = Field(description="whose plan it is by")


class OnDutyList(BaseModel):
    """Who is on duty now, by team."""

    as_of: UtcTime
    items: list[OnDutyAnswer]


class PlannedAnswer(BaseModel):
    """What became of duties that were told."""

    added: int = Field(description="of those, not planned already")


def person_answer(person: Person, *, with_contact: bool) -> PersonAnswer:
    """Somebody as they go out, with e-mail and telephone or without."""
    return PersonAnswer(
        name=person.name,
        display=person.display,
        email=person.email if with_contact else None,
        phone=person.phone if with_contact else None,
        languages=list(person.languages),
        teams=list(person.teams),
        left_at=moment(person.left_at_ms),
    )


def team_answer(team: Team) -> TeamAnswer:
    """A team as it goes out."""
    return TeamAnswer(
        name=team.name,
        title=team.title,
        lead=team.lead,
        deputy=team.deputy,
        deputy_team=team.deputy_team,
        members=list(team.members),
    )


def duty_answer(duty: Duty) -> DutyAnswer:
    """A duty as it goes out."""
    return DutyAnswer(
        id=duty.id,
        team=duty.team,
        person=duty.person,
        begins_at=iso_utc(duty.from_ms),
        ends_at=iso_utc(duty.to_ms),
        is_deputy=duty.is_deputy,
    )


def gap_answer(gap: Gap) -> GapAnswer:
    """A gap as it goes out."""
    return GapAnswer(team=gap.team, begins_at=iso_utc(gap.from_ms), ends_at=iso_utc(gap.to_ms))


def leaving_answer(leaving: Leaving, *, dry_run: bool) -> LeavingAnswer:
    """A leaving as it goes out."""
    return LeavingAnswer(
        person=leaving.person,
        to=leaving.to,
        ended=list(leaving.ended),
        handed_over=list(leaving.handed_over),
        dry_run=dry_run,
    )


def on_duty_answer(team: str, found: OnDuty | None, person: PersonAnswer | None) -> OnDutyAnswer:
    """Who is on duty, as it goes out."""
    return OnDutyAnswer(
        team=team,
        person=person,
        how=None if found is None else found.how,
        by_team=None if found is None else found.team,
    )
