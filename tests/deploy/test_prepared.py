"""What colleagues' commands find of what we deploy: the broker by behaviour, InfluxDB's tokens."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from ausguck.cli.main import main
from tests.deploy.composed import ROOT, composed, environment, services
from tests.deploy.deployed import Deployed
from tests.influx import Influx, prefix

VARIABLES = {"SECRETS_GID": "0", "SECRETS_DIR": "/secrets", "SITE_ID": "kiel"}


@pytest.mark.broker
@pytest.mark.timeout(120)
def test_check_broker_finds_nothing_wrong_with_the_deployed_one(tmp_path: Path) -> None:
    given = environment(services(composed(VARIABLES))["ausguck"])
    with Deployed(tmp_path) as broker:
        variables = {
            **{key: value for key, value in given.items() if "SUBSCRIBER" in key or "SITE" in key},
            "AUSGUCK_LISTENER__ENABLED": "false",
            "AUSGUCK_SUBSCRIBER__HOST": "localhost",
            "AUSGUCK_SUBSCRIBER__PORT": str(broker.port),
            "AUSGUCK_SUBSCRIBER__TLS__CA": str(broker.directory / "ausguck" / "ca.crt"),
            "AUSGUCK_SUBSCRIBER__PASSWORD": broker.collector[1],
            "AUSGUCK_SITE__DATA_DIR": str(tmp_path / "var"),
        }

        done = CliRunner().invoke(main, ["check", "--broker"], env=variables)

    assert done.exit_code == 0, done.output


@pytest.mark.influxdb
def test_the_container_prepares_influxdb_and_hands_out_what_reads(
    tmp_path: Path, influx: Influx
) -> None:
    start = prefix()
    for name in ("secrets", "tokens", "grafana"):
        (tmp_path / name).mkdir()
    (tmp_path / "secrets" / "influxdb-operator-token").write_text(influx.token, encoding="utf-8")
    given = environment(services(composed(VARIABLES))["prepare"])
    environ = {
        **{key: value for key, value in given.items() if key != "AUSGUCK_CONFIG"},
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "SECRETS": str(tmp_path / "secrets"),
        "AUSGUCK_STORE__INFLUXDB__URL": influx.url,
        "AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX": start,
    }
    program = ROOT / "deploy" / "container" / "ausguck-prepare"
    places = [str(tmp_path / name) for name in ("tokens", "grafana")]
    command = [str(program), *places, str(os.getgid())]

    for _ in range(2):
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, env=environ, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr

    assert {path.name for path in (tmp_path / "tokens").iterdir()} == {
        "writer",
        "reader",
        "planner",
    }
    assert answers(influx, tmp_path / "grafana" / "reader", f"{start}telemetry")
    assert answers(influx, tmp_path / "grafana" / "planner", f"{start}rollup")
    assert not answers(influx, tmp_path / "grafana" / "planner", f"{start}telemetry")


def answers(influx: Influx, token: Path, database: str) -> bool:
    """Whether InfluxQL is answered as Grafana asks it."""
    answer = httpx.post(
        f"{influx.url}/query",
        data={"db": database, "q": 'SELECT * FROM "fleet" LIMIT 1'},
        headers={"Authorization": f"Token {token.read_text(encoding='utf-8').strip()}"},
    )
    return answer.is_success and "error" not in answer.text
