"""Dead letters and values left out, as they go over HTTP."""

from base64 import b64encode
from enum import StrEnum

from pydantic import BaseModel, Field

from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.desk.port import DeadLetterRow, DroppedValueRow
from ausguck.model import Reason


class Encoding(StrEnum):
    """How the element's bytes stand in JSON."""

    UTF8 = "utf-8"
    BASE64 = "base64"


class DeadLetterAnswer(BaseModel):
    """A reading that was not stored, or a message that yielded none, with its reason."""

    id: int = Field(description="for `show`, `retry` and `remove`", examples=[17])
    topic: str = Field(examples=["v1/kiel/bus/0123/telemetry"])
    reason: Reason = Field(description="why, for programs")
    detail: str = Field(description="what was found and what was expected")
    element: str = Field(description="the element, redacted before it was kept")
    element_encoding: Encoding = Field(description="base64 where the bytes are no UTF-8")
    count: int = Field(ge=1, description="how often the same element came for the same reason")
    elements: int = Field(
        ge=1,
        description="how many different ones the row holds; where there are more, `element` and "
        "`detail` are the newest's, `count` is of all, and all are retried or removed together",
    )
    first_at: UtcTime = Field(description="when we received the first")
    last_at: UtcTime = Field(description="when we received the last")


class DeadLetterPage(BaseModel):
    """Dead letters in order of id."""

    items: list[DeadLetterAnswer]
    next_cursor: int | None = Field(description="`cursor` of the next page; null at the end")


class RetryAnswer(BaseModel):
    """The element is on disk in the journal again and will be read anew."""

    id: int = Field(description="the letter, which is off the list unless it failed anew")
    state: str = Field(description="always `journalled`", examples=["journalled"])


class DroppedValueAnswer(BaseModel):
    """Values of one asset and key that were left out of readings which themselves were kept."""

    asset: str = Field(examples=["bus/0123"])
    key: str = Field(description="as the device wrote it, redacted", examples=["speed_mps"])
    reason: str = Field(examples=["range"])
    example: str = Field(description="one of them, redacted")
    count: int = Field(ge=1)
    first_at: UtcTime = Field(description="when we received the first")
    last_at: UtcTime = Field(description="when we received the last")


class DroppedValues(BaseModel):
    """What was left out, the most frequent first."""

    items: list[DroppedValueAnswer]


def dead_letter_answer(row: DeadLetterRow) -> DeadLetterAnswer:
    """A row of the desk as it goes out."""
    try:
        element, encoding = row.element.decode(), Encoding.UTF8
    except UnicodeDecodeError:
        element, encoding = b64encode(row.element).decode(), Encoding.BASE64
    return DeadLetterAnswer(
        id=row.id,
        topic=row.topic,
        reason=row.reason,
        detail=row.detail,
        element=element,
        element_encoding=encoding,
        count=row.count,
        elements=row.elements,
        first_at=iso_utc(row.first_at_ms),
        last_at=iso_utc(row.last_at_ms),
    )


def dropped_value_answer(row: DroppedValueRow) -> DroppedValueAnswer:
    """A row of the desk as it goes out."""
    return DroppedValueAnswer(
        asset=str(row.asset),
        key=row.key,
        reason=row.reason,
        example=row.example,
        count=row.count,
        first_at=iso_utc(row.first_at_ms),
        last_at=iso_utc(row.last_at_ms),
    )
