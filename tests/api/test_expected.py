"""What was wrong with a parameter is said in our words, whatever the framework calls it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ausguck.desk.registry import open_registry
from tests.api.city import City, populated
from tests.api.fakes import SITE

EVENT: dict[str, object] = {
    "id": "kw",
    "kind": "festival",
    "title": "Kieler Woche",
    "begins_at": "2026-06-20T00:00:00+02:00",
}


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    with open_registry(tmp_path / "desk.sqlite", SITE) as registry:
        yield populated(registry=registry)


@pytest.mark.parametrize(
    ("change", "which", "found", "expected"),
    [
        (
            {"kind": "party"},
            "body.kind",
            "'party'",
            "one of festival, diversion, rollout, strike, works, other",
        ),
        ({"id": "a b"}, "body.id", "'a b'", "a text of the form ^[A-Za-z0-9_-]{1,64}$"),
        ({"title": ""}, "body.title", "''", "a text of at least 1 characters"),
        ({"title": 7}, "body.title", "7", "a text"),
        ({"title": "x" * 201}, "body.title", None, "a text of at most 200 characters"),
        ({"lines": "11"}, "body.lines", "'11'", "a list"),
        ({"area": [[200, 1]]}, "body.area.0.0", "200", "180 or less"),
        ({"area": [[1, "x"]]}, "body.area.0.1", "'x'", "a number"),
    ],
)
def test_a_body(
    city: City, change: dict[str, object], which: str, found: str | None, expected: str
) -> None:
    answer = city.ask("POST", "/api/v1/events", json=EVENT | change, headers={"X-Ausguck": "1"})
    assert answer.status_code == 422
    (told,) = answer.json()["parameters"]
    assert (told["which"], told["expected"]) == (which, expected)
    assert found is None or told["found"] == found


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"{", "JSON"), (b"[]", "a JSON object; its Content-Type is application/json")],
)
def test_a_body_that_is_none(city: City, body: bytes, expected: str) -> None:
    headers = {"Content-Type": "application/json", "X-Ausguck": "1"}
    answer = city.ask("POST", "/api/v1/events", content=body, headers=headers)
    assert [one["expected"] for one in answer.json()["parameters"]] == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [("limit=many", "a whole number"), ("limit=0", "1 or more"), ("odd=1", "no parameter")],
)
def test_a_query(city: City, query: str, expected: str) -> None:
    answer = city.ask("GET", f"/api/v1/deadletters?{query}")
    told: list[dict[str, Any]] = answer.json()["parameters"]
    assert told[0]["expected"].startswith(expected)
