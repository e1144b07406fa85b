"""`/api/v1/audit`: who did what."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.answers.access import AuditPage, audit_page
from api.reply import answer
from ausguck.desk.access_port import Access

LIMIT_DEFAULT = 100
LIMIT_MAX = 1000
ID_MAX = 2**53


class AuditParameters(BaseModel):
    """Which page of the log."""

    model_config = ConfigDict(extra="forbid")

    cursor: int | None = Field(
        default=None, ge=1, le=ID_MAX, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="how many at most")


def router(access: Access) -> APIRouter:
    """The route over the audit log."""
    routes = APIRouter(tags=["access"])

    @routes.get("/audit", response_model=AuditPage, summary="Who did what")
    async def audit(parameters: Annotated[AuditParameters, Query()]) -> Response:
        """The newest first: changes of keys, people and register, and attempts at them."""
        limit, before_id = parameters.limit, parameters.cursor

        def ask() -> AuditPage:
            return audit_page(access.audit(before_id=before_id, limit=limit + 1), limit)

        return answer(await run_in_threadpool(ask))

    return routes
