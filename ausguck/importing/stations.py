"""A bike feed's stations as assets, under the names that its poller gives them.

A station keeps its asset for as long as it stands where it stood: where a feed gives all its
stations new ids, each is known again by name and place, and only its external id is new.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import replace

from ausguck.importing.folder import Imported
from ausguck.importing.gbfs import Station
from ausguck.importing.making import Scene
from ausguck.importing.matching import fitting_name, of_source, with_others
from ausguck.register.change import Given, Offer
from ausguck.register.rows import Asset, Zone
from ausguck.topics import foreign_name

SAME_PLACE_M: Final = 50.0
SHOWN: Final = 5
_M_PER_DEGREE: Final = 111_195.0


def offered(
    found: Sequence[Station],
    regions: Mapping[str, str],
    scene: Scene,
    prefix: str = "",
    *,
    adds_only: bool = False,
) -> Imported:
    """What a feed offers: its stations as assets, its regions as zones."""
    notes: list[str] = []
    zones = _zones(found, regions, scene)
    names = _Matching(scene, prefix).names(found, notes)
    rows = {
        "assets": [
            _asset(one, names[one.id], scene, zones[one.region].row.id if one.region else None)
            for one in found
        ]
    }
    if zones:
        rows["zones"] = list(zones.values())
    if not adds_only:
        rows = {table: with_others(scene, table, given) for table, given in rows.items()}
    return Imported(Offer(scene.source, rows, adds_only=adds_only), notes)


def metres(one: Station, other: Asset) -> float:
    """How far a station is from an asset; endless where either place is unknown."""
    if one.lat is None or one.lon is None or other.lat is None or other.lon is None:
        return math.inf
    north = (one.lat - other.lat) * _M_PER_DEGREE
    east = (one.lon - other.lon) * _M_PER_DEGREE * math.cos(math.radians(one.lat))
    return math.hypot(north, east)


@dataclass(slots=True)
class _Matching:
    """Which asset each station of a feed is."""

    scene: Scene
    prefix: str
    taken: set[str] = field(default_factory=set)

    def names(self, found: Sequence[Station], notes: list[str]) -> dict[str, str]:
        """The asset of each station by its id in the feed."""
        known = {
            name: row
            for name, row in of_source(self.scene, "assets").items()
            if isinstance(row, Asset)
        }
        names: dict[str, str] = {}
        for one in found:
            row = known.get(one.id)
            if row is not None and _is_same(one, row):
                self._take(names, one, row)
        renamed = self._by_place(names, [one for one in found if one.id not in names], known)
        if renamed:
            more = f" and {len(renamed) - SHOWN} more" if len(renamed) > SHOWN else ""
            said = ", ".join(f"{old} is now {new}" for old, new in renamed[:SHOWN])
            notes.append(
                f"{len(renamed)} stations have new ids in {self.scene.source} and stand where "
                f"they stood, so each keeps its asset: {said}{more}"
            )
        for one in found:
            row = known.get(one.id)
            if one.id not in names and row is not None and row.id not in self.taken:
                self._take(names, one, row)
        for one in found:
            if one.id not in names:
                names[one.id] = self._new(one)
        return names

    def _by_place(
        self, names: dict[str, str], unknown: Sequence[Station], known: Mapping[str, Asset]
    ) -> list[tuple[str, str]]:
        """Stations of new ids that have the name and the place of one known before."""
        by_title: dict[str, list[tuple[str, Asset]]] = {}
        for old, row in known.items():
            if row.title:
                by_title.setdefault(row.title.casefold(), []).append((old, row))
        renamed = []
        for one in unknown:
            near = [
                (metres(one, row), old, row)
                for old, row in by_title.get(one.title.casefold(), ())
                if row.id not in self.taken
            ]
            if not near:
                continue
            distance, old, row = min(near, key=lambda each: each[0])
            if distance <= SAME_PLACE_M:
                self._take(names, one, row)
                renamed.append((old, one.id))
        return renamed

    def _take(self, names: dict[str, str], one: Station, row: Asset) -> None:
        names[one.id] = row.id
        self.taken.add(row.id)

    def _new(self, one: Station) -> str:
        """The poller's name, or another where a different station has or had that one."""
        asset = "station/" + foreign_name(self.prefix + one.id)
        while asset in self.taken or self._is_anothers(asset, one):
            asset = "station/" + foreign_name(f"{asset.removeprefix('station/')}-2")
        self.taken.add(asset)
        return asset

    def _is_anothers(self, asset: str, one: Station) -> bool:
        """Whether the feed called it otherwise last; one that comes back is itself."""
        versions = self.scene.register.assets.of(asset)
        return bool(versions) and versions[-1].external_ids.get(self.scene.source, one.id) != one.id


def _is_same(one: Station, row: Asset) -> bool:
    """Whether a known id is still the same station: by its name, or by its place."""
    return one.title.casefold() == row.title.casefold() or metres(one, row) <= SAME_PLACE_M


def _asset(one: Station, name: str, scene: Scene, zone: str | None) -> Given:
    base = scene.register.assets.at(name, scene.now_ms) or Asset(id=name)
    row = replace(
        base,
        valid_to_ms=None,
        title=one.title or base.title,
        lat=base.lat if one.lat is None else one.lat,
        lon=base.lon if one.lon is None else one.lon,
        capacity=base.capacity if one.capacity is None else one.capacity,
        opening_hours=one.opening_hours or base.opening_hours,
        zone=zone or base.zone,
        external_ids={**base.external_ids, scene.source: one.id},
    )
    return Given(row, is_dated=False, place=one.place)


def _zones(found: Sequence[Station], titles: Mapping[str, str], scene: Scene) -> dict[str, Given]:
    known = of_source(scene, "zones")
    zones: dict[str, Given] = {}
    for one in found:
        if one.region is None or one.region in zones:
            continue
        base = known.get(one.region)
        if not isinstance(base, Zone):
            name = fitting_name(one.region)
            is_free = name not in scene.register.zones
            base = Zone(id=name if is_free else fitting_name(f"{scene.source}-{name}"))
        row = replace(
            base,
            valid_to_ms=None,
            title=titles.get(one.region) or base.title,
            external_ids={**base.external_ids, scene.source: one.region},
        )
        zones[one.region] = Given(row, is_dated=False, place=one.place)
    return zones
