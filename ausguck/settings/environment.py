"""Settings from variables: `AUSGUCK_LISTENER__PORT=1884` over the file's `listener.port`.

A value is TOML (`8`, `true`, `['bus/1']`); where text is wanted it needs no quotes.
"""

import tomllib
from collections.abc import Mapping
from typing import NamedTuple

from ausguck.errors import ConfigError
from ausguck.settings.fields import Entry, Shape, entries
from ausguck.settings.nearest import nearest

PREFIX = "AUSGUCK_"
CONFIG = "AUSGUCK_CONFIG"
KEY = "AUSGUCK_KEY"  # what commands show the running process
NOT_SETTINGS = frozenset({CONFIG, KEY, "AUSGUCK_CRASH_AT"})  # the last is a test's way to kill us
TEST_PREFIX = "AUSGUCK_TEST_"


class Variables(NamedTuple):
    """What the environment sets: values by key, the variable of each, and mistakes."""

    values: Mapping[str, object]
    names: Mapping[str, str]
    errors: tuple[ConfigError, ...]


def variable(key: str) -> str:
    """The variable that sets a key."""
    return PREFIX + key.replace(".", "__").upper()


def read(environ: Mapping[str, str]) -> Variables:
    """Take every `AUSGUCK_*` variable, apart from the ones that are not settings."""
    known = {variable(key): entry for key, entry in entries().items() if _is_settable(entry)}
    values: dict[str, object] = {}
    names: dict[str, str] = {}
    errors: list[ConfigError] = []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS or name.startswith(TEST_PREFIX):
            continue
        entry = known.get(name)
        if entry is None:
            endings = tuple(key.removeprefix(PREFIX) for key in known)
            close = nearest(name.removeprefix(PREFIX), endings)
            expected = f"{PREFIX}{close}" if close else f"one such as {variable('site.id')}"
            errors.append(ConfigError(name, "an unknown variable", expected))
            continue
        values[entry.key] = _value(environ[name], entry)
        names[entry.key] = name
    return Variables(values, names, tuple(errors))


def _is_settable(entry: Entry) -> bool:
    return entry.shape is not Shape.TABLE and "[]" not in entry.key


def _value(text: str, entry: Entry) -> object:
    try:
        document = tomllib.loads(f"value = {text}\n")
    except tomllib.TOMLDecodeError:
        return text
    value: object = document["value"]
    is_one = len(document) == 1 and not (entry.takes_text and not isinstance(value, str))
    return value if is_one else text
