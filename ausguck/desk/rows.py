"""Statements that count a thing once, however often it is told; pure."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Table, func, tuple_
from sqlalchemy.dialects.sqlite import Insert, insert

from ausguck.desk import tables
from ausguck.model import AssetId, DeadLetter, DroppedValue, Inventory, Origin

Row = dict[str, Any]

NEVER_MS: Final = 0
MAX_KEYS_PER_ASSET: Final = 256
OTHER_KEYS: Final = "(other)"
"""Where an asset's further keys are counted, so that invented ones cannot fill the disk."""


class KeyLimit:
    """Which keys of an asset have a row of their own."""

    def __init__(self, known: Iterable[tuple[AssetId, str, str]]) -> None:
        self._known: dict[AssetId, set[tuple[str, str]]] = {}
        for asset, key, reason in known:
            self._known.setdefault(asset, set()).add((key, reason))

    def key(self, value: DroppedValue) -> str:
        """The key the value is counted under."""
        known = self._known.setdefault(value.asset, set())
        pair = (value.key, value.reason)
        if pair not in known:
            if len(known) >= MAX_KEYS_PER_ASSET:
                return OTHER_KEYS
            known.add(pair)
        return value.key


def dead_letter_rows(letters: Iterable[DeadLetter]) -> list[Row]:
    """One row a letter, in order of origin."""
    return [
        {
            "topic": letter.topic,
            "reason": letter.reason.value,
            "sha256": hashlib.sha256(letter.element).digest(),
            "detail": letter.detail,
            "element": letter.element,
            "count": 1,
            "first_at_ms": letter.received_at_ms,
            "last_at_ms": letter.received_at_ms,
            **_upto(letter.origin),
        }
        for letter in sorted(letters, key=lambda letter: letter.origin)
    ]


def dropped_value_rows(values: Iterable[DroppedValue], limit: KeyLimit) -> list[Row]:
    """One row for each (asset, key, reason) of an element, in order of origin."""
    counts: Counter[tuple[Origin, AssetId, str, str]] = Counter()
    first: dict[tuple[Origin, AssetId, str, str], DroppedValue] = {}
    for value in values:
        group = (value.origin, value.asset, limit.key(value), str(value.reason))
        counts[group] += 1
        first.setdefault(group, value)
    return [
        {
            **_asset(asset),
            "key": key,
            "reason": reason,
            "example": first[origin, asset, key, reason].example,
            "count": count,
            "first_at_ms": first[origin, asset, key, reason].received_at_ms,
            "last_at_ms": first[origin, asset, key, reason].received_at_ms,
            **_upto(origin),
        }
        for (origin, asset, key, reason), count in sorted(counts.items())
    ]


def device_rows(inventories: Iterable[Inventory]) -> list[Row]:
    """One row for each inventory that says something about a device."""
    return [
        {
            **_asset(inventory.asset),
            "observed_at_ms": inventory.observed_at_ms,
            "model": inventory.model,
            "firmware": inventory.firmware,
            "serial": inventory.serial,
            "profile": inventory.profile,
            "sim_count": inventory.sim_count,
        }
        for inventory in inventories
        if _says_something(
            inventory.model,
            inventory.firmware,
            inventory.serial,
            inventory.profile,
            inventory.sim_count,
        )
    ]


def place_rows(inventories: Iterable[Inventory]) -> list[Row]:
    """One row for each inventory that says something about a place."""
    return [
        {
            **_asset(inventory.asset),
            "observed_at_ms": NEVER_MS,
            "place_at_ms": inventory.observed_at_ms,
            "place_name": inventory.name,
            "lat": inventory.lat,
            "lon": inventory.lon,
            "capacity": inventory.capacity,
        }
        for inventory in inventories
        if _says_something(inventory.name, inventory.lat, inventory.lon, inventory.capacity)
    ]


def inventory_of(asset: AssetId, row: Mapping[str, Any]) -> Inventory:
    """A row as the inventory that it was, of the time of its newer half."""
    device = {name: row[name] for name in tables.DEVICE[1:]}
    return Inventory(
        asset=asset,
        observed_at_ms=max(row["observed_at_ms"], row["place_at_ms"] or NEVER_MS),
        **device,
        name=row["place_name"],
        lat=row["lat"],
        lon=row["lon"],
        capacity=row["capacity"],
    )


def count_up(table: Table, key: tuple[str, ...], *latest: str) -> Insert:
    """Insert, or add to the row of the same key what lies behind its mark; keep the `latest`."""
    statement = insert(table)
    told, held = statement.excluded, table.c
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={
            "count": held["count"] + told["count"],
            "first_at_ms": func.min(held.first_at_ms, told.first_at_ms),
            "last_at_ms": func.max(held.last_at_ms, told.last_at_ms),
            **{name: told[name] for name in (*latest, *tables.UPTO)},
        },
        where=tuple_(*(held[name] for name in tables.UPTO))
        < tuple_(*(told[name] for name in tables.UPTO)),
    )


def keep_newest(table: Table, key: tuple[str, ...], group: tuple[str, ...]) -> Insert:
    """Insert, or replace a group of columns unless it was observed later; its time is first."""
    statement = insert(table)
    told, held = statement.excluded, table.c
    return statement.on_conflict_do_update(
        index_elements=key,
        set_={name: told[name] for name in group},
        where=func.coalesce(held[group[0]], NEVER_MS) <= told[group[0]],
    )


def _says_something(*values: object) -> bool:
    return any(value is not None for value in values)


def _asset(asset: AssetId) -> Row:
    return {"site": asset.site, "kind": asset.kind.value, "name": asset.name}


def _upto(origin: Origin) -> Row:
    return dict(zip(tables.UPTO, (*origin.position, origin.element), strict=True))
