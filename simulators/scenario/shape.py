"""What a scenario file may hold where, asked of its types: for messages and for the reference."""

import re
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from simulators.scenario.expected import Actor, Cause, Expect, Severity, Words
from simulators.scenario.faults import AnyFault, Fault, Poison, Who, WrongClock
from simulators.scenario.file import CityFile, FeedFile, ScenarioFile

KINDS: Final[dict[str, type[Fault]]] = {
    str(each.__struct_config__.tag): each for each in get_args(AnyFault)
}
INDEX: Final = re.compile(r"\[\d+\]")
TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "": ScenarioFile,
    "title": Words,
    "description": Words,
    "city": CityFile,
    "feed": FeedFile,
    "faults[].who": Who,
    "expect[]": Expect,
    "expect[].why": Words,
}


def keys_at(table: dict[str, Any], path: str) -> tuple[str, ...]:
    """The keys that the table at a path may have."""
    place = INDEX.sub("[]", path)
    if place == "faults[]":
        return ("kind", *KINDS[str(table["kind"])].__struct_encode_fields__)
    return TABLES[place].__struct_encode_fields__ if place in TABLES else ()


def choices_at(path: str) -> tuple[str, ...]:
    """The values that a key may have, where they are few; none where they are not."""
    return CHOICES.get(INDEX.sub("[]", path), ())


def _literals(annotation: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type's own form
    """The literal values anywhere in a type."""
    if get_origin(annotation) is Literal:
        return tuple(str(value) for value in get_args(annotation))
    return tuple(value for part in get_args(annotation) for value in _literals(part))


CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "faults[].kind": tuple(KINDS),
    "faults[].forms[]": _literals(Poison.__annotations__["forms"]),
    "faults[].reset": _literals(WrongClock.__annotations__["reset"]),
    "faults[].who.kind": _literals(Who.__annotations__["kind"]),
    "expect[].cause": tuple(Cause),
    "expect[].actor": tuple(Actor),
    "expect[].severity": tuple(Severity),
    "expect[].incidents": ("a number", "each"),
}
