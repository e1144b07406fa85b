"""`ausguck deadletters`: reading needs nobody, changing needs the running process."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ausguck.cli.deadletters import deadletters
from ausguck.desk.desk import open_desk
from ausguck.model import DeadLetter, Origin, Position, Reason
from ausguck.settings.tree import Api, Settings, Site

GONE = 404
REASONS = (Reason.TIME, Reason.IDENTITY, Reason.TIME)


class Answering(HTTPServer):
    """Stands where the running process would; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.changes: list[str | None] = []
        self.gone: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    server: Answering

    def do_POST(self) -> None:
        self.reply()

    def do_DELETE(self) -> None:
        self.reply()

    def reply(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.changes.append(self.headers["X-Ausguck"])
        gone = self.path.split("/")[4] in self.server.gone
        body = json.dumps({"detail": "it is off the list"} if gone else {}).encode()
        self.send_response(GONE if gone else 202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        del format, args


@pytest.fixture
def process() -> Iterator[Answering]:
    with Answering() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    letters = [
        DeadLetter(
            Origin(Position(1, 2, 30 + at), 0), 1_800_000_000_000, "v1/t", reason, "found 5", b"{}"
        )
        for at, reason in enumerate(REASONS)
    ]
    letters[2] = DeadLetter(
        letters[2].origin, 1_800_000_000_000, "v1/u", Reason.TIME, "found 6", b"\xff"
    )
    with open_desk(tmp_path / "desk.sqlite") as desk:
        desk.record(letters, [], [])
    return Settings(site=Site(data_dir=tmp_path))


def run(settings: Settings, *arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(deadletters, arguments, obj=settings, input=answer)


def url(process: Answering) -> str:
    return f"http://127.0.0.1:{process.server_port}"


def test_list(settings: Settings) -> None:
    found = run(settings, "list")
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert len(lines) == 3
    assert "time" in lines[0]
    assert "v1/t" in lines[0]
    assert "3 of 3 dead letters" in found.stderr


def test_list_of_one_reason_as_json(settings: Settings) -> None:
    found = run(settings, "list", "--reason", "identity", "--json")
    (letter,) = json.loads(found.stdout)
    assert letter["reason"] == "identity"
    assert letter["first_at"].startswith("2027-01-15T08:00:00")


def test_list_goes_on_after_an_id(settings: Settings) -> None:
    first = json.loads(run(settings, "list", "--limit", "1", "--json").stdout)[0]["id"]
    rest = json.loads(run(settings, "list", "--after", str(first), "--json").stdout)
    assert len(rest) == 2


def test_show(settings: Settings) -> None:
    found = run(settings, "show", "1")
    assert found.exit_code == 0
    assert "2:30 of epoch 1" in found.stdout
    assert "found 5" in found.stdout


def test_show_as_json_says_when_the_element_is_no_text(settings: Settings) -> None:
    letters = json.loads(run(settings, "list", "--json").stdout)
    found = json.loads(run(settings, "show", str(letters[2]["id"]), "--json").stdout)
    assert (found["element"], found["element_encoding"]) == ("/w==", "base64")


def test_show_of_none(settings: Settings) -> None:
    found = run(settings, "show", "999")
    assert found.exit_code == 1
    assert "there is no dead letter 999" in found.stderr


def test_no_desk_yet(tmp_path: Path) -> None:
    found = run(Settings(site=Site(data_dir=tmp_path / "none")), "list")
    assert found.exit_code == 1
    assert "does not exist" in found.stderr


def test_retry_by_id(settings: Settings, process: Answering) -> None:
    found = run(settings, "retry", "1", "2", "1", "--url", url(process))
    assert found.exit_code == 0
    assert process.asked == [f"POST /api/v1/deadletters/{one}/retry" for one in (1, 2)]
    assert process.changes == ["1", "1"]
    assert "2 on the way again" in found.stdout


def test_retry_all_of_a_reason(settings: Settings, process: Answering) -> None:
    run(settings, "retry", "--all", "--reason", "identity", "--url", url(process))
    assert len(process.asked) == 1


def test_the_settings_say_where_the_process_answers(tmp_path: Path, process: Answering) -> None:
    settings = Settings(site=Site(data_dir=tmp_path), api=Api(port=process.server_port))
    assert run(settings, "purge", "5", "--yes").exit_code == 0
    assert process.asked == ["DELETE /api/v1/deadletters/5"]


def test_what_could_not_be_done_is_told(settings: Settings, process: Answering) -> None:
    process.gone.add("1")
    found = run(settings, "retry", "1", "2", "--url", url(process))
    assert found.exit_code == 1
    assert "1 on the way again" in found.stdout
    assert "1: it is off the list" in found.stderr


def test_purge_asks_first(settings: Settings, process: Answering) -> None:
    no = run(settings, "purge", "--all", "--url", url(process), answer="n\n")
    assert no.exit_code == 1
    assert process.asked == []
    yes = run(settings, "purge", "--all", "--url", url(process), answer="y\n")
    assert yes.exit_code == 0
    assert len(process.asked) == 3
    assert "3 forgotten" in yes.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("retry",),
        ("retry", "1", "--all"),
        ("retry", "1", "--reason", "time"),
        ("purge", "--yes"),
        ("retry", "0"),
        ("list", "--reason", "boredom"),
    ],
)
def test_wrong_usage(settings: Settings, arguments: tuple[str, ...]) -> None:
    assert run(settings, *arguments).exit_code == 2


def test_nobody_answers(settings: Settings, process: Answering) -> None:
    address = url(process)
    process.server_close()
    found = run(settings, "retry", "1", "--url", address)
    assert found.exit_code == 3
    assert "start it with `ausguck run`" in found.stderr


def test_a_free_port_is_not_known_here(tmp_path: Path) -> None:
    settings = Settings(site=Site(data_dir=tmp_path), api=Api(port=0))
    found = run(settings, "retry", "1")
    assert found.exit_code == 2
    assert "--url" in found.stderr


@pytest.mark.parametrize("command", [(), ("list",), ("show",), ("retry",), ("purge",)])
def test_help_teaches(settings: Settings, command: tuple[str, ...]) -> None:
    found = run(settings, *command, "--help")
    assert found.exit_code == 0
    assert "Usage:" in found.stdout
