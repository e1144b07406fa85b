"""What becomes of the secrets and certificates of devices that are, or were, stolen or retired."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Select, and_, or_, select

from ausguck.desk.audit import note
from ausguck.desk.registry_changes import mark
from ausguck.desk.registry_keyring import deny_certificates, end_credentials
from ausguck.desk.registry_tables import KEYRING, ROWS, credentials, denials
from ausguck.register.keyring import BARRED
from ausguck.register.port import AuditRow

_devices: Final = ROWS["devices"].c
_STATES: Final = tuple(BARRED)


@contextmanager
def barring(connection: Connection, who: str, now_ms: int) -> Iterator[None]:
    """Around a change of devices: what a thief could show is over for good.

    Whoever recorded the theft, and by whatever way: afterwards no secret holds that was there
    while its device was stolen or retired. It is looked at before the change as well, for a state
    may have begun by its date since the last one, and the change may take it away.
    """
    _bar(connection, who, now_ms, frozenset())
    was = _barred(connection, now_ms)
    yield
    _bar(connection, who, now_ms, _barred(connection, now_ms) - was)


def _bar(connection: Connection, who: str, now_ms: int, new: frozenset[str]) -> None:
    ended: dict[str, list[int]] = {}
    for credential_id, user in connection.execute(_live(now_ms)).all():
        ended.setdefault(user, []).append(credential_id)
    before = dict.fromkeys(new, now_ms)
    for user, end_ms in connection.execute(_undenied(now_ms)).all():
        denied_ms = now_ms if end_ms is None else min(end_ms, now_ms)
        before[user] = max(denied_ms, before.get(user, denied_ms))
    for user in sorted(ended.keys() | before.keys()):
        for credential_id in ended.get(user, ()):
            end_credentials(connection, user, now_ms, credential_id)
        if user in before:
            deny_certificates(connection, user, before[user])
        what = f"{len(ended.get(user, ()))}" + (" and certificates" if user in before else "")
        detail = f"{what}: stolen or retired"
        note(connection, AuditRow(0, now_ms, who, "credential.revoke", user, detail))
    if ended or before:
        mark(connection, [KEYRING])


def _barred(connection: Connection, now_ms: int) -> frozenset[str]:
    holds = or_(_devices.valid_to_ms.is_(None), _devices.valid_to_ms > now_ms)
    asked = select(_devices.id).where(_devices.state.in_(_STATES), holds)
    return frozenset(connection.execute(asked.where(_devices.valid_from_ms <= now_ms)).scalars())


def _live(now_ms: int) -> Select[int, str]:
    """The secrets that hold although they were there while their device was barred."""
    keys = credentials.c
    was_there = and_(
        _devices.id == keys.user,
        _devices.state.in_(_STATES),
        _devices.valid_from_ms <= now_ms,
        or_(_devices.valid_to_ms.is_(None), keys.created_at_ms < _devices.valid_to_ms),
    )
    holds = and_(
        keys.revoked_at_ms.is_(None),
        or_(keys.expires_at_ms.is_(None), keys.expires_at_ms > now_ms),
    )
    asked = select(keys.id, keys.user).join_from(credentials, ROWS["devices"], was_there)
    return asked.where(holds).distinct()


def _undenied(now_ms: int) -> Select[str, int | None]:
    """The stretches in which a device was barred, and no certificate was refused for it."""
    denied_ms = denials.c.denied_before_ms
    asked = select(_devices.id, _devices.valid_to_ms).join_from(
        ROWS["devices"], denials, denials.c.user == _devices.id, isouter=True
    )
    return asked.where(
        _devices.state.in_(_STATES),
        _devices.valid_from_ms <= now_ms,
        or_(denied_ms.is_(None), denied_ms < _devices.valid_from_ms),
    )
