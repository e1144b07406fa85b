"""The register as a folder of CSV files that imports to no difference at all."""

import csv
import io
from collections.abc import Sequence
from typing import Final

from ausguck.importing.cells import escaped
from ausguck.importing.columns import COLUMNS, EXTERNAL, FROM, Column
from ausguck.importing.drafts import defaults
from ausguck.importing.moments import written
from ausguck.register.rows import ROW_TYPES, Row, Tables

TOLD: Final = frozenset({"state"})
"""Columns in which an empty cell would stand for more than the default."""


def csv_files(tables: Tables) -> dict[str, str]:
    """The text of each file by its name; tables without rows have none."""
    found = {}
    for table in ROW_TYPES:
        rows: Sequence[Row] = getattr(tables, table)
        if rows:
            found[f"{table}.csv"] = _csv(table, rows)
    return found


def _csv(table: str, rows: Sequence[Row]) -> str:
    """All versions, with every column: one that is not there would say that nothing is told."""
    empty = defaults(table)
    columns = COLUMNS[table]
    sources = sorted({source for row in rows for source in row.external_ids})
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns] + [EXTERNAL + one for one in sources])
    for row in sorted(rows, key=lambda row: (row.id, row.valid_from_ms)):
        names = [row.external_ids.get(source) for source in sources]
        cells = [_cell(column, row, empty.get(column.field)) for column in columns]
        writer.writerow([*cells, *("" if name is None else escaped(name) for name in names)])
    return text.getvalue()


def _cell(column: Column, row: Row, empty: object) -> str:
    found = getattr(row, column.field)
    if column == FROM:
        return written(found)
    is_told = column.is_needed or column.field in TOLD or found != empty
    return column.cell.write(found) if is_told else ""
