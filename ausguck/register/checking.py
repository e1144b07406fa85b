"""Why a register cannot be as it would be: every fault with place, column, found and expected."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Final, NamedTuple

from ausguck.clock import iso_utc
from ausguck.register.change import Change, Fault, Given, Offer
from ausguck.register.diff import WINDOWED, is_within, source_of
from ausguck.register.keyring import BARRED
from ausguck.register.places import LEAST_CORNERS
from ausguck.register.rows import ROW_TYPES, Asset, Event, Ring, Row, SimPool, Tables
from ausguck.register.timeline import by_id, key
from ausguck.topics import MAX_NAME, NAME

Places = Mapping[tuple[str, str, int], str]
"""Where people wrote a version: by table, id and beginning."""

REFERENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "lines": {"party": "parties"},
    "depots": {"party": "parties"},
    "sim_pools": {"party": "parties"},
    "assets": {"party": "parties", "depot": "depots", "line": "lines", "zone": "zones"},
    "devices": {"sim_pool": "sim_pools", "sim_pool_2": "sim_pools"},
    "fittings": {"id": "devices", "asset": "assets"},
    "assignments": {"id": "assets", "line": "lines"},
    "events": {"lines": "lines", "assets": "assets"},
}
"""Which column of a table names a thing of which other."""

_ONE: Final = {
    "parties": "a party",
    "lines": "a line",
    "zones": "a zone",
    "depots": "a depot",
    "sim_pools": "a SIM pool",
    "assets": "an asset",
    "devices": "a device",
}
_ASSET: Final = re.compile(rf"(?:bus|station)/(?:{NAME.pattern})", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_OPERATOR: Final = re.compile(r"[0-9]{3}-[0-9]{2,3}", re.ASCII)
_MOST_BILLING_DAY: Final = 28
_MOST_LAT: Final = 90.0
_MOST_LON: Final = 180.0


class Finding(NamedTuple):
    """What is wrong with a version, before it is known where people wrote it."""

    table: str
    row: Row
    key: str
    found: str
    expected: str
    mirror: "Finding | None" = None
    """The same, said of the other version that has its part in it."""


def faults(tables: Tables, places: Places | None = None) -> list[Fault]:
    """All that contradicts itself or something else in these tables."""
    found = chain(*(check(tables) for check in _CHECKS))
    return [_fault(one, places or {}) for one in found]


def offer_faults(offer: Offer) -> list[Fault]:
    """What an offer says twice, or says of a time that it does not replace."""
    found: list[Finding] = []
    places: dict[tuple[str, str, int], str] = {}
    for table, given in offer.rows.items():
        seen: dict[tuple[str, int | None], Given] = {}
        for one in given:
            is_exact = one.is_dated or table in WINDOWED
            name = (one.row.id, one.row.valid_from_ms if is_exact else None)
            places[table, *key(one.row)] = one.place
            if name in seen:
                expected = f"one row of it; another is {seen[name].place or 'before it'}"
                found.append(Finding(table, one.row, "id", repr(one.row.id), expected))
            seen[name] = one
            is_ours = table in WINDOWED and source_of(one.row) in {"", offer.source}
            if is_ours and not is_within(one.row, offer):
                expected = f"within {_span(offer.from_ms, offer.to_ms)}, which is replaced"
                found.append(
                    Finding(table, one.row, "valid_from", _time(one.row.valid_from_ms), expected)
                )
    return [_fault(one, places) for one in found]


def source_faults(changes: Iterable[Change]) -> list[Fault]:
    """Assignments and events that one source would take from another."""
    return [
        _fault(
            Finding(
                one.table,
                one.after,
                "source",
                repr(source_of(one.after)),
                f"{source_of(one.before)!r}, which told the same before",
            ),
            {(one.table, *key(one.after)): one.place},
        )
        for one in changes
        if one.before is not None
        and one.after is not None
        and source_of(one.before) != source_of(one.after)
    ]


def _fault(one: Finding, places: Places) -> Fault:
    """A finding at the place where people wrote either of its versions."""
    other = one.mirror
    place = places.get((one.table, *key(one.row)))
    its_place = places.get((other.table, *key(other.row))) if other else None
    if other is not None and its_place and not place:
        return Fault(its_place, other.key, other.found, other.expected)
    also = f"; see {its_place}" if its_place and its_place != place else ""
    return Fault(place or f"{one.table}, {one.row.id}", one.key, one.found, one.expected + also)


def _ids(tables: Tables) -> Iterator[Finding]:
    for table in ROW_TYPES:
        for row in _rows(tables, table):
            if table in {"assets", "assignments"}:
                is_fit = _ASSET.fullmatch(row.id) is not None
                expected = "an asset such as 'bus/0123' or 'station/12'"
            elif table in {"devices", "fittings"}:
                is_fit = NAME.fullmatch(row.id) is not None
                expected = f"a serial of 1 to {MAX_NAME} of A-Z a-z 0-9 _ -"
            else:
                is_fit = _is_name(row.id)
                expected = f"1 to {MAX_NAME} printable characters, none of them a space at an end"
            if not is_fit:
                yield Finding(table, row, "id", repr(row.id), expected)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and name == name.strip() and _CONTROL.search(name) is None


def _times(tables: Tables) -> Iterator[Finding]:
    for table in ROW_TYPES:
        for row in _rows(tables, table):
            end_ms = row.valid_to_ms
            if end_ms is not None and end_ms <= row.valid_from_ms:
                expected = f"a time after valid_from, which is {_time(row.valid_from_ms)}"
                yield Finding(table, row, "valid_to", _time(end_ms), expected)
        for before, row in _overlaps(by_id(_rows(tables, table))):
            expected = f"at or after {_time(before.valid_to_ms)}, where the one before it ends"
            begins = _time(row.valid_from_ms)
            until = f"at or before {begins}, where the one after it begins"
            mirror = Finding(table, before, "valid_to", _time(before.valid_to_ms), until)
            yield Finding(table, row, "valid_from", begins, expected, mirror)


def _overlaps(versions: Mapping[str, Sequence[Row]]) -> Iterator[tuple[Row, Row]]:
    for rows in versions.values():
        for before, row in pairwise(rows):
            if before.valid_to_ms is None or row.valid_from_ms < before.valid_to_ms:
                yield before, row


def _references(tables: Tables) -> Iterator[Finding]:
    known = {table: {row.id for row in _rows(tables, table)} for table in _ONE}
    for table, columns in REFERENCES.items():
        for row in _rows(tables, table):
            for column, other in columns.items():
                value = getattr(row, column)
                names = value if isinstance(value, tuple) else (value,)
                for name in names:
                    if name is not None and name not in known[other]:
                        expected = f"{_ONE[other]} of the register"
                        yield Finding(table, row, column, repr(name), expected)


def _successors(tables: Tables) -> Iterator[Finding]:
    for table in ROW_TYPES:
        rows = [row for row in _rows(tables, table) if row.successor is not None]
        if not rows:
            continue
        known = {row.id for row in _rows(tables, table)}
        leads: dict[str, set[str]] = {}
        for row in rows:
            leads.setdefault(row.id, set()).add(str(row.successor))
        for row in rows:
            if row.successor not in known:
                yield Finding(table, row, "successor", repr(row.successor), f"an id of {table}")
            elif _leads_back(row.id, leads):
                expected = "an id that does not lead back here"
                yield Finding(table, row, "successor", repr(row.successor), expected)


def _leads_back(start: str, leads: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = set(leads.get(start, ()))
    while ahead:
        name = ahead.pop()
        if name == start:
            return True
        if name not in seen:
            seen.add(name)
            ahead |= leads.get(name, set())
    return False


def _externals(tables: Tables) -> Iterator[Finding]:
    for table in ROW_TYPES:
        named: dict[tuple[str, str], list[Row]] = {}
        for row in _rows(tables, table):
            for pair in row.external_ids.items():
                named.setdefault(pair, []).append(row)
        for (source, name), rows in named.items():
            for before, row in _meetings(rows):
                if before.id != row.id:
                    one, other = (
                        Finding(
                            table,
                            mine,
                            f"external_ids.{source}",
                            repr(name),
                            f"a name that {source} does not call {its.id!r} then",
                        )
                        for mine, its in ((row, before), (before, row))
                    )
                    yield one._replace(mirror=other)


def _meetings(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Neighbours in time that hold at once; of those that do, at least one pair is found."""
    reach: Row | None = None
    for row in sorted(rows, key=lambda one: one.valid_from_ms):
        if reach is not None and (
            reach.valid_to_ms is None or row.valid_from_ms < reach.valid_to_ms
        ):
            yield reach, row
            if reach.valid_to_ms is None or (
                row.valid_to_ms is not None and row.valid_to_ms <= reach.valid_to_ms
            ):
                continue
        reach = row


