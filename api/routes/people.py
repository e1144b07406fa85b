"""`/api/v1/people`, `teams`, `duties`: who works with this, and who is on duty."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from api.access.caller import Asking
from api.access.table import Part
from api.answers.people import (
    DutyList,
    LeavingAnswer,
    OnDutyList,
    PersonAnswer,
    PersonList,
    PlannedAnswer,
    TeamAnswer,
    TeamList,
    duty_answer,
    gap_answer,
    leaving_answer,
    on_duty_answer,
    person_answer,
    team_answer,
)
from api.assets import NAME
from api.problems import Kind, wrong
from api.reply import answer
from api.span import DAY_MS, asked_ms
from api.times import EXPECTED
from ausguck.clock import Clock, iso_utc
from ausguck.desk.access_port import Access
from ausguck.desk.people_duty import gaps, on_duty
from ausguck.desk.people_rows import Duty, Person, Team

CREATED = 201
GONE = 204
ID_MAX = 2**53
NAMES_MAX = 100
DAYS_AHEAD = 30
DAYS_MAX = 400

LINE = r"^[^\x00-\x1f\x7f]*$"
EMAIL = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,190}$"
PHONE = r"^\+?[0-9][0-9 ()/-]{2,30}$"
LANGUAGE = r"^[a-z]{2}$"

Name = Annotated[str, Field(pattern=NAME)]
PathName = Annotated[str, Path(pattern=NAME, description="a person's name", examples=["ada"])]
Time = Annotated[str, Field(max_length=64, description=EXPECTED)]
DutyId = Annotated[int, Path(ge=1, le=ID_MAX, description="id of a duty")]


class AddedPerson(BaseModel):
    """Somebody new, or somebody as they are from now on."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["ada"])
    display: str = Field(default="", max_length=100, pattern=LINE, examples=["Ada Holm"])
    email: str | None = Field(default=None, pattern=EMAIL)
    phone: str | None = Field(default=None, pattern=PHONE)
    languages: list[Annotated[str, Field(pattern=LANGUAGE)]] = Field(
        default_factory=list, max_length=10
    )
    teams: list[Name] = Field(default_factory=list, max_length=NAMES_MAX)


class Going(BaseModel):
    """Somebody leaves."""

    model_config = ConfigDict(extra="forbid")

    to: Name | None = Field(default=None, description="who takes over what is open")
    dry_run: StrictBool = Field(default=False, description="only say what would be")


