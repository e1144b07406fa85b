"""Taking a device into service: the register, its credential and the sheet, in one go."""

from dataclasses import dataclass
from typing import Final

from ausguck.commissioning.models import Model, model_of
from ausguck.commissioning.sheet import Door, Setting, Sheet, sheet
from ausguck.model import Kind
from ausguck.register.change import Fault, Given, Offer
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.port import RegisterError, Registry
from ausguck.register.register import Register
from ausguck.register.rows import BEGINNING_MS, Asset, Device, DeviceState

FIRST: Final = 1
GENERIC: Final = {Kind.BUS: "generic-router", Kind.STATION: "generic-station"}


@dataclass(frozen=True, slots=True)
class Wish:
    """A device for an asset (`bus/0123`); without `serial` one is made from the asset's name."""

    asset: str
    model: Model
    serial: str | None = None
    sim_pool: str | None = None
    """A pool of the register."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where devices are set up; `who` is named in the audit log."""

    registry: Registry
    site: str
    door: Door
    who: str
    rotation_days: int

    def add(self, wish: Wish, now_ms: int) -> Sheet:
        """Register the device, fit it, and make its credential; the sheet holds the secret.

        An asset that is not in the register yet is added with it; a device that is in the asset
        already, by an import, and never had a secret gets its first. Where neither was fitted
        before, they belong together since ever: what the device said before belongs there, too.

        Raises:
            RegisterError: the asset has a device already, or the device is somewhere else.
        """
        register, keyring = self.registry.load(now_ms)
        fitted = register.fitted(wish.asset, now_ms)
        if fitted is not None and wish.serial in {None, fitted.id} and not keyring.of(fitted.id):
            # It came by an import, and has only its secret to get.
            return self.renew(wish.asset, fitted.id, wish.model, now_ms)
        serial = wish.serial or serial_for(register, wish.asset)
        if faults := why_not(register, wish, serial, now_ms):
            raise RegisterError(faults)
        if register.assets.at(wish.asset, now_ms) is None:
            given = Given(Asset(id=wish.asset), is_dated=False, place=wish.asset)
            offer = Offer("devices add", {"assets": (given,)}, adds_only=True)
            self.registry.apply(self.registry.diff(offer, now_ms), self.who, now_ms)
        if register.devices.at(serial, now_ms) is None:
            device = Device(id=serial, model=wish.model.name, sim_pool=wish.sim_pool)
            self.registry.set_device(device, self.who, now_ms)
        at_ms = since_ms(register, wish.asset, serial, now_ms)
        self.registry.swap(wish.asset, None, serial, at_ms=at_ms, who=self.who, now_ms=now_ms)
        return self.renew(wish.asset, serial, wish.model, now_ms)

    def renew(self, asset: str, serial: str, model: Model, now_ms: int) -> Sheet:
        """Make a new secret for a device, and its sheet; the old secret holds for a while.

        Where devices connect to a broker secrets are made there, and the sheet says so.

        Raises:
            RegisterError: two secrets of the device hold already, or it is barred.
        """
        secret = None
        if self.door.is_ours:
            wanted = Credential(id=0, user=serial, secret_sha256=b"", created_at_ms=now_ms)
            issued = self.registry.issue(wanted, self.who, now_ms, rotation_days=self.rotation_days)
            secret = issued.secret
        setting = Setting(self.site, asset, serial, model, now_ms)
        return sheet(setting, self.door, secret)

    def renewed(self, serial: str, now_ms: int) -> Sheet:
        """The same for a device of the register, wherever it is now.

        Raises:
            RegisterError: as above, or there is no such device.
        """
        register, _keyring = self.registry.load(now_ms)
        device = register.devices.at(serial, now_ms)
        if device is None:
            raise RegisterError([unknown_device(serial)])
        fitting = register.fitting(serial, now_ms)
        asset = f"{Kind.DEVICE}/{serial}" if fitting is None else fitting.asset
        kind = Kind.STATION if asset.startswith(Kind.STATION) else Kind.BUS
        model = model_of(device.model) or model_of(GENERIC[kind])
        if model is None:
            raise RegisterError([unknown_device(serial)])
        return self.renew(asset, serial, model, now_ms)


def serial_for(register: Register, asset: str) -> str:
    """A name for a device that nobody gave one: the asset's, and a number not used before."""
    stem = asset.replace("/", "-")
    number = FIRST
    while f"{stem}-{number}" in register.devices:
        number += 1
    return f"{stem}-{number}"


def since_ms(register: Register, asset: str, serial: str, now_ms: int) -> int:
    """From when a device is in an asset: since ever where nothing else is known of either."""
    is_first = serial not in register.fittings and not register.fittings_of(asset)
    return BEGINNING_MS if is_first else now_ms


def why_not(register: Register, wish: Wish, serial: str, now_ms: int) -> list[Fault]:
    """Why a device cannot be added to an asset; empty when it can."""
    kind = wish.asset.partition("/")[0]
    if kind != wish.model.kind:
        expected = f"a model for a {kind}"
        return [
            Fault(wish.asset, "model", f"{wish.model.name!r}, for a {wish.model.kind}", expected)
        ]
    fitted = register.fitted(wish.asset, now_ms)
    if fitted is not None:
        ways = f"for a new secret of it: ausguck devices rotate {fitted.id}"
        if wish.serial not in {None, fitted.id}:
            ways = (
                f"to change it: ausguck devices swap {wish.asset} --out {fitted.id} --in {serial}"
            )
        return [Fault(wish.asset, "device", fitted.id, f"none; {ways}")]
    elsewhere = register.fitting(serial, now_ms)
    if elsewhere is not None:
        return [Fault(serial, "asset", elsewhere.asset, "a device that is in no other asset")]
    device = register.devices.at(serial, now_ms)
    if device is not None and device.state is not DeviceState.SPARE:
        return [Fault(serial, "state", f"'{device.state}'", "'spare'")]
    return []


def unknown_device(serial: str) -> Fault:
    """That no device of that serial is in the register."""
    return Fault(serial, "device", "none of that serial", "one of `ausguck devices list`")


def not_to_revoke(user: str, register: Register, keyring: Keyring) -> Fault | None:
    """Why a name is none that could be revoked: a slip must not look like a lost router gone.

    A certificate may be of an asset's name, which needs no row.
    """
    if user in register.devices or keyring.of(user) or "/" in user:
        return None
    expected = "a device of `ausguck devices list`, a gateway, or an asset such as bus/0123"
    return Fault(user, "user", "nobody of that name", expected)
