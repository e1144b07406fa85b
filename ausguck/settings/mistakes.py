"""Pydantic's findings in our words: which key, what was found, what was expected."""

import re
from collections.abc import Mapping
from datetime import date, time

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ausguck.errors import ConfigError
from ausguck.settings.fields import Entry, dotted, entries, entry_at
from ausguck.settings.nearest import nearest

LONGEST = 60
USER_IN_ADDRESS = re.compile(r"//[^/@\s]*@")
KINDS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),  # before integer, which Python takes it for
    "integer": (int,),
    "number": (float,),
    "string": (str,),
    "date or time": (date, time),
    "array": (list,),
    "table": (dict,),
}
Location = tuple[str | int, ...]


def mistakes(error: ValidationError, names: Mapping[str, str]) -> list[ConfigError]:
    """One `ConfigError` for each finding; `names` are the variables that set keys."""
    details = error.errors(include_url=False, include_context=False)
    return [_mistake(detail["loc"], detail, names) for detail in details]


def with_variable(key: str, names: Mapping[str, str]) -> str:
    """The key, and the variable it came from if it came from one."""
    name = next((n for k, n in names.items() if key == k or key.startswith(f"{k}[")), None)
    return f"{key} ({name})" if name else key


def described(value: object) -> str:
    """A value as it stands in the file, with its type; never the user of an address."""
    if isinstance(value, str):
        value = USER_IN_ADDRESS.sub("//...@", value)
    shown = f"{str(value).lower()}" if isinstance(value, bool) else f"{value}"
    if isinstance(value, str):
        shown = repr(value if len(value) <= LONGEST else f"{value[:LONGEST]}...")
    kind = _kind(value)
    return {"array": "an array", "table": "a table"}.get(kind, f"{shown} ({kind})")


def _mistake(location: Location, detail: ErrorDetails, names: Mapping[str, str]) -> ConfigError:
    if detail["type"] == "extra_forbidden":
        return ConfigError(dotted(location), "an unknown key", _meant(location))
    entry = entry_at(location)
    expected = entry.expected if entry else "nothing"
    key = with_variable(dotted(location), names)
    if detail["type"] == "missing":
        return ConfigError(key, "nothing", expected)
    return ConfigError(key, _found(entry, detail["input"]), expected)


def _found(entry: Entry | None, value: object) -> str:
    if entry is None or entry.is_secret:
        return f"a hidden value ({_kind(value)})"
    return described(value)


def _kind(value: object) -> str:
    return next(name for name, types in KINDS.items() if isinstance(value, types))


def _meant(location: Location) -> str:
    """The key that may have been meant: of the same table, or of the same name elsewhere."""
    *table, name = location
    above = "".join("[]" if isinstance(step, int) else f".{step}" for step in table)[1:]
    siblings = [
        key.rpartition(".")[2]
        for key in entries()
        if key.rpartition(".")[0] == above and not key.endswith("[]")
    ]
    if close := nearest(str(name), siblings):
        return dotted((*table, close))
    elsewhere = [key for key in entries() if key.rpartition(".")[2] == name]
    if len(siblings) == 1 and not elsewhere:
        return f"{dotted((*table, *siblings))} and nothing else"
    return elsewhere[0] if elsewhere else f"one of {', '.join(siblings)}"
