"""The page of who may call which route and gets which part of it."""

from collections.abc import Iterator

from api.access.sight import part_of
from api.access.table import TABLE, Entry, Part, Row, Scopes
from ausguck import catalogue
from ausguck.desk.access_rows import SCOPES
from ausguck.docs.markdown import code, page, table
from ausguck.model import Kind
from ausguck.settings.tree import Scope

FOR = {
    "view": "wall screens and operations: the live fleet, health, metrics",
    "operate": "who acts: sends dead letters through again, tells of events",
    "plan": "planners: stations whole, buses without usage and without what tells of a driver",
    "admin": "people, keys, the audit log, changes of the register, removal of dead letters",
}


def access() -> str:
    """Every route with its scopes, and who gets which part."""
    return page(
        "Access",
        "`api/access/table.py`, by which the API is kept",
        "Who asks shows a key in the header `Authorization: Bearer ak_...`, or has a session that "
        "was begun with one; without either, `api.anonymous` says what may be asked, on this "
        "machine alone and not through a proxy. How to make keys: "
        "[give people access](../how-to/give-people-access.md).",
        table(("scope", "for"), ((code(scope), FOR[scope]) for scope in SCOPES)),
        "Scopes do not contain each other; who has several gets what any of them gets. `open` "
        "asks nobody who they are. A narrowed key sees only assets of its kinds, and of its zones "
        "as the register has them now: all others are absent, 404 and on no list. Where the last "
        "column is empty a narrowed key is refused, because the answer is about the whole site. A "
        "key that is narrowed to other sites is refused everywhere.",
        table(
            ("route", *map(code, SCOPES), "without a key", "narrowed"),
            (_row(row) for row in TABLE),
        ),
        "## Parts that not everybody gets",
        table(("route", "part", *map(code, SCOPES)), (line for row in TABLE for line in _of(row))),
        "A part that is not for whom asks is left out of lists and of single answers; to ask "
        "`readings` for it by name is a 403.",
        "## Which values are which",
        table(("part", "catalogue keys"), _classes()),
    )


def _row(row: Row) -> list[str]:
    whoever = {Entry.OPEN: "open", Entry.ANYONE: "yes"}.get(row.entry, "")
    if row.entry is Entry.SCOPE:
        marks = [_mark(row.scopes, scope) for scope in SCOPES]
    else:
        marks = ["yes"] * len(SCOPES)
    is_narrowed = row.for_narrowed or row.entry is Entry.OPEN
    return [code(f"{row.method} {row.path}"), *marks, whoever, "yes" if is_narrowed else ""]


def _of(row: Row) -> Iterator[list[str]]:
    for part, scopes in row.parts.items():
        marks = [_mark(scopes, scope) for scope in SCOPES]
        yield [code(f"{row.method} {row.path}"), part.value, *marks]


def _mark(scopes: Scopes, scope: Scope) -> str:
    return "yes" if scope in scopes else ""


def _classes() -> Iterator[tuple[str, str]]:
    metrics = catalogue.metrics(Kind.BUS)
    for part in (Part.TECHNICAL, Part.USAGE, Part.EMPLOYEE_RELATED):
        keys = [code(metric.key) for metric in metrics if part_of(Kind.BUS, metric) is part]
        yield part.value, ", ".join(keys)
