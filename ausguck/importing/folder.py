"""A folder of CSV and TOML files, one a table, as an offer to the register."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final, NamedTuple

from ausguck.importing import moments
from ausguck.importing.drafts import Draft, drafts
from ausguck.importing.entries import MAX_FILE_BYTES, Sheet, csv_sheet, toml_sheet
from ausguck.importing.faults import Faults, quoted
from ausguck.importing.making import OWN_SOURCE, Scene, given
from ausguck.importing.matching import foreign, foreign_notes
from ausguck.importing.plans import timed
from ausguck.importing.timetable import Timetable
from ausguck.register.change import Given, Offer
from ausguck.register.rows import ROW_TYPES
from ausguck.settings.nearest import nearest

SUFFIXES: Final = (".csv", ".toml")


class Imported(NamedTuple):
    """What a source offers, and what people should know about how it was read."""

    offer: Offer
    notes: Sequence[str] = ()


def is_folder(path: Path) -> bool:
    """Whether it has a file that is called after a table, or is one."""
    if path.is_dir():
        return any(each.suffix in SUFFIXES and each.stem in ROW_TYPES for each in path.iterdir())
    return path.suffix in SUFFIXES


def files(path: Path, faults: Faults) -> dict[str, bytes]:
    """The files of a folder that a register is read from, or the one file."""
    found: dict[str, bytes] = {}
    paths = sorted(path.iterdir()) if path.is_dir() else [path]
    for each in paths:
        if each.suffix not in SUFFIXES or not each.is_file():
            continue
        if each.stat().st_size > MAX_FILE_BYTES:
            faults.add(each.name, "-", f"{each.stat().st_size} bytes", f"at most {MAX_FILE_BYTES}")
        else:
            found[each.name] = each.read_bytes()
    if not found:
        every = ", ".join(f"{table}.csv" for table in ROW_TYPES)
        faults.add(path.name or str(path), "-", "none of our files", f"one or more of {every}")
    return found


def read_folder(
    bodies: Mapping[str, bytes],
    scene: Scene,
    faults: Faults,
    timetable: Timetable | None = None,
    *,
    adds_only: bool = False,
) -> Imported:
    """What files offer, by their names.

    Raises:
        WrongInput: anything in them is wrong; says all of it.
    """
    notes: list[str] = []
    sheets = [
        sheet
        for name, body in bodies.items()
        if (sheet := _sheet(name, body, faults, notes)) is not None
    ]
    found: dict[str, list[Draft]] = {sheet.table: [] for sheet in sheets}
    for sheet in sheets:
        found[sheet.table] += drafts(sheet, scene.zone, faults)
    if "assignments" in found:
        found["assignments"] = timed(found["assignments"], scene.zone, timetable, faults)
    rows = given(found, scene, faults)
    faults.stop_if_any()
    for table in OWN_SOURCE & rows.keys():
        if not rows[table]:
            del rows[table]
            notes.append(f"{table}: no rows, so nothing of it changes")
    from_ms, to_ms = _window(rows, scene)
    whole = frozenset({"events"})  # a list of events may reach back for years
    others = {} if adds_only else foreign(scene, rows.keys() - OWN_SOURCE)
    notes += foreign_notes(scene, others, rows)
    offer = Offer(scene.source, rows, from_ms, to_ms, adds_only, whole, others)
    return Imported(offer, notes)


def _sheet(name: str, body: bytes, faults: Faults, notes: list[str]) -> Sheet | None:
    table, _, suffix = name.rpartition(".")
    if table not in ROW_TYPES:
        likely = nearest(table.lower(), list(ROW_TYPES))
        expected = f"'{likely}.{suffix}'" if likely else f"one of {', '.join(ROW_TYPES)}"
        faults.add(name, "-", f"a file called {quoted(table)}", expected)
        return None
    if suffix == "toml":
        return toml_sheet(table, name, body, faults)
    return csv_sheet(table, name, body, faults, notes)


def _window(rows: Mapping[str, Sequence[Given]], scene: Scene) -> tuple[int | None, int | None]:
    """The days from the first duty to the last: a plan of duties holds all of its days."""
    begins = [one.row.valid_from_ms for one in rows.get("assignments", ()) if one.is_dated]
    if not begins:
        return None, None
    first = moments.local_day(min(begins), scene.zone)
    last = moments.local_day(max(begins), scene.zone) + timedelta(days=1)
    return moments.midnight_ms(first, scene.zone), moments.midnight_ms(last, scene.zone)
