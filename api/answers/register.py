"""Rows of the register, its changes, and human events, as they go over HTTP."""

from typing import Any

import msgspec
from pydantic import BaseModel, Field

from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.register.port import AppliedRow
from ausguck.register.rows import BEGINNING_MS, Event, EventKind, Row


class RegisterRows(BaseModel):
    """The rows of one table that hold at a moment, in order of id."""

    table: str
    at: UtcTime
    revision: int = Field(description="rises with each change")
    items: list[dict[str, Any]] = Field(
        description="columns as in docs/reference/register.md; null and empty ones are left out"
    )
    next_cursor: str | None = Field(description="`cursor` of the next page; null at the end")


class AppliedAnswer(BaseModel):
    """A change that was made to the register."""

    id: int
    at: UtcTime
    who: str
    source: str
    changes: int = Field(description="rows that it changed")
    undone_at: UtcTime | None


class AppliedList(BaseModel):
    """Changes, the newest first."""

    items: list[AppliedAnswer]


class EventAnswer(BaseModel):
    """What people know of: an annotation on charts, and a reason to leave days out."""

    id: str
    kind: EventKind
    title: str
    begins_at: UtcTime | None = Field(description="null for since ever")
    ends_at: UtcTime | None = Field(description="null while it goes on")
    area: list[tuple[float, float]] = Field(description="corners as [lat, lon]; empty for no area")
    lines: list[str]
    assets: list[str]


class Events(BaseModel):
    """Human events, by their beginning."""

    items: list[EventAnswer]


def row_fields(row: Row) -> dict[str, Any]:
    """A row as JSON, with times for people and without what is not said."""
    fields: dict[str, Any] = msgspec.to_builtins(row)
    from_ms, to_ms = fields.pop("valid_from_ms"), fields.pop("valid_to_ms")
    if from_ms != BEGINNING_MS:
        fields["valid_from"] = iso_utc(from_ms)
    if to_ms is not None:
        fields["valid_to"] = iso_utc(to_ms)
    return {key: value for key, value in fields.items() if value not in (None, "", [], {})}


def applied_answer(row: AppliedRow) -> AppliedAnswer:
    """One change."""
    undone = row.undone_at_ms
    return AppliedAnswer(
        id=row.id,
        at=iso_utc(row.at_ms),
        who=row.who,
        source=row.source,
        changes=row.changes,
        undone_at=None if undone is None else iso_utc(undone),
    )


def event_answer(row: Event) -> EventAnswer:
    """One event."""
    from_ms, to_ms = row.valid_from_ms, row.valid_to_ms
    return EventAnswer(
        id=row.id,
        kind=row.kind,
        title=row.title,
        begins_at=None if from_ms == BEGINNING_MS else iso_utc(from_ms),
        ends_at=None if to_ms is None else iso_utc(to_ms),
        area=list(row.area),
        lines=list(row.lines),
        assets=list(row.assets),
    )
