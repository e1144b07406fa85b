"""People, duties and keys over HTTP: what a page of operations will need."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ausguck.clock import ManualClock
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_rows import NewKey
from ausguck.settings.tree import Api, Settings
from tests.api.city import City, populated
from tests.api.fakes import CHANGE, NOW_MS

HOUR_MS = 3_600_000


class Office:
    """A closed city with an admin in it."""

    def __init__(self, access: AccessDesk) -> None:
        self.clock = ManualClock(NOW_MS)
        self.access = access
        self.city: City = populated(
            self.clock, settings=Settings(api=Api(anonymous=())), access=access
        )
        new = NewKey(name="boss", scopes=("admin",))
        self.key = access.add_key(new, "test", NOW_MS).secret

    def ask(self, method: str, path: str, body: object = None, key: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Status and body of an answer."""
        headers = {**CHANGE, "Authorization": f"Bearer {key or self.key}"}
        answer = self.city.ask(method, f"/api/v1/{path}", headers=headers, json=body)
        return answer.status_code, answer.json() if answer.content else None


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with open_access(tmp_path / "desk.sqlite") as access:
        yield Office(access)


def staffed(office: Office) -> None:
    for name in ("day", "night"):
        assert office.ask("POST", "teams", {"name": name})[0] == 200
    for name in ("ada", "ben"):
        assert office.ask("POST", "people", {"name": name, "teams": ["night"]})[0] == 200
    night = {"name": "night", "deputy_team": "day", "members": ["ada", "ben"]}
    assert office.ask("POST", "teams", night)[0] == 200
    duty = {
        "team": "night",
        "person": "ada",
        "begins_at": "2027-01-15T07:00:00Z",
        "ends_at": "2027-01-15T10:00:00Z",
    }
    assert office.ask("POST", "duties", duty) == (201, {"added": 1})
    assert office.ask("POST", "duties", duty) == (201, {"added": 0})


def test_who_is_on_duty_now(office: Office) -> None:
    staffed(office)

    _, found = office.ask("GET", "duties/now")
    night = next(item for item in found["items"] if item["team"] == "night")
    assert (night["person"]["name"], night["how"], night["by_team"]) == ("ada", "duty", "night")

    office.ask("POST", "teams", {"name": "day", "lead": "ben"})
    office.clock.advance_ms(2 * HOUR_MS)
    _, later = office.ask("GET", "duties/now")
    night = next(item for item in later["items"] if item["team"] == "night")
    assert (night["person"]["name"], night["how"], night["by_team"]) == ("ben", "fallback", "day")


def test_the_plan_tells_its_gaps(office: Office) -> None:
    staffed(office)
    stretch = "from=2027-01-15T06:00:00Z&to=2027-01-15T12:00:00Z&team=night"

    _, plan = office.ask("GET", f"duties?{stretch}")

    (duty,) = plan["items"]
    assert (duty["person"], duty["begins_at"]) == ("ada", "2027-01-15T07:00:00.000Z")
    assert [(gap["begins_at"][11:13], gap["ends_at"][11:13]) for gap in plan["gaps"]] == [
        ("06", "07"),
        ("10", "12"),
    ]
    assert office.ask("DELETE", f"duties/{duty['id']}") == (204, None)
    assert office.ask("DELETE", "duties/99")[0] == 404
    assert office.ask("GET", "duties?from=2027-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")[0] == 400


def test_leaving_is_refused_tried_and_done(office: Office) -> None:
    staffed(office)

    status, problem = office.ask("POST", "people/ada/leave", {})
    assert status == 409
    assert "duty 1 for team night" in problem["detail"]
    tried = office.ask("POST", "people/ada/leave", {"to": "ben", "dry_run": True})
    done = office.ask("POST", "people/ada/leave", {"to": "ben"})
    assert (tried[0], done[0]) == (200, 200)
    assert tried[1]["handed_over"] == done[1]["handed_over"] != []
    assert (tried[1]["dry_run"], done[1]["dry_run"]) == (True, False)
    assert office.ask("POST", "people/ada/leave", {"to": "ben"})[0] == 409
    assert office.ask("POST", "people/eve/leave", {})[0] == 404
    _, people = office.ask("GET", "people")
    assert [one["name"] for one in people["items"] if one["left_at"]] == ["ada"]


def test_a_key_is_made_used_and_ended(office: Office) -> None:
    status, made = office.ask("POST", "keys", {"name": "wall", "scopes": ["view"]})
    assert status == 201
    assert office.ask("POST", "keys", {"name": "wall", "scopes": ["view"]})[0] == 409
    assert office.ask("GET", "buses", key=made["secret"])[0] == 200
    office.city.write_down()

    _, listed = office.ask("GET", "keys")
    assert made["secret"] not in str(listed)
    assert "sha256" not in str(listed)
    wall = next(item for item in listed["items"] if item["name"] == "wall")
    assert wall["is_live"]
    assert wall["last_used_at"] is not None

    assert office.ask("DELETE", f"keys/{wall['prefix']}") == (204, None)
    assert office.ask("GET", "buses", key=made["secret"])[0] == 401
    assert office.ask("DELETE", f"keys/{wall['prefix']}")[0] == 404


def test_a_key_expires(office: Office) -> None:
    body = {"name": "guest", "scopes": ["view"], "expires_in_h": 2.0}
    _, made = office.ask("POST", "keys", body)

    office.clock.advance_ms(2 * HOUR_MS - 1)
    assert office.ask("GET", "buses", key=made["secret"])[0] == 200
    office.clock.advance_ms(1)
    assert office.ask("GET", "buses", key=made["secret"])[0] == 401


@pytest.mark.parametrize("hours", [0, -1, 1.5, True, "5"])
def test_hours_are_whole(hours: object, office: Office) -> None:
    body = {"name": "guest", "scopes": ["view"], "expires_in_h": hours}

    assert office.ask("POST", "keys", body)[0] == 422


def test_the_log_names_who_and_comes_in_pages(office: Office) -> None:
    staffed(office)
    rows = []
    cursor = ""
    while True:
        _, page = office.ask("GET", f"audit?limit=3{cursor}")
        rows += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
    assert len(rows) == len(office.access.audit(limit=1000))
    assert {row["who"] for row in rows} == {"boss", "test"}
    assert rows[0]["action"] == "duty.add"


def test_looking_changes_nothing(office: Office) -> None:
    staffed(office)
    before = office.access.audit(limit=1000)

    for path in ("people", "teams", "duties", "duties/now", "keys", "audit", "session"):
        assert office.ask("GET", path)[0] == 200
    assert office.access.audit(limit=1000) == before
