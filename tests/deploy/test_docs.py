"""The commands in the two how-tos exist, with these options, services and profiles."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.deploy.composed import ROOT, composed, services
from tests.docs.test_commands import is_command

PAGES = [ROOT / "docs/how-to/run-with-compose.md", ROOT / "docs/how-to/run-on-debian.md"]
VARIABLES = {"SECRETS_GID": "0", "SECRETS_DIR": "/secrets", "SITE_ID": "kiel"}
UNITS = {"ausguck", "mosquitto", "ausguck-simulator"}
PROGRAM = "/opt/ausguck/bin/ausguck"
AS_OUR_USER = ["runuser", "-u", "ausguck", "--"]
VARIABLE = re.compile(r"AUSGUCK_\w+=")
ELSEWHERE = {"apt-get", "git", "journalctl"}


def commands(page: Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(blocks).splitlines()


LINES = sorted({line for page in PAGES for line in commands(page)})


def is_compose(words: list[str]) -> None:
    assert words[:3] == ["compose", "--env-file", "deploy/secrets/.env"]
    found = services(composed(VARIABLES))
    profiles = {each for service in found.values() for each in service.get("profiles", [])}  # type: ignore[attr-defined]
    rest = words[3:]
    while rest[0] in {"--profile", "-f"}:
        assert rest[1] in profiles or (ROOT / rest[1]).is_file()
        rest = rest[2:]
    assert rest[0] in {"up", "restart", "stop", "down"}
    assert {word for word in rest[1:] if not word.startswith("-")} <= set(found)


def is_ours(words: list[str]) -> None:
    done = subprocess.run(
        [str(ROOT / words[0]), "--help"], check=True, capture_output=True, text=True
    )
    for option in words[1:]:
        if option.startswith("--") and not words[0].endswith("device"):
            assert option in done.stdout, option


def bare(words: list[str]) -> list[str]:
    """A command without its variables, and without who runs it."""
    while VARIABLE.match(words[0]):
        words = words[1:]
    return words[4:] if words[:4] == AS_OUR_USER else words


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_how_tos_exists(line: str) -> None:
    first, *rest = bare(shlex.split(line))
    if first == "docker":
        is_compose(rest)
    elif first.startswith("deploy/"):
        is_ours([first, *rest])
    elif first == "systemctl":
        assert {word for word in rest[1:] if not word.startswith("-")} <= UNITS
    elif first == PROGRAM:
        assert is_command(rest[2:] if rest[0] == "--config" else rest)
    else:
        assert first in ELSEWHERE


def test_the_docs_say_that_nobody_has_started_it_with_docker() -> None:
    for path in (PAGES[0], ROOT / "docker-compose.yml"):
        assert "Nobody has started this with Docker yet" in path.read_text(encoding="utf-8")


def test_the_bound_of_a_crash_is_the_one_that_is_tested() -> None:
    bound = "BOUND_S = 10\n"

    assert bound in (ROOT / "tests/deploy/test_broker_durability.py").read_text(encoding="utf-8")
    assert "last 10 seconds" in PAGES[0].read_text(encoding="utf-8")
    page = (ROOT / "docs/how-to/use-your-mosquitto.md").read_text(encoding="utf-8")
    assert "in the last 10 seconds" in page
    conf = (ROOT / "deploy/mosquitto/mosquitto.conf").read_text(encoding="utf-8")
    for line in ("autosave_on_changes false", "autosave_interval 5", "max_queued_messages 4000000"):
        assert f"\n{line}\n" in conf
        assert f"\n{line}\n" in page
