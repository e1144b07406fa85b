"""Completes the OpenAPI that FastAPI makes: problems, the change header, lists with commas.

Also lists the routes for the generated docs.
"""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.config import JsonDict

from api.access.gate import COOKIE
from api.access.table import Entry, row_of
from api.guard import SAFE_METHODS
from api.headers import CHANGE_HEADER
from api.problems import MEDIA_TYPE, TITLES, Kind, Problem

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM_REF: JsonDict = {"$ref": "#/components/schemas/Problem"}
SECURITY: JsonDict = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "ak_...",
        "description": "a key that `ausguck keys add` made",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "a session that `POST /api/v1/session` began",
    },
}


def install(app: FastAPI) -> None:
    """Have the app describe itself completely; made once, at the first asking."""

    def describe() -> dict[str, object]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            )
            _complete(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]  # FastAPI's documented way


def allowed(app: FastAPI, path: str) -> str | None:
    """The methods that a path offers, for `Allow`; None where the description has no such path.

    The framework would name those of the first route alone where two share a path.
    """
    paths: dict[str, JsonDict] = app.openapi()["paths"]
    exact = paths.get(path)
    fitting = (item for template, item in paths.items() if _fits(template, path))
    item = exact if exact is not None else next(fitting, None)
    if item is None:
        return None
    return ", ".join(method.upper() for method in METHODS if method in item)


def _fits(template: str, path: str) -> bool:
    parts, given = template.split("/"), path.split("/")
    return len(parts) == len(given) and all(
        part.startswith("{") or part == found for part, found in zip(parts, given, strict=True)
    )


def _operations(schema: JsonDict) -> Iterator[tuple[str, str, JsonDict]]:
    paths = schema["paths"]
    if not isinstance(paths, dict):
        return
    for path, item in paths.items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                yield path, method, operation


def _complete(schema: JsonDict) -> None:
    components = schema.setdefault("components", {})
    schemas = components.setdefault("schemas", {}) if isinstance(components, dict) else {}
    if not isinstance(schemas, dict):
        return
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    if isinstance(components, dict):
        components["securitySchemes"] = dict(SECURITY)
    for path, method, operation in _operations(schema):
        _complete_operation(path, method, operation)


def _complete_operation(path: str, method: str, operation: JsonDict) -> None:
    parameters = operation.setdefault("parameters", [])
    responses = operation["responses"]
    if not isinstance(parameters, list) or not isinstance(responses, dict):
        return
    for parameter in parameters:
        _commas(parameter)
    if method.upper() not in SAFE_METHODS:
        parameters.append(_change_header())
    found: dict[int, list[str]] = {}
    for kind in _problems(path, method, has_parameters=bool(parameters)):
        entry = TITLES[kind]
        found.setdefault(entry.status, []).append(entry.title)
    for status, titles in found.items():
        responses.setdefault(str(status), _problem("; or ".join(titles)))
        if status == TITLES[Kind.PARAMETER].status:
            responses[str(status)] = _problem("; or ".join(titles))
    row = row_of(method.upper(), path)
    if row is not None and row.entry is not Entry.OPEN:
        operation["security"] = [{"key": []}, {"session": []}, {}]


def _problems(path: str, method: str, *, has_parameters: bool) -> Iterator[Kind]:
    yield from (Kind.INTERNAL, Kind.UNAVAILABLE, Kind.HOST, Kind.BODY_TOO_LARGE)
    if has_parameters:
        yield Kind.PARAMETER
        yield Kind.RANGE
    if "{" in path or path.endswith("/readings"):
        yield Kind.NOT_FOUND
    if method.upper() not in SAFE_METHODS:
        yield Kind.NO_HEADER
        yield Kind.CONFLICT
    yield from _refusals(path, method)


def _refusals(path: str, method: str) -> Iterator[Kind]:
    """How the gate may refuse, by its table."""
    row = row_of(method.upper(), path)
    if row is not None and row.entry is not Entry.OPEN:
        yield from (Kind.NO_KEY, Kind.FORBIDDEN, Kind.TOO_MANY)


def _problem(title: str) -> JsonDict:
    return {"description": title, "content": {MEDIA_TYPE: {"schema": PROBLEM_REF}}}


def _change_header() -> JsonDict:
    return {
        "name": CHANGE_HEADER,
        "in": "header",
        "required": True,
        "description": "says that the change is meant; scripts of other sites cannot send it",
        "schema": {"type": "string", "enum": ["1"]},
    }


def _commas(parameter: object) -> None:
    """A list in the query is one value with commas between."""
    if not isinstance(parameter, dict):
        return
    schema = parameter.get("schema")
    if isinstance(schema, dict) and schema.get("type") == "array":
        parameter["style"] = "form"
        parameter["explode"] = False
