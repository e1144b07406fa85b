"""Changes of the register inside a transaction: checked, made, kept to be undone, noted."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from ausguck.desk.audit import note, raise_revision
from ausguck.desk.registry_rows import (
    ALWAYS,
    Stretch,
    keep,
    kept,
    load_tables,
    write_changes,
)
from ausguck.desk.registry_tables import applied, parts
from ausguck.register.change import Change, Diff, Fault, Offer
from ausguck.register.checking import faults, source_faults
from ausguck.register.diff import after
from ausguck.register.port import AppliedRow, AuditRow, RegisterError
from ausguck.register.rows import Row as RegisterRow
from ausguck.register.rows import Tables
from ausguck.register.timeline import key

_NAMED: Final = frozenset({"assets", "lines"})
"""Tables that assignments name."""


def mark(connection: Connection, changed: Iterable[str]) -> None:
    """Give parts of the register the next revision."""
    revision = raise_revision(connection)
    statement = upsert(parts)
    statement = statement.on_conflict_do_update(
        index_elements=["part"], set_={"revision": statement.excluded.revision}
    )
    rows = [{"part": part, "revision": revision} for part in dict.fromkeys(changed)]
    connection.execute(statement, rows)


def revisions_of(connection: Connection) -> dict[str, int]:
    """At which revision each part was changed; a part that never was is not among them."""
    return {row.part: row.revision for row in connection.execute(select(parts))}


def make(
    connection: Connection,
    diff: Diff,
    *,
    who: str,
    now_ms: int,
    action: str,
    tables: Tables | None = None,
) -> AppliedRow:
    """Make a change, unless it cannot be made.

    `tables` are what was loaded in the same transaction, if something was.

    Raises:
        RegisterError: something it goes out from has changed, or it contradicts what is there.
    """
    if not diff.changes:
        return AppliedRow(0, now_ms, who, diff.source, 0, None)
    tables = tables or load_tables(connection, _touched(diff.changes))
    if stale := _stale(tables, diff.changes):
        raise RegisterError(stale)
    if wrong := new_faults(tables, diff.changes):
        raise RegisterError(wrong)
    write_changes(connection, diff.changes)
    mark(connection, (change.table for change in diff.changes))
    row = _keep(connection, diff, who, now_ms)
    detail = f"change {row.id}: {_summary(diff.changes)}"
    note(connection, AuditRow(0, now_ms, who, action, diff.source, detail))
    return row


def take_back(connection: Connection, applied_id: int | None, who: str, now_ms: int) -> AppliedRow:
    """Undo a change; for None the last that was neither undone nor undoes another.

    Raises:
        RegisterError: there is none, it was undone, or something later was built on it.
    """
    columns = applied.c
    asked = select(applied).order_by(columns.id.desc()).limit(1)
    if applied_id is None:
        asked = asked.where(columns.undone_at_ms.is_(None), columns.undoes.is_(None))
    else:
        asked = asked.where(columns.id == applied_id)
    found = connection.execute(asked).one_or_none()
    if found is None or found.undone_at_ms is not None:
        named = "nothing" if applied_id is None else f"change {applied_id}"
        told = f"{named}, which was undone before" if found else named
        raise RegisterError([Fault("undo", "id", told, "a change that was made and not undone")])
    row = make(connection, kept(found.content).undone(), who=who, now_ms=now_ms, action="undo")
    connection.execute(update(applied).where(columns.id == found.id).values(undone_at_ms=now_ms))
    connection.execute(update(applied).where(columns.id == row.id).values(undoes=found.id))
    return row


def changes_made(connection: Connection, limit: int) -> Sequence[AppliedRow]:
    """Changes, the newest first."""
    columns = applied.c
    asked = select(
        columns.id,
        columns.at_ms,
        columns.who,
        columns.source,
        columns.changes,
        columns.undone_at_ms,
    )
    rows = connection.execute(asked.order_by(columns.id.desc()).limit(limit))
    return [AppliedRow(*row) for row in rows]


def new_faults(tables: Tables, changes: Sequence[Change]) -> Sequence[Fault]:
    """What would be wrong once the changes were made, and is not wrong already."""
    places = {
        (one.table, *key(one.after)): one.place
        for one in changes
        if one.after is not None and one.place
    }
    found = faults(after(tables, changes), places)
    before = set(faults(tables, places)) if found else set()
    return [*source_faults(changes), *(fault for fault in found if fault not in before)]


def stretch_of(offer: Offer) -> Stretch | None:
    """The stretch whose assignments an offer may replace or meet."""
    if "assignments" not in offer.rows:
        return None
    if "assignments" in offer.whole:
        return ALWAYS
    rows = [one.row for one in offer.rows["assignments"]]
    from_ms = _earliest(offer.from_ms, rows)
    to_ms = None if offer.to_ms is None else _latest(offer.to_ms, rows)
    return Stretch(from_ms, to_ms)


def _touched(changes: Sequence[Change]) -> Stretch | None:
    """The stretch whose assignments may meet those that change."""
    if any(one.table in _NAMED and one.after is None for one in changes):
        return ALWAYS  # for a name that is taken out may stand in any of them
    told = [one for one in changes if one.table == "assignments"]
    rows = [row for one in told for row in (one.before, one.after) if row is not None]
    if not rows:
        return None
    begin_ms = min(row.valid_from_ms for row in rows)
    return Stretch(begin_ms, _latest(begin_ms + 1, rows))


def _earliest(from_ms: int | None, rows: Iterable[RegisterRow]) -> int | None:
    begins = (row.valid_from_ms for row in rows)
    return None if from_ms is None else min((from_ms, *begins))


def _latest(to_ms: int, rows: Iterable[RegisterRow]) -> int | None:
    ends = [row.valid_to_ms for row in rows]
    known = [end for end in ends if end is not None]
    return None if len(known) < len(ends) else max((to_ms, *known))


def _stale(tables: Tables, changes: Sequence[Change]) -> Sequence[Fault]:
    held: dict[str, dict[tuple[str, int], RegisterRow]] = {}
    stale: list[Fault] = []
    for change in changes:
        row = change.before or change.after
        if row is None:
            continue
        if change.table not in held:
            held[change.table] = {key(one): one for one in getattr(tables, change.table)}
        if held[change.table].get(key(row)) != change.before:
            expected = "as it was when this change was reckoned"
            place = change.place or f"{change.table}, {row.id}"
            stale.append(Fault(place, "id", f"{row.id!r}, changed meanwhile", expected))
    return stale


def _keep(connection: Connection, diff: Diff, who: str, now_ms: int) -> AppliedRow:
    values = {
        "at_ms": now_ms,
        "who": who,
        "source": diff.source,
        "changes": len(diff.changes),
    }
    result = connection.execute(insert(applied).values(content=keep(diff), **values))
    (made_id,) = result.inserted_primary_key or (0,)
    return AppliedRow(made_id, now_ms, who, diff.source, len(diff.changes), None)


def _summary(changes: Sequence[Change]) -> str:
    counts = Counter(change.table for change in changes)
    return ", ".join(f"{count} {table}" for table, count in counts.items())
