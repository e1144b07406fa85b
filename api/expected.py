"""What a parameter should have been, in our words instead of the framework's."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[str, str]] = {
    "extra_forbidden": "no parameter of that name; see /api/v1/openapi.json",
    "string_type": "a text",
    "string_pattern_mismatch": "a text of the form {pattern}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} or less",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_long": "at most {max_length} of them",
    "too_short": "at least {min_length} of them",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "a JSON object; its Content-Type is application/json",
    "json_invalid": "JSON",
}


def expected_of(entry: Mapping[str, object]) -> str:
    """What one error of pydantic says was expected; its own words where we have none."""
    kind, context = str(entry.get("type")), entry.get("ctx")
    told = context if isinstance(context, dict) else {}
    if kind in {"enum", "literal_error"}:
        choices = str(told.get("expected")).replace("'", "").replace(" or ", ", ")
        return f"one of {choices}" if ", " in choices else choices
    if kind in _WORDS:
        return _WORDS[kind].format_map({name: _plain(value) for name, value in told.items()})
    return str(entry.get("msg")).removeprefix("Value error, ")


def _plain(value: object) -> object:
    """A number without a fraction that says nothing."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
