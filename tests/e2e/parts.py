"""A city's own parts for a test of the whole: its broker, its InfluxDB, and us between them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.influx import Influx, prefix

PREPARE_S = 60


def prepared(influx: Influx, folder: Path, url: str | None = None) -> dict[str, str]:
    """The variables by which we use an InfluxDB, made ready by our own command."""
    tokens = folder / "tokens"
    environ = {
        "AUSGUCK_STORE__KIND": "influxdb",
        "AUSGUCK_STORE__INFLUXDB__URL": influx.url,
        "AUSGUCK_STORE__INFLUXDB__ORG": influx.org,
        "AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX": prefix(),
        "AUSGUCK_STORE__INFLUXDB__TOKEN_FILE": str(tokens / "writer"),
    }
    subprocess.run(
        [sys.executable, "-m", "ausguck", "check", "--prepare", "--tokens-dir", str(tokens)],
        env={**os.environ, **environ, "INFLUX_TOKEN": influx.token},
        check=True,
        timeout=PREPARE_S,
        stdout=subprocess.DEVNULL,
    )
    return environ | ({"AUSGUCK_STORE__INFLUXDB__URL": url} if url else {})


def at_broker(port: int) -> dict[str, str]:
    """The variables by which messages come from a broker alone."""
    return {
        "AUSGUCK_LISTENER__ENABLED": "false",
        "AUSGUCK_SUBSCRIBER__ENABLED": "true",
        "AUSGUCK_SUBSCRIBER__PORT": str(port),
        "AUSGUCK_SUBSCRIBER__RECONNECT_MAX_S": "0.5",
    }


def rows(influx: Influx, environ: Mapping[str, str], bucket: str, measurement: str) -> int:
    """How many rows of a measurement InfluxDB itself counts."""
    answer = httpx.get(
        f"{influx.url}/query",
        params={
            "db": f"{environ['AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX']}{bucket}",
            "q": f'SELECT count("digest") FROM "{measurement}"',  # noqa: S608 - a test's own names
        },
        headers={"Authorization": f"Token {influx.token}"},
    )
    answer.raise_for_status()
    series = answer.json()["results"][0].get("series")
    return int(series[0]["values"][0][1]) if series else 0
