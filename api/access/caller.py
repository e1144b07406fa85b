"""Who a request is, as the routes see it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from api.access.table import NONE, Part, Row, Scopes
from ausguck.desk.access_rows import Key, Narrowing


class By(StrEnum):
    """How somebody is known."""

    NOBODY = "nobody"
    ANONYMOUS = "anonymous"
    KEY = "key"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody at a route; `hint` says to nobody what to do about it."""

    who: str
    by: By
    scopes: Scopes = NONE
    key: Key | None = None
    hint: str = ""

    @property
    def narrowing(self) -> Narrowing:
        """What their key is narrowed to."""
        return Narrowing() if self.key is None else self.key.narrowing


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller whom the gate let through to a route."""

    caller: Caller
    row: Row

    def gets(self, part: Part) -> bool:
        """Whether a part of the answer is for them."""
        return bool(self.row.parts.get(part, NONE) & self.caller.scopes)


def admitted(request: Request) -> Admitted:
    """Who was let through, for a route."""
    found = request.state.admitted
    assert isinstance(found, Admitted)  # noqa: S101 - the gate stands before every route
    return found


def who(request: Request) -> str:
    """Who asks, as the audit log names them."""
    return admitted(request).caller.who


Asking = Annotated[Admitted, Depends(admitted)]
"""A route's parameter for who asks."""
