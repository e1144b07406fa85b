"""The profile `simulators`: the city speaks to the deployed broker as docker-compose.yml has it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from ausguck.cli.main import main
from tests.deploy.composed import composed, environment, items, services
from tests.deploy.deployed import Client, Deployed

VARIABLES = {"SECRETS_GID": "0", "SECRETS_DIR": "/secrets", "SITE_ID": "kiel"}


@pytest.mark.broker
def test_the_composed_simulator_is_heard(tmp_path: Path) -> None:
    service = services(composed(VARIABLES))["simulators"]
    with Deployed(tmp_path) as broker, Client(broker) as collector:
        collector.connect("hears", broker.collector)
        collector.subscribe("v1/kiel/+/+/telemetry")
        here = {
            "--host=mosquitto": "--host=localhost",
            "--port=8883": f"--port={broker.port}",
            "--ca=/etc/ausguck/ca.crt": f"--ca={broker.directory}/simulator/ca.crt",
        }
        command = [here.get(str(word), str(word)) for word in items(service["command"])]
        small = ["--buses=2", "--stations=2", "--duration-s=3"]
        password = {"SIMULATOR_PASSWORD": broker.gateway[1]}

        done = CliRunner().invoke(main, [*command, *small], env=environment(service) | password)

        assert done.exit_code == 0, done.output
        assert collector.hear().topic.startswith("v1/kiel/")
    assert len(set(here) & {str(word) for word in items(service["command"])}) == len(here)
