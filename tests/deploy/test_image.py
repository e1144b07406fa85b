"""What goes into the image: the locked packages, the wheel, and the programs beside them."""

import os
import re
import stat
import subprocess
import sys
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from deploy.parts.locked import OURSELVES, Locked, selected
from tests.deploy.composed import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONTAINER = ROOT / "deploy" / "container"


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(root: str) -> set[str]:
    """What is needed on this machine, by what is installed."""
    found: set[str] = set()
    ahead = {root}
    while ahead:
        name = ahead.pop()
        try:
            wanted = [Requirement(each) for each in requires(name) or []]
        except PackageNotFoundError:
            continue
        new = {normal(each.name) for each in wanted if not each.marker or each.marker.evaluate()}
        ahead |= new - found
        found |= new
    return found


def test_the_image_has_what_ausguck_needs_and_no_developers_tools() -> None:
    chosen = {normal(name) for name in Locked(LOCK).needed(OURSELVES)}

    assert closure("ausguck") <= chosen
    assert not chosen & {"pytest", "mypy", "ruff", "hypothesis", "schemathesis", "hatchling"}


def test_every_package_of_it_is_checked_by_hash() -> None:
    blocks = re.findall(
        r"^[\w.-]+==.*?(?=^\S|\Z)", selected(LOCK, [OURSELVES]), re.MULTILINE | re.DOTALL
    )

    assert len(blocks) == len(Locked(LOCK).needed(OURSELVES))
    assert all("--hash=sha256:" in block for block in blocks)


def test_the_builder_is_locked_too() -> None:
    assert {"hatchling", "packaging", "pathspec", "pluggy"} <= Locked(LOCK).needed("hatchling")


def test_an_unknown_root_is_told() -> None:
    with pytest.raises(KeyError):
        selected(LOCK, ["nothing-of-ours"])


def test_the_wheel_has_every_room(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        check=True,
        capture_output=True,
        cwd=ROOT,
    )

    wheel = next(tmp_path.glob("ausguck-*.whl"))
    rooms = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {"ausguck", "collectors", "api", "dashboards", "simulators"} <= rooms
    assert not rooms & {"tests", "deploy", "bench"}


def program(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def run(tmp_path: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program of the container, with our own `ausguck` and secrets."""
    environ = {"PATH": f"{tmp_path}:/usr/bin:/bin", "SECRETS": str(tmp_path / "secrets")}
    return subprocess.run(
        [CONTAINER / name, *arguments], check=False, capture_output=True, text=True, env=environ
    )


def test_the_start_takes_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "broker-password").write_text("a $b 'c", encoding="utf-8")
    program(tmp_path, "ausguck", 'echo "$*|$AUSGUCK_SUBSCRIBER__PASSWORD|${SECRETS-none}"')

    done = run(tmp_path, "ausguck-start", "run", "now")

    assert done.stdout == "run now|a $b 'c|none\n"


def test_the_start_needs_no_secrets(tmp_path: Path) -> None:
    program(tmp_path, "ausguck", 'echo "${AUSGUCK_SUBSCRIBER__PASSWORD-none}"')

    assert run(tmp_path, "ausguck-start", "run").stdout == "none\n"


def test_grafana_gets_the_tokens_that_read_and_not_the_writers(tmp_path: Path) -> None:
    for name in ("secrets", "tokens", "grafana"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "influxdb-operator-token").write_text("op", encoding="utf-8")
    makes = 'test "$INFLUX_TOKEN" = op && umask 077 && for t in writer reader planner; do '
    program(tmp_path, "ausguck", f'{makes} echo "$t of $*" >"$4/$t"; done')
    tokens, grafana = tmp_path / "tokens", tmp_path / "grafana"

    for _ in range(2):
        group = str(os.getgid())
        done = run(tmp_path, "ausguck-prepare", str(tokens), str(grafana), group)
        assert done.returncode == 0, done.stderr

    assert {path.name for path in grafana.iterdir()} == {"reader", "planner"}
    assert stat.S_IMODE((grafana / "reader").stat().st_mode) == 0o640
    assert stat.S_IMODE((tokens / "writer").stat().st_mode) == 0o600
    said = (grafana / "planner").read_text(encoding="utf-8")
    assert said == f"planner of check --prepare --tokens-dir {tokens}\n"


def test_a_preparation_that_fails_hands_out_nothing(tmp_path: Path) -> None:
    for name in ("secrets", "tokens", "grafana"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "influxdb-operator-token").write_text("op", encoding="utf-8")
    program(tmp_path, "ausguck", "exit 3")

    done = run(
        tmp_path, "ausguck-prepare", *(str(tmp_path / n) for n in ("tokens", "grafana")), "0"
    )

    assert done.returncode == 3
    assert not list((tmp_path / "grafana").iterdir())


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_health_is_whether_the_api_is_not_failing(status: int, code: int) -> None:
    class Api(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/api/v1/health"
        done = subprocess.run([sys.executable, CONTAINER / "ausguck-health", url], check=False)
        thread.join()

    assert done.returncode == code


def test_health_of_nobody_is_bad() -> None:
    url = "http://127.0.0.1:9/api/v1/health"
    done = subprocess.run(
        [sys.executable, CONTAINER / "ausguck-health", url],
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("ausguck-health: ")
