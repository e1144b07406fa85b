"""`ausguck keys` and `ausguck people`: what a person types, and what they are told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.deadletters import deadletters
from ausguck.cli.keys import keys
from ausguck.cli.people import people
from ausguck.clock import SystemClock
from ausguck.desk.access import open_access
from ausguck.desk.access_rows import digest, prefix_of
from ausguck.desk.registry import open_registry
from ausguck.importing.moments import moment_ms
from ausguck.register.change import Change, Diff
from ausguck.register.rows import Zone
from ausguck.settings.tree import Api, Settings, Site

ZONE = "Europe/Berlin"
TOLD = "night,ada,2030-03-30T22:00,2030-03-31T06:00,no"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(site=Site(data_dir=tmp_path))


def key(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(keys, list(arguments), obj=settings)


def person(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(people, list(arguments), obj=settings)


def staffed(settings: Settings) -> None:
    assert person(settings, "team", "set", "night", "--title", "Night shift").exit_code == 0
    for name in ("ada", "ben"):
        assert person(settings, "add", name, "--team", "night").exit_code == 0


def test_a_key_is_printed_alone_and_once(settings: Settings) -> None:
    made = key(settings, "add", "wall", "--scope", "view", "--kind", "bus", "--expires", "90d")

    secret = made.stdout.strip()
    prefix = prefix_of(secret)
    assert prefix is not None
    assert "shown this once" in made.stderr
    listed = key(settings, "list")
    assert prefix in listed.stdout
    assert "only bus" in listed.stdout
    assert secret not in listed.stdout
    (row,) = json.loads(key(settings, "list", "--json").stdout)
    assert (row["name"], row["scopes"], row["kinds"]) == ("wall", ["view"], ["bus"])
    assert row["expires_at_ms"] - row["created_at_ms"] == 90 * 86_400_000
    assert "sha256" not in row
    with open_access(settings.site.data_dir / "desk.sqlite") as desk:
        kept = desk.key(prefix)
        assert kept is not None
        assert kept.sha256 == digest(secret)


def test_a_key_is_rotated_and_ended(settings: Settings) -> None:
    old = key(settings, "add", "wall", "--scope", "view", "--json")
    new = key(settings, "rotate", "wall", "--keep", "2h", "--json")

    assert json.loads(old.stdout)["secret"] != json.loads(new.stdout)["secret"]
    rows = json.loads(key(settings, "list", "--json").stdout)
    assert [row["expires_at_ms"] is None for row in rows] == [False, True]
    third = key(settings, "rotate", "wall")
    assert third.exit_code == 1
    assert f"--prefix {rows[0]['prefix']}" in third.stderr
    assert key(settings, "revoke", "wall", "--prefix", rows[0]["prefix"]).stdout == "1 ended\n"
    assert key(settings, "revoke", "wall").stdout == "1 ended\n"
    gone = key(settings, "revoke", "wall")
    assert (gone.exit_code, "no such key" in gone.stderr) == (1, True)
    assert json.loads(key(settings, "list", "--json").stdout) == []
    assert len(json.loads(key(settings, "list", "--all", "--json").stdout)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "wall"), "--scope"),
        (("add", "wall", "--scope", "read"), "'read' is not one of"),
        (("add", "a b", "--scope", "view"), "is no name"),
        (("add", "wall", "--scope", "view", "--expires", "soon"), "such as 12h, 90d or 4w"),
        (("add", "wall", "--scope", "view", "--zone", "a/b"), "is no name"),
    ],
)
def test_what_is_no_key_is_refused(
    arguments: tuple[str, ...], words: str, settings: Settings
) -> None:
    refused = key(settings, *arguments)

    assert refused.exit_code == 2
    assert words in refused.stderr


def test_a_key_of_nobody_is_refused_with_what_to_do(settings: Settings) -> None:
    refused = key(settings, "add", "ada", "--person", "ada", "--scope", "view")

    assert refused.exit_code == 1
    assert "ausguck people add ada" in refused.stderr


def test_people_keep_what_is_not_told_anew(settings: Settings) -> None:
    staffed(settings)
    person(settings, "add", "ada", "--display", "Ada Holm", "--phone", "+49 431 5551")
    person(settings, "add", "ada", "--language", "de")

    shown = json.loads(person(settings, "show", "ada", "--json").stdout)

    assert shown == {
        "name": "ada",
        "display": "Ada Holm",
        "email": None,
        "phone": "+49 431 5551",
        "languages": ["de"],
        "teams": ["night"],
        "left_at_ms": None,
        "keys": [],
    }
    assert "Ada Holm" in person(settings, "list").stdout
    assert person(settings, "show", "eve").exit_code == 1
    assert "ada,ben" in person(settings, "team", "list").stdout


def test_somebody_leaves(settings: Settings) -> None:
    staffed(settings)
    key(settings, "add", "ada", "--person", "ada", "--scope", "view")
    begins, ends = "2030-03-30T22:00", "2030-03-31T06:00"
    assert person(settings, "duty", "add", "night", "ada", begins, ends).stdout == "planned\n"

    held_back = person(settings, "leave", "ada")
    assert held_back.exit_code == 1
    assert "duty 1 for team night" in held_back.stderr
    tried = person(settings, "leave", "ada", "--to", "ben", "--dry-run")
    assert "nothing was done" in tried.stdout
    done = person(settings, "leave", "ada", "--to", "ben")
    assert done.stdout.splitlines()[-1] == "ada has left"
    assert tried.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
    assert json.loads(key(settings, "list", "--json").stdout) == []
    with open_access(settings.site.data_dir / "desk.sqlite") as desk:
        assert [row.person for row in desk.duties(0, 2**42)] == ["ben"]
    actions = [row["action"] for row in json.loads(person(settings, "audit", "--json").stdout)]
    assert actions[:3] == ["person.leave", "key.revoke", "handover"]
    assert "command line" in person(settings, "audit").stdout


def test_a_key_for_a_zone_that_is_not_there_is_warned_of(settings: Settings) -> None:
    made = key(settings, "add", "west", "--scope", "plan", "--zone", "west")

    assert made.exit_code == 0
    assert prefix_of(made.stdout.strip()) is not None
    assert "warning: the register has no zone 'west'; it has none yet" in made.stderr

    row = Zone(
        id="west", valid_from_ms=0, title="West", area=((54.3, 10.1), (54.3, 10.2), (54.4, 10.2))
    )
    desk_file = settings.site.data_dir / "desk.sqlite"
    with open_registry(desk_file, settings.site.id) as registry:
        registry.apply(Diff("test", [Change("zones", None, row)]), "test", 0)
    known = key(settings, "add", "west-2", "--scope", "plan", "--zone", "west")
    assert "warning" not in known.stderr
    typed = key(settings, "add", "west-3", "--scope", "plan", "--zone", "wets")
    assert "no zone 'wets'; it has west" in typed.stderr


def test_duties_come_by_file(settings: Settings, tmp_path: Path) -> None:
    staffed(settings)
    file = tmp_path / "duties.csv"
    file.write_text(f"team,person,from,to,deputy\n{TOLD}\n", encoding="utf-8")

    first = person(settings, "duty", "import", str(file))
    again = person(settings, "duty", "import", str(file))

    assert first.stdout == "1 planned, 0 were planned already\n"
    assert again.stdout == "0 planned, 1 were planned already\n"
    # The night in which the clock goes forward has seven hours.
    with open_access(settings.site.data_dir / "desk.sqlite") as desk:
        (row,) = desk.duties(0, 2**42)
    assert row.to_ms - row.from_ms == 7 * 3_600_000


def test_duties_come_as_a_spreadsheet_writes_them(settings: Settings, tmp_path: Path) -> None:
    staffed(settings)
    file = tmp_path / "duties.csv"
    lines = ("team;person;from;to", "night;ada;24.11.2030 08:00;24.11.2030 16:00")
    file.write_bytes("\r\n".join(("\ufeff" + lines[0], *lines[1:], "")).encode())

    done = person(settings, "duty", "import", str(file))

    assert done.stdout == "1 planned, 0 were planned already\n"
    with open_access(settings.site.data_dir / "desk.sqlite") as desk:
        (row,) = desk.duties(0, 2**42)
    assert row.from_ms == moment_ms("2030-11-24T08:00", ZoneInfo(ZONE))
    assert row.to_ms - row.from_ms == 8 * 3_600_000


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("night,ada,tonight,2030-03-31T06:00,no", "line 3: from: found 'tonight', expected a time"),
        ("night,,2030-03-30T22:00,2030-03-31T06:00,", "line 3: person: found nothing"),
        ("night,ada,2030-03-31T06:00,2030-03-30T22:00,", "line 3: to: found '2030-03-30T22:00'"),
        ("night,ada,2030-03-30T22:00,2030-03-31T06:00,maybe", "line 3: deputy: found 'maybe'"),
    ],
)
def test_a_file_with_a_fault_plans_nothing(
    line: str, words: str, settings: Settings, tmp_path: Path
) -> None:
    staffed(settings)
    file = tmp_path / "duties.csv"
    file.write_text(f"team,person,from,to,deputy\n{TOLD}\n{line}\n", encoding="utf-8")

    refused = person(settings, "duty", "import", str(file))

    assert refused.exit_code == 1
    assert f"duties.csv, {words}" in refused.stderr
    assert json.loads(person(settings, "duty", "list", "--days", "400", "--json").stdout) == []


def test_a_file_without_a_column_says_which(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "duties.csv"
    file.write_text("team,person,from\n", encoding="utf-8")

    refused = person(settings, "duty", "import", str(file))

    assert "duties.csv, line 1: found no column to" in refused.stderr


def test_hours_that_nobody_covers_are_told(settings: Settings) -> None:
    staffed(settings)
    now_ms = SystemClock().now_ms()
    hours = json.loads(person(settings, "duty", "check", "--days", "2", "--json").stdout)
    (gap,) = hours
    assert gap["team"] == "night"
    assert abs(gap["to_ms"] - gap["from_ms"] - 2 * 86_400_000) < 5
    told = person(settings, "duty", "check", "--days", "2")
    assert (told.exit_code, "48.0 h  nobody" in told.stdout) == (1, True)

    begins = moment_ms("2020-01-01T00:00", ZoneInfo(ZONE))
    assert begins < now_ms
    person(settings, "duty", "add", "night", "ada", "2020-01-01T00:00", "2090-01-01T00:00")
    covered = person(settings, "duty", "check")
    assert (covered.exit_code, covered.stdout) == (0, "1 teams have somebody all the time\n")
    assert person(settings, "duty", "remove", "1").exit_code == 0
    assert person(settings, "duty", "remove", "1").exit_code == 1


class Locked(BaseHTTPRequestHandler):
    """Stands where the running process would, and lets one key in."""

    def do_POST(self) -> None:
        shown = self.headers["Authorization"]
        status = {"Bearer ak_good": 202, "Bearer ak_viewer": 403}.get(shown, 401)
        body = json.dumps({"detail": "This needs a key."}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        del format, args


@pytest.mark.parametrize(
    ("shown", "code", "words"),
    [
        (None, 3, "set AUSGUCK_KEY to a key that holds"),
        ("ak_old", 3, "set AUSGUCK_KEY to a key that holds"),
        ("ak_viewer", 3, "set AUSGUCK_KEY to a key that may"),
        ("ak_good", 0, ""),
    ],
)
def test_commands_show_the_running_process_a_key(
    shown: str | None, code: int, words: str, settings: Settings
) -> None:
    with HTTPServer(("127.0.0.1", 0), Locked) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        reached = settings.model_copy(update={"api": Api(port=server.server_address[1])})
        result = CliRunner().invoke(
            deadletters, ["retry", "17"], obj=reached, env={"AUSGUCK_KEY": shown}
        )
        server.shutdown()
        thread.join()

    assert result.exit_code == code
    assert words in result.stderr
    assert str(shown) not in result.output or shown is None


def test_files_of_keys_are_the_owners_alone(settings: Settings) -> None:
    key(settings, "add", "wall", "--scope", "view")

    assert (settings.site.data_dir / "desk.sqlite").stat().st_mode & 0o077 == 0


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUSGUCK_KEY", raising=False)
