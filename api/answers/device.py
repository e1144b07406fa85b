"""Devices, their sheets and their ticks, as they go over HTTP."""

import msgspec
from pydantic import BaseModel, Field

from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.commissioning.qr import qr_svg
from ausguck.commissioning.sheet import Sheet, qr_text
from ausguck.commissioning.ticks import Tick, TickState
from ausguck.model import Scalar
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Device, DeviceState


class CredentialAnswer(BaseModel):
    """One secret of a device or gateway, without the secret."""

    id: int = Field(description="for revoking this one alone")
    holds: bool = Field(description="whether it opens the door now")
    created_at: UtcTime
    ends_at: UtcTime | None = Field(description="when it ends or ended; null for no end")
    last_used_at: UtcTime | None = Field(description="null when never")


class DeviceAnswer(BaseModel):
    """One device of the register, as it is now."""

    serial: str = Field(examples=["SN77"])
    state: DeviceState
    model: str = Field(examples=["teltonika-rutx"])
    asset: str | None = Field(description="what it is fitted to", examples=["bus/0123"])
    fitted_at: UtcTime | None = Field(description="since when; null for ever and for a spare")
    connected_at: UtcTime | None = Field(
        description="since when it is connected to our listener; null when it is not"
    )
    credentials: list[CredentialAnswer]


class DevicePage(BaseModel):
    """Devices in order of serial."""

    items: list[DeviceAnswer]
    next_cursor: str | None = Field(description="`cursor` of the next page; null at the end")


class AdviceAnswer(BaseModel):
    """A setting that matters."""

    setting: str
    value: str
    why_en: str
    why_de: str


class SheetAnswer(BaseModel):
    """What a device is set up by; the password is shown this once."""

    asset: str = Field(examples=["bus/0123"])
    serial: str = Field(examples=["bus-0123-1"])
    model: str = Field(examples=["teltonika-rutx"])
    host: str
    port: int
    tls: bool
    ca_pem: str | None = Field(description="the authority the device is to believe")
    client_id: str
    user: str
    password: str | None = Field(description="null where secrets are made at the broker")
    topic: str = Field(examples=["v1/kiel/bus/0123/telemetry"])
    status_topic: str
    cmd_topic: str
    will: str
    qos: int
    template: dict[str, Scalar] = Field(description="an example of the message")
    advice: list[AdviceAnswer]
    qr_text: str = Field(description="what the code holds")
    qr_svg: str = Field(description="the code, as an SVG element")


class RevokedAnswer(BaseModel):
    """What was ended."""

    user: str
    ended: int = Field(ge=0, description="how many secrets held until now")


class TickAnswer(BaseModel):
    """One point of a device that is being set up."""

    key: str = Field(examples=["clock"])
    state: TickState
    found: str = Field(description="what was seen, in figures", examples=["+0.4 s"])


class CommissioningAnswer(BaseModel):
    """How far a device is; watching begins with the first question, and ends 10 min after."""

    asset: str
    since: UtcTime = Field(description="when watching began")
    is_done: bool
    ticks: list[TickAnswer]


class ArrivalAnswer(BaseModel):
    """Something that speaks to us and is not in the register."""

    name: str = Field(description="an asset, or `device/` and a serial", examples=["bus/0999"])
    last_received_at: UtcTime
    waiting: int = Field(ge=0, description="messages that wait as dead letters for a fitting")


class Arrivals(BaseModel):
    """All of them, by name."""

    items: list[ArrivalAnswer]


def device_answer(
    row: Device, register: Register, keyring: Keyring, connected_ms: int | None, now_ms: int
) -> DeviceAnswer:
    """A device with where it is and what opens the door to it."""
    fitting = register.fitting(row.id, now_ms)
    since_ms = 0 if fitting is None else fitting.valid_from_ms
    return DeviceAnswer(
        serial=row.id,
        state=row.state,
        model=row.model,
        asset=None if fitting is None else fitting.asset,
        fitted_at=_time(since_ms or None),
        connected_at=_time(connected_ms),
        credentials=[credential_answer(one, now_ms) for one in keyring.of(row.id)],
    )


def credential_answer(one: Credential, now_ms: int) -> CredentialAnswer:
    """A secret without itself."""
    ends = [end for end in (one.expires_at_ms, one.revoked_at_ms) if end is not None]
    return CredentialAnswer(
        id=one.id,
        holds=one.holds_at(now_ms),
        created_at=iso_utc(one.created_at_ms),
        ends_at=_time(min(ends, default=None)),
        last_used_at=_time(one.last_used_at_ms),
    )


def sheet_answer(sheet: Sheet) -> SheetAnswer:
    """A sheet with its code."""
    advice = [
        AdviceAnswer(setting=one.setting, value=one.value, why_en=one.why.en, why_de=one.why.de)
        for one in sheet.advice
    ]
    fields = msgspec.structs.asdict(sheet)
    fields["tls"] = fields.pop("has_tls")
    fields.pop("keys")
    return SheetAnswer(
        **(fields | {"advice": advice}), qr_text=qr_text(sheet), qr_svg=qr_svg(sheet)
    )


def tick_answer(tick: Tick) -> TickAnswer:
    """One point."""
    return TickAnswer(key=tick.key, state=tick.state, found=tick.found)


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else iso_utc(at_ms)
