"""Turns an answer into a response: JSON, and for what is polled an entity tag and 304."""

from fastapi import Request, Response
from pydantic import BaseModel

from api import etag

CORE: dict[str, object] = {"x-core": True}


def answer(body: BaseModel, status: int = 200, tag: str | None = None) -> Response:
    """The body as JSON; serialised once, without FastAPI validating it a second time."""
    headers = {} if tag is None else {"ETag": tag}
    return Response(
        body.model_dump_json(by_alias=True), status, headers, media_type="application/json"
    )


def unchanged(request: Request, tag: str) -> Response | None:
    """A 304 when the client has this already, else None."""
    if etag.matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return None
