"""Whether an asset should be heard, as it goes over HTTP."""

from pydantic import BaseModel, Field

from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.register.expecting import Expectation, Expected, Source, Why


class ExpectationAnswer(BaseModel):
    """Whether an asset should be heard just now, why, and by which source."""

    asset: str = Field(examples=["bus/0123"])
    as_of: UtcTime
    state: Expected = Field(description="`unknown` where nothing tells")
    why: Why = Field(description="what decided, for programs")
    source: str = Field(description="who said so; empty where nobody did", examples=["duty"])
    line: str | None = Field(description="the line it should be on")
    trip: str | None
    missing: list[Source] = Field(description="with `unknown`: what could be given to know more")
    until: UtcTime | None = Field(
        description="nothing changes before, while it tells the same; null: as far as can be seen"
    )


def expectation_answer(asset: str, found: Expectation, now_ms: int) -> ExpectationAnswer:
    """An expectation as it goes out."""
    return ExpectationAnswer(
        asset=asset,
        as_of=iso_utc(now_ms),
        state=found.state,
        why=found.why,
        source=found.source,
        line=found.line,
        trip=found.trip,
        missing=list(found.missing),
        until=None if found.until_ms is None else iso_utc(found.until_ms),
    )
