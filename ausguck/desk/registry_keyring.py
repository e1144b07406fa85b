"""Credentials and denials in the desk's tables."""

from base64 import b32encode
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from ausguck.desk.registry_tables import ROWS, credentials, denials
from ausguck.register.change import Fault
from ausguck.register.keyring import BARRED, Credential, Keyring, digest
from ausguck.register.port import Issued
from ausguck.register.rows import DeviceState

Randomness = Callable[[int], bytes]

SECRET_BYTES: Final = 16
LIVE_AT_ONCE: Final = 2
MAX_USER: Final = 128

_NAMES: Final = msgspec.json.Decoder(tuple[str, ...])
_USED: Final = (
    update(credentials)
    .where(
        credentials.c.id == bindparam("key_id"),
        func.coalesce(credentials.c.last_used_at_ms, 0) < bindparam("used_at_ms"),
    )
    .values(last_used_at_ms=bindparam("used_at_ms"))
)


def new_secret(randomness: Randomness) -> str:
    """128 bits as 26 small letters and digits, of which none looks like another."""
    return b32encode(randomness(SECRET_BYTES)).decode().rstrip("=").lower()


def load_keyring(connection: Connection, now_ms: int, revision: int) -> Keyring:
    """All credentials, with the devices' states of a moment."""
    devices = ROWS["devices"].c
    holds = and_(
        devices.valid_from_ms <= now_ms,
        or_(devices.valid_to_ms.is_(None), devices.valid_to_ms > now_ms),
    )
    states = connection.execute(select(devices.id, devices.state).where(holds))
    begins = connection.execute(
        select(func.min(devices.valid_from_ms)).where(devices.valid_from_ms > now_ms)
    ).scalar_one()
    ends = connection.execute(
        select(func.min(devices.valid_to_ms)).where(devices.valid_to_ms > now_ms)
    ).scalar_one()
    found = connection.execute(select(credentials).order_by(credentials.c.id))
    return Keyring(
        [_credential(row) for row in found],
        {row.user: row.denied_before_ms for row in connection.execute(select(denials))},
        {name: DeviceState(state) for name, state in states},
        revision,
        min((time for time in (begins, ends) if time is not None), default=None),
    )


def credentials_of(connection: Connection, user: str) -> Sequence[Credential]:
    """Every credential of a user, oldest first."""
    asked = select(credentials).where(credentials.c.user == user).order_by(credentials.c.id)
    return [_credential(row) for row in connection.execute(asked)]


def state_of(connection: Connection, serial: str, now_ms: int) -> DeviceState | None:
    """The state of a device now; None if there is none of this serial."""
    devices = ROWS["devices"].c
    asked = (
        select(devices.state)
        .where(devices.id == serial, devices.valid_from_ms <= now_ms)
        .where(or_(devices.valid_to_ms.is_(None), devices.valid_to_ms > now_ms))
    )
    state = connection.execute(asked).scalar_one_or_none()
    return None if state is None else DeviceState(state)


def issue_faults(
    credential: Credential, held: Sequence[Credential], state: DeviceState | None
) -> Sequence[Fault]:
    """Why a user cannot have another credential; `state` is the device's, if it is one."""
    user = credential.user
    if state in BARRED:
        expected = "a device that is neither stolen nor retired"
        return [Fault("credential", "user", f"{user}, which is {state}", expected)]
    is_device = not (credential.speaks_for or credential.is_gateway or credential.is_operator)
    if is_device and state is None:
        expected = "a device of the register, or a gateway with what it speaks for"
        return [Fault("credential", "user", repr(user), expected)]
    if not 0 < len(user) <= MAX_USER:
        return [Fault("credential", "user", repr(user), f"1 to {MAX_USER} characters")]
    if len(held) >= LIVE_AT_ONCE:
        ids = " and ".join(str(one.id) for one in held)
        expected = f"at most {LIVE_AT_ONCE} at once; revoke one first"
        return [Fault("credential", "user", f"{user} with credentials {ids}", expected)]
    return []


def add_credential(connection: Connection, credential: Credential, secret: str) -> Issued:
    """Keep a credential with its secret's hash."""
    filled = replace(credential, secret_sha256=digest(secret.encode()))
    values = {**msgspec.structs.asdict(filled), "speaks_for": _names(filled.speaks_for)}
    del values["id"]
    result = connection.execute(insert(credentials).values(values))
    (made_id,) = result.inserted_primary_key or (0,)
    return Issued(replace(filled, id=made_id), secret)


def expire(connection: Connection, credential: Credential, at_ms: int) -> None:
    """Have a credential end at a moment, unless it ends before."""
    if credential.expires_at_ms is None or credential.expires_at_ms > at_ms:
        statement = update(credentials).where(credentials.c.id == credential.id)
        connection.execute(statement.values(expires_at_ms=at_ms))


def end_credentials(
    connection: Connection, user: str, now_ms: int, credential_id: int | None = None
) -> int:
    """Revoke what holds of a user's credentials, and return how many did."""
    held = [one.id for one in credentials_of(connection, user) if one.holds_at(now_ms)]
    chosen = [one for one in held if credential_id in {None, one}]
    statement = update(credentials).where(credentials.c.id.in_(chosen))
    connection.execute(statement.values(revoked_at_ms=now_ms))
    return len(chosen)


def deny_certificates(connection: Connection, user: str, before_ms: int) -> None:
    """Refuse a user's client certificates that were made before a moment."""
    statement = upsert(denials).values(user=user, denied_before_ms=before_ms)
    latest = func.max(denials.c.denied_before_ms, statement.excluded.denied_before_ms)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["user"], set_={"denied_before_ms": latest})
    )


def note_used(connection: Connection, times: Sequence[tuple[int, int]]) -> None:
    """Note when credentials were last used; no time goes back."""
    if times:
        connection.execute(_USED, [{"key_id": key, "used_at_ms": at_ms} for key, at_ms in times])


def _credential(row: Row[Any]) -> Credential:
    values = row._asdict()
    values["speaks_for"] = _NAMES.decode(values["speaks_for"])
    return Credential(**values)


def _names(names: tuple[str, ...]) -> str:
    return msgspec.json.encode(names).decode()
