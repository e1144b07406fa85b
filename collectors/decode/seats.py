"""Whose an element is, by the time it was observed: the asset a device sat in just then; pure."""

from typing import Final, NamedTuple, Protocol

from ausguck.clock import iso_utc
from ausguck.model import AssetId, Kind, Reason
from ausguck.register.register import Register
from ausguck.register.rows import Fitting
from collectors.decode.letters import Refused

ALWAYS_MS: Final = 2**63 - 1
"""The end of what has none."""
UNREGISTERED: Final = "is not in the register"
CURE: Final = "once it is recorded (`ausguck devices`), this is tried again by itself"


class Seat(NamedTuple):
    """The asset, and what goes behind the ids of the boots of the device in it."""

    asset: AssetId
    mark: str = ""


class Stretch(NamedTuple):
    """One seat for everything observed within [from_ms, to_ms)."""

    seat: Seat
    from_ms: int
    to_ms: int


class Seats(Protocol):
    """Whose the elements of one topic are, of one publisher."""

    @property
    def usual(self) -> Stretch | None:
        """The newest stretch, which is nearly everybody's; None where there never was one."""
        ...

    def at(self, at_ms: int) -> Seat:
        """Whose an element of that time is.

        Raises:
            Refused: nobody's, and why.
        """
        ...


class OfDevice:
    """What a device says under its own name, `device/<serial>`."""

    def __init__(self, register: Register, site: str, serial: str) -> None:
        self._register = register
        self._site = site
        self._serial = serial

    @property
    def usual(self) -> Stretch | None:
        """The newest fitting."""
        fittings = self._register.fittings.of(self._serial)
        return _stretch(self._register, self._site, fittings[-1]) if fittings else None

    def at(self, at_ms: int) -> Seat:
        """The asset it was fitted to.

        Raises:
            Refused: it is in the register not at all, or was not fitted at that time.
        """
        if not is_device(self._register, self._serial):
            raise Refused(Reason.IDENTITY, f"device {self._serial} {UNREGISTERED}; {CURE}")
        fitting = self._register.fitting(self._serial, at_ms)
        if fitting is None:
            raise Refused(
                Reason.IDENTITY,
                f"device {self._serial} was not fitted to anything at {iso_utc(at_ms)}; {CURE}",
            )
        return _seat(self._register, self._site, fitting.asset, at_ms)


class OfAsset:
    """What is said under an asset's name by whoever may speak for it at any time."""

    def __init__(self, register: Register, asset: AssetId) -> None:
        self._register = register
        self._asset = asset

    @property
    def usual(self) -> Stretch | None:
        """The newest device in it."""
        fittings = self._register.fittings_of(str(self._asset))
        return _stretch(self._register, self._asset.site, fittings[-1]) if fittings else None

    def at(self, at_ms: int) -> Seat:
        """The asset, with the mark of the device that was in it."""
        return _seat(self._register, self._asset.site, str(self._asset), at_ms)


class OfDeviceInAsset:
    """What a registered device says under an asset's name: good for as long as it was in it."""

    def __init__(self, register: Register, asset: AssetId, serial: str) -> None:
        self._register = register
        self._asset = asset
        self._serial = serial
        self._name = str(asset)

    @property
    def usual(self) -> Stretch | None:
        """The newest time it was in the asset."""
        within = [one for one in self._register.fittings.of(self._serial) if self._is_here(one)]
        return _stretch(self._register, self._asset.site, within[-1]) if within else None

    def at(self, at_ms: int) -> Seat:
        """The asset.

        Raises:
            Refused: the device was not in it at that time.
        """
        if not self._is_here(self._register.fitting(self._serial, at_ms)):
            raise Refused(
                Reason.IDENTITY,
                f"device {self._serial} was not in {self._name} at {iso_utc(at_ms)}; {CURE}",
            )
        return _seat(self._register, self._asset.site, self._name, at_ms)

    def _is_here(self, fitting: Fitting | None) -> bool:
        return fitting is not None and fitting.asset == self._name


def is_device(register: Register, name: str) -> bool:
    """Whether it is the serial of a device, registered by a row of its own or by a fitting."""
    return name in register.devices or name in register.fittings


def seats(register: Register, asset: AssetId, publisher: str) -> Seats | None:
    """Whose the elements of a topic are; None where they are always and wholly the asset's."""
    if asset.kind is Kind.DEVICE:
        return OfDevice(register, asset.site, asset.name)
    if is_device(register, publisher):
        return OfDeviceInAsset(register, asset, publisher)
    # The first device of an asset has no mark, so that nothing is to be told from it.
    is_alone = len(register.fittings_of(str(asset))) <= 1
    return None if is_alone else OfAsset(register, asset)


def _seat(register: Register, site: str, asset: str, at_ms: int) -> Seat:
    kind, _, name = asset.partition("/")
    return Seat(AssetId(site, Kind(kind), name), register.boot_mark(asset, at_ms))


def _stretch(register: Register, site: str, fitting: Fitting) -> Stretch:
    to_ms = ALWAYS_MS if fitting.valid_to_ms is None else fitting.valid_to_ms
    seat = _seat(register, site, fitting.asset, fitting.valid_from_ms)
    return Stretch(seat, fitting.valid_from_ms, to_ms)
