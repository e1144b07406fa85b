"""The OpenAPI description is full, true, and cannot be broken."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from ausguck.desk.access_rows import SCOPES, NewKey
from tests.api.city import populated, scratch_access, scratch_registry
from tests.api.fakes import BASE, NOW_MS

EXAMPLES = 20
ACCESS = scratch_access()
KEY = ACCESS.add_key(NewKey(name="schema", scopes=SCOPES), "test", NOW_MS).secret
CITY = populated(access=ACCESS, registry=scratch_registry())
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 20261122,
        # What no schema can say (`from` before `to`, a metric of the asset's kind) is a 400.
        "checks": {
            "positive_data_acceptance": {"expected-statuses": ["2xx", "304", "400", "404", "409"]}
        },
    }
)
SCHEMA = schemathesis.openapi.from_asgi(
    "/api/v1/openapi.json",
    CITY.app,
    config=CONFIG,
    headers={"Host": "localhost", "Authorization": f"Bearer {KEY}"},
)


@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_no_request_finds_a_fault(case: Case[Any]) -> None:
    case.call_and_validate(
        base_url=BASE, headers={"Host": "localhost", "Authorization": f"Bearer {KEY}"}
    )


def test_the_core_is_marked() -> None:
    routes = [
        (method, path.removeprefix("/api/v1"), operation)
        for path, item in populated().app.openapi()["paths"].items()
        for method, operation in item.items()
    ]

    assert {path for _, path, operation in routes if operation.get("x-core") is True} == {
        "/health",
        "/buses",
        "/buses/{name}",
        "/stations",
        "/stations/{name}",
        "/readings",
    }
    assert all(operation["summary"] for _, _, operation in routes)
    assert ("delete", "/deadletters/{letter_id}") in {route[:2] for route in routes}


def test_every_refusal_is_described_as_a_problem() -> None:
    schema = populated().app.openapi()

    for item in schema["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                if status.startswith(("4", "5")) and "HealthAnswer" not in str(response):
                    assert list(response["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in schema["components"]["schemas"]


@pytest.mark.parametrize(
    ("schema", "key"), [("BusAnswer", "rsrp_dbm"), ("StationAnswer", "num_docks_available")]
)
def test_values_are_described_by_the_catalogue(schema: str, key: str) -> None:
    values = populated().app.openapi()["components"]["schemas"][schema]["properties"]["values"]

    assert values["additionalProperties"] is False
    assert values["properties"][key]["description"].endswith((" Unit: dBm.", " Unit: docks."))


def test_a_list_in_the_query_has_commas() -> None:
    operation = populated().app.openapi()["paths"]["/api/v1/readings"]["get"]
    metric = next(entry for entry in operation["parameters"] if entry["name"] == "metric")

    assert (metric["style"], metric["explode"]) == ("form", False)
    assert metric["schema"]["type"] == "array"
    assert "rsrp_dbm" in metric["schema"]["items"]["enum"]


def test_allow_names_every_method_of_a_path() -> None:
    def allow(path: str) -> str:
        return populated().ask("OPTIONS", path).headers["allow"]

    assert allow("/api/v1/deadletters/3") == "GET, DELETE"
    assert allow("/api/v1/deadletters/3/retry") == "POST"
    assert allow("/api/v1/deadletters/dropped-values") == "GET"
    assert allow("/") == "GET"
