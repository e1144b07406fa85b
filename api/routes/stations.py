"""`/api/v1/stations`: every bike station with its newest reading."""

from fastapi import APIRouter, Request, Response

from api.access.caller import Asking
from api.answers.asset import OneStation, StationPage, inventory_answer, latest_fields
from api.assets import Assets, Name, PageQuery
from api.reply import CORE, answer, page_answer, unchanged
from ausguck.clock import Clock, iso_utc
from ausguck.model import Kind


def router(assets: Assets, clock: Clock) -> APIRouter:
    """The routes over the latest readings of stations."""
    routes = APIRouter(prefix="/stations", tags=["stations"])

    @routes.get(
        "",
        response_model=StationPage,
        openapi_extra=CORE,
        summary="Every bike station with its newest reading",
    )
    async def stations(request: Request, parameters: PageQuery, asking: Asking) -> Response:
        """In order of id; the ETag covers the readings, so that polling costs little."""
        page = await assets.page(Kind.STATION, parameters, asking)
        return unchanged(request, page.tag) or page_answer(page, clock.now_ms())

    @routes.get(
        "/{name}",
        response_model=OneStation,
        openapi_extra=CORE,
        summary="One station: its newest reading and its device",
    )
    async def station(request: Request, name: Name, asking: Asking) -> Response:
        """404 where no reading of it is held."""
        one = await assets.one(Kind.STATION, name, asking)
        now_ms = clock.now_ms()
        return unchanged(request, one.tag) or answer(
            OneStation.model_validate(
                {
                    **latest_fields(one.reading, one.known, now_ms),
                    "as_of": iso_utc(now_ms),
                    "inventory": inventory_answer(one.inventory),
                    "reported_serial": one.reported_serial,
                }
            ),
            tag=one.tag,
        )

    return routes
