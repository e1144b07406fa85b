"""What a diff would do, for people: each thing once, as added, changed, ended or taken out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from ausguck.importing.columns import COLUMNS, EXTERNAL, FROM, TO
from ausguck.importing.moments import local, moment_ms
from ausguck.register.change import Change, Diff, Fault
from ausguck.register.rows import BEGINNING_MS, ROW_TYPES, Lifecycle, Row, Tables

LINES: Final = 20
LONGEST: Final = 40
_UTC: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b")
LEAST_MANY: Final = 5
MANY: Final = 0.2
"""Ends of a table's things that are so many that half a file may be the reason."""


class What(StrEnum):
    """What becomes of a thing."""

    ADDED = "added"
    CHANGED = "changed"
    ENDED = "ended"
    TAKEN_OUT = "taken out"


SIGNS: Final[Mapping[What, str]] = {
    What.ADDED: "+",
    What.CHANGED: "~",
    What.ENDED: "-",
    What.TAKEN_OUT: "x",
}


class Field(msgspec.Struct, frozen=True):
    """One column of a thing before and after, as an export would write it."""

    name: str
    before: str
    after: str


class Thing(msgspec.Struct, frozen=True):
    """What becomes of one thing, and since when."""

    table: str
    id: str
    what: What
    at: str
    fields: tuple[Field, ...] = ()
    place: str = ""


def things(diff: Diff, zone: ZoneInfo) -> list[Thing]:
    """Everything that a diff touches, in the order of tables; times by the clock of the site."""
    found: dict[tuple[str, str], list[Change]] = {}
    for change in diff.changes:
        row = change.after or change.before
        if row is not None:
            found.setdefault((change.table, row.id), []).append(change)
    order = {table: number for number, table in enumerate(ROW_TYPES)}
    keys = sorted(found, key=lambda key: (order[key[0]], key[1]))
    return [_thing(table, name, found[table, name], zone) for table, name in keys]


def summary(diff: Diff, zone: ZoneInfo, most: int = LINES) -> Iterator[str]:
    """Lines for people: counts of each table, then its first things."""
    by_table: dict[str, list[Thing]] = {}
    for thing in things(diff, zone):
        by_table.setdefault(thing.table, []).append(thing)
    for table, some in by_table.items():
        counts = ((what, sum(one.what is what for one in some)) for what in What)
        yield f"{table}: {', '.join(f'{count} {what}' for what, count in counts if count)}"
        for thing in some[:most]:
            yield f"  {SIGNS[thing.what]} {_line(thing)}"
        if len(some) > most:
            yield f"    and {len(some) - most} more"


def many_ends(diff: Diff, current: Tables, at_ms: int) -> list[str]:
    """Tables of which a diff ends so much that people should look first: `120 of 130 assets`."""
    some = things(diff, ZoneInfo("UTC"))
    ends = Counter(one.table for one in some if one.what is What.ENDED)
    told = []
    for table, count in ends.items():
        whole = sum(row.holds_at(at_ms) for row in getattr(current, table))
        if count >= LEAST_MANY and count > MANY * whole:
            told.append(f"{count} of {whole} {table}")
    return told


def cells(table: str, row: Row) -> dict[str, str]:
    """A row's columns that hold anything, as an export would write them."""
    found = {
        column.name: column.cell.write(value)
        for column in COLUMNS[table]
        if column.field not in {"id", FROM.field, TO.field}
        and (value := getattr(row, column.field)) not in {None, "", (), Lifecycle.ACTIVE}
    }
    return found | {EXTERNAL + source: name for source, name in sorted(row.external_ids.items())}


def in_local_time(fault: Fault, zone: ZoneInfo) -> Fault:
    """A fault with its times by the clock of the site; the checks of the register know of none."""

    def at_site(found: re.Match[str]) -> str:
        return local(moment_ms(found[0], zone), zone)

    found, expected = (_UTC.sub(at_site, text) for text in (fault.found, fault.expected))
    return replace(fault, found=found, expected=expected)


def _thing(table: str, name: str, changes: Sequence[Change], zone: ZoneInfo) -> Thing:
    olds = [one.before for one in changes if one.before is not None]
    afters = [one.after for one in changes if one.after is not None]
    place = next((one.place for one in changes if one.place), "")
    if not olds:
        first = min(afters, key=lambda row: row.valid_from_ms)
        newest = max(afters, key=lambda row: row.valid_from_ms)
        fields = _fields(table, None, newest)
        span = _span(first.valid_from_ms, newest.valid_to_ms, zone)
        return Thing(table, name, What.ADDED, span, fields, place)
    last = max(olds, key=lambda row: row.valid_from_ms)
    if not afters:
        span = _span(last.valid_from_ms, last.valid_to_ms, zone)
        return Thing(table, name, What.TAKEN_OUT, span, place=place)
    newest = max(afters, key=lambda row: row.valid_from_ms)
    fields = _fields(table, last, newest)
    is_new = newest.valid_from_ms != last.valid_from_ms
    if not is_new and newest.valid_to_ms is not None and _is_shorter(last, newest):
        until = f"until {local(newest.valid_to_ms, zone)}"
        return Thing(table, name, What.ENDED, until, fields, place)
    span = _span(newest.valid_from_ms, newest.valid_to_ms, zone)
    return Thing(table, name, What.CHANGED, span, fields, place)


def _is_shorter(before: Row, after: Row) -> bool:
    ends = (before.valid_to_ms, after.valid_to_ms)
    return ends[1] is not None and (ends[0] is None or ends[1] < ends[0])


def _fields(table: str, before: Row | None, after: Row) -> tuple[Field, ...]:
    was = cells(table, before) if before is not None else {}
    then = cells(table, after)
    names = [name for name in (*was, *then) if was.get(name) != then.get(name)]
    return tuple(
        Field(name, was.get(name, ""), then.get(name, "")) for name in dict.fromkeys(names)
    )


def _span(from_ms: int, to_ms: int | None, zone: ZoneInfo) -> str:
    begins = "ever since" if from_ms == BEGINNING_MS else f"from {local(from_ms, zone)}"
    return begins if to_ms is None else f"{begins} until {local(to_ms, zone)}"


def _line(thing: Thing) -> str:
    is_plain = thing.what is What.ADDED
    told = [
        f"{one.name} {_short(one.after)}"
        if is_plain
        else f"{one.name} {_short(one.before)} → {_short(one.after)}"
        for one in thing.fields
    ]
    return f"{thing.id}  {thing.at}" + (f": {', '.join(told)}" if told else "")


def _short(text: str) -> str:
    if not text:
        return "nothing"
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