def _fittings(tables: Tables) -> Iterator[Finding]:
    in_asset: dict[str, list[Row]] = {}
    for fitting in tables.fittings:
        in_asset.setdefault(fitting.asset, []).append(fitting)
    for asset, rows in in_asset.items():
        for before, row in _meetings(rows):
            if before.id != row.id:  # else its versions overlap, which was said
                one, other = (
                    Finding(
                        "fittings",
                        mine,
                        "asset",
                        repr(asset),
                        f"an asset without a device then; {its.id} is in it",
                    )
                    for mine, its in ((row, before), (before, row))
                )
                yield one._replace(mirror=other)
    barred = by_id(device for device in tables.devices if device.state in BARRED)
    for fitting in tables.fittings:
        for device in barred.get(fitting.id, ()):
            if any(True for _ in _meetings((fitting, device))):
                told = f"{device.state.value}, fitted in {fitting.asset}"
                its = f"{fitting.id!r}, which is {device.state.value}"
                mirror = Finding("fittings", fitting, "id", its, "a device that is in use")
                expected = "a device that is in no asset"
                yield Finding("devices", device, "state", told, expected, mirror)


def _values(tables: Tables) -> Iterator[Finding]:
    for pool in tables.sim_pools:
        yield from _pool(pool)
    for asset in tables.assets:
        yield from _place(asset)
    for table in ("zones", "depots", "events"):
        for row in _rows(tables, table):
            yield from _ring(table, row, getattr(row, "area", ()))
    for event in tables.events:
        yield from _event(event)


