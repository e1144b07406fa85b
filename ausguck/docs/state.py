"""The page of what is written of each minute, from the catalogue of state."""

from ausguck.catalogue.state import TABLES, Bucket, State, StateTable
from ausguck.docs.catalogue import TYPES
from ausguck.docs.markdown import code, page, table

KEPT = {
    Bucket.TELEMETRY: "`retention.telemetry_days`",
    Bucket.POSITION: "`retention.position_days`",
}

STATES = {
    State.SILENT: "not heard from within `state.silent_after_s`",
    State.DEGRADED: "heard; a bus without uplink, a station that does not rent or take back",
    State.OK: "heard, and nothing is known to be wrong",
    State.PLANNED_OFF: "it has said that it sleeps, or a station is not installed",
}


def state() -> str:
    """Every table of state: its tags and columns, and how long it is kept."""
    return page(
        "State of each minute",
        "`ausguck/catalogue/state.py`",
        "The tables or InfluxDB measurements that dashboards read. A value that is not known is "
        "left out, which is not zero. Flags are 0 or 1. What each row means, and what it does "
        "not, is told in [the state of the minute](../explanation/state-of-the-minute.md).",
        "## State",
        table(("state", "name", "what it is"), ((code(int(s)), s.name, STATES[s]) for s in State)),
        *(_table(of) for of in TABLES),
    )


def _table(of: StateTable) -> str:
    tags = ", ".join(code(tag) for tag in of.tags)
    rows = ((code(one.key), one.unit, TYPES[one.type], one.help) for one in of.fields)
    return "\n\n".join(
        (
            f"## {code(of.measurement)}",
            of.help,
            f"Known by {tags} and its time; kept for {KEPT[of.bucket]} (bucket {code(of.bucket)}).",
            table(("field", "unit", "type", "help"), rows),
        )
    )
