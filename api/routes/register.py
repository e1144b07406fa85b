"""`/api/v1/register`: what is known of assets, lines, zones and the rest, and what changed it."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.caller import who
from api.answers.register import (
    AppliedAnswer,
    AppliedList,
    RegisterRows,
    applied_answer,
    row_fields,
)
from api.ports import Yard
from api.reply import answer
from api.span import asked_ms
from api.times import EXPECTED
from ausguck.clock import Clock, iso_utc
from ausguck.register.rows import ROW_TYPES, Row
from ausguck.register.versions import Versions

LIMIT_DEFAULT = 200
LIMIT_MAX = 1000
CHANGES_MAX = 100
ID_MAX = 2**53

TABLES = tuple(name for name in ROW_TYPES if name != "events")
TableName = Annotated[
    str, Path(pattern=f"^({'|'.join(TABLES)})$", description="which table", examples=["assets"])
]


class RowParameters(BaseModel):
    """Which rows."""

    model_config = ConfigDict(extra="forbid")

    at: str | None = Field(default=None, max_length=64, description=f"{EXPECTED}; default: now")
    cursor: str | None = Field(
        default=None, max_length=128, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="how many at most")


def router(yard: Yard, clock: Clock) -> APIRouter:
    """The routes over the register."""
    routes = APIRouter(prefix="/register", tags=["register"])
    _changes(routes, yard, clock)
    _rows(routes, yard, clock)
    return routes


def _rows(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    @routes.get("/{table}", response_model=RegisterRows, summary="Rows of a table of the register")
    async def register_rows(
        table: TableName, parameters: Annotated[RowParameters, Query()]
    ) -> Response:
        """Those that hold at a moment; what held before stays to be asked by `at`."""
        at_ms = clock.now_ms() if parameters.at is None else asked_ms("at", parameters.at)
        register = yard.directory.register
        versions: Versions[Row] = getattr(register, table)
        after, limit = parameters.cursor or "", parameters.limit
        rows = [row for row in versions.all_at(at_ms) if row.id > after]
        following = rows[limit - 1].id if len(rows) > limit else None
        return answer(
            RegisterRows(
                table=table,
                at=iso_utc(at_ms),
                revision=register.revision,
                items=[row_fields(row) for row in rows[:limit]],
                next_cursor=following,
            )
        )


def _changes(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    @routes.get("/changes", response_model=AppliedList, summary="What changed the register")
    async def register_changes() -> Response:
        """The newest first, a hundred at most."""
        rows = await run_in_threadpool(lambda: yard.registry.applied(limit=CHANGES_MAX))
        return answer(AppliedList(items=[applied_answer(row) for row in rows]))

    @routes.post(
        "/changes/{change_id}/undo",
        response_model=AppliedAnswer,
        summary="Take back a change to the register",
    )
    async def undo_change(
        request: Request,
        change_id: Annotated[int, Path(ge=1, le=ID_MAX, description="id of a change")],
    ) -> Response:
        """Refused where something later was built on it."""
        caller = who(request)
        row = await run_in_threadpool(yard.registry.undo, change_id, caller, clock.now_ms())
        await yard.changed()
        return answer(applied_answer(row))
