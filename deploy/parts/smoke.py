"""`deploy/smoke`: start everything with Docker, send a reading, and run every panel's queries."""

import argparse
import base64
import json
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from deploy.parts import questions, site
from deploy.parts.init import DEFAULT
from deploy.parts.mqtt import publish_once
from deploy.parts.private import DeployError
from deploy.parts.questions import Json, Question, Result

ROOT = Path(__file__).parents[2]
DASHBOARDS = ROOT / "dashboards" / "generated"
SIMULATOR = "gateway/simulator"
BUS = "smoke"
WAIT_S = 150
TRY_EVERY_S = 2
TIMEOUT_S = 30
FAILED = 1
DESCRIPTION = """\
Start everything with Docker, send one reading, wait until the page has it, then put each query of
each generated dashboard to Grafana, as a browser would, and print a table. Please paste the table
into an issue: nobody has been able to try this with Docker yet. Nothing is removed afterwards.

The reading is of a bus `smoke`, which is never heard again: in a real city it counts as known and
silent until `state.known_days` (seven days unless set otherwise) are over. With --running nothing
is sent.
"""

Ask = Callable[[str, Json | None], Json]


class Grafana:
    """Grafana's HTTP API on loopback."""

    def __init__(self, port: str, password: str) -> None:
        self._url = f"http://127.0.0.1:{port}"
        code = base64.b64encode(f"admin:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {code}", "Content-Type": "application/json"}

    def ask(self, path: str, body: Json | None) -> Json:
        """GET, or POST with a body. Of an error the body counts: it holds the reason."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._url}{path}", data, self._headers)  # noqa: S310 - ours
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - as above
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            try:
                return dict(json.loads(text))
            except ValueError:
                return {"message": f"{error.code} {text[:200]}"}
        except (urllib.error.URLError, OSError) as error:
            return {"message": str(error)}


def boards(folder: Path) -> Iterator[tuple[str, Json]]:
    """The generated dashboards, by language and name.

    Raises:
        DeployError: there are none.
    """
    files = sorted(folder.rglob("*.json"))
    if not files:
        raise DeployError(f"no dashboards in {folder}")
    for path in files:
        name = path.relative_to(folder).with_suffix("").as_posix()
        yield name, json.loads(path.read_text(encoding="utf-8"))


def run_board(name: str, board: Json, ask: Ask) -> Iterator[Result]:
    """Put all its questions: first its variables', for the others need their values."""
    values = questions.settled(board)
    for asked in questions.variables(board):
        body = questions.about(asked, values)
        answer = ask("/api/ds/query", body)
        found = questions.values_of(answer)
        values[asked.name] = questions.EVERYTHING if asked.is_all or not found else found[0]
        yield questions.judged(Question(name, f"variable {asked.name}", "V", body), answer)
    for question in questions.questions(name, board, values):
        yield questions.judged(question, ask("/api/ds/query", question.body))


def run_boards(folder: Path, ask: Ask) -> list[Result]:
    """Every dashboard's results; one that Grafana has not provisioned is a fault."""
    results: list[Result] = []
    for name, board in boards(folder):
        uid = str(board.get("uid"))
        answer = ask(f"/api/dashboards/uid/{uid}", None)
        question = Question(name, f"provisioned as {uid}", "-", {})
        if "dashboard" in answer:
            results.append(Result(question, "ok", 1, ()))
        else:
            results.append(Result(question, "error", 0, (), str(answer.get("message"))))
        results += run_board(name, board, ask)
    return results


def compose(env: Path, *words: str) -> None:
    """Run `docker compose` on this repository's file.

    Raises:
        DeployError: it failed, or is not installed.
    """
    command = ["docker", "compose", "--env-file", str(env), *words]
    try:
        done = subprocess.run(command, check=False, cwd=ROOT)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise DeployError("docker is not installed") from error
    if done.returncode:
        raise DeployError(f"{' '.join(command)} ended with {done.returncode}")


def await_reading(port: str) -> None:
    """Wait until the API knows the bus that we were.

    Raises:
        DeployError: it did not within the time.
    """
    url = f"http://127.0.0.1:{port}/api/v1/buses/{BUS}"
    end_s = time.monotonic() + WAIT_S
    while time.monotonic() < end_s:
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT_S):
                return
        except OSError:
            time.sleep(TRY_EVERY_S)
    raise DeployError(f"{url} did not answer with the reading within {WAIT_S} s")


def credentials(directory: Path) -> tuple[str, str]:
    """The simulator's user and password, to send with.

    Raises:
        DeployError: there are none.
    """
    password = directory / "simulator" / "password"
    if not password.exists():
        raise DeployError("no credentials to send with; run deploy/init --simulator")
    return SIMULATOR, password.read_text(encoding="utf-8")


def send_reading(directory: Path, settings: site.Site, user: tuple[str, str]) -> None:
    """Be a bus, once.

    Raises:
        DeployError: the broker refused.
    """
    tls = ssl.create_default_context(cafile=directory / "ausguck" / "ca.crt")
    topic = f"v1/{settings.site_id}/bus/{BUS}/telemetry"
    payload = b'{"clients": 3, "rsrp_dbm": -97}'
    publish_once(("127.0.0.1", int(settings.mqtt_port)), tls, user, (topic, payload))


def parser() -> argparse.ArgumentParser:
    """The arguments."""
    form = argparse.RawDescriptionHelpFormatter
    new = argparse.ArgumentParser("deploy/smoke", description=DESCRIPTION, formatter_class=form)
    new.add_argument("--dir", type=Path, default=DEFAULT, help="as given to deploy/init")
    new.add_argument("--dashboards", type=Path, default=DASHBOARDS, help="the generated files")
    new.add_argument("--running", action="store_true", help="it runs already: only ask Grafana")
    return new


def smoke(chosen: argparse.Namespace) -> list[Result]:
    """Everything, in order.

    Raises:
        DeployError: it did not come as far as Grafana.
    """
    env = chosen.dir / ".env"
    settings = site.read(env)
    if settings is None:
        raise DeployError(f"nothing in {chosen.dir}; run deploy/init --simulator first")
    if not chosen.running:
        user = credentials(chosen.dir)
        compose(env, "--profile", "simulators", "up", "-d", "--build", "--wait")
        send_reading(chosen.dir, settings, user)
        await_reading(settings.ausguck_port)
    password = (chosen.dir / "grafana" / "admin-password").read_text(encoding="utf-8")
    return run_boards(chosen.dashboards, Grafana(settings.grafana_port, password).ask)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do it, print the table; status 0 when no query was refused."""
    try:
        results = smoke(parser().parse_args(arguments))
    except (DeployError, OSError) as error:
        sys.stderr.write(f"deploy/smoke: {error}\n")
        return FAILED
    faults = sum(each.is_fault for each in results)
    empty = sum(each.status == "empty" for each in results)
    sys.stdout.write(questions.printed(results))
    sys.stdout.write(f"\n{len(results)} asked, {faults} refused, {empty} without rows.\n")
    return FAILED if faults else 0
