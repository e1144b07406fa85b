"""deploy/init and deploy/device: secrets are made once, kept from others, and never committed."""

import subprocess
from pathlib import Path

import pytest

from ausguck.model import Kind
from ausguck.topics import Message
from deploy.parts import device, init, mosquitto, private
from tests.deploy.composed import ROOT


def made(directory: Path, *arguments: str) -> int:
    return init.main(["--dir", str(directory), *arguments])


def contents(directory: Path) -> dict[str, str]:
    return {
        path.relative_to(directory).as_posix(): path.read_text(encoding="utf-8")
        for path in directory.rglob("*")
        if path.is_file()
    }


def run_device(directory: Path, *arguments: str) -> int:
    return device.main(["--dir", str(directory), *arguments])


def test_again_it_changes_no_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(tmp_path, "--simulator", "--site", "kiel") == 0
    assert run_device(tmp_path, "add", "bus/0123") == 0
    before = contents(tmp_path)
    capsys.readouterr()

    assert made(tmp_path) == 0

    assert contents(tmp_path) == before
    assert "Nothing was missing; no secret was changed." in capsys.readouterr().out


def test_what_was_missing_is_made_and_the_rest_kept(tmp_path: Path) -> None:
    assert made(tmp_path, "--site", "kiel", "--host", "mqtt.example.org") == 0
    before = contents(tmp_path)
    (tmp_path / "mosquitto" / "server.crt").unlink()
    (tmp_path / "grafana" / "admin-password").unlink()

    assert made(tmp_path) == 0

    after = contents(tmp_path)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"mosquitto/server.crt", "mosquitto/server.key", "grafana/admin-password"}


def test_secrets_are_kept_from_others(tmp_path: Path) -> None:
    directory = tmp_path / "secrets"
    assert made(directory, "--simulator") == 0

    assert directory.stat().st_mode & 0o777 == 0o700
    for path in directory.rglob("*"):
        assert not path.stat().st_mode & 0o007, path
    assert (directory / "authority" / "ca.key").stat().st_mode & 0o777 == 0o600
    assert (directory / ".env").stat().st_mode & 0o777 == 0o600


def test_secrets_are_not_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(tmp_path, "--simulator") == 0
    said = capsys.readouterr()

    for name, text in contents(tmp_path).items():
        if "password" in name or "token" in name:
            assert text not in said.out + said.err


def test_it_refuses_where_git_would_commit_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)

    assert made(tmp_path / "secrets") == 1
    assert "secrets would be committed" in capsys.readouterr().err
    assert not (tmp_path / "secrets").exists()

    (tmp_path / ".gitignore").write_text("secrets/\n", encoding="utf-8")
    assert made(tmp_path / "secrets") == 0


def test_the_place_by_default_is_ignored_by_git() -> None:
    private.refuse_tracked(ROOT / "deploy" / "secrets")


def test_a_directory_belongs_to_one_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path, "--site", "kiel") == 0

    assert made(tmp_path, "--site", "berlin") == 1
    assert "belongs to the site 'kiel'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--site", "a/b"],
        ["--site", ""],
        ["--timezone", "a b"],
        ["--timezone", "Nowhere/X"],
        ["--host", "x$y"],
    ],
)
def test_what_cannot_stand_in_its_files_is_refused(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path, *arguments) == 1
    assert "expected" in capsys.readouterr().err


def test_a_devices_password_is_said_once_and_only_its_hash_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path) == 0
    capsys.readouterr()

    assert run_device(tmp_path, "add", "bus/0123") == 0

    said = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert said["user"] == "bus/0123"
    assert len(bytes.fromhex(said["password"])) == 16
    assert not [name for name, text in contents(tmp_path).items() if said["password"] in text]


def test_the_hash_is_the_one_of_mosquitto_passwd() -> None:
    # made by mosquitto_passwd 2.0.11 of the password `secret`
    theirs = (
        "$7$101$SuzEUu2zsdP7oVOr$"
        "kEEbDHqZk1yhVoasSKConNBRhVFvdZlSAc9lmA6Eov8UKyweGwZeqm7UM+FpeIqhgicySlDBUGTUHpAkTE22GA=="
    )

    assert mosquitto.hashed("secret", bytes.fromhex("4aecc452edb3b1d3fba153ab")) == theirs


@pytest.mark.parametrize(
    "name", ["0123", "bus-0123", "bus/", "bus/a/b", "bus/+", "tram/1", "bus/a\nuser b", "collector"]
)
def test_only_an_asset_or_gateway_is_a_name(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path) == 0

    assert run_device(tmp_path, "add", name) == 1
    assert "is expected" in capsys.readouterr().err


def test_devices_are_listed_renewed_and_removed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(tmp_path) == 0
    for name in ("station/12", "bus/0123"):
        assert run_device(tmp_path, "add", name) == 0
    assert run_device(tmp_path, "add", "bus/0123") == 1
    passwords = tmp_path / "mosquitto" / "passwords"
    before = passwords.read_text(encoding="utf-8")
    assert run_device(tmp_path, "renew", "bus/0123") == 0
    assert passwords.read_text(encoding="utf-8") != before
    assert run_device(tmp_path, "remove", "station/12") == 0
    assert run_device(tmp_path, "remove", "station/12") == 1
    capsys.readouterr()

    assert run_device(tmp_path, "list") == 0

    assert capsys.readouterr().out == "bus/0123\n"
    assert "station/12" not in passwords.read_text(encoding="utf-8")
    assert "station/12" not in (tmp_path / "mosquitto" / "acl").read_text(encoding="utf-8")


def test_without_init_a_device_cannot_be_added(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_device(tmp_path, "add", "bus/1") == 1
    assert "run deploy/init first" in capsys.readouterr().err


def test_the_acl_is_the_grammar_of_topics() -> None:
    messages = [each for each in Message if each is not Message.CMD]
    device_lines = [f"topic write v1/kiel/bus/1/{message}" for message in messages]
    gateway_lines = [f"topic write v1/kiel/{kind}/+/{each}" for kind in Kind for each in messages]

    text = mosquitto.acl("kiel", ["bus/1", "gateway/g"])

    blocks = dict(block.split("\n", 1) for block in text.split("user ")[1:])
    assert sorted(blocks["bus/1"].splitlines()[:-1]) == sorted(
        [*device_lines, "topic read v1/kiel/bus/1/cmd"]
    )
    assert sorted(blocks["gateway/g"].splitlines()) == sorted(
        [*gateway_lines, *(f"topic read v1/kiel/{kind}/+/cmd" for kind in Kind)]
    )
    assert "pattern" not in {line.split(" ")[0] for line in text.splitlines()}


@pytest.mark.parametrize("name", ["init", "device", "smoke", "locked"])
def test_help_teaches(name: str) -> None:
    done = subprocess.run(
        [str(ROOT / "deploy" / name), "--help"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert f"usage: deploy/{name}" in done.stdout
