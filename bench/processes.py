"""The processes a bench starts and what the kernel says of them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

READY = re.compile(r"ready: page (\S+) devices (?:mqtts?://[^:]+:(\d+)|off)")
HIGH_WATER = re.compile(r"VmHWM:\s+(\d+) kB")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
START_S = 30
SETTLE_S = 300
PLACES = f"{os.environ['PATH']}:/usr/sbin"
"""Where servers are; Debian's are not on every user's PATH."""
Figures = dict[str, float | int | str]


class Served:
    """A process that listens: its pid and ports."""

    def __init__(self, process: subprocess.Popen[str], port: int, page_url: str = "") -> None:
        self.process = process
        self.port = port
        self.page_url = page_url
        self._client = httpx.Client(base_url=page_url)

    def health(self) -> dict[str, dict[str, int]]:
        """What it says of itself; costs it 1.6 ms, so it is asked seldom while CPU is measured."""
        answer: dict[str, dict[str, int]] = self._client.get("/api/v1/health").json()
        return answer

    def stored(self) -> int:
        """How many readings the books say are stored."""
        return self.health()["books"]["stored"]

    def cpu_s(self) -> float:
        """CPU seconds so far, user and system, all threads."""
        return cpu_s(self.process.pid)

    def rss_bytes(self) -> int:
        """Resident memory now."""
        statm = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * PAGE_BYTES

    def rss_max_bytes(self) -> int:
        """The most memory that was ever resident."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = HIGH_WATER.search(status)
        assert found
        return int(found[1]) * 1024


def cpu_s(pid: int) -> float:
    """CPU seconds of a process so far, user and system, all threads."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def until(condition: Callable[[], bool], every_s: float = 1.0) -> None:
    """Wait for something to come true."""
    end_s = time.monotonic() + SETTLE_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come about in time"
        threading.Event().wait(every_s)


def tree_rss_bytes(root: int) -> int:
    """Resident memory of a process and all that it started."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    tree = {root}
    while grown := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= grown
    pages = (Path(f"/proc/{pid}/statm").read_text().split()[1] for pid in tree)
    return sum(int(count) * PAGE_BYTES for count in pages)


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End the process at the end of the block, whatever happens."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def ausguck(data_dir: Path, **environ: str) -> Iterator[Served]:
    """`ausguck run` on free ports, with limits out of the way."""
    with python("-m", "ausguck", "run", data_dir=data_dir, **environ) as served:
        yield served


@contextmanager
def intake_only(data_dir: Path, **environ: str) -> Iterator[Served]:
    """Listener and journal alone."""
    with python("-m", "bench.intake_only", data_dir=data_dir, **environ) as served:
        yield served


@contextmanager
def python(*arguments: str, data_dir: Path, **environ: str) -> Iterator[Served]:
    """One of our programs that prints the ready line."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={
            **os.environ,
            "AUSGUCK_SITE__DATA_DIR": str(data_dir),
            "AUSGUCK_LISTENER__PORT": "0",
            "AUSGUCK_LISTENER__MESSAGES_PER_S": "1000000.0",
            "AUSGUCK_LISTENER__BURST_MESSAGES": "1000000",
            "AUSGUCK_API__PORT": "0",
            "AUSGUCK_LOG__LEVEL": "warning",
            **environ,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        found = None
        assert process.stdout is not None
        timer = threading.Timer(START_S, process.kill)
        timer.start()
        for line in process.stdout:
            if found := READY.search(line):
                break
        timer.cancel()
        assert found, "it did not get ready"
        yield Served(process, int(found[2] or 0), found[1])


ANY_NUMBER = ("max_inflight_messages 0", "max_queued_messages 1000000")


@contextmanager
def mosquitto(directory: Path, *lines: str) -> Iterator[Served]:
    """A Mosquitto on a free port, configured by some lines or with its limits out of the way."""
    program = shutil.which("mosquitto", path=PLACES)
    assert program, "mosquitto is not installed"
    port = free_port()
    config = directory / "mosquitto.conf"
    head = (f"listener {port} 127.0.0.1", "allow_anonymous true", "log_type none")
    place = ("user root", f"persistence_location {directory}/")
    config.write_text("\n".join([*head, *place, *(lines or ANY_NUMBER)]) + "\n", encoding="utf-8")
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL, text=True)
    with ended(process):
        for _ in range(100):
            with socket.socket() as sock:
                sock.settimeout(1)
                if sock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        yield Served(process, port)


@contextmanager
def load(port: int, *options: str) -> Iterator[subprocess.Popen[str]]:
    """The load, connected and waiting for a line on its standard input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load", "--port", str(port), *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with ended(process):
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        yield process


def go(process: subprocess.Popen[str]) -> str:
    """Let a waiting load begin and return what it prints."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return process.stdout.readline()
