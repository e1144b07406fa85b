"""`/api/v1/keys`: who has a key, and for what."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from api.access.caller import Asking
from api.answers.access import IssuedKeyAnswer, KeyList, issued_answer, key_answer
from api.assets import NAME
from api.problems import ApiProblem
from api.problems import Kind as ProblemKind
from api.reply import answer
from ausguck.clock import Clock
from ausguck.desk.access_port import Access
from ausguck.desk.access_rows import Narrowing, NewKey
from ausguck.model import Kind
from ausguck.settings.tree import Scope

CREATED = 201
GONE = 204
ZONES_MAX = 100
HOUR_MS = 3_600_000
HOURS_MAX = 10 * 366 * 24

Prefix = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9]{8}$", description="the part of a key that may be shown")
]
Name = Annotated[str, Field(pattern=NAME)]


def _whole(found: object) -> object:
    """In JSON 24 and 24.0 are one number."""
    return int(found) if isinstance(found, float) and found.is_integer() else found


Hours = Annotated[int, Field(strict=True, ge=1, le=HOURS_MAX), BeforeValidator(_whole)]


class AddedKey(BaseModel):
    """A key that is asked for."""

    model_config = ConfigDict(extra="forbid")

    name: Name = Field(examples=["wall-screen"])
    scopes: list[Scope] = Field(min_length=1, max_length=4, examples=[["view"]])
    kinds: list[Kind] = Field(default_factory=list, max_length=2, description="only these")
    zones: list[Name] = Field(default_factory=list, max_length=ZONES_MAX, description="only these")
    sites: list[Name] = Field(default_factory=list, max_length=ZONES_MAX, description="only these")
    person: Name | None = Field(default=None, description="who answers for it")
    is_service: StrictBool = Field(default=False, description="a program uses it")
    expires_in_h: Hours | None = Field(
        default=None, ge=1, le=HOURS_MAX, description="null for never"
    )


def router(access: Access, clock: Clock) -> APIRouter:
    """The routes over API keys."""
    routes = APIRouter(prefix="/keys", tags=["access"])

    @routes.get("", response_model=KeyList, summary="Every key there is or was")
    async def keys() -> Response:
        """By name, the oldest first, without their secrets."""
        rows = await run_in_threadpool(access.all_keys)
        now_ms = clock.now_ms()
        return answer(KeyList(items=[key_answer(row, now_ms) for row in rows]))

    @routes.post("", response_model=IssuedKeyAnswer, status_code=CREATED, summary="Make a key")
    async def add_key(body: AddedKey, asking: Asking) -> Response:
        """Its secret is in this answer and kept nowhere."""
        now_ms = clock.now_ms()
        issued = await run_in_threadpool(
            access.add_key, _new_key(body, now_ms), asking.caller.who, now_ms
        )
        return answer(issued_answer(issued, now_ms), CREATED)

    @routes.delete("/{prefix}", status_code=GONE, response_class=Response, summary="End a key")
    async def end_key(prefix: Prefix, asking: Asking) -> Response:
        """At once, and the sessions that were begun with it."""
        key = await run_in_threadpool(access.key, prefix)
        ended = 0
        if key is not None:
            who, now_ms = asking.caller.who, clock.now_ms()
            ended = await run_in_threadpool(access.end_keys, key.name, who, now_ms, prefix)
        if not ended:
            raise ApiProblem(ProblemKind.NOT_FOUND, f"No key {prefix} holds.")
        return Response(status_code=GONE)

    return routes


def _new_key(body: AddedKey, now_ms: int) -> NewKey:
    hours = body.expires_in_h
    return NewKey(
        name=body.name,
        scopes=tuple(dict.fromkeys(body.scopes)),
        narrowing=Narrowing(tuple(body.sites), tuple(body.kinds), tuple(body.zones)),
        person=body.person,
        is_service=body.is_service,
        expires_at_ms=None if hours is None else now_ms + hours * HOUR_MS,
    )
