"""Under umask 077, as hardened servers have it, other users can still run what was installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.parts import init, readable
from tests.deploy.composed import ROOT, composed, items, services, table

PRIVATE = 0o077
# Stands in for Python: `-m venv DIR` makes a copy of itself there, pip writes a module or a wheel.
PYTHON = """\
#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
    *" wheel "*) while [ "$1" != -w ]; do shift; done; mkdir "$2" && touch "$2/ausguck-1.whl" ;;
    *" install "*) mkdir -p "$(dirname "$0")/../lib" && echo >"$(dirname "$0")/../lib/module.py" ;;
esac
"""


def private(*command: str | Path, **environ: str) -> None:
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, umask=PRIVATE, env=environ or None
    )
    assert done.returncode == 0, done.stderr


def closed(folder: Path) -> set[str]:
    """What others can neither read nor, a folder, enter."""
    needed = {path: 0o005 if path.is_dir() else 0o004 for path in folder.rglob("*")}
    return {
        path.relative_to(folder).as_posix()
        for path, mode in needed.items()
        if path.stat().st_mode & mode != mode
    }


@pytest.mark.parametrize("is_old", [False, True], ids=["new", "built before under 077"])
def test_a_built_environment_is_for_others_too(tmp_path: Path, *, is_old: bool) -> None:
    python, venv = tmp_path / "python", tmp_path / "venv"
    python.write_text(PYTHON, encoding="utf-8")
    python.chmod(0o755)
    if is_old:
        private(python, "-m", "venv", venv)
        assert "bin" in closed(venv)

    private(ROOT / "deploy/build-venv", venv, PATH="/usr/bin:/bin", PYTHON=str(python))

    assert (venv / "lib/module.py").exists()
    assert venv.stat().st_mode & 0o777 == 0o755
    assert closed(venv) == set()
    assert (venv / "bin/python").stat().st_mode & 0o777 == 0o755


def test_debian_is_for_others_too_but_not_its_secrets(tmp_path: Path) -> None:
    prefix, venv = tmp_path / "root", Path(sys.executable).parents[1]
    url = "http://127.0.0.1:8086"
    options = ("--prefix", prefix, "--venv", venv, "--simulator", "--influxdb", url)

    private("bash", ROOT / "deploy/debian/install", *options)

    secrets = prefix / "etc/ausguck/secrets"
    for folder in ("etc/systemd", "usr"):
        assert closed(prefix / folder) == set()
    outside = {name for name in closed(prefix / "etc/ausguck") if not name.startswith("secrets")}
    assert outside == set()
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert not [path for path in secrets.rglob("*") if path.stat().st_mode & 0o007]


def test_the_image_does_not_take_modes_from_the_checkout() -> None:
    recipe = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")

    assert "COPY --chmod=0755 deploy/container/ /usr/local/bin/" in recipe


def test_the_folders_that_compose_mounts_are_the_ones_looked_at() -> None:
    found = {
        str(table(volume)["source"]).removeprefix("./")
        for service in services(
            composed({"SECRETS_DIR": "/s", "SECRETS_GID": "1", "SITE_ID": "k"})
        ).values()
        for volume in items(service.get("volumes", []))
        if isinstance(volume, dict) and str(volume["source"]).startswith("./")
    }

    assert {name for name in found if not name.startswith("dashboards/generated/")} == set(
        readable.MOUNTED
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in readable.MOUNTED:
        folder = tmp_path / "checkout" / name / "inner"
        folder.mkdir(parents=True, mode=0o755)
        file = folder / "file"
        file.write_text("", encoding="utf-8")
        for path in (file, folder, folder.parent):
            path.chmod(0o644 if path == file else 0o755)
    return tmp_path / "checkout"


@pytest.mark.parametrize(
    ("name", "mode"), [("inner", 0o700), ("inner/file", 0o640), (".", 0o750), ("inner", 0o754)]
)
def test_init_says_what_to_do_about_a_private_checkout(
    checkout: Path, tmp_path: Path, name: str, mode: int, capsys: pytest.CaptureFixture[str]
) -> None:
    generated = checkout / "dashboards/generated"
    arguments = ["--dir", str(tmp_path / "secrets")]
    assert init.main(arguments, checkout) == 0
    assert capsys.readouterr().err == ""
    (generated / name).chmod(mode)

    assert init.main(arguments, checkout) == 0

    said = capsys.readouterr().err
    assert "others may not read all of dashboards/generated, and" in said
    command = said.strip().rpartition("): ")[2]
    assert command == f"chmod -R go+rX {generated}"
    private(*command.split())
    assert readable.closed(checkout) == []


def test_without_containers_the_checkout_may_be_private(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "deploy/alertmanager").chmod(0o700)
    arguments = ["--dir", str(tmp_path / "secrets"), "--mosquitto-config", "/run/elsewhere"]

    assert init.main(arguments, checkout) == 0
    assert capsys.readouterr().err == ""
