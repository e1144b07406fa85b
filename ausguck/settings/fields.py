"""The tree of settings laid flat: each key with what it expects, in words.

Error messages, the example file and the reference are all written from these entries.
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AfterValidator, SecretStr
from pydantic.fields import FieldInfo

from ausguck.settings.tree import Settings
from ausguck.settings.values import Check, Section

PLAIN: dict[object, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    SecretStr: "a string",
    Path: "a path as a string",
}


class Shape(StrEnum):
    """What a key stands for in the file."""

    TABLE = "table"
    TABLES = "array of tables"
    LIST = "array"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Entry:
    """One key; `[]` in it stands for the number of an array's item."""

    key: str
    shape: Shape
    expected: str
    description: str
    default: object
    is_required: bool
    is_secret: bool
    takes_text: bool
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class _Type:
    annotation: object
    metadata: tuple[object, ...]


@cache
def entries() -> Mapping[str, Entry]:
    """Every key there is, a table before what is in it, in the order of the tree."""
    return {entry.key: entry for entry in _section("", Settings)}


def dotted(location: tuple[str | int, ...]) -> str:
    """A place in the file as people write it, `listener.users[0].name`."""
    key = ""
    for step in location:
        key += f"[{step}]" if isinstance(step, int) else f".{step}"
    return key.removeprefix(".")


def entry_at(location: tuple[str | int, ...]) -> Entry | None:
    """The entry that a place in the file belongs to, or None when there is none."""
    return entries().get("".join("[]" if isinstance(s, int) else f".{s}" for s in location)[1:])


def _section(prefix: str, section: type[Section]) -> Iterator[Entry]:
    for name, field in section.model_fields.items():
        yield from _field(f"{prefix}{name}", field)


def _field(key: str, field: FieldInfo) -> Iterator[Entry]:
    of = _peel(_Type(field.annotation, tuple(field.metadata)))
    inner = _item(of)
    entry = _entry(key, of)
    yield replace(
        entry,
        description=field.description or entry.description,
        default=None if field.is_required() else field.get_default(call_default_factory=True),
        is_required=field.is_required(),
    )
    if inner is not None:
        yield _entry(f"{key}[]", inner)
    nested = (inner or of).annotation
    if isinstance(nested, type) and issubclass(nested, Section):
        yield from _section(f"{key}[]." if inner else f"{key}.", nested)


def _entry(key: str, of: _Type) -> Entry:
    inner = _item(of)
    bounds = [part for part in of.metadata if isinstance(part, (Ge, Gt, Le))]
    return Entry(
        key=key,
        shape=_shape(of, inner),
        expected=_words(of),
        description=(of.annotation.__doc__ or "").splitlines()[0] if _is_section(of) else "",
        default=None,
        is_required=False,
        is_secret=_holds_secret(inner or of),
        takes_text=inner is None and _takes_text(of),
        least=_number(bounds, (Ge, Gt)),
        most=_number(bounds, (Le,)),
    )


def _number(bounds: list[Ge | Gt | Le], kinds: tuple[type, ...]) -> float | None:
    """The bound of these kinds, or None when there is none."""
    values = (getattr(part, type(part).__name__.lower()) for part in bounds)
    pairs = zip(bounds, values, strict=True)
    return next((float(value) for part, value in pairs if isinstance(part, kinds)), None)


def _peel(of: _Type) -> _Type:
    """Without `None` and with what `Annotated` adds."""
    annotation, metadata = of.annotation, of.metadata
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(arm for arm in get_args(annotation) if arm is not type(None))
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        metadata += tuple(more)
    return _Type(annotation, metadata)


def _item(of: _Type) -> _Type | None:
    if get_origin(of.annotation) is not tuple:
        return None
    return _peel(_Type(get_args(of.annotation)[0], ()))


def _is_section(of: _Type) -> bool:
    return isinstance(of.annotation, type) and issubclass(of.annotation, Section)


def _shape(of: _Type, inner: _Type | None) -> Shape:
    if inner is not None:
        return Shape.TABLES if _is_section(inner) else Shape.LIST
    return Shape.TABLE if _is_section(of) else Shape.VALUE


def _takes_text(of: _Type) -> bool:
    return of.annotation in {str, Path, SecretStr} or get_origin(of.annotation) is Literal


def _holds_secret(of: _Type) -> bool:
    nested = of.annotation
    if isinstance(nested, type) and issubclass(nested, Section):
        return any(
            _holds_secret(_item(field) or field)
            for field in (_peel(_Type(f.annotation, ())) for f in nested.model_fields.values())
        )
    return nested is SecretStr


def _words(of: _Type) -> str:
    """What a value must be, from the type and its constraints."""
    if _is_section(of):
        return "a table"
    if (inner := _item(of)) is not None:
        return "an array of tables" if _is_section(inner) else f"an array, each {_words(inner)}"
    if get_origin(of.annotation) is Literal:
        return _either([repr(choice) for choice in get_args(of.annotation)])
    for part in of.metadata:
        if isinstance(part, AfterValidator) and isinstance(part.func, Check):
            return part.func.words
    return PLAIN[of.annotation] + _range(of.metadata)


def _either(choices: list[str]) -> str:
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last


def _range(metadata: tuple[object, ...]) -> str:
    least = next((str(part.ge) for part in metadata if isinstance(part, Ge)), None)
    above = next((str(part.gt) for part in metadata if isinstance(part, Gt)), None)
    most = next((str(part.le) for part in metadata if isinstance(part, Le)), None)
    shortest = next((part.min_length for part in metadata if isinstance(part, MinLen)), None)
    longest = next((part.max_length for part in metadata if isinstance(part, MaxLen)), None)
    if longest is not None:
        return f" of {shortest or 0} to {longest} characters"
    if above is not None:
        return f" above {above}" + (f", at most {most}" if most is not None else "")
    if least is not None:
        return f" from {least} to {most}" if most is not None else f" of {least} or more"
    return ""
