r"""A feed's ids in the grammar of topics: readable, stable, and never two of them alike.

An id that is of our grammar stays as it is. In any other, each character outside of it becomes
`_x<hex>_`, its code point; so does a `_` that stands before an `x`, which is why no escaped id
equals another's plain one. What is then too long is cut, and ends in `_xx` and 16 hexadecimal
digits of the SHA-256 of the whole id. `Kiel Hbf` is `Kiel_x20_Hbf`.
"""

import hashlib
import re
from typing import Final

MAX_NAME: Final = 64
MAX_TYPE: Final = 32
_CUT_DIGITS: Final = 16
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]|_(?=x)", re.ASCII)
_FOREIGN_TYPE: Final = re.compile(r"[^a-z0-9_.-]|_(?=x)", re.ASCII)


class Claims:
    """Which feed has which name, where several feeds of one site may have the same ids."""

    def __init__(self) -> None:
        self._feeds: dict[str, str] = {}

    def grants(self, name: str, feed: str) -> bool:
        """Whether the feed is the first to have this name."""
        return self._feeds.setdefault(name, feed) == feed


def station_name(station_id: str) -> str:
    """The id as level 4 of a topic."""
    return _escaped(station_id, _FOREIGN, MAX_NAME)


def type_name(vehicle_type_id: str) -> str:
    """The id of a type of bike as a key of `vehicle_types_available`."""
    return _escaped(vehicle_type_id, _FOREIGN_TYPE, MAX_TYPE)


def _escaped(original: str, foreign: re.Pattern[str], longest: int) -> str:
    name = foreign.sub(lambda match: f"_x{ord(match[0]):x}_", original)
    if len(name) <= longest:
        return name
    # Lone surrogates cannot come out of JSON here, but a hash must never be what fails.
    digest = hashlib.sha256(original.encode(errors="surrogatepass")).hexdigest()[:_CUT_DIGITS]
    end = f"_xx{digest}"
    return name[: longest - len(end)] + end
