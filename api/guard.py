"""The door in front of every route: whose host, how large a body, which headers go out.

- The Host must be a name or address of loopback, or one of `api.names`, so that a foreign name
  that was made to point here (DNS rebinding) reads nothing.
- A body may be 64 KiB, and has ten seconds to arrive.
- What a route did not expect is logged, and answered as a problem that tells nothing.
- A request that changes something must carry `X-Ausguck: 1`, which no form and no script of
  another site can send without a CORS preflight, and we answer none; where a browser says
  where the request comes from, it must be our own page.
- No cache may keep an answer for another caller.
"""

import asyncio
import logging
from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access import origin
from api.headers import CHANGE_HEADER
from api.problems import ApiProblem, Kind, Problems, shown

BODY_MAX_BYTES = 65_536
BODY_TIMEOUT_S = 10.0
INTERNAL = ApiProblem(
    Kind.INTERNAL, "This is our fault; what happened is in the log of the process."
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_LOG = logging.getLogger(__name__)


def change_check(names: frozenset[str]) -> Callable[[Request], None]:
    """A check that refuses a change unless our own page or a program that means it sent it."""

    def check_change(request: Request) -> None:
        if request.method in SAFE_METHODS:
            return
        headers = request.headers
        ours = f"{origin.scheme(request, names)}://{headers.get('host', '')}"
        found = headers.get("origin", ours)
        if found != ours or headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            raise ApiProblem(
                Kind.FOREIGN_ORIGIN, f"Origin: found {shown(found)}, expected {shown(ours)}"
            )
        if headers.get(CHANGE_HEADER) != "1":
            raise ApiProblem(
                Kind.NO_HEADER,
                f"{request.method} changes something and needs the header '{CHANGE_HEADER}: 1'",
            )

    return check_change


async def _admit(scope: Scope, receive: Receive, names: frozenset[str]) -> Receive:
    """Check the host and take in the body, if there is one."""
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if not origin.is_ours(host, names):
        ours = "localhost, a loopback address, or a name that api.names has"
        detail = f"Host: found {shown(host)}, expected {ours}"
        raise ApiProblem(Kind.HOST, detail)
    if "content-length" in headers or "transfer-encoding" in headers:
        return await _whole_body(headers, receive)
    return receive


class Guard:
    """ASGI middleware that stands before the app."""

    def __init__(
        self, app: ASGIApp, problems: Problems, names: frozenset[str] = frozenset()
    ) -> None:
        self._app = app
        self._problems = problems
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        has_begun = False

        async def dressed(message: Message) -> None:
            nonlocal has_begun
            if message["type"] == "http.response.start":
                has_begun = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "private, no-store")
                headers.add_vary_header("Authorization")
                headers.add_vary_header("Cookie")
            await send(message)

        try:
            await self._app(scope, await _admit(scope, receive, self._names), dressed)
        except ApiProblem as problem:
            await self._problems.response(problem)(scope, receive, dressed)
        except Exception:
            if has_begun:
                raise
            _LOG.exception("%s %s failed", scope["method"], shown(scope["path"]))
            await self._problems.response(INTERNAL)(scope, receive, dressed)


async def _whole_body(headers: Headers, receive: Receive) -> Receive:
    """Read the body up to the cap and return a `receive` that gives it again."""
    too_large = ApiProblem(Kind.BODY_TOO_LARGE, f"A body may have {BODY_MAX_BYTES} bytes.")
    announced = headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > BODY_MAX_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    break
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > BODY_MAX_BYTES:
                    raise too_large
    except TimeoutError:
        detail = f"The body did not arrive within {BODY_TIMEOUT_S:g} s."
        raise ApiProblem(Kind.BODY_TOO_LARGE, detail) from None
    first: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return first.pop() if first else await receive()

    return again
