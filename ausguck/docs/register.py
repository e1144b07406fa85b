"""The page of the register's tables: each column, what it holds, and a file that imports."""

from ausguck.docs.markdown import code, page, table
from ausguck.importing.columns import COLUMNS, EXTERNAL, Column, offered
from ausguck.importing.routes import SOURCE
from ausguck.register.rows import ROW_TYPES

PURPOSES = {
    "parties": "Who owns or runs something: the city, a bus company, a bike operator.",
    "lines": "Bus lines. Of a GTFS feed these are the routes.",
    "zones": "Parts of the city that numbers are asked for.",
    "depots": "Where buses stand at night.",
    "sim_pools": "SIM cards that share a contract.",
    "assets": "Buses and stations.",
    "devices": "Routers and controllers, each by its serial number.",
    "fittings": "Which device is in which asset, from when to when.",
    "assignments": "Duties: which bus is on which line, from when to when. Times are told by "
    "`valid_from` and `valid_to`, or by `date`, `from` and `to`, or by `date` and a `block` or "
    "`trip` of the timetable that `--timetable` names.",
    "events": "What people know of and devices do not: festivals, diversions, rollouts, strikes.",
}


def register() -> str:
    """Every table with its columns and an example."""
    return page(
        "The register's tables",
        "`ausguck/importing/columns.py`",
        "`ausguck register import` takes a folder of files that are called after these tables, "
        "`.csv` or `.toml`; see the [how-to](../how-to/import-your-fleet.md). Names that stand "
        "in brackets are taken too. A needed column is **bold**.",
        f"Any table may have columns `{EXTERNAL}SOURCE`, which hold the row's name in another "
        f"system; `{EXTERNAL}{SOURCE}` is a feed's own id. They are how a source knows a thing "
        "again.",
        *(part for name in ROW_TYPES for part in _table(name)),
    )


def _table(name: str) -> tuple[str, ...]:
    rows = ((_name(column), _holds(column), column.help) for column in offered(name))
    return (
        f"## {name}",
        PURPOSES[name],
        table(("column", "holds", "what it is"), rows),
        f"```csv\n{_example(name)}\n```",
    )


def _name(column: Column) -> str:
    own = f"**{code(column.name)}**" if column.is_needed else code(column.name)
    return f"{own} ({', '.join(map(code, column.aliases))})" if column.aliases else own


def _holds(column: Column) -> str:
    refers = f"an id of [{column.refers}](#{column.refers})" if column.refers else None
    return refers or column.cell.expected


def _example(name: str) -> str:
    """A header and one row, of the columns that have an example."""
    common = {"valid_from", "valid_to", "lifecycle"}
    some = [one for one in COLUMNS[name] if one.example and one.name not in common]
    if name == "assignments":
        some = [one for one in offered(name) if one.example and one.name not in {*common, "block"}]
    if name in {"fittings", "events"}:
        some += [one for one in COLUMNS[name] if one.name == "valid_from"]
    head = ",".join(one.name for one in some)
    return head + "\n" + ",".join(one.example for one in some)
