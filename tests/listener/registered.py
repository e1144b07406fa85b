"""A small register and its secrets, as the listener is handed them."""

from collections.abc import Iterable

from ausguck.register.directory import Directory
from ausguck.register.keyring import Credential, Keyring, digest
from ausguck.register.register import Register
from ausguck.register.rows import Device, DeviceState, Fitting, Tables
from tests.listener.wire import SITE

SERIAL = "SN77"
SECRET = "f1d7"  # noqa: S105 - of a device that is none
DAY_MS = 86_400_000
START_MS = 1_800_000_000_000
"""What a hand-wound clock begins with."""


def new_one() -> Credential:
    """The one that comes after the first, with the secret `new`."""
    return credential(2, SERIAL, "new")


def credential(
    number: int = 1,
    user: str = SERIAL,
    secret: str = SECRET,
    *,
    speaks_for: tuple[str, ...] = (),
    expires_at_ms: int | None = None,
    revoked_at_ms: int | None = None,
    is_operator: bool = False,
) -> Credential:
    return Credential(
        id=number,
        user=user,
        secret_sha256=digest(secret.encode()),
        created_at_ms=0,
        speaks_for=speaks_for,
        is_gateway=bool(speaks_for),
        is_operator=is_operator,
        expires_at_ms=expires_at_ms,
        revoked_at_ms=revoked_at_ms,
    )


def fitting(
    asset: str, serial: str = SERIAL, from_ms: int = 0, to_ms: int | None = None
) -> Fitting:
    return Fitting(id=serial, asset=asset, valid_from_ms=from_ms, valid_to_ms=to_ms)


def keyring(
    *credentials: Credential,
    devices: Iterable[str] = (SERIAL,),
    denied_before_ms: dict[str, int] | None = None,
    state: DeviceState = DeviceState.FITTED,
) -> Keyring:
    return Keyring(credentials, denied_before_ms, dict.fromkeys(devices, state))


def register(*fittings: Fitting, states: dict[str, DeviceState] | None = None) -> Register:
    devices = tuple(Device(id=serial, state=state) for serial, state in (states or {}).items())
    return Register(Tables(fittings=fittings, devices=devices), SITE)


def directory(*fittings: Fitting) -> Directory:
    """One device with its secret, in bus 0123 if nothing else is said."""
    return Directory(register(*(fittings or (fitting("bus/0123"),))), keyring(credential()))
