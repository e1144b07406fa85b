"""`/api/v1/deadletters`: what was not stored, why, and another try."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.answers.deadletter import (
    DeadLetterAnswer,
    DeadLetterPage,
    DroppedValues,
    RetryAnswer,
    dead_letter_answer,
    dropped_value_answer,
)
from api.ports import Retry
from api.problems import ApiProblem, Kind
from api.reply import answer
from ausguck.desk.port import DeadLetterRow, Desk
from ausguck.model import Reason

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
ID_MAX = 2**63 - 1

LetterId = Annotated[int, Path(ge=1, le=ID_MAX, description="id of a dead letter")]


class DeadLetterParameters(BaseModel):
    """Which page of the list."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = Field(default=None, description="only those with this reason")
    cursor: int = Field(default=0, ge=0, le=ID_MAX, description="`next_cursor` of the page before")
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="how many at most")


class DroppedValueParameters(BaseModel):
    """How many."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=LIMIT_MAX, ge=1, le=LIMIT_MAX, description="how many at most")


def router(desk: Desk, retry: Retry) -> APIRouter:
    """The routes over the desk's list."""
    routes = APIRouter(prefix="/deadletters", tags=["deadletters"])
    _listing(routes, desk)
    _one(routes, desk)
    _changing(routes, desk, retry)
    return routes


async def _held(desk: Desk, letter_id: int) -> DeadLetterRow:
    letter = await run_in_threadpool(desk.dead_letter, letter_id)
    if letter is None:
        raise ApiProblem(
            Kind.NOT_FOUND,
            f"No dead letter {letter_id} is on the list; it may have been retried or removed.",
        )
    return letter


def _listing(routes: APIRouter, desk: Desk) -> None:
    @routes.get("", response_model=DeadLetterPage, summary="What was not stored, and why")
    async def dead_letters(
        parameters: Annotated[DeadLetterParameters, Query()],
    ) -> Response:
        """In order of id; identical elements with the same reason are one letter."""
        limit = parameters.limit

        def ask() -> list[DeadLetterRow]:
            return list(
                desk.dead_letters(
                    after_id=parameters.cursor, limit=limit + 1, reason=parameters.reason
                )
            )

        rows = await run_in_threadpool(ask)
        shown = rows[:limit]
        return answer(
            DeadLetterPage(
                items=[dead_letter_answer(row) for row in shown],
                next_cursor=shown[-1].id if len(rows) > limit else None,
            )
        )

    @routes.get(
        "/dropped-values",
        response_model=DroppedValues,
        summary="Values left out of readings that were kept",
    )
    async def dropped_values(
        parameters: Annotated[DroppedValueParameters, Query()],
    ) -> Response:
        """By asset, key and reason; the most frequent first."""

        def ask() -> DroppedValues:
            rows = desk.dropped_values(limit=parameters.limit)
            return DroppedValues(items=[dropped_value_answer(row) for row in rows])

        return answer(await run_in_threadpool(ask))


def _one(routes: APIRouter, desk: Desk) -> None:
    @routes.get("/{letter_id:int}", response_model=DeadLetterAnswer, summary="One dead letter")
    async def dead_letter(letter_id: LetterId) -> Response:
        """404 where it is not on the list, or no longer."""
        return answer(dead_letter_answer(await _held(desk, letter_id)))


def _changing(routes: APIRouter, desk: Desk, retry: Retry) -> None:
    @routes.post(
        "/{letter_id:int}/retry",
        response_model=RetryAnswer,
        status_code=202,
        summary="Send one through once more",
    )
    async def retry_dead_letter(letter_id: LetterId) -> Response:
        """The element goes through the journal again; if it fails anew it is listed anew."""
        await retry.retry(await _held(desk, letter_id))
        return answer(RetryAnswer(id=letter_id, state="journalled"), 202)

    @routes.delete(
        "/{letter_id:int}", status_code=204, response_class=Response, summary="Forget one"
    )
    async def remove_dead_letter(letter_id: LetterId) -> Response:
        """404 where it is not on the list, or no longer."""
        await _held(desk, letter_id)
        await run_in_threadpool(desk.remove, [letter_id])
        return Response(status_code=204)
