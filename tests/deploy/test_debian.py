"""deploy/debian in a scratch prefix: what is put where, and whether systemd understands it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ausguck.settings.load import load
from tests.deploy.composed import ROOT

DEBIAN = ROOT / "deploy" / "debian"
# Known to be right (systemd 252, Debian 12), where systemd itself is not at hand to be asked.
KNOWN = {
    "Unit": {
        "Description",
        "Wants",
        "After",
        "Requires",
        "StartLimitIntervalSec",
        "StartLimitBurst",
    },
    "Install": {"WantedBy"},
    "Service": {
        *("Type", "User", "Group", "DynamicUser", "ExecStart", "ExecStartPre", "ExecReload"),
        *("Environment", "LoadCredential", "StateDirectory", "StateDirectoryMode", "UMask"),
        *("WorkingDirectory", "LimitNOFILE", "KillSignal", "TimeoutStopSec", "Restart"),
        *("RestartSec", "NoNewPrivileges", "CapabilityBoundingSet", "AmbientCapabilities"),
        *("ProtectSystem", "ProtectHome", "PrivateTmp", "PrivateDevices", "ProtectClock"),
        *("ProtectControlGroups", "ProtectHostname", "ProtectKernelLogs", "ProtectProc"),
        *("ProtectKernelModules", "ProtectKernelTunables", "LockPersonality", "RemoveIPC"),
        *("RestrictAddressFamilies", "RestrictNamespaces", "RestrictRealtime"),
        *("RestrictSUIDSGID", "SystemCallArchitectures", "SystemCallFilter"),
        *("SystemCallErrorNumber", "BindReadOnlyPaths"),
    },
}
MOSQUITTO = "[Unit]\nDescription=stand-in\n[Service]\nType=notify\nExecStart=/bin/true\n"


def script(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(DEBIAN / name), *arguments], check=False, capture_output=True, text=True
    )


def install(prefix: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    venv = str(Path(sys.executable).parents[1])
    return script("install", "--prefix", str(prefix), "--venv", venv, *arguments)


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    done = install(
        tmp_path / "root", "--site", "kiel", "--simulator", "--influxdb", "http://127.0.0.1:8086"
    )
    assert done.returncode == 0, done.stderr
    return tmp_path / "root"


def units(prefix: Path) -> Path:
    return prefix / "etc/systemd/system"


def directives(path: Path) -> list[tuple[str, str, str]]:
    """Section, key and value, line by line."""
    found, section = [], ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = head[1]
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.append((section, key, value))
    return found


def test_everything_is_below_the_prefix_and_ready(prefix: Path) -> None:
    names = {path.relative_to(prefix).as_posix() for path in prefix.rglob("*")}

    assert {
        "opt/ausguck",
        "etc/ausguck/ausguck.toml",
        "etc/ausguck/ca.crt",
        "etc/ausguck/secrets/mosquitto/mosquitto.conf",
        "etc/systemd/system/ausguck.service",
        "etc/systemd/system/ausguck.service.d/influxdb.conf",
        "etc/systemd/system/ausguck-simulator.service",
        "etc/systemd/system/mosquitto.service.d/ausguck.conf",
        "usr/local/lib/ausguck/ausguck-start",
    } <= names
    assert (prefix / "etc/ausguck/secrets").stat().st_mode & 0o777 == 0o700
    conf = prefix / "etc/ausguck/secrets/mosquitto/mosquitto.conf"
    assert "acl_file /run/ausguck-mosquitto/acl\n" in conf.read_text(encoding="utf-8")
    assert "@SITE@" not in (units(prefix) / "ausguck-simulator.service").read_text(encoding="utf-8")


def test_again_it_keeps_settings_and_secrets(prefix: Path) -> None:
    settings = prefix / "etc/ausguck/ausguck.toml"
    settings.write_text("# mine\n", encoding="utf-8")
    password = (prefix / "etc/ausguck/secrets/ausguck/broker-password").read_text(encoding="utf-8")

    done = install(prefix)

    assert done.returncode == 0, done.stderr
    assert settings.read_text(encoding="utf-8") == "# mine\n"
    kept = (prefix / "etc/ausguck/secrets/ausguck/broker-password").read_text(encoding="utf-8")
    assert kept == password


def test_the_settings_load(prefix: Path) -> None:
    variables = {"AUSGUCK_SUBSCRIBER__TLS__CA": str(prefix / "etc/ausguck/ca.crt")}

    settings = load(prefix / "etc/ausguck/ausguck.toml", variables)

    assert settings.subscriber.enabled
    assert settings.subscriber.user == "collector"
    assert not settings.listener.enabled


def test_with_its_credentials_the_installed_program_finds_its_settings_right(prefix: Path) -> None:
    credentials = prefix / "credentials"
    credentials.mkdir()
    (credentials / "broker-password").write_text("of the broker", encoding="utf-8")
    (credentials / "influxdb-token").write_text("of-influxdb", encoding="utf-8")
    environ = {
        "PATH": f"{prefix}/opt/ausguck/bin:/usr/bin:/bin",
        "SECRETS": str(credentials),
        "AUSGUCK_CONFIG": f"{prefix}/etc/ausguck/ausguck.toml",
        "AUSGUCK_SUBSCRIBER__TLS__CA": f"{prefix}/etc/ausguck/ca.crt",
        **{
            key: value.replace("%d", str(credentials))
            for _, name, text in directives(units(prefix) / "ausguck.service.d/influxdb.conf")
            if name == "Environment"
            for key, _, value in [text.partition("=")]
        },
    }

    done = subprocess.run(
        [prefix / "usr/local/lib/ausguck/ausguck-start", "check", "--json"],
        check=False,
        capture_output=True,
        text=True,
        env=environ,
        cwd=prefix,
    )

    assert done.returncode == 0, done.stderr
    assert '"kind": "influxdb"' in done.stdout
    assert "of the broker" not in done.stdout


@pytest.mark.parametrize("name", ["ausguck.service", "ausguck-simulator.service", "mosquitto.conf"])
def test_every_directive_is_known(name: str) -> None:
    for section, key, _ in directives(DEBIAN / name):
        assert key in KNOWN[section]


@pytest.mark.systemd
def test_systemd_has_nothing_to_complain_of(prefix: Path) -> None:
    folder = units(prefix)
    (folder / "mosquitto.service").write_text(MOSQUITTO, encoding="utf-8")
    names = ["ausguck.service", "ausguck-simulator.service", "mosquitto.service"]
    for path in (*folder.glob("*.service"), folder / "mosquitto.service.d/ausguck.conf"):
        text = path.read_text(encoding="utf-8").replace("=/usr/local", f"={prefix}/usr/local")
        text = text.replace("/usr/sbin/mosquitto", "/bin/true")
        path.write_text(text, encoding="utf-8")

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:"},
    )

    ours = [line for line in done.stderr.splitlines() if "ausguck" in line or "mosquitto" in line]
    assert ours == []


def test_the_unit_is_hardened_and_secrets_come_as_credentials() -> None:
    service = {key: value for _, key, value in directives(DEBIAN / "ausguck.service")}

    assert service["User"] == "ausguck"
    assert service["NoNewPrivileges"] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["Restart"] == "on-failure"
    assert service["LoadCredential"].startswith("broker-password:/etc/ausguck/secrets/")


def test_the_broker_is_never_sent_a_hangup() -> None:
    found = directives(DEBIAN / "mosquitto.conf")

    assert ("Service", "ExecReload", "") in found


def test_uninstall_leaves_settings_and_purge_leaves_nothing(prefix: Path) -> None:
    assert script("uninstall", "--prefix", str(prefix)).returncode == 0
    left = {path.name for path in prefix.rglob("*") if path.is_file()}
    assert "ausguck.toml" in left
    assert not [name for name in left if name.endswith((".service", "ausguck.conf"))]
    assert not (prefix / "opt/ausguck").is_symlink()
    assert Path(sys.executable).exists()

    assert script("uninstall", "--prefix", str(prefix), "--purge").returncode == 0
    assert not [path for path in prefix.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--nonsense"], "deploy/debian/install [--site NAME]"),
        (["--site"], "--site needs a value"),
        (["--influxdb", "http://x|y"], "an address such as"),
        (["--influxdb", "notaurl"], "an address such as"),
        (["--timezone", "Nowhere/X"], "an IANA time zone such as Europe/Berlin is expected"),
    ],
)
def test_a_mistake_is_told_before_anything_is_done(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    done = install(tmp_path / "root", *arguments)

    assert done.returncode != 0
    assert said in done.stderr
    assert not (tmp_path / "root").exists()


def test_with_influxdb_it_says_that_the_token_comes_first(tmp_path: Path) -> None:
    prefix, told = tmp_path / "root", "without which ausguck.service does not start"
    plain = install(prefix)
    first = install(prefix, "--influxdb", "http://127.0.0.1:8086")
    (prefix / "etc/ausguck/tokens").mkdir()
    (prefix / "etc/ausguck/tokens/writer").touch()
    again = install(prefix)

    assert [told in done.stdout for done in (plain, first, again)] == [False, True, False]
    assert "check --prepare --tokens-dir /etc/ausguck/tokens" in first.stdout


@pytest.mark.parametrize("name", ["install", "uninstall"])
def test_help_teaches(name: str) -> None:
    done = script(name, "--help")

    assert done.returncode == 0
    assert "--prefix DIR" in done.stdout