class AddedTeam(BaseModel):
    """A new team, or one as it is from now on."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["night"])
    title: str = Field(default="", max_length=100, pattern=LINE)
    lead: Name | None = None
    deputy: Name | None = None
    deputy_team: Name | None = None
    members: list[Name] = Field(default_factory=list, max_length=NAMES_MAX)


class AddedDuty(BaseModel):
    """Somebody on duty from one moment until another."""

    model_config = ConfigDict(extra="forbid")

    team: Name
    person: Name
    begins_at: Time
    ends_at: Time
    is_deputy: StrictBool = False


class DutyParameters(BaseModel):
    """Which duties."""

    model_config = ConfigDict(extra="forbid")

    from_: Time | None = Field(default=None, alias="from", description=f"{EXPECTED}; default: now")
    to: Time | None = Field(
        default=None, description=f"{EXPECTED}; default: {DAYS_AHEAD} days after `from`"
    )
    team: Name | None = Field(default=None, description="only of this team")


def router(access: Access, clock: Clock) -> APIRouter:
    """The routes over people, teams and the duty plan."""
    routes = APIRouter(tags=["people"])
    _people(routes, access, clock)
    _teams(routes, access, clock)
    _duties(routes, access, clock)
    _planning(routes, access, clock)
    return routes


def _people(routes: APIRouter, access: Access, clock: Clock) -> None:
    @routes.get("/people", response_model=PersonList, summary="Who works with this")
    async def people(asking: Asking) -> Response:
        """By name, also who left."""
        rows = await run_in_threadpool(access.people)
        contact = asking.gets(Part.CONTACT)
        return answer(PersonList(items=[person_answer(row, with_contact=contact) for row in rows]))

    @routes.post("/people", response_model=PersonAnswer, summary="Add or change somebody")
    async def set_person(body: AddedPerson, asking: Asking) -> Response:
        """What is not named is taken away, except that they are known."""
        person = Person(
            name=body.name,
            display=body.display,
            email=body.email,
            phone=body.phone,
            languages=tuple(body.languages),
            teams=tuple(dict.fromkeys(body.teams)),
        )
        who, now_ms = asking.caller.who, clock.now_ms()
        kept = await run_in_threadpool(access.set_person, person, who, now_ms)
        return answer(person_answer(kept, with_contact=True))

    @routes.post("/people/{name}/leave", response_model=LeavingAnswer, summary="Somebody leaves")
    async def leave(name: PathName, body: Going, asking: Asking) -> Response:
        """Ends keys and sessions, hands over what is open, and leaves no duty empty."""
        who, now_ms = asking.caller.who, clock.now_ms()

        def left() -> LeavingAnswer:
            found = access.leave(name, body.to, who=who, now_ms=now_ms, dry_run=body.dry_run)
            return leaving_answer(found, dry_run=body.dry_run)

        return answer(await run_in_threadpool(left))


def _teams(routes: APIRouter, access: Access, clock: Clock) -> None:
    @routes.get("/teams", response_model=TeamList, summary="Teams")
    async def teams() -> Response:
        """By name, with their members."""
        rows = await run_in_threadpool(access.teams)
        return answer(TeamList(items=[team_answer(row) for row in rows]))

    @routes.post("/teams", response_model=TeamAnswer, summary="Add or change a team")
    async def set_team(body: AddedTeam, asking: Asking) -> Response:
        """What is not named is taken away."""
        team = Team(
            name=body.name,
            title=body.title,
            lead=body.lead,
            deputy=body.deputy,
            deputy_team=body.deputy_team,
            members=tuple(dict.fromkeys(body.members)),
        )
        who, now_ms = asking.caller.who, clock.now_ms()
        return answer(team_answer(await run_in_threadpool(access.set_team, team, who, now_ms)))


def _duties(routes: APIRouter, access: Access, clock: Clock) -> None:
    @routes.get("/duties", response_model=DutyList, summary="The duty plan")
    async def duties(parameters: Annotated[DutyParameters, Query()]) -> Response:
        """Duties of a stretch, and when nobody is on duty."""
        from_ms, to_ms = _stretch(parameters, clock.now_ms())
        wanted = parameters.team

        def ask() -> DutyList:
            rows = access.duties(from_ms, to_ms, wanted)
            plan = access.plan(from_ms, to_ms)
            names = [name for name in plan.teams if wanted in {None, name}]
            found = [gap for name in names for gap in gaps(plan, name, from_ms, to_ms)]
            return DutyList(
                items=[duty_answer(row) for row in rows], gaps=[gap_answer(gap) for gap in found]
            )

        return answer(await run_in_threadpool(ask))

    @routes.get("/duties/now", response_model=OnDutyList, summary="Who is on duty")
    async def duties_now(asking: Asking) -> Response:
        """For each team: by the plan, its deputy, or whom it falls back to."""
        now_ms = clock.now_ms()
        contact = asking.gets(Part.CONTACT)

        def ask() -> OnDutyList:
            plan = access.plan(now_ms, now_ms + 1)
            people = {row.name: row for row in access.people()}
            items = []
            for team in plan.teams:
                found = on_duty(plan, team, now_ms)
                row = None if found is None else people.get(found.person)
                person = None if row is None else person_answer(row, with_contact=contact)
                items.append(on_duty_answer(team, found, person))
            return OnDutyList(as_of=iso_utc(now_ms), items=items)

        return answer(await run_in_threadpool(ask))


def _planning(routes: APIRouter, access: Access, clock: Clock) -> None:
    @routes.post(
        "/duties", response_model=PlannedAnswer, status_code=CREATED, summary="Plan a duty"
    )
    async def add_duty(body: AddedDuty, asking: Asking) -> Response:
        """What is planned already stays as it is."""
        begins_ms = asked_ms("begins_at", body.begins_at)
        ends_ms = asked_ms("ends_at", body.ends_at)
        if begins_ms >= ends_ms:
            raise wrong("body.ends_at", body.ends_at, "a time after begins_at", Kind.RANGE)
        duty = Duty(
            team=body.team,
            person=body.person,
            from_ms=begins_ms,
            to_ms=ends_ms,
            is_deputy=body.is_deputy,
        )
        who, now_ms = asking.caller.who, clock.now_ms()
        added = await run_in_threadpool(access.add_duties, [duty], who, now_ms)
        return answer(PlannedAnswer(added=added), CREATED)

    @routes.delete(
        "/duties/{duty_id}", status_code=GONE, response_class=Response, summary="Unplan a duty"
    )
    async def remove_duty(duty_id: DutyId, asking: Asking) -> Response:
        """One that runs ends now; what was served stays as it was."""
        who, now_ms = asking.caller.who, clock.now_ms()
        await run_in_threadpool(access.remove_duty, duty_id, who, now_ms)
        return Response(status_code=GONE)


def _stretch(parameters: DutyParameters, now_ms: int) -> tuple[int, int]:
    from_ms = now_ms if parameters.from_ is None else asked_ms("from", parameters.from_)
    to_ms = from_ms + DAYS_AHEAD * DAY_MS
    if parameters.to is not None:
        to_ms = asked_ms("to", parameters.to)
    if not from_ms < to_ms <= from_ms + DAYS_MAX * DAY_MS:
        raise wrong("query.to", parameters.to, f"up to {DAYS_MAX} days after `from`", Kind.RANGE)
    return from_ms, to_ms
