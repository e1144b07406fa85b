import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[1] / "servers" / "install"
NEEDED = ("bash", "cat", "id", "mktemp", "rm", "sort", "tail")


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without apt-get and without most of what the tests use."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in NEEDED:
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)
    return {"PATH": str(programs), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}


def install(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(INSTALL)], check=False, capture_output=True, text=True, env=environ
    )


def test_elsewhere_it_says_what_is_missing_and_what_that_skips(bare: dict[str, str]) -> None:
    done = install(bare)

    assert done.returncode == 0
    assert "chromium: tests marked 'browser' are skipped" in done.stderr
    assert "mosquitto_pub: tests marked 'broker' are skipped" in done.stderr
    assert "systemd-analyze: tests marked 'systemd' are skipped" in done.stderr
    assert "r-cran-spdata (Debian's): tests marked 'stations' are skipped" in done.stderr


def test_in_ci_anything_missing_is_a_failure(bare: dict[str, str]) -> None:
    done = install(bare | {"CI": "1"})

    assert done.returncode == 1
    assert "CI is set, so that nothing may be skipped" in done.stderr


def test_it_leaves_nothing_behind(bare: dict[str, str], tmp_path: Path) -> None:
    install(bare)

    assert [path.name for path in tmp_path.iterdir()] == ["bin"]
