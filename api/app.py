"""Assembles the API from values: ports in, one ASGI app out; nothing is global."""

from functools import partial

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute

import ausguck
from api import openapi, problems
from api.access import origin
from api.access.gate import Gate
from api.assets import Assets
from api.guard import Guard, change_check
from api.ports import Ports
from api.registered import Roll
from api.routes import (
    audit,
    buses,
    commissioning,
    deadletters,
    devices,
    events,
    expectations,
    health,
    keys,
    metrics,
    page,
    people,
    readings,
    register,
    session,
    stations,
)
from ausguck.clock import Clock
from ausguck.settings.tree import Settings

PREFIX = "/api/v1"
DESCRIPTION = """\
What Ausguck knows of a city's bus Wi-Fi and bikesharing stations.

Times are RFC 3339; answers give them in UTC with `Z`. Units are in the names. Errors are
RFC 9457 problems. What is not known is left out or null, never zero.

A request that changes something needs the header `X-Ausguck: 1`.

Who asks shows a key in the header `Authorization: Bearer ak_...`, or has a session made with one.
"""


def create_app(ports: Ports, clock: Clock, settings: Settings) -> FastAPI:
    """The whole API with the page, as one ASGI app."""
    counted = problems.Problems()
    names = origin.known(settings.api.names)
    check_change = change_check(names)
    gate = Gate(settings, ports.access, ports.book, clock)

    async def admit(request: Request) -> None:
        if not gate.has_admitted(request):
            check_change(request)
            await gate.admit(request)

    app = FastAPI(
        title="Ausguck",
        version=ausguck.__version__,
        description=DESCRIPTION,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
        dependencies=[Depends(check_change), Depends(gate.admit)],
        generate_unique_id_function=_operation_id,
    )
    assets = Assets(
        ports.store, ports.desk, settings.site.id, clock, ports.directory, Roll(ports.directory)
    )
    v1 = APIRouter(prefix=PREFIX)
    v1.include_router(health.router(ports.health, settings.site))
    v1.include_router(buses.router(assets, clock))
    v1.include_router(stations.router(assets, clock))
    v1.include_router(readings.router(ports.store, clock, settings.site, ports.directory))
    v1.include_router(deadletters.router(ports.desk, ports.retry))
    if ports.yard is not None:
        v1.include_router(devices.router(ports.yard, clock))
        v1.include_router(commissioning.router(ports.yard, ports.store, ports.desk, clock))
        v1.include_router(expectations.router(ports.yard, ports.store, clock))
        v1.include_router(register.router(ports.yard, clock))
        v1.include_router(events.router(ports.yard, clock))
    if ports.access is not None:
        v1.include_router(session.router(ports.access, clock, names))
        v1.include_router(people.router(ports.access, clock))
        v1.include_router(keys.router(ports.access, clock))
        v1.include_router(audit.router(ports.access))
    app.include_router(v1)
    app.include_router(metrics.router(ports.metrics, counted))
    app.include_router(page.router())
    app.add_middleware(Guard, problems=counted, names=names)
    problems.install(app, counted, partial(openapi.allowed, app), admit)
    openapi.install(app)
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
