import os
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SETTINGS = '[tool.pytest]\nmarkers = ["broker: x", "browser: x"]\n'

NEEDS_A_BROKER = """
import pytest

@pytest.mark.broker
def test_it():
    raise AssertionError
"""

LEAVES_A_CHILD = """
import subprocess

CHILDREN = []

def test_it():
    CHILDREN.append(subprocess.Popen(["/bin/sh", "-c", "read x"], stdin=subprocess.PIPE))
"""


def run(directory: Path, source: str, environ: dict[str, str]) -> tuple[int, str]:
    conftest = CONFTEST.read_text(encoding="utf-8").replace('"mosquitto"', '"no-such-program"')
    (directory / "conftest.py").write_text(conftest, encoding="utf-8")
    (directory / "pyproject.toml").write_text(SETTINGS, encoding="utf-8")
    (directory / "test_it.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "-p", "no:cacheprovider"],
        check=False,
        capture_output=True,
        text=True,
        cwd=directory,
        env={name: value for name, value in os.environ.items() if name != "CI"}
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        | environ,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("environ", "status", "word"), [({}, 0, "1 skipped"), ({"CI": "1"}, 1, "1 error")]
)
def test_a_missing_program_skips_and_in_ci_fails(
    tmp_path: Path, environ: dict[str, str], status: int, word: str
) -> None:
    code, said = run(tmp_path, NEEDS_A_BROKER, environ)

    assert code == status
    assert word in said
    assert "no-such-program not installed: see tests/servers/install" in said


def test_a_child_left_running_ends_the_session_in_error(tmp_path: Path) -> None:
    code, said = run(tmp_path, LEAVES_A_CHILD, {})

    assert code == 1
    assert "processes that tests left running" in said
