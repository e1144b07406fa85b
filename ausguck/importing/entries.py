"""Files of rows as entries: what each row has in which column, and where it stands.

A file from Excel is taken as it comes: with `;` or tabs, with a byte order mark, in UTF-16 or in
Windows-1252, of which a note is made.
"""

import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Final, NamedTuple

from ausguck.importing.columns import EXTERNAL, offered
from ausguck.importing.faults import Faults, at_line, quoted
from ausguck.importing.sheets import BOM, UTF_16, Cells, Unfit, records
from ausguck.settings.nearest import nearest

ALIKE: Final = 0.5
"""Columns are few and written by hand, so that also a name with two slips finds its own."""
DELIMITERS: Final = (",", ";", "\t")
MAX_FILE_BYTES: Final = 256 * 1024**2
_TOML_AT: Final = re.compile(r"at line (\d+), column (\d+)")
_HINT: Final = re.compile(r"sep=(.)\s*", re.IGNORECASE)


class Entry(NamedTuple):
    """One row: its cells by the columns' own names; a column that is not there is none of them."""

    place: str
    cells: Mapping[str, object]


class Sheet(NamedTuple):
    """One file's rows."""

    table: str
    entries: Sequence[Entry]


def text_of(name: str, body: bytes, faults: Faults, notes: list[str]) -> str | None:
    """The text of a CSV file, by what it says or shows of its encoding."""
    encoding = _encoding(body)
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start
    line = body.count(b"\n", 0, at) + 1
    try:
        text = body.decode("cp1252") if encoding == "utf-8" else None
    except UnicodeDecodeError:
        text = None
    if text is None:
        faults.add(at_line(name, line), "-", "bytes that are no text", "UTF-8 or Windows-1252")
        return None
    word = " ".join(text[max(0, at - 12) : at + 12].splitlines()[:1])
    notes.append(f"{name}: not UTF-8, read as Windows-1252; see line {line}: {quoted(word)}")
    return text


def _encoding(body: bytes) -> str:
    if body.startswith(UTF_16):
        return "utf-16"
    return "utf-8-sig" if body.startswith(BOM) else "utf-8"


def csv_sheet(table: str, name: str, body: bytes, faults: Faults, notes: list[str]) -> Sheet | None:
    """The rows of a CSV file; None, with faults, when it cannot be read as one."""
    text = text_of(name, body, faults, notes)
    if text is None:
        return None
    delimiter = _delimiter(table, text)
    try:
        read = records(iter(io.StringIO(text, newline="")), delimiter)
        header = next(read, None)
        if header is not None and _HINT.fullmatch(delimiter.join(header.cells)):
            header = next(read, None)
        if header is None:
            faults.add(at_line(name, 1), "-", "an empty file", "a line with the columns' names")
            return None
        before = faults.count
        names = _named(table, at_line(name, header.line), header.cells, faults)
        entries = list(_entries(name, names, read, faults)) if faults.count == before else []
    except Unfit as unfit:
        faults.add(at_line(name, unfit.line), "-", unfit.found, unfit.expected)
        return None
    return Sheet(table, entries)


def _delimiter(table: str, text: str) -> str:
    """What parts the columns: that with which most of the first line's names are known."""
    first = text.partition("\n")[0]
    hint = _HINT.fullmatch(first)
    if hint is not None:
        return hint[1]
    known = names_of(table)

    def hits(delimiter: str) -> int:
        return sum(name.strip().strip('"') in known for name in first.split(delimiter))

    return max(DELIMITERS, key=lambda each: (hits(each), first.count(each)))


def names_of(table: str) -> dict[str, str]:
    """Every name that a column of a table goes by, with its own."""
    return {
        name: column.name for column in offered(table) for name in (column.name, *column.aliases)
    }


def _named(table: str, place: str, header: Sequence[str], faults: Faults) -> list[str]:
    """The columns' own names; an empty one is no column."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    found: list[str] = []
    for name in names:
        own = _own_name(table, place, name, faults)
        if own and own in found:
            faults.add(place, name, "the column twice", "it once")
        found.append(own)
    for column in offered(table):
        if column.is_needed and column.name not in found:
            every = ", ".join(filter(None, names)) or "none at all"
            faults.add(place, column.name, f"the columns {every}", f"also {column.name}")
    return found


def _own_name(table: str, place: str, name: str, faults: Faults) -> str:
    known = names_of(table)
    folded = name.lower().replace(" ", "_")
    if name.lower().startswith(EXTERNAL) and name[len(EXTERNAL) :]:
        return EXTERNAL + name[len(EXTERNAL) :]
    if name and folded not in known:
        likely = nearest(folded, [*known, f"{EXTERNAL}gtfs"], ALIKE)
        every = ", ".join([column.name for column in offered(table)] + [f"{EXTERNAL}SOURCE"])
        expected = repr(likely) if likely else f"one of {every}"
        faults.add(place, name, "a column that is not known", expected)
    return known.get(folded, "")


def _entries(
    file: str, names: Sequence[str], read: Iterator[Cells], faults: Faults
) -> Iterator[Entry]:
    for line, cells in read:
        place = at_line(file, line)
        values = [cell.strip() for cell in cells]
        extra = next(filter(None, values[len(names) :]), None)
        if extra is not None:
            expected = f"{len(names)} values, as the first line has; quote one with a delimiter"
            faults.add(place, "-", f"{quoted(extra)} behind the last column", expected)
        elif any(values):
            pairs = zip_longest(names, values[: len(names)], fillvalue="")
            yield Entry(place, {name: value for name, value in pairs if name})


def toml_sheet(table: str, name: str, body: bytes, faults: Faults) -> Sheet | None:
    """The rows of a TOML file, an array of tables called after the table."""
    try:
        text = body.decode("utf-8-sig")
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        faults.add(at_line(name, line), "-", "bytes that are not UTF-8", "TOML, which is UTF-8")
        return None
    except tomllib.TOMLDecodeError as error:
        at = _TOML_AT.search(str(error))
        place = at_line(name, int(at[1])) if at else f"{name}, its end"
        found = f"what is no TOML, at character {at[2]}" if at else "an end in the middle"
        faults.add(place, "-", found, f'[[{table}]] and lines such as `id = "11"`')
        return None
    for key in document:
        if key != table:
            faults.add(name, key, "a key that is not known", f"[[{table}]]")
    rows = document.get(table, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.add(name, table, "something else", f"an array of tables, [[{table}]]")
        return None
    places = _toml_places(table, name, text, len(rows))
    entries = [
        Entry(place, _toml_cells(table, place, row, faults))
        for place, row in zip(places, rows, strict=True)
    ]
    return Sheet(table, entries)


def _toml_cells(
    table: str, place: str, row: Mapping[str, object], faults: Faults
) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in row.items():
        if name == "external_ids" and isinstance(value, dict):
            found |= {EXTERNAL + source: inner for source, inner in value.items()}
            continue
        own = _own_name(table, place, name, faults)
        if own in found:
            faults.add(place, name, "the key twice", "it once")
        elif own:
            found[own] = value
    return found


def _toml_places(table: str, name: str, text: str, count: int) -> list[str]:
    """Where each of the array's tables begins; by number where that cannot be told."""
    heads = re.compile(rf"\s*\[\[\s*{table}\s*\]\]\s*(#.*)?")
    found = [line for line, words in enumerate(text.splitlines(), 1) if heads.fullmatch(words)]
    if len(found) == count:
        return [at_line(name, line) for line in found]
    return [f"{name}, entry {number}" for number in range(1, count + 1)]
