"""What an offer would change: from what is known and what is given to versions; pure.

An undated row says how a thing is from now on. Equal to what holds, it changes nothing; else the
version that holds ends now and another begins. A thing that was never known begins since ever,
so that history from before the import counts, with two exceptions: one that succeeds another
begins where that ends, and a fitting begins now unless it is the first of its device and asset.
A dated row is that very version. Nothing that ever held is deleted: what a whole table no longer
names ends now, unless others told of it, and only versions that have not begun yet are taken out.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from ausguck.register import devices
from ausguck.register.change import Change, Diff, Given, Offer
from ausguck.register.rows import (
    BEGINNING_MS,
    ROW_TYPES,
    Assignment,
    Event,
    Fitting,
    Row,
    Tables,
)
from ausguck.register.timeline import Begins, by_id, ended, key, order, told

WINDOWED: Final = frozenset({"assignments", "events"})
"""Tables of which an offer replaces a stretch of time, of its own source."""


def diff(current: Tables, offer: Offer, at_ms: int) -> Diff:
    """What an offer would change of what is known, if it were applied at that moment."""
    targets: dict[str, Iterable[Row]] = {
        table: _target(table, current, offer, given, at_ms)
        for table, given in offer.rows.items()
        if table != "devices"
    }
    if offer.rows.keys() & {"devices", "fittings"}:
        given = offer.rows.get("devices", ())
        if "fittings" not in targets:
            targets["fittings"] = devices.without_barred(current.fittings, given, at_ms)
        fittings = [row for row in targets["fittings"] if isinstance(row, Fitting)]
        given = devices.following(current, given, fittings, at_ms)
        targets["devices"] = _target("devices", current, offer, given, at_ms)
    changes: list[Change] = []
    for table in ROW_TYPES:
        if table in targets:
            places = {one.row.id: one.place for one in offer.rows.get(table, ())}
            changes += changed(table, getattr(current, table), targets[table], places)
    return Diff(offer.source, changes)


def after(current: Tables, changes: Iterable[Change]) -> Tables:
    """What is known once the changes were made; each row goes by its id and beginning."""
    by_table: dict[str, list[Change]] = {}
    for change in changes:
        by_table.setdefault(change.table, []).append(change)
    made: dict[str, tuple[Row, ...]] = {}
    for table, some in by_table.items():
        rows: dict[tuple[str, int], Row] = {key(row): row for row in getattr(current, table)}
        for change in some:
            if change.before is not None:
                rows.pop(key(change.before), None)
        rows |= {key(change.after): change.after for change in some if change.after is not None}
        made[table] = tuple(sorted(rows.values(), key=order))
    return replace(current, **made)


def changed(
    table: str, rows: Iterable[Row], target: Iterable[Row], places: Mapping[str, str]
) -> list[Change]:
    """The difference between two states of a table, in order of time; `places` are by id."""
    before = {key(row): row for row in rows}
    then = {key(row): row for row in target}
    keys = sorted(before.keys() | then.keys(), key=lambda one: (one[1], one[0]))
    return [
        Change(table, before.get(one), then.get(one), places.get(one[0], ""))
        for one in keys
        if before.get(one) != then.get(one)
    ]


def source_of(row: Row | None) -> str | None:
    """Who told an assignment or an event; None for other rows."""
    return row.source if isinstance(row, (Assignment, Event)) else None


def is_within(row: Row, offer: Offer) -> bool:
    """Whether it begins within the stretch that an offer replaces."""
    if ("events" if isinstance(row, Event) else "assignments") in offer.whole:
        return True
    begins_ms = row.valid_from_ms
    return (offer.from_ms is None or offer.from_ms <= begins_ms) and (
        offer.to_ms is None or begins_ms < offer.to_ms
    )


def _target(
    table: str, current: Tables, offer: Offer, given: Sequence[Given], at_ms: int
) -> list[Row]:
    """A whole table as it would be."""
    rows: Sequence[Row] = getattr(current, table)
    if table in WINDOWED:
        return _windowed(rows, given, offer)
    is_whole = table in offer.rows and not offer.adds_only
    foreign = offer.foreign.get(table, frozenset())
    begins = _begins(table, rows, given, at_ms)
    known = by_id(rows)
    news: dict[str, list[Given]] = {}
    for one in given:
        news.setdefault(one.row.id, []).append(one)
    target: list[Row] = []
    for name in known.keys() | news.keys():
        if name in news:
            target += told(known.get(name, ()), news[name], at_ms, begins)
        else:
            is_over = is_whole and name not in foreign
            target += ended(known[name], at_ms) if is_over else known[name]
    return target


def _windowed(rows: Iterable[Row], given: Iterable[Given], offer: Offer) -> list[Row]:
    """Assignments or events, with the offer's stretch of time replaced."""
    kept = {
        key(row): row
        for row in rows
        if offer.adds_only or source_of(row) != offer.source or not is_within(row, offer)
    }
    for one in given:
        row = one.row
        if isinstance(row, (Assignment, Event)) and not row.source:
            row = replace(row, source=offer.source)
        kept[key(row)] = row
    return list(kept.values())


def _begins(table: str, rows: Sequence[Row], given: Sequence[Given], at_ms: int) -> Begins:
    """Where a thing of a table begins of which nothing was known."""
    if table == "fittings":
        return devices.begins(rows, given, at_ms)
    ends = {
        row.successor: at_ms if row.valid_to_ms is None else row.valid_to_ms
        for row in (*rows, *(one.row for one in given))
        if row.successor is not None
    }
    return lambda row: ends.get(row.id, BEGINNING_MS)
