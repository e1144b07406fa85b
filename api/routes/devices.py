"""`/api/v1/devices`: what is fitted where, its credentials, and bringing one into service."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from api.access.caller import who
from api.answers.device import (
    DeviceAnswer,
    DevicePage,
    RevokedAnswer,
    SheetAnswer,
    device_answer,
    sheet_answer,
)
from api.assets import ASSET, NAME
from api.ports import Yard
from api.problems import ApiProblem, Kind
from api.reply import answer
from api.span import asked_ms
from api.times import EXPECTED
from ausguck.clock import Clock
from ausguck.commissioning.models import MODELS, model_of
from ausguck.commissioning.workshop import Wish, Workshop, not_to_revoke
from ausguck.register.rows import Device, DeviceState

LIMIT_DEFAULT = 200
LIMIT_MAX = 1000
CREATED = 201

Serial = Annotated[str, Path(pattern=NAME, description="a serial number", examples=["SN77"])]
ModelName = Annotated[
    str,
    Field(pattern=f"^({'|'.join(model.name for model in MODELS)})$", examples=["teltonika-rutx"]),
]


class DeviceParameters(BaseModel):
    """Which page of the list."""

    model_config = ConfigDict(extra="forbid")

    state: DeviceState | None = Field(default=None, description="only those in this state")
    cursor: str | None = Field(
        default=None, pattern=NAME, description="`next_cursor` of the page before"
    )
    limit: int = Field(default=LIMIT_DEFAULT, ge=1, le=LIMIT_MAX, description="how many at most")


class Adding(BaseModel):
    """A device for a bus or station."""

    model_config = ConfigDict(extra="forbid")

    asset: str = Field(pattern=ASSET, examples=["bus/0123"])
    model: ModelName
    serial: str | None = Field(
        default=None, pattern=NAME, description="without it one is made from the asset's name"
    )


class Swapping(BaseModel):
    """One device out of an asset and another in, at one moment."""

    model_config = ConfigDict(extra="forbid")

    asset: str = Field(pattern=ASSET, examples=["bus/0123"])
    out: str | None = Field(default=None, pattern=NAME, description="null where there is none")
    into: str = Field(pattern=NAME)
    at: str | None = Field(default=None, max_length=64, description=f"{EXPECTED}; null for now")


class NewState(BaseModel):
    """Where a device is in its life; stolen and retired end its secrets at once."""

    model_config = ConfigDict(extra="forbid")

    state: DeviceState


def router(yard: Yard, clock: Clock) -> APIRouter:
    """The routes over devices."""
    routes = APIRouter(tags=["devices"])
    _listing(routes, yard, clock)
    _adding(routes, yard, clock)
    _changing(routes, yard, clock)
    return routes


def _held(yard: Yard, serial: str, now_ms: int) -> Device:
    row = yard.directory.register.devices.at(serial, now_ms)
    if row is None:
        raise ApiProblem(Kind.NOT_FOUND, f"No device {serial} is in the register.")
    return row


def _answers(yard: Yard, rows: Iterable[Device], now_ms: int) -> list[DeviceAnswer]:
    register, keyring = yard.directory.register, yard.directory.keyring
    connected = yard.presence.connected()  # once for all: it walks every connection
    return [device_answer(row, register, keyring, connected.get(row.id), now_ms) for row in rows]


def _one(yard: Yard, serial: str, now_ms: int) -> DeviceAnswer:
    (found,) = _answers(yard, [_held(yard, serial, now_ms)], now_ms)
    return found


def _listing(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    @routes.get("/devices", response_model=DevicePage, summary="Devices of the register")
    async def devices(parameters: Annotated[DeviceParameters, Query()]) -> Response:
        """In order of serial, each as it is now."""
        now_ms = clock.now_ms()
        after, limit = parameters.cursor or "", parameters.limit
        rows = [
            row
            for row in yard.directory.register.devices.all_at(now_ms)
            if row.id > after and parameters.state in {None, row.state}
        ]
        shown = rows[:limit]
        items = _answers(yard, shown, now_ms)
        following = shown[-1].id if len(rows) > limit else None
        return answer(DevicePage(items=items, next_cursor=following))

    @routes.get("/devices/{serial}", response_model=DeviceAnswer, summary="One device")
    async def device(serial: Serial) -> Response:
        """Where it is, whether it is connected, and its secrets without themselves."""
        return answer(_one(yard, serial, clock.now_ms()))


def _adding(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    def workshop(request: Request) -> Workshop:
        return Workshop(yard.registry, yard.site, yard.door, who(request), yard.rotation_days)

    @routes.post(
        "/devices",
        response_model=SheetAnswer,
        status_code=CREATED,
        summary="Take a device into service",
    )
    async def add_device(request: Request, body: Adding) -> Response:
        """Registers and fits it, and answers with the sheet to set it up by."""
        model = model_of(body.model)
        if model is None:
            raise ApiProblem(Kind.NOT_FOUND, f"No model {body.model} is known.")
        wish = Wish(body.asset, model, body.serial)
        sheet = await run_in_threadpool(workshop(request).add, wish, clock.now_ms())
        await yard.changed()
        return answer(sheet_answer(sheet), CREATED)

    @routes.post(
        "/devices/{serial}/rotate", response_model=SheetAnswer, summary="A new secret for a device"
    )
    async def rotate_device(request: Request, serial: Serial) -> Response:
        """The old one holds for `register.rotation_days` beside it."""
        sheet = await run_in_threadpool(workshop(request).renewed, serial, clock.now_ms())
        await yard.changed()
        return answer(sheet_answer(sheet))


def _changing(routes: APIRouter, yard: Yard, clock: Clock) -> None:
    @routes.post(
        "/devices/{serial}/revoke",
        response_model=RevokedAnswer,
        summary="End a device's or gateway's secrets",
    )
    async def revoke_device(request: Request, serial: Serial) -> Response:
        """Its certificates, too; a live session ends within a second."""
        caller, directory = who(request), yard.directory
        if fault := not_to_revoke(serial, directory.register, directory.keyring):
            raise ApiProblem(Kind.NOT_FOUND, str(fault))
        ended = await run_in_threadpool(yard.registry.revoke, serial, caller, clock.now_ms())
        await yard.changed()
        return answer(RevokedAnswer(user=serial, ended=ended))

    @routes.post(
        "/devices/{serial}/state", response_model=DeviceAnswer, summary="Where a device is"
    )
    async def set_device_state(request: Request, serial: Serial, body: NewState) -> Response:
        """In its life: spare, fitted, in repair, stolen or retired."""
        now_ms = clock.now_ms()
        changed = msgspec.structs.replace(_held(yard, serial, now_ms), state=body.state)
        await run_in_threadpool(yard.registry.set_device, changed, who(request), now_ms)
        await yard.changed()
        return answer(_one(yard, serial, now_ms))

    @routes.post("/swaps", response_model=DeviceAnswer, summary="Swap the device of an asset")
    async def swap_device(request: Request, body: Swapping) -> Response:
        """One step: no false traffic, no reboot, no gap in the asset's history."""
        now_ms = clock.now_ms()
        at_ms = now_ms if body.at is None else asked_ms("at", body.at)
        caller = who(request)

        def swap() -> None:
            yard.registry.swap(
                body.asset, body.out, body.into, at_ms=at_ms, who=caller, now_ms=now_ms
            )

        await run_in_threadpool(swap)
        await yard.changed()
        return answer(_one(yard, body.into, clock.now_ms()))
