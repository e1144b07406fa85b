"""What a cell may hold: one reader and one writer for each kind of column.

A cell comes as text from CSV, or as what TOML made of it. Text that would not survive the way
through a table (with outer spaces, or empty where empty means unknown) is written as JSON.
"""

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from ausguck.importing import areas, moments
from ausguck.importing.moments import Misfit
from ausguck.register.hours import hours_fault
from ausguck.topics import MAX_NAME, NAME

LONGEST_TEXT: Final = 1000
_EXCEL_NUMBER: Final = re.compile(r"\d[.,]\d+E\+\d+", re.IGNORECASE)
_WHOLE: Final = re.compile(r"([-+]?\d{1,18})(?:[.,]0)?")
_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:e[-+]?\d+)?", re.IGNORECASE)
_SIZE: Final = re.compile(r"(\d{1,18}(?:[.,]\d{1,9})?) ?([kmgt]?i?b)?", re.IGNORECASE)
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_BINARY: Final = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}
_YES: Final = frozenset({"true", "yes", "1", "ja", "wahr", "x"})
_NO: Final = frozenset({"false", "no", "0", "nein", "falsch"})


class Cell(NamedTuple):
    """How one kind of column is read, and written again."""

    expected: str
    read: Callable[[object, ZoneInfo], object]
    write: Callable[[Any], str]
    """Takes what `read` gives, which is of another type in each column."""


def plain(found: object) -> str:
    """A cell as text, also where TOML made a number, a truth or a date of it.

    Raises:
        Misfit: it is a list or a table.
    """
    match found:
        case str():
            return found
        case bool():
            return str(found).lower()
        case int() | float():
            return repr(found)
        case datetime() | date() | time():
            return found.isoformat()
    raise Misfit("one value")


