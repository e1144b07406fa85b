"""What a claim is worth by the register at one moment, and which rights come with it; pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from ausguck.model import Kind
from ausguck.register.directory import Directory
from ausguck.register.keyring import EVERYTHING, Credential
from ausguck.register.register import Register
from ausguck.register.rows import DeviceState
from ausguck.settings.tree import User
from ausguck.topics import NAME
from collectors.listener.identity import NEVER_MS, Claim, Rights

BACKLOG_MS = 30 * 86_400_000  # a device may send what it saw in the asset that it was taken out of
_ASSET: Final = re.compile(rf"({Kind.BUS}|{Kind.STATION})/{NAME.pattern}", NAME.flags)
_DEVICE: Final = f"{Kind.DEVICE}/"


class Standing(NamedTuple):
    """Why a claim is worth nothing, or empty; another answer may be due at `until_ms`."""

    fault: str = ""
    until_ms: int = NEVER_MS


FINE = Standing()


class Claims:
    """Settings and register together, as claims are judged by them."""

    def __init__(self, users: Mapping[str, User], directory: Directory) -> None:
        self._users = users
        self._directory = directory

    def shown_by(self, common_name: str) -> str:
        """Whom a certificate's name is of: `device/SERIAL` is the device, and barred with it."""
        serial = common_name.removeprefix(_DEVICE)
        # Whoever may have certificates made of devices gets none of a user or a gateway by it.
        is_its = self._directory.keyring.is_device(serial) and serial not in self._users
        return serial if is_its else common_name

    def standing(self, claim: Claim | None, now_ms: int) -> Standing:
        """Whether whoever came in with it may stay; who showed nothing may."""
        if claim is None:
            return FINE
        keyring = self._directory.keyring
        if keyring.is_barred(claim.user):
            return Standing("barred")
        if claim.credential_id is not None:
            return _of_credential(keyring.of(claim.user), claim.credential_id, now_ms)
        if claim.not_before_ms is not None:
            return self._of_certificate(claim, claim.not_before_ms, now_ms)
        return FINE

    def _of_certificate(self, claim: Claim, not_before_ms: int, now_ms: int) -> Standing:
        name, keyring = claim.user, self._directory.keyring
        if now_ms >= claim.not_after_ms:
            return Standing("expired")
        if keyring.denies_certificate(name, not_before_ms):
            return Standing("revoked")
        credentials = keyring.of(name)
        ends_ms = [claim.not_after_ms]
        fault = ""
        if name in self._users or keyring.is_device(name):
            pass
        elif credentials:
            ends_ms += [_end_ms(one) for one in credentials if one.holds_at(now_ms)]
            fault = "" if len(ends_ms) > 1 else "revoked"
        elif _ASSET.fullmatch(name) is None:
            fault = "certificate_unknown"
        elif _may_be_elsewhere(self._directory.register, name, not_before_ms, now_ms):
            fault = "barred"
        return Standing(fault, min(ends_ms))

    def rights(self, claim: Claim, now_ms: int) -> Rights:
        """What comes with a claim that is worth something."""
        if claim.credential_id is None:
            return self._by_name(claim.user, now_ms)
        credentials = self._directory.keyring.of(claim.user)
        given = of_credentials(one for one in credentials if one.id == claim.credential_id)
        if not self._directory.keyring.is_device(claim.user):
            return given
        return _joined(given, of_device(self._directory.register, claim.user, now_ms))

    def _by_name(self, name: str, now_ms: int) -> Rights:
        keyring = self._directory.keyring
        user = self._users.get(name)
        if user is not None:
            return of_user(user)
        if keyring.is_device(name):
            # A certificate says which device it is, and nothing of what its secrets may.
            return of_device(self._directory.register, name, now_ms)
        if keyring.of(name):
            return of_credentials(one for one in keyring.of(name) if one.holds_at(now_ms))
        return Rights(frozenset((name,)), frozenset((name,)))


def of_user(user: User) -> Rights:
    """The rights of a user of the settings."""
    assets = frozenset(user.assets)
    return Rights(assets, assets, everything=user.gateway, operator=user.operator)


def of_credentials(credentials: Iterable[Credential]) -> Rights:
    """The rights that are written into credentials."""
    credentials = tuple(credentials)
    assets = frozenset(asset for one in credentials for asset in one.speaks_for)
    return Rights(
        assets,
        assets,
        everything=EVERYTHING in assets,
        operator=any(one.is_operator for one in credentials),
    )


def of_device(register: Register, serial: str, now_ms: int) -> Rights:
    """A device speaks for itself, and for what it is or was lately fitted to."""
    own = f"device/{serial}"
    present, past, until_ms = {own}, set[str](), NEVER_MS
    for fitting in register.fittings.of(serial):
        turns_ms = [fitting.valid_from_ms]
        if fitting.valid_to_ms is not None:
            turns_ms += [fitting.valid_to_ms, fitting.valid_to_ms + BACKLOG_MS]
        until_ms = min([until_ms, *(turn_ms for turn_ms in turns_ms if turn_ms > now_ms)])
        if fitting.holds_at(now_ms):
            present.add(fitting.asset)
        elif turns_ms[0] <= now_ms < turns_ms[-1]:
            past.add(fitting.asset)
    return Rights(frozenset(present | past), frozenset(present), until_ms=until_ms)


def _joined(given: Rights, own: Rights) -> Rights:
    return given._replace(
        speaks_for=given.speaks_for | own.speaks_for,
        present=given.present | own.present,
        until_ms=own.until_ms,
    )


def _of_credential(credentials: Iterable[Credential], number: int, now_ms: int) -> Standing:
    # Asked of everybody at each change of the register, so it makes nothing it need not.
    for one in credentials:
        if one.id == number:
            if one.holds_at(now_ms):
                return FINE if one.expires_at_ms is None else Standing("", one.expires_at_ms)
            return Standing("expired" if one.revoked_at_ms is None else "revoked")
    return Standing("revoked")


def _end_ms(credential: Credential) -> int:
    return NEVER_MS if credential.expires_at_ms is None else credential.expires_at_ms


def _may_be_elsewhere(register: Register, asset: str, not_before_ms: int, now_ms: int) -> bool:
    """Whether a device that was stolen had been in the asset since its certificate was made.

    An asset's certificate names no device: it may be in the stolen one. Nor may a device be in
    the asset that is barred and that nobody took out.
    """
    for fitting in register.fittings_of(asset):
        device = register.devices.at(fitting.id, now_ms)
        state = None if device is None else device.state
        ended_ms = fitting.valid_to_ms
        if state is DeviceState.STOLEN and (ended_ms is None or ended_ms > not_before_ms):
            return True
        if state is DeviceState.RETIRED and fitting.holds_at(now_ms):
            return True
    return False
