"""The page of metrics that devices may send, from the catalogue."""

from ausguck import catalogue
from ausguck.catalogue import DataClass, Measurement, Metric
from ausguck.catalogue.wire import REPORTING_KINDS
from ausguck.docs.markdown import code, page, table
from ausguck.model import Kind

TYPES = {bool: "boolean", int: "integer", float: "number", str: "string"}

CLASSES = {
    DataClass.TECHNICAL: "about a device",
    DataClass.USAGE: "about how much is used; counts only",
    DataClass.EMPLOYEE_RELATED: "says something about a driver; kept seven days at most",
}

KEPT = {
    Measurement.HOTSPOT: "usage and health of a bus's Wi-Fi",
    Measurement.BUS_POSITION: "where a bus was and how it drove",
    Measurement.STATION: "bikes, docks and controller of a station",
}


def metrics() -> str:
    """Every catalogue key: unit, type, range, class, measurement, help."""
    return page(
        "Catalogue",
        "`ausguck/catalogue`",
        "The keys that an element of `telemetry` may have besides `observed_at`, `boot_id` and "
        "`seq`. A value out of its range or of the wrong type is left out and counted, and the "
        "rest of the element is kept; a sentinel is a value by which modems say that they do "
        "not know. A number may be written as an integer. `null` is the same as leaving it out.",
        *(_kind(kind) for kind in REPORTING_KINDS),
        "## Classes",
        table(("class", "what it is"), ((code(c), CLASSES[c]) for c in DataClass)),
        "## Measurements",
        table(("measurement", "what is kept there"), ((code(m), KEPT[m]) for m in Measurement)),
    )


def _kind(kind: Kind) -> str:
    head = ("key", "unit", "type", "shape", "range", "class", "measurement", "help")
    rows = (
        (
            code(metric.key),
            metric.unit,
            TYPES[metric.type],
            metric.shape,
            _range(metric),
            metric.data_class,
            metric.measurement,
            metric.help,
        )
        for metric in catalogue.metrics(kind)
    )
    return f"## {kind.capitalize()}\n\n{table(head, rows)}"


def _range(metric: Metric) -> str:
    parts = []
    if metric.choices:
        parts.append(", ".join(code(choice) for choice in metric.choices))
    if metric.minimum is not None and metric.maximum is not None:
        parts.append(f"{metric.minimum} to {metric.maximum}")
    if metric.max_length is not None:
        parts.append(f"at most {metric.max_length} characters")
    if metric.pattern is not None:
        parts.append(code(metric.pattern))
    if metric.sentinels:
        parts.append(f"unknown: {', '.join(str(value) for value in metric.sentinels)}")
    return "; ".join(parts)
