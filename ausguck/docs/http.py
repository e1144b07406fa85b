"""The page of HTTP routes, from the API's own OpenAPI document."""

from collections.abc import Iterator
from typing import cast

import msgspec

from api.app import create_app
from api.ports import HealthSource, MetricsSource, Ports, Retry, Yard
from ausguck.clock import ManualClock
from ausguck.desk.access_port import Access
from ausguck.desk.port import Desk
from ausguck.docs.markdown import code, page, table
from ausguck.docs.openapi import Answer, Document, Operation, Schema, words
from ausguck.settings.tree import Settings
from ausguck.store.port import Store

METHODS = ("get", "post", "put", "patch", "delete")
ANSWER_HEAD = ("status", "body", "when")


def document() -> Document:
    """The API's description; nothing stands behind the ports, for nothing is asked."""
    ports = Ports(
        store=cast("Store", None),
        desk=cast("Desk", None),
        health=cast("HealthSource", None),
        retry=cast("Retry", None),
        metrics=cast("MetricsSource", None),
        yard=cast("Yard", object()),
        access=cast("Access", object()),
    )
    app = create_app(ports, ManualClock(), Settings())
    return msgspec.json.decode(msgspec.json.encode(app.openapi()), type=Document)


def http() -> str:
    """Every route with its parameters and answers, and what the answers are made of."""
    api = document()
    routes = [
        (f"{method.upper()} {path}", inner[method])
        for path, inner in api.paths.items()
        for method in METHODS
        if method in inner
    ]
    everywhere = set.intersection(*(set(_answers(operation)) for _, operation in routes))
    return page(
        "HTTP",
        "`api/`, which serves it as `/api/v1/openapi.json`",
        "Times are RFC 3339 and in UTC. Errors are RFC 9457 problems. What is not known is left "
        "out or null, never zero. A request that changes something needs the header "
        "`X-Ausguck: 1`. Who may ask what, and by which header: [access](access.md).",
        table(
            ("route", "what it gives"),
            ((code(name), operation.summary) for name, operation in routes),
        ),
        "Besides its own, every route may answer:",
        table(ANSWER_HEAD, sorted(everywhere)),
        *(_route(name, operation, everywhere) for name, operation in routes),
        "## What answers are made of",
        *(_schema(name, schema) for name, schema in sorted(api.components.schemas.items())),
    )


def _route(name: str, operation: Operation, everywhere: set[tuple[str, str, str]]) -> str:
    parts = [f"## {code(name)}", f"{operation.summary}."]
    if operation.description:
        parts.append(operation.description)
    if operation.parameters:
        rows = (
            (
                code(p.name),
                f"{p.place}, required" if p.required else p.place,
                words(p.schema),
                p.description or p.schema.description,
            )
            for p in operation.parameters
        )
        parts.append(table(("parameter", "in", "expected", "what for"), rows))
    own = [answer for answer in _answers(operation) if answer not in everywhere]
    return "\n\n".join([*parts, table(ANSWER_HEAD, own)])


def _answers(operation: Operation) -> list[tuple[str, str, str]]:
    return [
        (status, ", ".join(_bodies(answer)), answer.description)
        for status, answer in sorted(operation.responses.items())
    ]


def _bodies(answer: Answer) -> Iterator[str]:
    for media, body in answer.content.items():
        shown = words(body.schema)
        yield f"{code(media)} {shown}" if shown else code(media)


def _schema(name: str, schema: Schema) -> str:
    heading = f"### {name}\n\n{schema.description}".strip()
    if not schema.properties:
        return f"{heading}\n\n{words(schema)}" if words(schema) else heading
    rows = (
        (code(key), words(inner), "yes" if key in schema.required else "", inner.description)
        for key, inner in schema.properties.items()
    )
    return f"{heading}\n\n{table(('field', 'what it is', 'always', 'help'), rows)}"
