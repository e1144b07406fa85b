import atexit
import hashlib
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.influx import Influx

PROGRAMS = {
    "broker": ("mosquitto", "mosquitto_pub", "mosquitto_sub"),
    "browser": ("chromium",),
    "systemd": ("systemd-analyze",),
}
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ausguck"
SHARED_DATA = Path(
    os.environ.get("AUSGUCK_SHARED_DATA") or Path(__file__).parents[2] / "shared" / "data"
)
AUSTIN = SHARED_DATA / "austin-buses-2017-03-21.csv.gz"
STATIONS = CACHE / "r-cran-spdata"
LONDON = STATIONS / "usr/lib/R/site-library/spData/misc/cycle_hire_xy.csv"
INFLUXD_MODULE = Path(__file__).parent / "servers/influxd"


def _say_no_more() -> None:
    # DuckDB's binding counts at the very end what the interpreter never freed. The run's last
    # line is pytest's, by which whoever reads it knows how it went.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


atexit.register(_say_no_more)  # the first to be registered runs last


def influxd_path() -> str | None:
    """The server to start: one on the PATH, else the one that tests/servers/install has built."""
    parts = [INFLUXD_MODULE / name for name in ("go.mod", "go.sum", "main.go")]
    if not all(part.exists() for part in parts):
        return shutil.which("influxd")
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts)).hexdigest()[:16]
    built = CACHE / f"influxd-{digest}" / "influxd"
    return shutil.which("influxd") or (str(built) if built.exists() else None)


FILES = {"stations": STATIONS / ".complete", "recordings": AUSTIN}
MARKERS = (*PROGRAMS, *FILES, "influxdb")
PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def missing(marker: str) -> list[str]:
    if marker == "influxdb":
        is_there = os.environ.get("AUSGUCK_TEST_INFLUX_URL") or influxd_path()
        return [] if is_there else ["influxd"]
    programs = PROGRAMS.get(marker, ())
    absent = [name for name in programs if shutil.which(name, path=PLACES) is None]
    path = FILES.get(marker)
    return [*absent, path.parent.name] if path and not path.exists() else absent


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "stations: needs the bike stations of r-cran-spdata")
    config.addinivalue_line("markers", "recordings: needs the recordings of $AUSGUCK_SHARED_DATA")
    # Debian keeps mosquitto in /usr/sbin, which is not on every user's PATH.
    os.environ["PATH"] = PLACES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker in MARKERS:
        if absent := missing(marker):
            reason = f"{', '.join(absent)} not installed: see tests/servers/install"
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI is set: {report.longreprtext}"
    return report


def children(of: int | None = None) -> set[int]:
    """Processes that this one (or another) started and that still run, as far as can be told."""
    own = str(of or os.getpid())
    found: set[int] = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name, which may hold anything) state parent ...
            _, parent, *_ = path.read_text(errors="replace").rpartition(")")[2].split()
        except (OSError, ValueError):
            continue
        if parent == own:
            found.add(int(path.parent.name))
    return found


def command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode(errors="replace").strip()


@pytest.fixture(autouse=True, scope="session")
def _no_child_survives() -> Iterator[None]:
    before = children()
    yield
    # A zombie has no command line any more: it has ended, and only waits to be asked.
    left = {pid: command(pid) for pid in children() - before}
    running = {pid: words for pid, words in left.items() if words}
    for pid in running:
        os.kill(pid, 9)
    assert not running, f"processes that tests left running: {running}"


@pytest.fixture(scope="session")
def influx(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Influx]":
    """One server for all tests that do not stop it; each takes bucket names of its own."""
    from tests.influx import Influx  # noqa: PLC0415 - it asks this module where the program is

    with Influx(tmp_path_factory.mktemp("influxdb")) as server:
        yield server
