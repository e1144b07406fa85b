"""`/api/v1/session`: a browser shows a key once and gets a cookie for it."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.access import origin
from api.access.caller import Asking
from api.access.gate import COOKIE, FORGET_COOKIE
from api.answers.access import SessionAnswer, session_answer
from api.problems import ApiProblem, Kind
from api.reply import answer
from ausguck.clock import Clock
from ausguck.desk.access_port import Access

CREATED = 201
GONE = 204


def router(access: Access, clock: Clock, names: frozenset[str]) -> APIRouter:
    """The routes over the session of whom asks."""
    routes = APIRouter(prefix="/session", tags=["access"])

    @routes.get("", response_model=SessionAnswer, summary="Who asks, and what they may")
    async def session(asking: Asking) -> Response:
        """For everybody, also without a key."""
        return answer(session_answer(asking.caller))

    @routes.post("", response_model=SessionAnswer, status_code=CREATED, summary="Log in")
    async def log_in(request: Request, asking: Asking) -> Response:
        """With a key in the header; its cookie lasts 12 hours from its last use, 7 days at most."""
        key = asking.caller.key
        if key is None:
            raise ApiProblem(Kind.NO_KEY, "A session begins with a key in the header.")
        secret = await run_in_threadpool(access.begin_session, key, clock.now_ms())
        response = answer(session_answer(asking.caller), CREATED)
        response.set_cookie(
            COOKIE,
            secret,
            path="/",
            httponly=True,
            samesite="strict",
            secure=origin.scheme(request, names) == "https",
        )
        return response

    @routes.delete("", status_code=GONE, response_class=Response, summary="Log out")
    async def log_out(request: Request) -> Response:
        """The session is forgotten, and the cookie with it."""
        secret = request.cookies.get(COOKIE)
        if secret is not None:
            await run_in_threadpool(access.end_session, secret)
        return Response(status_code=GONE, headers={"Set-Cookie": FORGET_COOKIE})

    return routes
