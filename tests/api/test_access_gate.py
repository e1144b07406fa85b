"""Who a request is: by key, by session, by setting, or nobody."""

import asyncio
import sqlite3
import time
from pathlib import Path
from typing import get_args

import httpx
import pytest

from api.access.failures import MOST, WINDOW_S
from ausguck.clock import ManualClock
from ausguck.desk.access import AccessDesk
from ausguck.desk.access_rows import new_key
from ausguck.desk.engine import BUSY_TIMEOUT_S
from ausguck.settings.tree import Api, Scope, Settings
from tests.api.city import City, populated
from tests.api.fakes import CHANGE, NOW_MS
from tests.api.gate_keys import BUSES, NAME, SESSION, bearer, cookie_of, log_in, made


def test_a_key_opens_what_its_scopes_do(closed: City, access: AccessDesk) -> None:
    headers = bearer(made(access, "view"))

    assert closed.ask("GET", BUSES, headers=headers).status_code == 200
    refused = closed.ask("GET", "/api/v1/keys", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This needs one of the scopes admin; one has view."


def test_without_a_key_the_answer_says_what_to_send(closed: City) -> None:
    answer = closed.ask("GET", BUSES)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="ausguck"'
    assert answer.json()["type"] == "urn:ausguck:problem:no-key"
    assert "Authorization: Bearer ak_" in answer.json()["detail"]
    assert "ausguck keys add" in answer.json()["detail"]


def test_keys_that_do_not_hold_are_answered_alike(
    closed: City, access: AccessDesk, clock: ManualClock
) -> None:
    expired = made(access, "view", name="expired", hours=1)
    revoked = made(access, "view", name="revoked")
    access.end_keys("revoked", "test", NOW_MS)
    good = made(access, "view", name="good")
    other_secret = good[:12] + new_key().text[12:]
    clock.advance_ms(3_600_000)

    wrong = ["", "x", expired, revoked, new_key().text, other_secret, good + "x", good[:-1]]
    answers = [closed.ask("GET", BUSES, headers=bearer(one)) for one in wrong]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert all("www-authenticate" in answer.headers for answer in answers)


@pytest.mark.parametrize("header", ["Basic YTpi", "ak_x", "", "bearer", "Bearer", "Token ak_x"])
def test_a_wrong_key_never_counts_as_none(header: str, access: AccessDesk) -> None:
    city = populated(access=access)

    assert city.ask("GET", BUSES).status_code == 200
    assert city.ask("GET", BUSES, headers={"Authorization": header}).status_code == 401
    for path in ("/api/v1/health", SESSION):
        assert city.ask("GET", path, headers={"Authorization": header}).status_code == 401


def test_a_key_without_bearer_is_none(closed: City, access: AccessDesk) -> None:
    good = made(access, "view")

    for header in (good, f"bearer{good}", f" {good}", f"Basic {good}", f"Bearer  {good}"):
        assert closed.ask("GET", BUSES, headers={"Authorization": header}).status_code == 401
    assert closed.ask("GET", BUSES, headers=bearer(good)).status_code == 200


@pytest.mark.parametrize("body", [b"no JSON", b'{"name": ', b"\xff\xfe", b"[" * 60_000, b"{}"])
@pytest.mark.parametrize("path", ["/api/v1/keys", "/api/v1/people", "/api/v1/duties"])
def test_strangers_hear_nothing_of_a_body(
    body: bytes, path: str, closed: City, access: AccessDesk
) -> None:
    sent = {**CHANGE, "Content-Type": "application/json"}

    def told(headers: dict[str, str]) -> int:
        return closed.ask("POST", path, content=body, headers=headers).status_code

    assert told(sent) == 401
    assert told({**sent, **bearer(new_key().text)}) == 401
    assert told({**sent, **bearer(made(access, "view", name="viewer"))}) == 403
    admin = bearer(made(access, "admin"))
    assert told({**sent, **admin}) in {400, 422}
    assert told({**admin, "Content-Type": "application/json"}) == 403


def test_two_headers_are_no_key(access: AccessDesk) -> None:
    city = populated(access=access)
    good = f"Bearer {made(access, 'view')}"

    async def say(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(BUSES, headers=[("Authorization", good), ("Authorization", good)])

    assert city.talk(say).status_code == 401


def test_a_key_in_the_address_is_no_key(closed: City, access: AccessDesk) -> None:
    answer = closed.ask("GET", f"{BUSES}?key={made(access, 'view')}")

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"]
)
def test_what_a_proxy_hands_on_is_not_local(header: str, access: AccessDesk) -> None:
    city = populated(access=access)

    answer = city.ask("GET", BUSES, headers={header: "198.51.100.7"})

    assert answer.status_code == 401
    assert "came through a proxy" in answer.json()["detail"]
    assert "anonymous = []" in answer.json()["detail"]
    with_key = {header: "198.51.100.7", **bearer(made(access, "view"))}
    assert city.ask("GET", BUSES, headers=with_key).status_code == 200


def test_only_this_machine_is_anonymous(access: AccessDesk) -> None:
    def asked(city: City, peer: str, host: str) -> int:
        async def say(client: httpx.AsyncClient) -> httpx.Response:
            return await client.get(BUSES, headers={"Host": host})

        return city.talk(say, peer).status_code

    names = Api(names=(NAME,))
    city = populated(settings=Settings(api=names), access=access)
    assert asked(city, "127.0.0.1", "localhost") == 200
    assert asked(city, "::1", "[::1]:8080") == 200
    assert asked(city, "192.0.2.9", "localhost") == 401
    assert asked(city, "127.0.0.1", NAME) == 401
    guarded = Settings(api=Api(host="192.0.2.1", is_guarded=True, names=(NAME,)))
    container = populated(settings=guarded, access=access)
    assert asked(container, "172.18.0.1", "localhost:8080") == 200
    assert asked(container, "172.18.0.1", NAME) == 401


def test_anonymous_gets_the_scopes_of_the_settings(access: AccessDesk) -> None:
    city = populated(settings=Settings(api=Api(anonymous=("plan",))), access=access)

    answer = city.ask("GET", SESSION).json()

    assert answer["scopes"] == ["plan"]
    assert (answer["who"], answer["by"]) == ("anonymous", "anonymous")
    assert "clients" not in city.ask("GET", f"{BUSES}/0101").json()["values"]
    assert city.ask("GET", "/api/v1/keys").status_code == 403


def test_a_host_is_one_of_our_names(closed: City, access: AccessDesk) -> None:
    headers = bearer(made(access, "view"))

    for host in (NAME, f"{NAME}:443", NAME.upper(), "localhost"):
        assert closed.ask("GET", BUSES, headers={**headers, "Host": host}).status_code == 200
    for host in (f"x.{NAME}", f"{NAME}.evil.example", "evil.example"):
        assert closed.ask("GET", BUSES, headers={**headers, "Host": host}).status_code == 421


def test_last_use_is_collected_and_written_later(
    closed: City, access: AccessDesk, clock: ManualClock
) -> None:
    headers = bearer(made(access, "view"))

    closed.ask("GET", BUSES, headers=headers)
    clock.advance_ms(5)
    closed.ask("GET", BUSES, headers=headers)

    assert access.all_keys()[0].last_used_at_ms is None
    closed.write_down()
    assert access.all_keys()[0].last_used_at_ms == NOW_MS + 5


@pytest.mark.parametrize("path", [BUSES, "/api/v1/keys"])
def test_nobody_waits_for_who_writes(
    path: str, closed: City, access: AccessDesk, tmp_path: Path
) -> None:
    """Another process holds the file, and may for as long as it likes."""
    headers = bearer(made(access, "view"))
    cookie = cookie_of(log_in(closed, made(access, "view", name="page")))
    with sqlite3.connect(tmp_path / "desk.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        before_s = time.monotonic()
        for shown in (headers, cookie, {}):
            assert closed.ask("GET", path, headers=shown).status_code in {200, 401, 403}
        assert time.monotonic() - before_s < BUSY_TIMEOUT_S
        other.execute("ROLLBACK")
    other.close()


def test_too_many_wrong_keys_are_told_to_wait(
    closed: City, access: AccessDesk, clock: ManualClock
) -> None:
    good = made(access, "view")

    def wrong(**headers: str) -> httpx.Response:
        return closed.ask("GET", BUSES, headers={**bearer(new_key().text), **headers})

    assert {wrong().status_code for _ in range(MOST)} == {401}
    late = wrong()
    assert late.status_code == 429
    assert late.json()["type"] == "urn:ausguck:problem:too-many-failures"
    assert 1 <= int(late.headers["retry-after"]) <= WINDOW_S
    elsewhere = {"X-Forwarded-For": "203.0.113.4"}
    assert wrong(**elsewhere).status_code == 401
    assert closed.ask("GET", BUSES, headers=bearer(good)).status_code == 200
    clock.advance_ms(round(WINDOW_S * 1000))
    assert wrong().status_code == 401


def test_refused_attempts_at_admin_are_one_line_an_hour(
    closed: City, access: AccessDesk, clock: ManualClock
) -> None:
    secret = made(access, "view", name="busy")
    before = len(access.audit())

    closed.ask("GET", "/api/v1/keys", headers=bearer(secret))
    closed.ask("DELETE", "/api/v1/duties/1", headers={**CHANGE, **bearer(new_key().text)})
    closed.ask("GET", BUSES)
    for _ in range(2):
        closed.ask("GET", "/api/v1/keys", headers={"X-Forwarded-For": "203.0.113.4"})
    closed.write_down()

    rows = access.audit()[: len(access.audit()) - before]
    assert {(row.who, row.action, row.object, row.detail) for row in rows} == {
        ("busy", "refused", "127.0.0.1", "GET /api/v1/keys (forbidden): 1"),
        ("nobody", "refused", "127.0.0.1", "DELETE /api/v1/duties/{duty_id} (no-key): 1"),
        ("nobody", "refused", "203.0.113.4", "GET /api/v1/keys (no-key): 2"),
    }
    for _ in range(3 * MOST):
        closed.ask("GET", "/api/v1/keys")
        clock.advance_ms(60_000)
        closed.write_down()
    assert len(access.audit()) - before == 3
    clock.advance_ms(30 * 60_000)
    closed.write_down()
    assert len(access.audit()) - before == 4
    assert access.audit()[0].detail == f"GET /api/v1/keys (no-key): {3 * MOST}"


def test_the_wall_screen_is_asked_at_once(closed: City, access: AccessDesk) -> None:
    """Many requests with one key side by side are answered, each by itself."""
    headers = bearer(made(access, "view"))

    async def say(client: httpx.AsyncClient) -> httpx.Response:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(client.get(BUSES, headers=headers)) for _ in range(20)]
        assert {one.result().status_code for one in asked} == {200}
        return asked[0].result()

    assert closed.talk(say).status_code == 200


@pytest.mark.parametrize("scope", get_args(Scope))
def test_what_the_session_says_may_be_read_is_what_is_not_refused(
    closed: City, access: AccessDesk, scope: Scope
) -> None:
    headers = bearer(made(access, scope))
    paths = (
        "/metrics",
        BUSES,
        *(f"/api/v1/{name}" for name in ("stations", "keys", "deadletters")),
    )

    said = closed.ask("GET", SESSION, headers=headers).json()["reads"]

    answered = [path for path in paths if closed.ask("GET", path, headers=headers).is_success]
    assert [path for path in paths if path in said] == answered


def test_nobody_is_told_only_of_what_is_open(closed: City) -> None:
    said = closed.ask("GET", SESSION).json()["reads"]

    assert said == ["/", "/api/v1/openapi.json", "/api/v1/health", SESSION]
