"""The page of Prometheus metrics, from the API's literal table."""

from api.metrics import TABLE
from ausguck.docs.markdown import code, page, table


def figures() -> str:
    """Every metric of `/metrics`: name, type, labels, help."""
    rows = (
        (code(m.name), m.type, ", ".join(code(label) for label in m.labels), m.help) for m in TABLE
    )
    return page(
        "Metrics of /metrics",
        "`api/metrics.py`",
        "What Prometheus reads from `http://127.0.0.1:8080/metrics`. These are figures about "
        "Ausguck itself; what devices report is in the [catalogue](catalogue.md).",
        table(("metric", "type", "labels", "help"), rows),
    )
