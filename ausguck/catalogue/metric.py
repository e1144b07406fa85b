"""The shape of a catalogue entry."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How a metric's values behave over time, which decides how they may be summed up."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATE = "state"
    TEXT = "text"


class DataClass(StrEnum):
    """Who a metric says something about, which decides who may see it and for how long."""

    TECHNICAL = "technical"
    USAGE = "usage"
    EMPLOYEE_RELATED = "employee_related"


class Measurement(StrEnum):
    """The table or InfluxDB measurement a metric is kept in."""

    HOTSPOT = "hotspot"
    BUS_POSITION = "bus_position"
    STATION = "station"


@dataclass(frozen=True, slots=True)
class Metric:
    """One key of the wire format, once.

    `type` is the Python type on the wire; a float accepts an integer too.
    `minimum` and `maximum` are inclusive and in `unit`; `max_length` is in characters.
    `sentinels` are values by which modems say "unknown"; they are dropped, and counted.
    """

    key: str
    type: type[bool] | type[int] | type[float] | type[str]
    shape: Shape
    unit: str
    help: str
    measurement: Measurement
    data_class: DataClass = DataClass.TECHNICAL
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    sentinels: tuple[float, ...] = ()
    pattern: str | None = None
