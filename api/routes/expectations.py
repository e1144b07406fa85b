"""`/api/v1/expectations`: should a bus or station be heard just now, and who says so."""

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.expectation import ExpectationAnswer, expectation_answer
from api.assets import Name
from api.ports import Yard
from api.reply import answer
from api.routes.commissioning import AssetKind
from ausguck.clock import Clock
from ausguck.model import AssetId, Kind
from ausguck.register.expecting import NOTHING_TOLD, expect
from ausguck.register.plan import Plan
from ausguck.store.port import Store


class _Plans:
    """The plan of the register as it is; made anew, in a thread, when the register is."""

    def __init__(self, yard: Yard) -> None:
        self._yard = yard
        self._plan: Plan | None = None

    async def now(self) -> Plan:
        register = self._yard.directory.register
        if self._plan is None or self._plan.register is not register:
            place = self._yard.place
            self._plan = await run_in_threadpool(Plan, register, place.zone, place.country)
        return self._plan


def router(yard: Yard, store: Store, clock: Clock) -> APIRouter:
    """The route over what is expected."""
    routes = APIRouter(prefix="/expectations", tags=["register"])
    plans = _Plans(yard)

    @routes.get(
        "/{kind}/{name}",
        response_model=ExpectationAnswer,
        summary="Should a bus or station be heard just now?",
    )
    async def expectation(kind: AssetKind, name: Name) -> Response:
        """By what it tells itself, duties, timetable, depots and hours; `unknown` says so."""
        now_ms = clock.now_ms()
        asset = AssetId(yard.site, Kind(kind), name)
        plan = await plans.now()
        latest = await store.latest(asset.kind, name)
        told = yard.told(latest[0]) if latest else NOTHING_TOLD
        found = expect(plan, asset, now_ms, told)
        return answer(expectation_answer(str(asset), found, now_ms))

    return routes
