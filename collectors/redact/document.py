"""A JSON document redacted by type: what the catalogue vouches for stays, all else is searched."""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from ausguck.catalogue import wire
from collectors.redact.labels import accusation
from collectors.redact.text import redact_text

_IDENTIFYING: Final = 6
"""Digits and hex digits from which on a value under an accused key is taken out."""
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def redact_json(raw: bytes, known_keys: Collection[str] = wire.ALL_KEYS) -> bytes:
    """The document redacted and written compactly; text redacted if it is not JSON.

    Known keys of an element keep values that are valid by their own grammar.
    Of a key that is there twice, the last one is kept.
    """
    try:
        document = msgspec.json.decode(raw)
        if isinstance(document, list):
            cleaned: Any = [_element(item, known_keys) for item in document]
        else:
            cleaned = _element(document, known_keys)
        return msgspec.json.encode(cleaned)
    except (ValueError, OverflowError, RecursionError):
        return redact_text(raw.decode("utf-8", "replace")).encode()


def redact_value(key: str, raw: bytes) -> str:
    """The JSON value of an unknown key as text, redacted by what the key says of it too."""
    try:
        return msgspec.json.encode(_value(key, msgspec.json.decode(raw))).decode()
    except (ValueError, OverflowError, RecursionError):
        return redact_text(raw.decode("utf-8", "replace"), key)


def _element(element: Any, known_keys: Collection[str]) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(element, dict):
        return _value("", element)
    return {
        redact_text(key): value
        if key in known_keys and wire.accepts(key, value)
        else _value(key, value)
        for key, value in element.items()
    }


def _value(key: str, value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        # What a key says of an object, it says of what is in it.
        below = key if accusation(key) is not None else ""
        return {
            redact_text(inner): _value(inner if accusation(inner) else below or inner, item)
            for inner, item in value.items()
        }
    if isinstance(value, list):
        return [_value(key, item) for item in value]
    if value is None or isinstance(value, bool):
        return value
    text = value if isinstance(value, str) else _digits(value)
    found = _text(key, text)
    return value if found == text else found


def _digits(number: float) -> str:
    return str(int(number)) if number == number // 1 else repr(number)


def _text(key: str, text: str) -> str:
    tag = accusation(key)
    if tag is not None and sum(character in _HEX for character in text) >= _IDENTIFYING:
        return text if text.startswith("[redacted:") else f"[redacted:{tag}]"
    return redact_text(text, context=key)
