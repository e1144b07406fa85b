"""`/api/v1/commissioning` and `/api/v1/arrivals`: does what was set up work, and who is unknown."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.concurrency import run_in_threadpool

from api.answers.device import ArrivalAnswer, Arrivals, CommissioningAnswer, tick_answer
from api.assets import Name
from api.ports import Yard
from api.reply import answer
from ausguck.clock import Clock, iso_utc
from ausguck.commissioning.ticks import TickState, ticks
from ausguck.desk.port import Desk
from ausguck.model import AssetId, Kind
from ausguck.store.port import Store

DEVICE_TOPICS = "v1/{site}/device/"

AssetKind = Annotated[
    str, Path(pattern="^(bus|station)$", description="`bus` or `station`", examples=["bus"])
]


def router(yard: Yard, store: Store, desk: Desk, clock: Clock) -> APIRouter:
    """The routes over what is new."""
    routes = APIRouter(tags=["devices"])
    _ticking(routes, yard, clock)
    _arriving(routes, yard, store, desk, clock)
    return routes


def _ticking(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    @routes.get(
        "/commissioning/{kind}/{name}",
        response_model=CommissioningAnswer,
        summary="Does a device that was just set up work?",
    )
    async def commissioning(kind: AssetKind, name: Name) -> Response:
        """Connected, clock, GPS, signal, guest counter, buffered message: each with its state."""
        now_ms = clock.now_ms()
        asset = AssetId(yard.site, Kind(kind), name)
        watched = yard.watching.look(asset, now_ms)
        fitting = yard.directory.register.fitted(str(asset), now_ms)
        connected = yard.presence.connected()
        connected_ms = None if fitting is None else connected.get(fitting.id)
        found = ticks(asset.kind, watched, connected_ms, now_ms)
        return answer(
            CommissioningAnswer(
                asset=str(asset),
                since=iso_utc(watched.since_ms),
                is_done=all(tick.state is TickState.OK for tick in found),
                ticks=[tick_answer(tick) for tick in found],
            )
        )


def _arriving(routes: APIRouter, yard: Yard, store: Store, desk: Desk, clock: Clock) -> None:
    @routes.get("/arrivals", response_model=Arrivals, summary="Who speaks and is not registered")
    async def arrivals() -> Response:
        """Assets that report without being in the register, and serials that are fitted nowhere."""
        register, now_ms = yard.directory.register, clock.now_ms()
        found = [
            ArrivalAnswer(
                name=str(reading.asset), last_received_at=iso_utc(reading.received_at_ms), waiting=0
            )
            for kind in (Kind.BUS, Kind.STATION)
            for reading in await store.latest(kind)
            if not register.is_registered(reading.asset, now_ms)
        ]
        prefix = DEVICE_TOPICS.format(site=yard.site)
        waiting = await run_in_threadpool(desk.waiting_by_name, prefix)
        found += [
            ArrivalAnswer(
                name=f"device/{one.name}",
                last_received_at=iso_utc(one.last_at_ms),
                waiting=one.count,
            )
            for one in waiting
        ]
        return answer(Arrivals(items=sorted(found, key=lambda one: one.name)))
