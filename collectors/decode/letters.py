"""Dead letters and values left out, redacted; what was found is in the detail."""

from enum import StrEnum
from typing import Final

from ausguck.catalogue import wire
from ausguck.errors import AusguckError
from ausguck.journal.port import Record
from ausguck.model import AssetId, DeadLetter, DroppedValue, Origin, Reason
from collectors.redact import redact_json, redact_text, redact_value

MAX_ELEMENT_BYTES: Final = 65_536
"""A dead letter's element is cut here; only messages over the limits can be longer."""
MAX_TOPIC: Final = 256
MAX_DETAIL: Final = 256
MAX_EXAMPLE: Final = 64
MAX_EXAMPLE_BYTES: Final = 1024


class Drop(StrEnum):
    """Why a value was left out of a reading that was kept."""

    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"
    SENTINEL = "sentinel"
    NOT_A_CHOICE = "not_a_choice"
    TOO_LONG = "too_long"
    PATTERN = "pattern"
    UNKNOWN_KEY = "unknown_key"
    NO_FIX = "no_fix"
    HALF_A_POSITION = "half_a_position"
    OUTSIDE_AREA = "outside_area"
    TOO_OLD = "too_old"


class Refused(AusguckError):  # noqa: N818 - the name says what became of it
    """An element yields nothing, and why; never leaves this room."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(detail)


def shorten(text: str, length: int) -> str:
    """The text, cut to a length with a mark that it was."""
    return text if len(text) <= length else text[: length - 1] + "…"


def example(raw: bytes, key: str = "") -> str:
    """The beginning of a value as it was written, redacted."""
    # Redacted before it is cut: half an address would not be known as one.
    return shorten(redact_value(key, raw[:MAX_EXAMPLE_BYTES]), MAX_EXAMPLE)


def name(key: str) -> str:
    """A key as a device wrote it, redacted."""
    return shorten(redact_text(key[:MAX_EXAMPLE_BYTES]), MAX_EXAMPLE)


def dead_letter(
    record: Record, index: int, element: bytes, reason: Reason, detail: str
) -> DeadLetter:
    """The dead letter of one element, with nothing in it that redaction takes out."""
    if len(element) > MAX_ELEMENT_BYTES:
        detail = f"{detail}; the first {MAX_ELEMENT_BYTES} of {len(element)} bytes are kept"
        element = element[:MAX_ELEMENT_BYTES]
    return DeadLetter(
        origin=Origin(record.position, index),
        received_at_ms=record.received_at_ms,
        topic=shorten(redact_text(record.topic[:MAX_EXAMPLE_BYTES]), MAX_TOPIC),
        reason=reason,
        detail=shorten(redact_text(detail), MAX_DETAIL),
        element=redact_json(element, wire.ALL_KEYS),
    )


def dropped_value(
    record: Record, index: int, asset: AssetId, what: tuple[str, Drop, str]
) -> DroppedValue:
    """One value left out: its key, why, and an example that is redacted already."""
    key, reason, shown = what
    return DroppedValue(
        origin=Origin(record.position, index),
        asset=asset,
        received_at_ms=record.received_at_ms,
        key=key,
        reason=reason,
        example=shown,
    )
