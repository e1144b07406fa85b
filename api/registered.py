"""What the register says of an asset just now, for the answers about assets."""

from typing import Final, NamedTuple

from ausguck.model import AssetId, Inventory, Kind
from ausguck.register.directory import Directory
from ausguck.register.lines import line_called
from ausguck.register.register import Register

KEPT_MS: Final = 60_000
"""How long it is kept, for whatever begins or ends without anybody changing the register."""
REDACTED: Final = "[redacted"


class Registered(NamedTuple):
    """What the register knows; None is what it does not."""

    is_registered: bool
    device: str | None = None
    zone: str | None = None
    line: str | None = None


class Roll:
    """Looks assets up, each once a minute at most; used on the event loop alone."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._known: dict[AssetId, Registered] = {}
        self._register: Register | None = None
        self._turn = 0

    def of(self, asset: AssetId, now_ms: int) -> Registered:
        """What is known of an asset."""
        register, turn = self._directory.register, now_ms // KEPT_MS
        if register is not self._register or turn != self._turn:
            self._known.clear()
            self._register, self._turn = register, turn
        found = self._known.get(asset)
        if found is None:
            found = self._known[asset] = registered(register, asset, now_ms)
        return found

    def reported_serial(self, asset: AssetId, inventory: Inventory | None) -> str | None:
        """The serial that a device tells, where the register had another one there."""
        if inventory is None or inventory.serial is None or REDACTED in inventory.serial:
            return None
        register, at_ms = self._directory.register, inventory.observed_at_ms
        fitting = register.fitted(str(asset), at_ms)
        if fitting is None:
            # A feed tells a serial too, of stations that have no device of their own.
            is_odd = asset.kind is Kind.BUS and register.is_registered(asset, at_ms)
        else:
            is_odd = fitting.id != inventory.serial
        return inventory.serial if is_odd else None


def registered(register: Register, asset: AssetId, now_ms: int) -> Registered:
    """What a register says of an asset at a moment."""
    name = str(asset)
    fitting = register.fitted(name, now_ms)
    return Registered(
        register.is_registered(asset, now_ms),
        None if fitting is None else fitting.id,
        register.zone(name, now_ms),
        _line(register, name, now_ms),
    )


def _line(register: Register, name: str, now_ms: int) -> str | None:
    """The line by a duty, else the one that the bus drives all its life."""
    duty, row = register.assignment(name, now_ms), register.assets.at(name, now_ms)
    line = None if duty is None else duty.line
    if line is None and row is not None:
        line = row.line
    return None if line is None else line_called(register, line, now_ms)
