"""The options docker-compose.yml gives to InfluxDB, given to a real one."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.conftest import influxd_path
from tests.deploy.composed import composed, environment, services
from tests.deploy.deployed import DEADLINE_S, attempts
from tests.subscriber.mosquitto import free_port

VARIABLES = {"SECRETS_GID": "0", "SECRETS_DIR": "/secrets", "SITE_ID": "kiel"}


@pytest.mark.influxdb
def test_influxdb_starts_with_the_composed_options(tmp_path: Path) -> None:
    program = influxd_path()
    assert program, "marked tests run only where there is one"
    given = environment(services(composed(VARIABLES))["influxdb"])
    options = {name: value for name, value in given.items() if name.startswith("INFLUXD_")}
    places = {
        "INFLUXD_BOLT_PATH": f"{tmp_path}/bolt",
        "INFLUXD_SQLITE_PATH": f"{tmp_path}/sqlite",
        "INFLUXD_ENGINE_PATH": f"{tmp_path}/engine",
        "INFLUXD_HTTP_BIND_ADDRESS": f"127.0.0.1:{free_port()}",
    }
    url = f"http://{places['INFLUXD_HTTP_BIND_ADDRESS']}"

    printed = subprocess.run(
        [program, "print-config"],
        check=True,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **options},
    ).stdout
    process = subprocess.Popen(
        [program],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **options, **places},
    )
    try:
        for _ in attempts():
            assert process.poll() is None, "influxd has ended"
            try:
                if httpx.get(f"{url}/health").is_success:
                    break
            except httpx.TransportError:
                continue
    finally:
        process.terminate()
        process.wait(DEADLINE_S)

    for name, value in options.items():
        key = name.removeprefix("INFLUXD_").lower().replace("_", "-")
        assert f"{key}: " in printed, f"{name} is no option"
        shown = next(line for line in printed.splitlines() if line.startswith(f"{key}: "))
        assert shown.split(": ")[1].strip('"') == value


def test_it_is_set_up_as_ausguck_asks_it() -> None:
    found = services(composed(VARIABLES))

    org = environment(found["influxdb"])["DOCKER_INFLUXDB_INIT_ORG"]
    assert environment(found["ausguck"])["AUSGUCK_STORE__INFLUXDB__ORG"] == org
    assert environment(found["prepare"])["AUSGUCK_STORE__INFLUXDB__ORG"] == org
