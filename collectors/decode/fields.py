"""One JSON object taken apart without trusting it: keys, and each value's own bytes."""

import re
from typing import Final

import msgspec

from ausguck.model import Reason
from collectors.decode.letters import Refused

MAX_PAYLOAD_BYTES: Final = 262_144
MAX_ELEMENTS: Final = 500
MAX_KEYS: Final = 128
MAX_DEPTH: Final = 16

Fields = dict[str, msgspec.Raw]

_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")
_TOO_DEEP: Final = f"found deeper nesting, expected at most {MAX_DEPTH} levels"
WHITE_SPACE: Final = b" \t\r\n"


def take_apart(element: bytes) -> Fields:
    """The object's keys, each with its value as it was written.

    Raises:
        Refused: it is no object, or beyond the limits.
    """
    try:
        element.decode()
        fields = _OBJECT.decode(element)
    except RecursionError:
        raise Refused(Reason.LIMIT, _TOO_DEEP) from None
    except ValueError as error:
        raise Refused(Reason.UNDECODABLE, f"expected a JSON object: {error}") from None
    # Only after it is known to be JSON: an unfinished string would be searched again and again.
    if _depth(element) > MAX_DEPTH:
        raise Refused(Reason.LIMIT, _TOO_DEEP)
    if len(fields) > MAX_KEYS:
        raise Refused(Reason.LIMIT, f"found {len(fields)} keys, expected at most {MAX_KEYS}")
    if not fields:
        raise Refused(Reason.EMPTY, "found an object with no keys, expected some")
    return fields


def elements(payload: bytes) -> list[bytes]:
    """The elements of an array, each as it was written.

    Raises:
        Refused: it is no array, or an empty one, or beyond the limits.
    """
    try:
        found = _ARRAY.decode(payload)
    except RecursionError:
        raise Refused(Reason.LIMIT, _TOO_DEEP) from None
    except ValueError as error:
        raise Refused(Reason.UNDECODABLE, f"expected a JSON array: {error}") from None
    if len(found) > MAX_ELEMENTS:
        detail = f"found {len(found)} elements, expected at most {MAX_ELEMENTS}"
        raise Refused(Reason.LIMIT, detail)
    if not found:
        raise Refused(Reason.EMPTY, "found an array with no elements, expected some")
    return [bytes(element) for element in found]


def check_size(payload: bytes) -> None:
    """Refuse a message by its length alone.

    Raises:
        Refused: it is empty or too long.
    """
    if not payload.strip(WHITE_SPACE):
        raise Refused(Reason.EMPTY, "found an empty payload")
    if len(payload) > MAX_PAYLOAD_BYTES:
        detail = f"found {len(payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}"
        raise Refused(Reason.LIMIT, detail)


def _depth(element: bytes) -> int:
    deepest = depth = 0
    for bracket in _STRING.sub(b"", element).translate(None, _NOT_BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