def unescaped(text: str) -> str:
    """The text that a cell stands for; what is written as a JSON string is that string."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            inner = json.loads(text)
        except ValueError:
            return text
        return inner if isinstance(inner, str) else text
    return text


def escaped(text: object) -> str:
    """A text as a cell that is read as the same again."""
    plainly = str(text)
    is_safe = plainly.isprintable() and plainly == plainly.strip() and plainly[:1] not in {'"', ""}
    return plainly if is_safe else json.dumps(plainly)


def _text(found: object, _zone: ZoneInfo) -> str:
    text = unescaped(plain(found))
    if len(text) > LONGEST_TEXT:
        raise Misfit(f"at most {LONGEST_TEXT} characters", f"{len(text)} characters")
    return text


def _id(found: object, zone: ZoneInfo) -> str:
    text = _text(found, zone)
    if _EXCEL_NUMBER.fullmatch(text):
        raise Misfit("the digits themselves; make the column text", f"{text!r}, rounded by Excel")
    if not text or len(text) > MAX_NAME or not text.isprintable() or text != text.strip():
        raise Misfit(f"1 to {MAX_NAME} printable characters")
    return text


def _hours(found: object, zone: ZoneInfo) -> str:
    text = _text(found, zone)
    if (fault := hours_fault(text)) is not None:
        raise Misfit(HOURS.expected, f"{text!r} ({fault})")
    return text


def _asset(found: object, _zone: ZoneInfo) -> str:
    text = plain(found)
    kind, _, name = text.partition("/")
    if kind not in {"bus", "station"} or not NAME.fullmatch(name):
        raise Misfit("an asset such as bus/0123 or station/1001")
    return text


def _whole(found: object, _zone: ZoneInfo) -> int:
    match = _WHOLE.fullmatch(plain(found))
    if match is None:
        raise Misfit("a whole number")
    return int(match[1])


def _number(found: object, _zone: ZoneInfo) -> float:
    text = plain(found)
    number = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise Misfit("a number")
    return number


def _between(cell: Cell, least: int, most: int, expected: str) -> Cell:
    def read(found: object, zone: ZoneInfo) -> object:
        try:
            number = cell.read(found, zone)
        except Misfit:
            raise Misfit(expected) from None
        if not (isinstance(number, int | float) and least <= number <= most):
            raise Misfit(expected)
        return number

    return Cell(expected, read, cell.write)


def _flag(found: object, _zone: ZoneInfo) -> bool:
    text = plain(found).lower()
    if text not in _YES | _NO:
        raise Misfit("true or false")
    return text in _YES


def _size(found: object, _zone: ZoneInfo) -> int:
    match = _SIZE.fullmatch(plain(found))
    if match is None:
        raise Misfit("bytes, or a size such as 50 GB")
    unit = (match[2] or "").lower().removesuffix("b")
    factor = _BINARY[unit[0]] if unit.endswith("i") and len(unit) > 1 else _UNITS.get(unit, 1)
    whole, _, part = match[1].replace(",", ".").partition(".")
    return int(whole) * factor + (int(part) * factor // 10 ** len(part) if part else 0)


def _write_size(size: object) -> str:
    for letter in "tgmk":
        if isinstance(size, int) and size and size % _UNITS[letter] == 0:
            return f"{size // _UNITS[letter]} {letter.upper() if letter != 'k' else letter}B"
    return str(size)


def _moment(found: object, zone: ZoneInfo) -> int:
    return moments.moment_ms(plain(found), zone)


def _area(found: object, _zone: ZoneInfo) -> object:
    return areas.of_pairs(found) if isinstance(found, list) else areas.ring(plain(found))


def _many(found: object, zone: ZoneInfo) -> tuple[str, ...]:
    return tuple(_id(one, zone) for one in _split(found))


def _many_assets(found: object, zone: ZoneInfo) -> tuple[str, ...]:
    return tuple(_asset(one, zone) for one in _split(found))


def _split(found: object) -> Sequence[object]:
    if isinstance(found, list):
        return found
    text = plain(found)
    if text.startswith("["):
        try:
            inner = json.loads(text)
        except ValueError:
            inner = None
        if isinstance(inner, list):
            return inner
    return [part.strip() for part in text.split(";") if part.strip()]


def _write_many(many: Sequence[str]) -> str:
    is_plain = all(escaped(one) == one and ";" not in one and one[0] != "[" for one in many)
    return ";".join(many) if is_plain else json.dumps(many)


def choice(words: type[StrEnum]) -> Cell:
    """A column that holds one of a few words."""
    expected = f"one of {', '.join(words)}"

    def read(found: object, _zone: ZoneInfo) -> object:
        text = plain(found).lower().replace(" ", "_")
        if text not in list(words):
            raise Misfit(expected)
        return words(text)

    return Cell(expected, read, str)


HOURS: Final = Cell("opening hours as in OpenStreetMap, such as Mo-Su 05:00-24:00", _hours, escaped)
TEXT: Final = Cell("text", _text, escaped)
ID: Final = Cell("text", _id, escaped)
ASSET: Final = Cell("an asset such as bus/0123", _asset, str)
WHOLE: Final = Cell("a whole number", _whole, str)
NUMBER: Final = Cell("a number", _number, repr)
LAT: Final = _between(NUMBER, -90, 90, "degrees from -90 to 90")
LON: Final = _between(NUMBER, -180, 180, "degrees from -180 to 180")
COUNT: Final = _between(WHOLE, 0, 10**6, "a whole number from 0 on")
BILLING_DAY: Final = _between(WHOLE, 1, 28, "a day of the month, 1 to 28")
FLAG: Final = Cell("true or false", _flag, lambda found: str(found).lower())
SIZE: Final = Cell("bytes, or a size such as 50 GB", _size, _write_size)
MOMENT: Final = Cell(moments.EXPECTED, _moment, moments.written)
AREA: Final = Cell(areas.EXPECTED, _area, areas.written)
MANY: Final = Cell("several, with `;` between", _many, _write_many)
MANY_ASSETS: Final = Cell("assets with `;` between", _many_assets, _write_many)
