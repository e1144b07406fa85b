"""What a newcomer's first command does: a city on the page, and nothing left after Ctrl-C."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import children

READY = re.compile(r"ready: page (http://127\.0\.0\.1:\d+)")
DEADLINE_S = 40
ASSETS = 6


@contextmanager
def demo(data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """`ausguck demo` of a small city."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "ausguck", "demo", "--port", "0", "--data-dir", str(data_dir)),
            *("--buses", str(ASSETS), "--stations", str(ASSETS)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = READY.search(process.stdout.readline())
    assert found
    return found[1]


def living(process: subprocess.Popen[str]) -> set[int]:
    """The processes that the demo has started, and itself."""
    return {process.pid} | children(process.pid)


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists() and bool(Path(f"/proc/{pid}/cmdline").read_bytes())


def until_gone(pids: set[int]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while any(map(is_running, pids)):
        assert time.monotonic() < end_s, "something is left running"
        threading.Event().wait(0.05)


def until_live(client: httpx.Client) -> None:
    """Wait for every station, and for a bus: others may stand in a tunnel just now."""
    end_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < end_s:
        buses, stations = (
            len(client.get(f"/api/v1/{kind}").json()["items"]) for kind in ("buses", "stations")
        )
        if buses and stations == ASSETS:
            return
        threading.Event().wait(0.1)
    raise AssertionError(f"reporting: {buses} buses, {stations} stations")


def test_the_city_is_live_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        with httpx.Client(base_url=address(process)) as client:
            until_live(client)
            health = client.get("/api/v1/health").json()
            assert health["status"] == "ok"
            assert health["books"]["balanced"]
            assert "Ausguck" in client.get("/").text
        pids = living(process)
        assert len(pids) == 2, "the demo and its city"
        process.send_signal(signal.SIGINT)

        assert process.wait(DEADLINE_S) == 0
        until_gone(pids)


@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGTERM], ids=lambda sign: sign.name)
def test_the_city_does_not_outlive_the_demo(sign: signal.Signals, tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        with httpx.Client(base_url=address(process)) as client:
            until_live(client)
        pids = living(process)
        process.send_signal(sign)
        process.wait(DEADLINE_S)
        until_gone(pids)
