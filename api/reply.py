"""Turns an answer into a response: JSON, and for what is polled an entity tag and 304."""

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel

from api import etag
from api.answers.asset import latest_fields
from api.assets import Page
from ausguck.clock import iso_utc

CORE: dict[str, object] = {"x-core": True}


def answer(body: BaseModel, status: int = 200, tag: str | None = None) -> Response:
    """The body as JSON; serialised once, without FastAPI validating it a second time."""
    headers = {} if tag is None else {"ETag": tag}
    return Response(
        body.model_dump_json(by_alias=True), status, headers, media_type="application/json"
    )


def page_answer(page: Page, now_ms: int) -> Response:
    """A page of newest readings as JSON.

    Made by msgspec without a pydantic model in between (a third of the time, and the event
    loop is the listener's too); that it fits `BusPage` and `StationPage` is tested.
    """
    body = {
        "as_of": iso_utc(now_ms),
        "items": [
            latest_fields(reading, known, now_ms)
            for reading, known in zip(page.readings, page.known, strict=True)
        ],
        "next_cursor": page.next_cursor,
    }
    return Response(
        msgspec.json.encode(body), headers={"ETag": page.tag}, media_type="application/json"
    )


def unchanged(request: Request, tag: str) -> Response | None:
    """A 304 when the client has this already, else None."""
    if etag.matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return None
