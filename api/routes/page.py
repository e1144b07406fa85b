"""`/`: the page, a handful of files read once at start; no name of a file is ever looked up."""

from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files

from fastapi import APIRouter, Request, Response

from api.reply import unchanged

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    media_type: str
    tag: str


def router() -> APIRouter:
    """The page's routes, which are no part of the API's description."""
    routes = APIRouter(include_in_schema=False)
    for name, file in _files().items():
        _serve(routes, "/" if name == "index.html" else f"/web/{name}", file)
    return routes


def _files() -> dict[str, _File]:
    found = {}
    for entry in files("api.web").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in TYPES:
            body = entry.read_bytes()
            tag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
            found[entry.name] = _File(body, TYPES[suffix], tag)
    return found


def _serve(routes: APIRouter, path: str, file: _File) -> None:
    @routes.get(path)
    async def page(request: Request) -> Response:
        response = unchanged(request, file.tag) or Response(
            file.body, headers={"ETag": file.tag}, media_type=file.media_type
        )
        response.headers["Cache-Control"] = "no-cache"
        return response
