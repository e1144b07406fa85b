"""`ausguck check --prepare` as a person types it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.influx import Influx, prefix
from tests.prepare.city import City

TOKEN = "INFLUX_TOKEN"  # noqa: S105 - the variable's name


def check(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    without = {name: value for name, value in os.environ.items() if name != TOKEN}
    return subprocess.run(
        [sys.executable, "-m", "ausguck", "check", *arguments],
        env={**without, **environ},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=50,
        check=False,
    )


@pytest.mark.influxdb
def test_it_prepares_says_so_and_shows_no_token(influx: Influx, tmp_path: Path) -> None:
    place = City(influx, tmp_path / "tokens", prefix())
    environ = {
        "AUSGUCK_SITE__DATA_DIR": str(tmp_path),
        "AUSGUCK_STORE__KIND": "influxdb",
        "AUSGUCK_STORE__INFLUXDB__URL": influx.url,
        "AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX": place.prefix,
        "AUSGUCK_STORE__INFLUXDB__TOKEN_FILE": str(tmp_path / "tokens/writer"),
        TOKEN: influx.token,
    }

    # The file that the settings name is yet to be made, and that is no mistake here.
    first = check("--prepare", **environ)
    again = check("--prepare", "--json", **environ)
    plain = check(**environ)

    assert (first.returncode, again.returncode, plain.returncode) == (0, 0, 0), first.stderr
    lines = first.stdout.splitlines()
    assert lines[-1] == "Ready: 17 changed."
    assert any("rollup_day" in line and "shards of 364 d" in line for line in lines)
    answer = json.loads(again.stdout)
    assert answer["changed"] == 0
    assert {step["change"] for step in answer["steps"]} == {"kept"}
    everything = "".join(one.stdout + one.stderr for one in (first, again, plain))
    secrets = [influx.token, *(path.read_text().strip() for path in place.folder.iterdir())]
    assert len(secrets) == 4
    assert [secret for secret in secrets if secret in everything] == []
    place.clear()


def test_without_a_token_it_says_where_one_belongs() -> None:
    ended = check("--prepare")

    assert ended.returncode == 2
    assert "INFLUX_TOKEN: found nothing, expected the operator token" in ended.stderr


def test_what_cannot_be_a_token_is_not_shown() -> None:
    ended = check("--prepare", **{TOKEN: "two words"})

    assert ended.returncode == 2
    assert "printable ASCII without a space" in ended.stderr
    assert "two words" not in ended.stderr


def test_no_server_is_one_line_and_status_1() -> None:
    ended = check(
        "--prepare", **{TOKEN: "secret", "AUSGUCK_STORE__INFLUXDB__URL": "http://127.0.0.1:9"}
    )

    assert ended.returncode == 1
    assert ended.stderr.startswith("ausguck: store influxdb: nothing answers at http://127.0.0.1:9")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["--yes"], ["--tokens-dir", "somewhere"]])
def test_its_options_go_with_it(arguments: list[str]) -> None:
    ended = check(*arguments)

    assert ended.returncode == 2
    assert "go with --prepare" in ended.stderr


def test_no_other_command_waits_for_its_library() -> None:
    code = (
        "import sys; from ausguck.docs.commands import commands; commands(); "
        "sys.exit('influxdb_client' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
