"""Decides by the table whether a caller may come through, and why not; pure."""

from api.access.caller import By, Caller
from api.access.table import ADMIN, TABLE, Entry, Row
from api.problems import ApiProblem, Kind


def refusal(row: Row, caller: Caller, site: str) -> ApiProblem | None:
    """Why somebody may not call a route, or None where they may."""
    if row.entry is Entry.OPEN:
        return None
    sites = caller.narrowing.sites
    if sites and site not in sites:
        return _forbidden(f"This key is for {', '.join(sites)}, and this is {site}.")
    return _of_caller(row, caller)


def reads(caller: Caller) -> list[str]:
    """The paths that a caller of this site may read, so that no page offers or asks others."""
    plain = (row for row in TABLE if row.method == "GET" and not set("{*") & set(row.path))
    return [row.path for row in plain if _of_caller(row, caller) is None]


def is_guarded_by_admins(row: Row) -> bool:
    """Whether a route is for admins alone."""
    return row.entry is Entry.SCOPE and row.scopes == ADMIN


def _of_caller(row: Row, caller: Caller) -> ApiProblem | None:
    if row.entry in {Entry.OPEN, Entry.ANYONE}:
        return None
    if caller.by is By.NOBODY or (row.entry is Entry.KEY and caller.by is not By.KEY):
        return ApiProblem(Kind.NO_KEY, caller.hint or "This needs a key itself, in the header.")
    if row.entry is Entry.SCOPE:
        return _scope(row, caller)
    return None


def _scope(row: Row, caller: Caller) -> ApiProblem | None:
    if not row.scopes & caller.scopes:
        wanted, has = ", ".join(sorted(row.scopes)), ", ".join(sorted(caller.scopes)) or "none"
        return _forbidden(f"This needs one of the scopes {wanted}; {caller.who} has {has}.")
    if caller.narrowing and not row.for_narrowed:
        return _forbidden("This is about the whole site, and the key is narrowed to a part of it.")
    return None


def _forbidden(detail: str) -> ApiProblem:
    return ApiProblem(Kind.FORBIDDEN, detail)
