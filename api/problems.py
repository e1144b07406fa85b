"""What the API says when it cannot answer: RFC 9457 problems, each with its own kind.

Every problem leaves a count by kind, which `/metrics` shows.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from api.expected import expected_of
from ausguck.desk.access_port import AccessRefused, AccessUnknown
from ausguck.errors import AusguckError, JournalError, StoreUnavailable
from ausguck.register.port import RegisterError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:ausguck:problem:"
FOUND_MAX = 120
RETRY_AFTER_S = 5


class Kind(StrEnum):
    """What kind of problem; the last part of its `type`."""

    PARAMETER = "parameter"
    RANGE = "range"
    NOT_FOUND = "not-found"
    METHOD = "method"
    CONFLICT = "conflict"
    NO_KEY = "no-key"
    FORBIDDEN = "forbidden"
    TOO_MANY = "too-many-failures"
    HOST = "host"
    FOREIGN_ORIGIN = "foreign-origin"
    NO_HEADER = "no-header"
    BODY_TOO_LARGE = "body-too-large"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class _Entry:
    status: int
    title: str


TITLES: Mapping[Kind, _Entry] = {
    Kind.PARAMETER: _Entry(422, "A parameter is not of its form"),
    Kind.RANGE: _Entry(400, "The parameters do not fit together"),
    Kind.NOT_FOUND: _Entry(404, "There is no such thing here"),
    Kind.METHOD: _Entry(405, "The method is not offered here"),
    Kind.CONFLICT: _Entry(409, "The change contradicts what is known"),
    Kind.NO_KEY: _Entry(401, "A key is needed"),
    Kind.FORBIDDEN: _Entry(403, "The key may not do this"),
    Kind.TOO_MANY: _Entry(429, "Too many keys that do not hold"),
    Kind.HOST: _Entry(421, "The request names a host that is not ours"),
    Kind.FOREIGN_ORIGIN: _Entry(403, "The request comes from another site's page"),
    Kind.NO_HEADER: _Entry(403, "The header X-Ausguck is missing"),
    Kind.BODY_TOO_LARGE: _Entry(413, "The body is too large"),
    Kind.UNAVAILABLE: _Entry(503, "A part of Ausguck cannot be reached just now"),
    Kind.INTERNAL: _Entry(500, "Something went wrong inside"),
    Kind.OTHER: _Entry(400, "The request cannot be answered"),
}

_WITH_ALLOW = {405}
_UNKNOWN_CALLER = 401
_UNREADABLE = 400
_BY_STATUS = {404: Kind.NOT_FOUND, 405: Kind.METHOD}


class ParameterProblem(BaseModel):
    """One parameter that cannot be used."""

    which: str = Field(description="where and which, such as `query.from`", examples=["query.from"])
    found: str = Field(description="what was given, shortened", examples=["'yesterday'"])
    expected: str = Field(
        description="what would be accepted",
        examples=["an RFC 3339 time with offset, such as 2026-03-29T08:00:00+02:00"],
    )


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str = Field(
        description="which kind of problem, for programs", examples=["urn:ausguck:problem:range"]
    )
    title: str = Field(description="the kind in words; the same for each of its kind")
    status: int = Field(description="the HTTP status", examples=[400])
    detail: str = Field(description="what was wrong this time, and what to do about it")
    parameters: list[ParameterProblem] | None = Field(
        default=None, description="the parameters at fault, where that is what is wrong"
    )


class ApiProblem(AusguckError):  # noqa: N818 - it is a problem in the RFC's sense
    """Raised by a route that cannot answer."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        parameters: Sequence[ParameterProblem] = (),
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = kind
        self.headers = dict(headers or {})
        self.detail = detail
        self.parameters = tuple(parameters)
        self.retry_after_s = retry_after_s
        super().__init__(detail)


TOLD: Final = (ApiProblem, StoreUnavailable, JournalError, RegisterError, AccessRefused)
"""What a route may raise on purpose."""


def wrong(which: str, found: object, expected: str, kind: Kind = Kind.PARAMETER) -> ApiProblem:
    """The problem of one parameter."""
    problem = ParameterProblem(which=which, found=shown(found), expected=expected)
    return ApiProblem(kind, f"{which}: found {problem.found}, expected {expected}", [problem])


def shown(found: object) -> str:
    """What was given, quoted and cut to a length that cannot be abused."""
    text = repr(found)
    return text if len(text) <= FOUND_MAX else text[: FOUND_MAX - 1] + "…"


