"""From a row's cells to its fields: each read by its column, what is wrong told by its place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ausguck.importing.cells import plain, unescaped
from ausguck.importing.columns import COLUMNS, DUTY, EXTERNAL, FROM, Column
from ausguck.importing.entries import Entry, Sheet
from ausguck.importing.faults import Faults, quoted
from ausguck.importing.moments import Misfit
from ausguck.register.rows import ROW_TYPES, Row

DUTY_NAMES = frozenset(column.name for column in DUTY)


@dataclass(slots=True)
class Draft:
    """A row in the making: the fields that were given, an emptied one as its type's default.

    `externals` are the names in other systems that were given, None to take one away; `duty` are
    the cells of a plan of duties, from which `ausguck.importing.plans` makes times.
    """

    table: str
    place: str
    fields: dict[str, object] = field(default_factory=dict)
    externals: dict[str, str | None] = field(default_factory=dict)
    duty: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The thing's id."""
        return str(self.fields["id"])

    @property
    def valid_from_ms(self) -> int | None:
        """When it begins, or None where nobody dated it."""
        found = self.fields.get("valid_from_ms")
        return found if isinstance(found, int) else None

    @property
    def valid_to_ms(self) -> int | None:
        """When it ends, or None."""
        found = self.fields.get("valid_to_ms")
        return found if isinstance(found, int) else None


def drafts(sheet: Sheet, zone: ZoneInfo, faults: Faults) -> list[Draft]:
    """The rows of a file that have an id; where something is wrong, `faults` tells."""
    found = (_draft(sheet.table, entry, zone, faults) for entry in sheet.entries)
    return [draft for draft in found if draft is not None]


def defaults(table: str) -> Mapping[str, object]:
    """What a column of a table holds where its cell is empty."""
    kind: type[Row] = ROW_TYPES[table]
    pairs = zip(reversed(kind.__struct_fields__), reversed(kind.__struct_defaults__), strict=False)
    return dict(pairs)


def _draft(table: str, entry: Entry, zone: ZoneInfo, faults: Faults) -> Draft | None:
    draft = Draft(table, entry.place)
    empty = defaults(table)
    for column in COLUMNS[table]:
        _read(draft, column, entry, zone, faults, empty)
    for name, found in entry.cells.items():
        if name.startswith(EXTERNAL):
            _read_external(draft, name, found, faults)
    draft.duty = _texts(entry, DUTY_NAMES & entry.cells.keys(), faults)
    return draft if "id" in draft.fields else None


def _read(
    draft: Draft,
    column: Column,
    entry: Entry,
    zone: ZoneInfo,
    faults: Faults,
    empty: Mapping[str, object],
) -> None:
    found = entry.cells.get(column.name)
    if found is None or found == "":
        if column.is_needed:
            faults.add(entry.place, column.name, "nothing", column.cell.expected)
        elif found is not None and column != FROM:
            draft.fields[column.field] = empty[column.field]
        return
    try:
        draft.fields[column.field] = column.cell.read(found, zone)
    except Misfit as misfit:
        shown = misfit.found or quoted(str(found))
        faults.add(entry.place, column.name, shown, misfit.expected)


def _read_external(draft: Draft, name: str, found: object, faults: Faults) -> None:
    try:
        draft.externals[name.removeprefix(EXTERNAL)] = (
            unescaped(plain(found)) if found != "" else None
        )
    except Misfit as misfit:
        faults.add(draft.place, name, quoted(str(found)), misfit.expected)


def _texts(entry: Entry, names: Iterable[str], faults: Faults) -> dict[str, str]:
    texts = {}
    for name in names:
        try:
            texts[name] = plain(entry.cells[name])
        except Misfit as misfit:
            faults.add(entry.place, name, "several values", misfit.expected)
    return {name: text for name, text in texts.items() if text}
