"""The gate before every route: finds out who asks, and lets through by the table."""

from typing import Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from api.access import origin
from api.access.caller import Admitted, By, Caller
from api.access.failures import Failures, network
from api.access.judging import is_guarded_by_admins, refusal
from api.access.table import Entry, Row, row_of, template_of
from api.problems import ApiProblem, Kind
from ausguck.clock import Clock
from ausguck.desk.access_book import Book
from ausguck.desk.access_port import Access
from ausguck.desk.access_rows import digest, is_it, prefix_of
from ausguck.settings.tree import Settings

COOKIE: Final = "ausguck_session"
FORGET_COOKIE: Final = f"{COOKIE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict"
BEARER: Final = "Bearer "
HOW_TO: Final = (
    "send the header 'Authorization: Bearer ak_...' with a key that holds; "
    "`ausguck keys add` makes one"
)


class Gate:
    """Lets callers through to routes; used on the event loop alone."""

    def __init__(self, settings: Settings, access: Access | None, book: Book, clock: Clock) -> None:
        self._api = settings.api
        self._site = settings.site.id
        self._access = access
        self._book = book
        self._clock = clock
        self._failures = Failures()

    async def admit(self, request: Request) -> None:
        """Let a request through to its route, or refuse it.

        Raises:
            ApiProblem: nobody knows who asks, or they may not.
        """
        template = template_of(request.scope["path"], request.scope["route"].path)
        row = row_of(request.method, template)
        if row is None:
            raise ApiProblem(Kind.FORBIDDEN, "This route is not open to anybody yet.")
        caller = nobody("Nobody is asked who they are here.")
        try:
            if row.entry is not Entry.OPEN:
                caller = await self._caller(request)
            problem = refusal(row, caller, self._site)
            if problem is not None:
                raise problem
        except ApiProblem as problem:
            self._note(request, row, caller, problem)
            raise
        request.state.admitted = Admitted(caller, row)

    @staticmethod
    def has_admitted(request: Request) -> bool:
        """Whether the request was let through already."""
        return hasattr(request.state, "admitted")

    async def _caller(self, request: Request) -> Caller:
        given = request.headers.getlist("authorization")
        if given:
            return await self._by_key(request, given)
        session = request.cookies.get(COOKIE)
        if session is not None:
            return await self._by_session(session)
        return self._without_key(request)

    async def _by_key(self, request: Request, given: list[str]) -> Caller:
        now_ms = self._clock.now_ms()
        is_bearer = len(given) == 1 and given[0].startswith(BEARER)
        text = given[0].removeprefix(BEARER) if is_bearer else ""
        prefix = prefix_of(text)
        key = None
        if prefix is not None and self._access is not None:
            key = await run_in_threadpool(self._access.key, prefix)
        # Compared before it is looked at, so that no answer comes sooner than another.
        if not is_it(key, text, now_ms) or key is None:
            raise self._wrong_key(request)
        self._book.used(key.id, now_ms)
        return Caller(key.who, By.KEY, frozenset(key.scopes), key)

    async def _by_session(self, secret: str) -> Caller:
        now_ms = self._clock.now_ms()
        found = None
        if self._access is not None:
            found = await run_in_threadpool(self._access.session, secret, now_ms)
        if found is None:
            raise ApiProblem(
                Kind.NO_KEY,
                f"The session is over: log in again, or {HOW_TO}.",
                headers={"Set-Cookie": FORGET_COOKIE},
            )
        self._book.used(found.key.id, now_ms, digest(secret))
        return Caller(found.key.who, By.SESSION, frozenset(found.key.scopes), found.key)

    def _without_key(self, request: Request) -> Caller:
        """Anonymous, where the settings allow it and the request comes from this machine.

        A proxy on this machine makes every stranger look local: what it adds gives it away.
        """
        headers = request.headers
        if not self._api.anonymous:
            return nobody(f"Nobody may ask this without a key: {HOW_TO}.")
        if proxy := origin.forwarded_by(headers):
            return nobody(
                f"The request came through a proxy (header {proxy}), which may speak for anybody, "
                f"so that api.anonymous does not hold for it: {HOW_TO}, and set "
                "`anonymous = []` in [api] once people have keys."
            )
        peer = "" if request.client is None else request.client.host
        is_local = self._api.is_guarded or origin.is_here(peer)
        if not is_local or not origin.is_loopback(headers.get("host", "")):
            return nobody(f"Only on this machine may this be asked without a key: {HOW_TO}.")
        return Caller("anonymous", By.ANONYMOUS, frozenset(self._api.anonymous))

    def _wrong_key(self, request: Request) -> ApiProblem:
        wait_s = self._failures.add(network(origin.address(request)), self._clock.monotonic_s())
        if wait_s:
            detail = f"Too many keys that do not hold came from there; try again in {wait_s} s."
            return ApiProblem(Kind.TOO_MANY, detail, retry_after_s=wait_s)
        return ApiProblem(Kind.NO_KEY, f"The key does not hold: {HOW_TO}.")

    def _note(self, request: Request, row: Row, caller: Caller, problem: ApiProblem) -> None:
        """Have an attempt at what admins alone may do written into the audit log."""
        if is_guarded_by_admins(row) and self._access is not None:
            place = network(origin.address(request))
            self._book.refused(caller.who, place, f"{row.method} {row.path} ({problem.kind})")


def nobody(hint: str) -> Caller:
    """Somebody we know nothing of, with what they can do about it."""
    return Caller("nobody", By.NOBODY, hint=hint)
