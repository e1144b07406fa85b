"""The parts of an OpenAPI document that the page of routes shows."""

import msgspec

from ausguck.docs.markdown import code

EXACT = 2**53  # beyond it a number is no limit that anybody would choose


class Schema(
    msgspec.Struct,
    frozen=True,
    rename={"ref": "$ref", "any_of": "anyOf", "values": "additionalProperties"},
):
    """What a value may be."""

    type: str | None = None
    ref: str | None = None
    any_of: tuple["Schema", ...] = ()
    items: "Schema | None" = None
    values: "Schema | bool | None" = None
    enum: tuple[str | int, ...] = ()
    const: str | int | bool | None = None
    format: str | None = None
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    default: str | int | float | bool | None = None
    description: str = ""
    properties: dict[str, "Schema"] = {}
    required: tuple[str, ...] = ()


class Parameter(msgspec.Struct, frozen=True, rename={"place": "in"}):
    """A part of the address or a header."""

    name: str
    place: str
    schema: Schema
    required: bool = False
    description: str = ""


class Media(msgspec.Struct, frozen=True):
    """A body of one media type."""

    schema: Schema = Schema()


class Answer(msgspec.Struct, frozen=True):
    """What comes back with one status."""

    description: str
    content: dict[str, Media] = {}


class Operation(msgspec.Struct, frozen=True, rename={"is_core": "x-core"}):
    """One method of one path."""

    summary: str = ""
    description: str = ""
    parameters: tuple[Parameter, ...] = ()
    responses: dict[str, Answer] = {}
    is_core: bool = False


class Components(msgspec.Struct, frozen=True):
    """What the answers are made of."""

    schemas: dict[str, Schema] = {}


class Document(msgspec.Struct, frozen=True):
    """The parts of an OpenAPI document that the page shows."""

    paths: dict[str, dict[str, Operation]]
    components: Components


def words(schema: Schema) -> str:
    """What a value may be, in a few words."""
    if schema.any_of:
        return " or ".join(words(inner) for inner in schema.any_of)
    if schema.items:
        return f"array of {words(schema.items)}"
    if isinstance(schema.values, Schema):
        return f"map of {words(schema.values)}"
    return _plain(schema)


def _plain(schema: Schema) -> str:
    if schema.ref:
        name = schema.ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    choices = schema.enum if schema.const is None else (schema.const,)
    said = ", ".join(code(choice) for choice in choices) or schema.format or schema.type or ""
    if schema.minimum is not None and schema.maximum is not None:
        until = f"to {schema.maximum:g}" if schema.maximum <= EXACT else "up"
        said += f" from {schema.minimum:g} {until}"
    if schema.pattern:
        said += f" {code(schema.pattern)}"
    return said if schema.default is None else f"{said}, default {code(schema.default)}"
