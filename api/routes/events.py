"""`/api/v1/events`: what people know of, for charts and for leaving days out."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.caller import who
from api.answers.register import EventAnswer, Events, event_answer
from api.assets import ASSET, NAME
from api.ports import Yard
from api.problems import ApiProblem, Kind
from api.reply import answer
from api.span import asked_ms
from api.times import EXPECTED
from ausguck.clock import Clock
from ausguck.register.change import Change, Diff, Given, Offer
from ausguck.register.rows import BEGINNING_MS, Event, EventKind

MOST = 1000
CREATED = 201
GONE = 204

EventId = Annotated[str, Path(pattern=NAME, description="id of an event")]
Time = Annotated[str, Field(max_length=64, description=EXPECTED)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Asset = Annotated[str, Field(pattern=ASSET, examples=["bus/0123"])]
Degrees = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class EventParameters(BaseModel):
    """Which events."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: Time | None = Field(default=None, alias="from", description="going on after that")
    to: Time | None = Field(default=None, description="going on before that")


class NewEvent(BaseModel):
    """An event somebody tells us of."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=NAME, description="a name for it", examples=["kieler-woche-2027"])
    kind: EventKind
    title: Text = Field(examples=["Kieler Woche"])
    begins_at: Time
    ends_at: Time | None = Field(default=None, description="null while it goes on")
    area: list[tuple[Degrees, Degrees]] = Field(
        default_factory=list, max_length=MOST, description="corners as [lat, lon]"
    )
    lines: list[Text] = Field(default_factory=list, max_length=MOST)
    assets: list[Asset] = Field(default_factory=list, max_length=MOST)


def router(yard: Yard, clock: Clock) -> APIRouter:
    """The routes over human events."""
    routes = APIRouter(prefix="/events", tags=["register"])

    @routes.get("", response_model=Events, summary="Festivals, diversions, rollouts")
    async def events(parameters: Annotated[EventParameters, Query()]) -> Response:
        """Those that go on within [from, to), by their beginning."""
        from_ms = None if parameters.from_ is None else asked_ms("from", parameters.from_)
        to_ms = None if parameters.to is None else asked_ms("to", parameters.to)
        rows = [
            row
            for row in yard.directory.register.events
            if (to_ms is None or row.valid_from_ms < to_ms)
            and (from_ms is None or row.valid_to_ms is None or row.valid_to_ms > from_ms)
        ]
        return answer(Events(items=[event_answer(row) for row in rows]))

    @routes.post("", response_model=EventAnswer, status_code=CREATED, summary="Tell of an event")
    async def add_event(request: Request, body: NewEvent) -> Response:
        """It is an annotation at once, and may be left out of profiles."""
        row = _row(body)
        offer = Offer("api", {"events": (Given(row, is_dated=True, place=row.id),)}, adds_only=True)
        caller, now_ms = who(request), clock.now_ms()

        def apply() -> None:
            yard.registry.apply(yard.registry.diff(offer, now_ms), caller, now_ms)

        await run_in_threadpool(apply)
        await yard.changed()
        return answer(event_answer(row), CREATED)

    @routes.delete("/{event_id}", status_code=GONE, summary="Take an event off the list")
    async def remove_event(request: Request, event_id: EventId) -> Response:
        """It can be brought back by undoing the change."""
        rows = [row for row in yard.directory.register.events if row.id == event_id]
        if not rows:
            raise ApiProblem(Kind.NOT_FOUND, f"No event {event_id} is known.")
        diff = Diff("api", [Change("events", row, None) for row in rows])
        await run_in_threadpool(yard.registry.apply, diff, who(request), clock.now_ms())
        await yard.changed()
        return Response(status_code=GONE)

    return routes


def _row(body: NewEvent) -> Event:
    begins_ms = asked_ms("begins_at", body.begins_at)
    ends_ms = None if body.ends_at is None else asked_ms("ends_at", body.ends_at)
    if ends_ms is not None and ends_ms <= begins_ms:
        raise ApiProblem(Kind.RANGE, "ends_at: found a time before begins_at, expected a later one")
    return Event(
        id=body.id,
        valid_from_ms=max(BEGINNING_MS, begins_ms),
        valid_to_ms=ends_ms,
        kind=body.kind,
        title=body.title,
        area=tuple(body.area),
        lines=tuple(body.lines),
        assets=tuple(body.assets),
    )