def _pool(pool: SimPool) -> Iterator[Finding]:
    if not 1 <= pool.billing_day <= _MOST_BILLING_DAY:
        expected = f"a day from 1 to {_MOST_BILLING_DAY}"
        yield Finding("sim_pools", pool, "billing_day", str(pool.billing_day), expected)
    if pool.cap_bytes is not None and pool.cap_bytes < 0:
        yield Finding("sim_pools", pool, "cap_bytes", str(pool.cap_bytes), "0 or more")
    if pool.operator is not None and not _OPERATOR.fullmatch(pool.operator):
        yield Finding("sim_pools", pool, "operator", repr(pool.operator), "such as '262-01'")


def _place(asset: Asset) -> Iterator[Finding]:
    if (asset.lat is None) is not (asset.lon is None):
        missing = "lat" if asset.lat is None else "lon"
        yield Finding("assets", asset, missing, "nothing", "both lat and lon, or neither")
    for name, value, most in (("lat", asset.lat, _MOST_LAT), ("lon", asset.lon, _MOST_LON)):
        if value is not None and not -most <= value <= most:
            yield Finding("assets", asset, name, str(value), f"degrees from {-most:g} to {most:g}")
    if asset.capacity is not None and asset.capacity < 0:
        yield Finding("assets", asset, "capacity", str(asset.capacity), "0 or more")


def _ring(table: str, row: Row, area: Ring) -> Iterator[Finding]:
    if 0 < len(area) < LEAST_CORNERS:
        expected = f"{LEAST_CORNERS} corners or more"
        yield Finding(table, row, "area", f"{len(area)} corners", expected)
    for lat, lon in area:
        if not (-_MOST_LAT <= lat <= _MOST_LAT and -_MOST_LON <= lon <= _MOST_LON):
            yield Finding(table, row, "area", f"({lat}, {lon})", "corners as (lat, lon) in degrees")
            return


def _event(event: Event) -> Iterator[Finding]:
    if not event.title.strip():
        yield Finding("events", event, "title", repr(event.title), "words for people")


def _rows(tables: Tables, table: str) -> Sequence[Row]:
    rows: Sequence[Row] = getattr(tables, table)
    return rows


def _time(at_ms: int | None) -> str:
    return "no end" if at_ms is None else iso_utc(at_ms)


def _span(from_ms: int | None, to_ms: int | None) -> str:
    begin = "the beginning" if from_ms is None else _time(from_ms)
    return f"{begin} to {_time(to_ms)}"


_CHECKS: Final[Sequence[Callable[[Tables], Iterator[Finding]]]] = (
    _ids,
    _times,
    _references,
    _successors,
    _externals,
    _fittings,
    _values,
)
