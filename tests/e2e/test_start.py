"""What a person reads who starts Ausguck where it cannot run: one line, and which setting."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


def start(data_dir: Path, **settings: object) -> tuple[int, list[str]]:
    environ = {
        **os.environ,
        "AUSGUCK_SITE__DATA_DIR": str(data_dir),
        "AUSGUCK_LISTENER__PORT": "0",
        "AUSGUCK_API__PORT": "0",
        "AUSGUCK_LOG__LEVEL": "warning",
        **{f"AUSGUCK_{name.upper()}": str(value) for name, value in settings.items()},
    }
    ended = subprocess.run(
        [sys.executable, "-m", "ausguck", "run"],
        env=environ,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return ended.returncode, (ended.stdout + ended.stderr).splitlines()


@pytest.mark.parametrize("section", ["listener", "api"])
def test_a_taken_port_is_named(section: str, tmp_path: Path, taken_port: int) -> None:
    code, said = start(tmp_path, **{f"{section}__port": taken_port})
    assert code == 1
    assert said == [
        f"ausguck: {section}.port: found {taken_port}, which is in use, expected a free port"
    ]


def test_a_place_that_cannot_be_a_directory_is_named() -> None:
    code, said = start(Path("/proc/ausguck"))
    assert code == 1
    assert said == [
        (
            "ausguck: site.data_dir: found '/proc/ausguck' (No such file or directory), "
            "expected a directory to write to"
        )
    ]
