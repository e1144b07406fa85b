"""The door: whose host, which changes, how large a body, which headers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from api.access.origin import is_loopback
from tests.api.city import populated
from tests.api.fakes import BASE, CHANGE

RETRY = "/api/v1/deadletters/3/retry"


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1:1", "127.8.9.1", "[::1]:8080", "LOCALHOST"]
)
def test_names_of_this_machine_are_let_in(host: str) -> None:
    assert is_loopback(host)
    assert populated().ask("GET", "/api/v1/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example:80",
        "10.0.0.1",
        "[::1",
        "localhost@evil.example",
    ],
)
def test_a_foreign_name_that_points_here_reads_nothing(host: str) -> None:
    answer = populated().ask("GET", "/api/v1/health", headers={"Host": host})

    assert answer.status_code == 421
    assert answer.json()["type"] == "urn:ausguck:problem:host"
    assert answer.headers["cache-control"] == "private, no-store"


def test_a_change_must_be_meant() -> None:
    city = populated()

    for headers in ({}, {"X-Ausguck": "0"}, {"X-Ausguck": ""}):
        answer = city.ask("POST", RETRY, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["type"] == "urn:ausguck:problem:no-header"
    assert city.retry.retried == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_sites_page_is_refused(headers: dict[str, str]) -> None:
    city = populated()

    answer = city.ask("POST", RETRY, headers={**CHANGE, **headers})

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:ausguck:problem:foreign-origin"
    assert city.retry.retried == []


def test_our_own_page_may_change_things() -> None:
    headers = {**CHANGE, "Origin": BASE, "Sec-Fetch-Site": "same-origin"}

    assert populated().ask("POST", RETRY, headers=headers).status_code == 202


def test_no_preflight_is_answered() -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}

    answer = populated().ask("OPTIONS", RETRY, headers=headers)

    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_get_changes_nothing() -> None:
    city = populated()

    assert city.ask("GET", RETRY).status_code == 405
    assert city.retry.retried == []


def test_a_large_body_is_refused_before_it_is_read() -> None:
    city = populated()

    answer = city.ask("POST", RETRY, headers=CHANGE, content=b"x" * 65_537)

    assert answer.status_code == 413
    assert city.ask("POST", RETRY, headers=CHANGE, content=b"x" * 65_536).status_code == 202


def test_a_large_body_of_unknown_length_is_cut_off() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield b"x" * 4096

    answer = populated().ask("POST", RETRY, headers=CHANGE, content=endless())

    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999"])
def test_a_length_that_is_none_is_refused(length: str) -> None:
    headers = {**CHANGE, "Content-Length": length}

    assert populated().ask("POST", RETRY, headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/", "/api/v1/health", "/nowhere", "/metrics", "/web/main.js"])
def test_every_answer_carries_the_headers(path: str) -> None:
    headers = populated().ask("GET", path).headers

    assert headers["content-security-policy"].startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    own = path == "/" or path.startswith("/web/")
    assert headers["cache-control"] == ("no-cache" if own else "private, no-store")
    assert headers["vary"] == "Authorization, Cookie"


def test_a_method_that_is_not_offered_is_a_problem() -> None:
    answer = populated().ask("PUT", "/api/v1/buses", headers=CHANGE)

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"
    assert answer.json()["title"] == "The method is not offered here"


def test_what_is_said_back_is_cut_short() -> None:
    answer = populated().ask("GET", "/api/v1/buses", params={"cursor": "x" * 5000})

    assert answer.status_code == 422
    assert len(answer.text) < 1000
