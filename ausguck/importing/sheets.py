"""A table of text, line by line: header and records with the lines that they stand on.

Lines are read one at a time and are of bounded length, so that a table of millions of rows, or
one that is no table, needs no more memory than a few lines.
"""

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final, NamedTuple

from ausguck.errors import AusguckError
from ausguck.importing.faults import Faults, at_line, quoted
from ausguck.settings.nearest import nearest

MAX_LINE_BYTES: Final = 1_048_576
BOM: Final = b"\xef\xbb\xbf"
UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_ODD: Final = "what is no table"
_CAUSES: Final = {
    "unexpected end of data": "a quote that is never closed",
    "' expected after '": "text behind a closing quote",
    "field larger than field limit": "a value of more than 128 KiB",
    "new-line character seen": "a carriage return within a line",
}


class Unfit(AusguckError):  # noqa: N818 - never leaves the room; becomes a fault
    """The bytes are no text that a table could be read from."""

    def __init__(self, line: int, found: str, expected: str) -> None:
        self.line = line
        self.found = found
        self.expected = expected
        super().__init__(found)


class Cells(NamedTuple):
    """One record as it stands there; `line` is where it begins."""

    line: int
    cells: list[str]


def lines(file: BinaryIO, encoding: str = "utf-8") -> Iterator[str]:
    """Lines of text with their ends; a byte order mark is left out.

    Raises:
        Unfit: a line is too long, or is not of the encoding.
    """
    number = 0
    while raw := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        if len(raw) > MAX_LINE_BYTES:
            raise Unfit(number, "a line of more than 1 MiB", "a table of text")
        if number == 1:
            if raw.startswith(UTF_16):
                raise Unfit(1, "UTF-16", "UTF-8, in Excel 'CSV UTF-8'")
            raw = raw.removeprefix(BOM)
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError as error:
            byte = raw[error.start]
            raise Unfit(number, f"byte 0x{byte:02x} that is not UTF-8", "UTF-8") from None


def records(text: Iterator[str], delimiter: str = ",") -> Iterator[Cells]:
    """Every line that is not blank, taken apart; a quoted value may go over several lines.

    Raises:
        Unfit: as `lines`, or the quotes are not right.
    """
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells and (len(cells) > 1 or cells[0].strip()):
                yield Cells(begins, cells)
            begins = reader.line_num + 1
    except csv.Error as error:
        cause = next((words for part, words in _CAUSES.items() if part in str(error)), _ODD)
        raise Unfit(begins, cause, "CSV as in RFC 4180") from None


class Columns(NamedTuple):
    """Where the columns asked for are; None where an optional one is not there."""

    places: tuple[int | None, ...]
    width: int


def columns(
    file: str, header: Cells, needs: Sequence[str], may: Sequence[str], faults: Faults
) -> Columns | None:
    """Find columns in a header; None, with faults, when a needed one is missing or any is twice."""
    names = [name.strip() for name in header.cells]
    place = at_line(file, header.line)
    before = faults.count
    for name in (*needs, *may):
        if names.count(name) > 1:
            faults.add(place, name, "the column twice", "it once")
    for name in needs:
        if name not in names:
            likely = nearest(name, [each for each in names if each not in (*needs, *may)])
            found = f"no such column, but {quoted(likely)}" if likely else "no such column"
            faults.add(place, name, found, f"the columns {', '.join(needs)}")
    if faults.count > before:
        return None
    wanted = (*needs, *may)
    return Columns(
        tuple(names.index(name) if name in names else None for name in wanted), len(names)
    )
