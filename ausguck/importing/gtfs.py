"""GTFS tables as typed streams, tolerant of what nobody reads and strict on what is read."""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from ausguck.importing.faults import at_line, quoted
from ausguck.importing.feeds import Feed
from ausguck.importing.sheets import Columns, Unfit, columns, lines, records

EVERY_ROWS: Final = 50_000


class Record(NamedTuple):
    """One row of a table: the line it begins on, and its values in the order asked for."""

    line: int
    values: tuple[str, ...]


def gtfs_table(
    feed: Feed, name: str, needs: Sequence[str] = (), may: Sequence[str] = ()
) -> Iterator[Record]:
    """Read the columns `needs` and `may` of a table such as `trips.txt`, row by row.

    Values come stripped, `needs` first; an optional column that is not there is empty, and a
    table that is not there has no rows. What is wrong goes to `feed.faults`: a row without a
    needed value is left out there, and after a fault in the file's form nothing more is read.
    """
    table = feed.tables.get(name)
    if table is None:
        return
    with table.open() as file:
        try:
            yield from _rows(feed, name, file, needs, may)
        except Unfit as unfit:
            feed.faults.add(at_line(name, unfit.line), "-", unfit.found, unfit.expected)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError):
            feed.faults.add(name, "-", "a file that is damaged", "a whole one")


def _rows(
    feed: Feed, name: str, file: BinaryIO, needs: Sequence[str], may: Sequence[str]
) -> Iterator[Record]:
    read = records(lines(file))
    header = next(read, None)
    if header is None:
        feed.faults.add(at_line(name, 1), "-", "an empty file", "a header")
        return
    found = columns(name, header, needs, may, feed.faults)
    if found is None:
        return
    size = feed.tables[name].size
    for number, (line, cells) in enumerate(read, 1):
        if number % EVERY_ROWS == 0:
            feed.progress(name, file.tell(), size)
        values = _values(cells, found)
        if values is not None and all(values[: len(needs)]):
            yield Record(line, values)
        elif values is not None:
            missing = next(key for key, value in zip(needs, values, strict=False) if not value)
            feed.faults.add(at_line(name, line), missing, "nothing", "a value")
        else:
            extra = quoted(next(cell for cell in cells[found.width :] if cell.strip()))
            expected = f"{found.width} values, as the header has"
            feed.faults.add(at_line(name, line), "-", f"{extra} behind the last column", expected)


def _values(cells: list[str], found: Columns) -> tuple[str, ...] | None:
    """The values of a row; None when it has some behind the last column."""
    width = len(cells)
    if width > found.width and any(cell.strip() for cell in cells[found.width :]):
        return None
    return tuple(
        cells[place].strip() if place is not None and place < width else ""
        for place in found.places
    )
