"""What a session made with a key may, and when it ends."""

from api.access.gate import COOKIE
from ausguck.clock import ManualClock
from ausguck.desk.access import AccessDesk
from ausguck.desk.access_rows import SESSION_MS
from tests.api.city import City, populated
from tests.api.fakes import CHANGE, NOW_MS
from tests.api.gate_keys import BUSES, NAME, SESSION, bearer, cookie_of, log_in, made


def test_a_session_stands_for_its_key(closed: City, access: AccessDesk) -> None:
    secret = made(access, "view", "operate")

    answer = log_in(closed, secret)

    assert answer.status_code == 201
    assert answer.json()["scopes"] == ["operate", "view"]
    flags = answer.headers["set-cookie"].split("; ")
    assert flags[0].startswith(f"{COOKIE}=")
    assert {flag.lower() for flag in flags[1:]} == {"httponly", "samesite=strict", "path=/"}
    assert secret[12:] not in answer.text + str(answer.headers)
    cookie = cookie_of(answer)
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 200
    who = closed.ask("GET", SESSION, headers=cookie).json()
    assert (who["who"], who["by"]) == ("one", "session")


def test_a_cookie_is_for_tls_alone_where_people_come_by_it(
    closed: City, access: AccessDesk
) -> None:
    secret = made(access, "view")
    proxied = {"Host": NAME, "X-Forwarded-Proto": "https", "Origin": f"https://{NAME}"}

    assert "Secure" in log_in(closed, secret, **proxied).headers["set-cookie"]
    # Only for a name of ours is a proxy believed.
    local = log_in(closed, secret, **{"X-Forwarded-Proto": "https"})
    assert "Secure" not in local.headers["set-cookie"]
    foreign = {**proxied, "Origin": f"http://{NAME}"}
    assert log_in(closed, secret, **foreign).status_code == 403


def test_a_session_begins_with_a_key_and_a_header_of_ours(closed: City, access: AccessDesk) -> None:
    secret = made(access, "view")

    assert closed.ask("POST", SESSION, headers=bearer(secret)).status_code == 403
    assert closed.ask("POST", SESSION, headers=CHANGE).status_code == 401
    anonymous = populated(access=access)
    assert anonymous.ask("POST", SESSION, headers=CHANGE).status_code == 401


def test_a_session_begins_no_session(closed: City, access: AccessDesk) -> None:
    cookie = cookie_of(log_in(closed, made(access, "view")))

    answer = closed.ask("POST", SESSION, headers={**CHANGE, **cookie})

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 200


def test_a_change_by_session_still_needs_the_header(closed: City, access: AccessDesk) -> None:
    cookie = cookie_of(log_in(closed, made(access, "operate")))
    retry = "/api/v1/deadletters/3/retry"

    assert closed.ask("POST", retry, headers=cookie).status_code == 403
    assert closed.ask("POST", retry, headers={**cookie, **CHANGE}).status_code == 202


def test_ending_a_key_ends_its_sessions_at_once(closed: City, access: AccessDesk) -> None:
    cookie = cookie_of(log_in(closed, made(access, "view")))
    access.end_keys("one", "test", NOW_MS)

    answer = closed.ask("GET", BUSES, headers=cookie)

    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_a_session_slides_and_ends(closed: City, access: AccessDesk, clock: ManualClock) -> None:
    cookie = cookie_of(log_in(closed, made(access, "view")))

    clock.advance_ms(SESSION_MS - 1)
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 200
    closed.write_down()
    clock.advance_ms(SESSION_MS - 1)
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 200
    closed.write_down()
    clock.advance_ms(SESSION_MS)
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 401


def test_logging_out_forgets_the_session(closed: City, access: AccessDesk) -> None:
    cookie = cookie_of(log_in(closed, made(access, "view")))

    gone = closed.ask("DELETE", SESSION, headers={**cookie, **CHANGE})

    assert gone.status_code == 204
    assert "Max-Age=0" in gone.headers["set-cookie"]
    assert closed.ask("GET", BUSES, headers=cookie).status_code == 401
    assert closed.ask("DELETE", SESSION, headers=CHANGE).status_code == 204
    assert closed.ask("DELETE", SESSION, headers=cookie).status_code == 403


def test_a_session_that_is_over_is_not_anonymous(access: AccessDesk) -> None:
    city = populated(access=access)
    headers = {"Cookie": f"{COOKIE}=nothing"}

    assert city.ask("GET", BUSES, headers=headers).status_code == 401
    assert city.ask("GET", "/", headers=headers).status_code == 200
