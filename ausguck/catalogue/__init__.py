"""Each metric once: key, type, unit, range, class and help; everything else is derived."""

from functools import cache

from ausguck.catalogue import bus, station
from ausguck.catalogue.metric import DataClass, Measurement, Metric, Shape
from ausguck.model import Kind

__all__ = ["DataClass", "Measurement", "Metric", "Shape", "by_key", "columns", "keys", "metrics"]

_METRICS: dict[Kind, tuple[Metric, ...]] = {Kind.BUS: bus.METRICS, Kind.STATION: station.METRICS}


def metrics(kind: Kind) -> tuple[Metric, ...]:
    """The metrics of a kind of asset, in the order of a reading's values."""
    return _METRICS[kind]


@cache
def keys(kind: Kind) -> tuple[str, ...]:
    """Their keys, in that order."""
    return tuple(metric.key for metric in metrics(kind))


@cache
def by_key(kind: Kind) -> dict[str, Metric]:
    """Their entries by key."""
    return {metric.key: metric for metric in metrics(kind)}


@cache
def columns(kind: Kind, measurement: Measurement) -> tuple[tuple[int, Metric], ...]:
    """The metrics kept in one measurement, each with its index in a reading's values."""
    return tuple(
        (index, metric)
        for index, metric in enumerate(metrics(kind))
        if metric.measurement is measurement
    )