class Problems:
    """Words problems as responses and counts them by kind."""

    def __init__(self) -> None:
        self.counts: Counter[Kind] = Counter()

    def response(self, problem: ApiProblem, headers: Mapping[str, str] | None = None) -> Response:
        """The problem as a response; counts it."""
        self.counts[problem.kind] += 1
        entry = TITLES[problem.kind]
        return self._body(problem, entry.status, entry.title, headers)

    def other(self, status: int, detail: str, headers: Mapping[str, str] | None) -> Response:
        """A refusal that the framework decided on, under its own status."""
        kind = _BY_STATUS.get(status, Kind.OTHER)
        self.counts[kind] += 1
        title = TITLES[kind].title if kind is not Kind.OTHER else HTTPStatus(status).phrase
        return self._body(ApiProblem(kind, detail), status, title, headers)

    @staticmethod
    def _body(
        problem: ApiProblem, status: int, title: str, headers: Mapping[str, str] | None
    ) -> Response:
        body = Problem(
            type=TYPE_PREFIX + problem.kind,
            title=title,
            status=status,
            detail=problem.detail,
            parameters=list(problem.parameters) or None,
        )
        extra = {**problem.headers, **(headers or {})}
        if status == _UNKNOWN_CALLER:
            extra["WWW-Authenticate"] = 'Bearer realm="ausguck"'
        if problem.retry_after_s is not None:
            extra["Retry-After"] = str(problem.retry_after_s)
        return Response(
            body.model_dump_json(exclude_none=True), status, extra, media_type=MEDIA_TYPE
        )


def install(
    app: FastAPI,
    problems: Problems,
    allowed: Callable[[str], str | None],
    admit: Callable[[Request], Awaitable[None]],
) -> None:
    """Have the app answer every error it expects as a problem; the guard answers the rest.

    `allowed(path)` are the methods a path offers, for the `Allow` of a 405. `admit` raises a
    problem for whom a request's route is not.
    """
    answers = _Answers(problems, allowed, admit)
    for told in TOLD:
        app.add_exception_handler(told, answers.own)  # type: ignore[arg-type]  # it takes these errors, which the framework's type cannot say
    for error, handler in (
        (RequestValidationError, answers.validation),
        (HTTPException, answers.framework),
    ):
        app.add_exception_handler(error, handler)  # type: ignore[arg-type]  # as above


@dataclass(frozen=True, slots=True)
class _Answers:
    """What each sort of error is answered with."""

    problems: Problems
    allowed: Callable[[str], str | None]
    admit: Callable[[Request], Awaitable[None]]

    async def own(self, request: Request, error: AusguckError) -> Response:
        return self.problems.response(problem_of(error, names_one=bool(request.path_params)))

    async def validation(self, request: Request, error: RequestValidationError) -> Response:
        found = [_parameter(entry) for entry in error.errors()]
        detail = "; ".join(f"{p.which}: found {p.found}, expected {p.expected}" for p in found)
        refusal = await self._refusal(request)
        return self.problems.response(refusal or ApiProblem(Kind.PARAMETER, detail, found))

    async def framework(self, request: Request, error: HTTPException) -> Response:
        if error.status_code == _UNREADABLE:
            refusal = await self._refusal(request)
            if refusal is not None:
                return self.problems.response(refusal)
        detail = f"{request.method} {shown(request.url.path)}: {error.detail}"
        headers = dict(error.headers or {})
        methods = self.allowed(request.url.path) if error.status_code in _WITH_ALLOW else None
        if methods is not None:
            headers["Allow"] = methods
        return self.problems.other(error.status_code, detail, headers)

    async def _refusal(self, request: Request) -> ApiProblem | None:
        # A body is read before anybody is asked who they are: strangers hear nothing of it.
        try:
            await self.admit(request)
        except ApiProblem as problem:
            return problem
        return None


def problem_of(error: AusguckError, *, names_one: bool) -> ApiProblem:
    """An error that a route may meet, as what we say of it.

    `names_one` when the path names a thing: then that is what there is not.
    """
    match error:
        case ApiProblem():
            return error
        case StoreUnavailable():
            seconds = max(1, round(error.retry_after_s))
            detail = f"{error}; try again in {seconds} s"
            return ApiProblem(Kind.UNAVAILABLE, detail, retry_after_s=seconds)
        case JournalError():
            detail = f"the journal takes nothing just now ({error.reason}); try again later"
            return ApiProblem(Kind.UNAVAILABLE, detail, retry_after_s=RETRY_AFTER_S)
        case RegisterError():
            return ApiProblem(Kind.CONFLICT, str(error), _faults(error))
        case AccessUnknown() if names_one:
            return ApiProblem(Kind.NOT_FOUND, str(error))
        case _:
            return ApiProblem(Kind.CONFLICT, str(error))


def _faults(error: RegisterError) -> list[ParameterProblem]:
    """The register's refusals in our words."""
    return [
        ParameterProblem(which=one.key, found=one.found, expected=one.expected)
        for one in error.faults
    ]


def _parameter(entry: Mapping[str, object]) -> ParameterProblem:
    """One error of pydantic in our words."""
    loc = entry.get("loc")
    which = ".".join(str(part) for part in loc) if isinstance(loc, tuple) else "request"
    if entry.get("type") == "missing":
        return ParameterProblem(which=which, found="nothing", expected="a value")
    found = shown(entry.get("input"))
    return ParameterProblem(which=which, found=found, expected=expected_of(entry))
