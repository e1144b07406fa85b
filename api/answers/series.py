"""Metrics of an asset over time, as they go over HTTP."""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, Field

from api.answers.asset import UtcTime
from api.history import Part
from ausguck.catalogue import Metric
from ausguck.clock import iso_utc
from ausguck.model import Scalar
from ausguck.store.port import Every, Series, SeriesQuery


class PointAnswer(BaseModel):
    """A value at a time, or over a window that starts then."""

    at: UtcTime = Field(description="the reading's time, or the start of the window")
    value: Scalar | None = Field(
        description="a gauge's mean, a counter's increase, a state's or text's last value; null "
        "where nothing was observed, which is not zero"
    )
    samples: int = Field(ge=0, description="observations in the window; 0 marks a gap")
    minimum: float | None = Field(description="a gauge's least in the window")
    maximum: float | None = Field(description="a gauge's greatest in the window")


class SeriesAnswer(BaseModel):
    """One metric's points in order of time."""

    metric: str = Field(description="catalogue key", examples=["rsrp_dbm"])
    unit: str = Field(description="unit of the values; empty where there is none")
    shape: str = Field(description="gauge, counter, state or text", examples=["gauge"])
    truncated: bool = Field(description="there were more points than one answer holds")
    points: list[PointAnswer]


class ToldByAnswer(BaseModel):
    """An id under which a part of the history is kept."""

    asset: str = Field(description="as in topics", examples=["bus/0123"])
    from_: UtcTime = Field(serialization_alias="from", description="from this moment on")
    to: UtcTime = Field(description="up to and without this one")


class ReadingsAnswer(BaseModel):
    """What was asked for, and one series a metric in the order asked."""

    asset: str = Field(description="whose", examples=["bus/0123"])
    from_: UtcTime = Field(serialization_alias="from", description="from this moment on")
    to: UtcTime = Field(description="up to and without this one")
    every: Every | None = Field(description="width of a window; null: each reading is a point")
    timezone: str = Field(description="whose days `every=1d` counts, with 23 and 25 hours")
    told_by: list[ToldByAnswer] | None = Field(
        description="the ids it was told by, the oldest first; null where that is `asset` alone"
    )
    series: list[SeriesAnswer]


def readings_answer(
    query: SeriesQuery,
    found: Sequence[Series],
    metrics: Mapping[str, Metric],
    told_by: Sequence[Part] = (),
) -> ReadingsAnswer:
    """What the store found, as it goes out."""
    return ReadingsAnswer(
        asset=str(query.asset),
        from_=iso_utc(query.from_ms),
        to=iso_utc(query.to_ms),
        every=query.every,
        timezone=query.timezone,
        told_by=[_told_by(part) for part in told_by] or None,
        series=[_series(series, metrics[series.metric]) for series in found],
    )


def _told_by(part: Part) -> ToldByAnswer:
    return ToldByAnswer(asset=str(part.asset), from_=iso_utc(part.from_ms), to=iso_utc(part.to_ms))


def _series(series: Series, metric: Metric) -> SeriesAnswer:
    return SeriesAnswer(
        metric=series.metric,
        unit=metric.unit,
        shape=metric.shape.value,
        truncated=series.truncated,
        points=[
            PointAnswer(
                at=iso_utc(point.at_ms),
                value=point.value,
                samples=point.samples,
                minimum=point.minimum,
                maximum=point.maximum,
            )
            for point in series.points
        ],
    )
