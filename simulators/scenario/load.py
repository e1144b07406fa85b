"""Scenario files read strictly: every mistake is told by its key, what was found and expected."""

import re
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from ausguck.errors import ConfigError
from ausguck.settings.mistakes import described
from ausguck.settings.nearest import nearest
from simulators.scenario.check import checked
from simulators.scenario.file import ScenarioFile
from simulators.scenario.scenario import Scenario
from simulators.scenario.shape import choices_at, keys_at

SUFFIX: Final = ".toml"
PLACE: Final = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?")
UNKNOWN: Final = re.compile(r"Object contains unknown field `(?P<key>.*)`")
MISSING: Final = re.compile(r"Object missing required field `(?P<key>.*)`")
TYPES: Final = re.compile(r"Expected `(?P<expected>[^`]*)`(?P<bound>[^,]*)(?:, got .*)?")
STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
PLAIN: Final = {
    "object": "a table",
    "array": "an array",
    "str": "a string",
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "datetime": "a local date-time such as 2026-06-16T07:00:00",
    "null": "nothing",
}


def library() -> tuple[str, ...]:
    """The names of the scenarios that come along."""
    folder = resources.files("simulators") / "scenarios"
    names = (file.name for file in folder.iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX)))


def load(name: str) -> Scenario:
    """A scenario of the library by its name, or one from a file.

    Raises:
        ConfigError: there is none, or it is wrong; the first mistake is told.
    """
    known = library()
    try:
        if name in known:
            folder = resources.files("simulators") / "scenarios"
            raw = (folder / f"{name}{SUFFIX}").read_bytes()
        else:
            raw = Path(name).read_bytes()
    except OSError as error:
        close = nearest(name, known)
        expected = close or f"a readable file, or one of {', '.join(known)}"
        raise ConfigError("--scenario", f"{name} ({error.strerror})", expected) from None
    return read(Path(name).stem, raw)


def read(name: str, raw: bytes) -> Scenario:
    """A scenario from the bytes of its file.

    Raises:
        ConfigError: it is wrong; the first mistake is told.
    """
    try:
        document = tomllib.loads(raw.decode())
        found = msgspec.convert(document, ScenarioFile)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"scenario {name}", str(error), "a TOML file in UTF-8") from None
    except msgspec.ValidationError as error:
        raise _mistake(document, str(error)) from None
    return checked(name, found)


def _mistake(document: dict[str, Any], said: str) -> ConfigError:
    """Msgspec's words in ours."""
    found = PLACE.fullmatch(said)
    what, path = (found["what"], found["path"] or "") if found else (said, "")
    if unknown := UNKNOWN.fullmatch(what):
        known = keys_at(_at(document, path), path)
        expected = nearest(unknown["key"], known) or f"one of {', '.join(known)}"
        return ConfigError(_under(path, unknown["key"]), "an unknown key", expected)
    if missing := MISSING.fullmatch(what):
        key = missing["key"]
        return ConfigError(_under(path, key), "nothing", f"a value for {key}")
    return ConfigError(path, described(_at(document, path)), _expected(what, path))


def _expected(what: str, path: str) -> str:
    if typed := TYPES.fullmatch(what):
        names = typed["expected"].split(" | ")
        return " or ".join(PLAIN.get(name, name) for name in names) + typed["bound"]
    if choices := choices_at(path):
        return f"one of {', '.join(choices)}"
    return PLAIN["datetime"] if "RFC3339" in what else what


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 - whatever the file holds there
    value = document
    for key, index in STEP.findall(path):
        value = value[int(index)] if index else value[key]
    return value
