"""`/api/v1/health`: is anything wrong with us, and what."""

from fastapi import APIRouter, Response

from api.access.caller import Asking
from api.access.table import Part
from api.answers.health import HealthAnswer, HealthWord, health_answer
from api.ports import HealthSource, Status
from api.reply import CORE, answer
from ausguck.settings.tree import Site


def router(health: HealthSource, site: Site) -> APIRouter:
    """The route over the one source of health."""
    routes = APIRouter(tags=["health"])

    @routes.get(
        "/health",
        response_model=HealthAnswer | HealthWord,
        responses={
            503: {"model": HealthAnswer | HealthWord, "description": "the same body, when failing"}
        },
        openapi_extra=CORE,
        summary="How the process is: books, lag, room, clock",
    )
    async def health_now(asking: Asking) -> Response:
        """200 when ok or degraded (`status` says which), 503 when failing.

        The status is for everybody; all else needs a key.
        """
        report = await health.report()
        status = 503 if report.status is Status.FAILING else 200
        if not asking.gets(Part.REPORT):
            return answer(HealthWord(status=report.status), status)
        return answer(health_answer(report, site), status)

    return routes
