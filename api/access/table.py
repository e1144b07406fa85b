"""The one table: which scopes may call a route, and which of its fields only some of them get.

Scopes do not contain each other: somebody who has several gets what any of them gets. A route
that has no row here is closed; a test walks all routes and finds it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ausguck.settings.tree import Scope

Scopes = frozenset[Scope]

V1: Final = "/api/v1"
VIEW: Final[Scopes] = frozenset({"view"})
OPERATE: Final[Scopes] = frozenset({"operate"})
PLAN: Final[Scopes] = frozenset({"plan"})
ADMIN: Final[Scopes] = frozenset({"admin"})
STAFF: Final = VIEW | OPERATE
OFFICE: Final = STAFF | ADMIN
ALL: Final = OFFICE | PLAN
NONE: Final[Scopes] = frozenset()


class Entry(StrEnum):
    """What a route asks for before it answers."""

    OPEN = "nothing; nobody is asked who they are"
    ANYONE = "nothing; who shows a key gets more"
    KEY = "any key, itself: a session begins no other"
    SCOPE = "one of the scopes"


class Part(StrEnum):
    """A part of an answer that not all who may call the route get."""

    TECHNICAL = "technical values of buses"
    USAGE = "usage values of buses"
    EMPLOYEE_RELATED = "values of buses that say something about a driver"
    STATIONS = "values of stations"
    REPORT = "everything but the status"
    CONTACT = "e-mail and telephone"


Parts = Mapping[Part, Scopes]

BUS: Final[Parts] = {
    Part.TECHNICAL: STAFF | PLAN,
    Part.USAGE: STAFF,
    Part.EMPLOYEE_RELATED: STAFF,
}
"""Operations see their buses whole. Planners never get a bus beside how much it is used."""

STATION: Final[Parts] = {Part.STATIONS: ALL}
"""Nothing about a station is anybody's secret: it is to be published."""


@dataclass(frozen=True, slots=True)
class Row:
    """One route; `for_narrowed` says whether a key narrowed to kinds or zones may call it."""

    method: str
    path: str
    scopes: Scopes = NONE
    parts: Parts = field(default_factory=dict)
    entry: Entry = Entry.SCOPE
    for_narrowed: bool = False


def _read(path: str, scopes: Scopes, parts: Parts | None = None, *, narrowed: bool = False) -> Row:
    return Row("GET", V1 + path, scopes, parts or {}, for_narrowed=narrowed)


def _act(method: str, path: str, scopes: Scopes) -> Row:
    return Row(method, V1 + path, scopes)


TABLE: Final[tuple[Row, ...]] = (
    Row("GET", "/", entry=Entry.OPEN),
    Row("GET", "/web/*", entry=Entry.OPEN),
    Row("GET", V1 + "/openapi.json", entry=Entry.OPEN),
    Row("GET", "/metrics", VIEW),
    Row("GET", V1 + "/health", NONE, {Part.REPORT: OFFICE}, Entry.ANYONE, for_narrowed=True),
    Row("GET", V1 + "/session", NONE, {}, Entry.ANYONE, for_narrowed=True),
    Row("POST", V1 + "/session", NONE, {}, Entry.KEY, for_narrowed=True),
    Row("DELETE", V1 + "/session", entry=Entry.OPEN),
    _read("/buses", STAFF | PLAN, BUS, narrowed=True),
    _read("/buses/{name}", STAFF | PLAN, BUS, narrowed=True),
    _read("/stations", ALL, STATION, narrowed=True),
    _read("/stations/{name}", ALL, STATION, narrowed=True),
    _read("/readings", ALL, {**BUS, **STATION}, narrowed=True),
    _read("/deadletters", OPERATE | ADMIN),
    _read("/deadletters/dropped-values", OPERATE | ADMIN),
    _read("/deadletters/{letter_id}", OPERATE | ADMIN),
    _act("POST", "/deadletters/{letter_id}/retry", OPERATE | ADMIN),
    _act("DELETE", "/deadletters/{letter_id}", ADMIN),
    _read("/register/{table}", OFFICE),
    _read("/register/changes", ADMIN),
    _act("POST", "/register/changes/{change_id}/undo", ADMIN),
    _read("/devices", OFFICE),
    _read("/devices/{serial}", OFFICE),
    _act("POST", "/devices", ADMIN),
    _act("POST", "/devices/{serial}/rotate", ADMIN),
    _act("POST", "/devices/{serial}/revoke", ADMIN),
    _act("POST", "/devices/{serial}/state", OPERATE | ADMIN),
    _act("POST", "/swaps", OPERATE | ADMIN),
    _read("/commissioning/{kind}/{name}", OFFICE),
    _read("/arrivals", OFFICE),
    _read("/expectations/{kind}/{name}", OFFICE),
    _read("/events", ALL),
    _act("POST", "/events", OPERATE | ADMIN),
    _act("DELETE", "/events/{event_id}", OPERATE | ADMIN),
    _read("/people", OFFICE, {Part.CONTACT: OPERATE | ADMIN}),
    _act("POST", "/people", ADMIN),
    _act("POST", "/people/{name}/leave", ADMIN),
    _read("/teams", OFFICE),
    _act("POST", "/teams", ADMIN),
    _read("/duties", OFFICE),
    _read("/duties/now", OFFICE, {Part.CONTACT: OPERATE | ADMIN}),
    _act("POST", "/duties", ADMIN),
    _act("DELETE", "/duties/{duty_id}", ADMIN),
    _read("/keys", ADMIN),
    _act("POST", "/keys", ADMIN),
    _act("DELETE", "/keys/{prefix}", ADMIN),
    _read("/audit", ADMIN),
)

_EXACT: Final = {(row.method, row.path): row for row in TABLE}
_READ_AS: Final = re.compile(r":[a-z]+}")
_BELOW: Final = tuple(row for row in TABLE if row.path.endswith("*"))


def row_of(method: str, path: str) -> Row | None:
    """The row of a route, by its path as it is written in the app; None where it has none."""
    found = _EXACT.get((method, path))
    if found is not None:
        return found
    below = (row for row in _BELOW if path.startswith(row.path.removesuffix("*")))
    return next((row for row in below if row.method == method), None)


def template_of(path: str, template: str) -> str:
    """A route's whole path, for a request's path and what the framework says of its route.

    Newer versions of FastAPI leave out what a router was included under; and how a part of a
    path is read (`:int`) is no business of the table.
    """
    template = _READ_AS.sub("}", template)
    is_ours = path.startswith(V1 + "/") and not template.startswith(V1 + "/")
    return V1 + template if is_ours else template
