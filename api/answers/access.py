"""Keys, sessions and the audit log, as they go over HTTP; a key's secret only at its making."""

from collections.abc import Sequence

from pydantic import BaseModel, Field

from api.access.caller import By, Caller
from api.access.judging import reads
from api.answers.asset import UtcTime
from ausguck.clock import iso_utc
from ausguck.desk.access_rows import IssuedKey, Key, Narrowing
from ausguck.model import Kind
from ausguck.register.port import AuditRow
from ausguck.settings.tree import Scope


class NarrowingAnswer(BaseModel):
    """To what a key is narrowed; an empty list narrows nothing."""

    sites: list[str]
    kinds: list[Kind]
    zones: list[str]


class SessionAnswer(BaseModel):
    """Who asks, and what they may."""

    who: str = Field(description="a person, a program's key, or `anonymous` or `nobody`")
    by: By = Field(description="how they are known")
    scopes: list[Scope]
    narrowing: NarrowingAnswer
    reads: list[str] = Field(
        description="paths they may read", examples=[["/api/v1/health", "/api/v1/stations"]]
    )


class KeyAnswer(BaseModel):
    """A key without its secret."""

    prefix: str = Field(description="the part that may be shown", examples=["k3v7qm2x"])
    name: str
    scopes: list[Scope]
    narrowing: NarrowingAnswer
    person: str | None = Field(description="who answers for it")
    is_service: bool = Field(description="whether a program uses it, and a person only owns it")
    is_live: bool = Field(description="whether it opens anything now")
    created_at: UtcTime
    expires_at: UtcTime | None
    last_used_at: UtcTime | None = Field(description="to the minute")
    revoked_at: UtcTime | None


class KeyList(BaseModel):
    """Every key there is or was, by name."""

    items: list[KeyAnswer]


class IssuedKeyAnswer(BaseModel):
    """A new key; its secret is shown this once and kept nowhere."""

    key: KeyAnswer
    secret: str = Field(description="what goes behind `Authorization: Bearer `")


class AuditAnswer(BaseModel):
    """A line of the audit log."""

    id: int
    at: UtcTime
    who: str
    action: str
    object: str
    detail: str


class AuditPage(BaseModel):
    """The audit log, the newest first."""

    items: list[AuditAnswer]
    next_cursor: int | None = Field(description="`cursor` of the next page; null at the end")


def session_answer(caller: Caller) -> SessionAnswer:
    """Who asks, as it goes out."""
    return SessionAnswer(
        who=caller.who,
        by=caller.by,
        scopes=sorted(caller.scopes),
        narrowing=narrowing_answer(caller.narrowing),
        reads=reads(caller),
    )


def narrowing_answer(narrowing: Narrowing) -> NarrowingAnswer:
    """A narrowing as it goes out."""
    return NarrowingAnswer(
        sites=list(narrowing.sites), kinds=list(narrowing.kinds), zones=list(narrowing.zones)
    )


def key_answer(key: Key, now_ms: int) -> KeyAnswer:
    """A key as it goes out."""
    return KeyAnswer(
        prefix=key.prefix,
        name=key.name,
        scopes=list(key.scopes),
        narrowing=narrowing_answer(key.narrowing),
        person=key.person,
        is_service=key.is_service,
        is_live=key.holds_at(now_ms),
        created_at=iso_utc(key.created_at_ms),
        expires_at=moment(key.expires_at_ms),
        last_used_at=moment(key.last_used_at_ms),
        revoked_at=moment(key.revoked_at_ms),
    )


def issued_answer(issued: IssuedKey, now_ms: int) -> IssuedKeyAnswer:
    """A new key as it goes out, once."""
    return IssuedKeyAnswer(key=key_answer(issued.key, now_ms), secret=issued.secret)


def audit_page(rows: Sequence[AuditRow], limit: int) -> AuditPage:
    """A page of the log; `rows` is one more where there is another page."""
    shown = rows[:limit]
    return AuditPage(
        items=[
            AuditAnswer(
                id=row.id,
                at=iso_utc(row.at_ms),
                who=row.who,
                action=row.action,
                object=row.object,
                detail=row.detail,
            )
            for row in shown
        ],
        next_cursor=shown[-1].id if len(rows) > limit else None,
    )


def moment(at_ms: int | None) -> str | None:
    """A time that may not be."""
    return None if at_ms is None else iso_utc(at_ms)
