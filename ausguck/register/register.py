"""The register as it is asked: what was where, and called what, at a moment; never changed.

Questions about history take `AsOf`: `then` is what was true at the moment asked about, `now`
counts the past to what the thing is called today, along its successors.
"""

from collections.abc import Sequence

from ausguck.model import AssetId, Kind
from ausguck.register.places import contains
from ausguck.register.rows import (
    Assignment,
    Depot,
    Event,
    Fitting,
    Lifecycle,
    Tables,
    Zone,
)
from ausguck.register.versions import R, Versions

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Register:
    """One state of the register; a change makes another one, of a higher `revision`.

    `before` is an earlier state: tables that are its very own are not sorted again.
    """

    def __init__(
        self,
        tables: Tables | None = None,
        site: str = "",
        revision: int = 0,
        before: "Register | None" = None,
    ) -> None:
        tables = tables or Tables()
        self.tables = tables
        self.site = site
        self.revision = revision
        old = before or self
        self.parties = _versions(tables.parties, old, "parties")
        self.lines = _versions(tables.lines, old, "lines")
        self.zones = _versions(tables.zones, old, "zones")
        self.depots = _versions(tables.depots, old, "depots")
        self.sim_pools = _versions(tables.sim_pools, old, "sim_pools")
        self.assets = _versions(tables.assets, old, "assets")
        self.devices = _versions(tables.devices, old, "devices")
        self.fittings = _versions(tables.fittings, old, "fittings")
        self.assignments = _versions(tables.assignments, old, "assignments")
        self.events: Sequence[Event] = sorted(tables.events, key=lambda one: one.valid_from_ms)
        self._in_asset: dict[str, list[Fitting]] = {}
        for fitting in sorted(tables.fittings, key=lambda one: one.valid_from_ms):
            self._in_asset.setdefault(fitting.asset, []).append(fitting)

    def asset_id(self, asset: str) -> AssetId:
        """An asset as the model knows it; `asset` is written `bus/0123`."""
        kind, _, name = asset.partition("/")
        return AssetId(self.site, Kind(kind), name)

    def is_registered(self, asset: AssetId, at_ms: int) -> bool:
        """Whether the asset is in the register, and not retired."""
        row = self.assets.at(str(asset), at_ms)
        return row is not None and row.lifecycle is not Lifecycle.RETIRED

    def fitting(self, serial: str, at_ms: int) -> Fitting | None:
        """Where a device was fitted at a moment."""
        return self.fittings.at(serial, at_ms)

    def fittings_of(self, asset: str) -> Sequence[Fitting]:
        """Every device that was ever in an asset, oldest first."""
        return self._in_asset.get(asset, ())

    def fitted(self, asset: str, at_ms: int) -> Fitting | None:
        """Which device was in an asset at a moment."""
        fittings = self.fittings_of(asset)
        return next((one for one in reversed(fittings) if one.holds_at(at_ms)), None)

    def boot_mark(self, asset: str, at_ms: int) -> str:
        """What goes behind a boot's id, so that no counter is differenced across a swap.

        Empty for the first device of an asset and where no fitting is known, so that a device
        that is registered later goes on as the one it was. It is made of the fitting's own
        beginning, so that no other row of the register changes it.
        """
        found = self.fitted(asset, at_ms)
        if found is None or found is self.fittings_of(asset)[0]:
            return ""
        return "#" + _short(found.valid_from_ms // 1000)

    def zone(self, asset: str, at_ms: int) -> str | None:
        """The zone an asset was in: as named, else the first whose area holds its place."""
        row = self.assets.at(asset, at_ms)
        if row is None:
            return None
        if row.zone is not None or row.lat is None or row.lon is None:
            return row.zone
        return self.zone_at(row.lat, row.lon, at_ms)

    def zone_at(self, lat: float, lon: float, at_ms: int) -> str | None:
        """The first zone by id whose area held the place."""
        return _area_at(self.zones, lat, lon, at_ms)

    def depot_at(self, lat: float, lon: float, at_ms: int) -> str | None:
        """The first depot by id whose area held the place."""
        return _area_at(self.depots, lat, lon, at_ms)

    def assignment(self, asset: str, at_ms: int) -> Assignment | None:
        """The duty of a bus at a moment, or None: it has none, or nothing is known of it."""
        return self.assignments.at(asset, at_ms)


def _versions(rows: tuple[R, ...], before: Register, table: str) -> Versions[R]:
    known: Versions[R] | None = getattr(before, table, None)
    is_same = known is not None and rows is getattr(before.tables, table)
    return known if known is not None and is_same else Versions(rows)


def _area_at(
    areas: Versions[Zone] | Versions[Depot], lat: float, lon: float, at_ms: int
) -> str | None:
    return next((row.id for row in areas.all_at(at_ms) if contains(row.area, lat, lon)), None)


def _short(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits or "0"
