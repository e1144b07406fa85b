"""deploy/smoke without Docker: its questions, and its behaviour against a Grafana on loopback."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.parts import init, mqtt, questions, smoke
from deploy.parts.private import DeployError
from deploy.parts.questions import Json, Question
from tests.deploy.composed import ROOT
from tests.deploy.deployed import Client, Deployed

GENERATED = ROOT / "dashboards" / "generated"
SOURCE = {"datasource": {"uid": "t"}}
QUERY = "SELECT x WHERE s =~ /^${site:regex}$/ AND $timeFilter"
PANEL = {"id": 2, "title": "Now", "timeFrom": "5m", "targets": [{"refId": "A", "query": QUERY}]}
VARIABLES = [
    {"name": "site", "type": "query", "query": "SHOW TAG VALUES", **SOURCE},
    {"name": "every", "type": "custom", "query": "1m,5m", "current": {}},
]
BOARD: Json = {
    "uid": "one",
    "time": {"from": "now-3h", "to": "now"},
    "templating": {"list": VARIABLES},
    "annotations": {"list": [{"name": "Lost", "target": {"query": "SELECT note"}, **SOURCE}]},
    "panels": [{"id": 1, "type": "row", "panels": [PANEL | SOURCE]}, {"id": 3, "type": "text"}],
}


def answered(ref: str, *columns: list[object]) -> Json:
    fields = [{"name": f"c{number}"} for number, _ in enumerate(columns)]
    frame = {"schema": {"fields": fields}, "data": {"values": list(columns)}}
    return {"results": {ref: {"frames": [frame]}}}


class Fake(BaseHTTPRequestHandler):
    """Answers as Grafana does, refuses queries with the word `broken`."""

    asked: list[str]

    def do_GET(self) -> None:
        known = self.path.endswith("/one")
        self._say(200 if known else 404, {"dashboard": {}} if known else {"message": "not found"})

    def do_POST(self) -> None:
        assert self.headers["Authorization"].startswith("Basic ")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        query = body["queries"][0]
        self.asked.append(query["query"])
        if "broken" in query["query"]:
            self._say(400, {"results": {query["refId"]: {"error": "parse error", "status": 400}}})
        elif query["refId"] == "V":
            self._say(200, answered("V", ["site"], ["ki.el"]))
        else:
            self._say(200, answered(query["refId"], [1, 2], [3.0, 4.0]))

    def _say(self, status: int, answer: Json) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@pytest.fixture
def fake() -> Iterator[ThreadingHTTPServer]:
    Fake.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Fake) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def written(folder: Path, board: Json, name: str = "one") -> Path:
    (folder / "en").mkdir(exist_ok=True)
    (folder / "en" / f"{name}.json").write_text(json.dumps(board), encoding="utf-8")
    return folder


def secrets(folder: Path, port: int) -> Path:
    directory = folder / "secrets"
    assert init.main(["--dir", str(directory), "--grafana-port", str(port)]) == 0
    return directory


def run(directory: Path, dashboards: Path) -> int:
    return smoke.main(["--dir", str(directory), "--dashboards", str(dashboards), "--running"])


def test_it_asks_everything_and_prints_a_table(
    tmp_path: Path, fake: ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = secrets(tmp_path, fake.server_port)

    status = run(directory, written(tmp_path, BOARD))

    said = capsys.readouterr().out
    assert status == 0
    assert "4 asked, 0 refused, 0 without rows" in said
    assert "| en/one | 2 Now | A | ok | 2 | c0, c1 |" in said
    assert Fake.asked == [
        "SHOW TAG VALUES",
        "SELECT x WHERE s =~ /^ki\\.el$/ AND $timeFilter",
        "SELECT note",
    ]
    assert (directory / "grafana" / "admin-password").read_text(encoding="utf-8") not in said


def test_a_refused_query_and_a_missing_dashboard_are_faults(
    tmp_path: Path, fake: ThreadingHTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    panel = {"id": 9, "title": "Bad", "targets": [{"refId": "B", "query": "broken"}]}
    folder = written(tmp_path, {"uid": "two", "panels": [panel]}, "two")

    status = run(secrets(tmp_path, fake.server_port), folder)

    said = capsys.readouterr().out
    assert status == 1
    assert "| en/two | provisioned as two | - | error | 0 | not found |" in said
    assert "| en/two | 9 Bad | B | error | 0 | parse error |" in said


def test_a_grafana_that_is_not_there_is_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(secrets(tmp_path, 9), written(tmp_path, BOARD))

    assert status == 1
    assert "0 | <urlopen error" in capsys.readouterr().out


def test_without_init_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, tmp_path) == 1
    assert "run deploy/init --simulator first" in capsys.readouterr().err


def test_without_credentials_docker_is_not_even_started(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, bin_ = secrets(tmp_path, 9), tmp_path / "bin"
    bin_.mkdir()
    docker = bin_ / "docker"
    docker.write_text(f"#!/bin/sh\n/usr/bin/touch {tmp_path}/started\nexit 1\n", encoding="utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_))
    arguments = ["--dir", str(directory), "--dashboards", str(tmp_path)]

    assert smoke.main(arguments) == 1
    assert "run deploy/init --simulator" in capsys.readouterr().err
    assert not (tmp_path / "started").exists()

    assert init.main(["--dir", str(directory), "--simulator"]) == 0
    assert smoke.main(arguments) == 1
    assert (tmp_path / "started").exists()


def test_help_says_what_the_bus_costs() -> None:
    assert "`state.known_days`" in smoke.parser().format_help()


def test_no_rows_are_told_apart_from_an_error() -> None:
    question = Question("b", "p", "A", {})

    assert questions.judged(question, {"results": {"A": {"frames": []}}}).status == "empty"
    assert questions.judged(question, answered("A", [], [])).status == "empty"
    assert questions.judged(question, {"message": "no"}).is_fault


def test_the_range_is_the_panels_own_where_it_has_one() -> None:
    asked = list(questions.questions("b", BOARD, {"site": "kiel"}))

    assert [(each.body["from"], each.body["to"]) for each in asked] == [
        ("now-5m", "now"),
        ("now-3h", "now"),
    ]


def test_of_the_generated_dashboards_no_variable_is_left_over() -> None:
    counted = 0
    for name, board in smoke.boards(GENERATED):
        values = questions.settled(board) | {
            each.name: questions.EVERYTHING for each in questions.variables(board)
        }
        for question in questions.questions(name, board, values):
            queries = question.body["queries"]
            assert isinstance(queries, list)
            text = queries[0]["query"]
            assert text
            assert not {"${", "[["} & {text[at : at + 2] for at in range(len(text))}, text
            assert queries[0]["datasource"]["uid"].startswith("influx-")
            counted += 1

    assert counted > 20


def test_an_empty_folder_is_no_success(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="no dashboards"):
        list(smoke.boards(tmp_path))


@pytest.mark.broker
def test_the_one_reading_goes_through_the_deployed_broker(tmp_path: Path) -> None:
    with Deployed(tmp_path) as broker, Client(broker) as collector:
        collector.connect("hears", broker.collector)
        collector.subscribe("v1/#")
        address = ("127.0.0.1", broker.port)
        message = ("v1/kiel/bus/smoke/telemetry", b"{}")

        mqtt.publish_once(address, broker.tls(), broker.gateway, message)

        assert tuple(collector.hear()) == message
        with pytest.raises(DeployError, match="refused the connection with code 5"):
            mqtt.publish_once(address, broker.tls(), ("bus/none", "x"), message)
