"""What the broker drops while we are away is in health, in the metrics and on the dashboard."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from ausguck.catalogue.state import StateMeasurement, table
from dashboards import queries
from tests.crash.books import Answers
from tests.deploy.deployed import attempts
from tests.e2e.parts import at_broker, prepared
from tests.influx import Influx
from tests.running import Running
from tests.subscriber.mosquitto import Mosquitto

SENT = 1_500
QUEUE = 200
SMALL = (
    "allow_anonymous true",
    "persistence true",
    f"max_queued_messages {QUEUE}",
    "sys_interval 1",
)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder, SMALL) as running:
        asyncio.run(running.is_up())
        yield running


def on_the_panel(influx: Influx, environ: dict[str, str]) -> int | None:
    """The panel's number, of everything there is."""
    asked = queries.BROKER_DROPPED.text
    bucket = table(StateMeasurement.PIPELINE).bucket
    answer = httpx.get(
        f"{influx.url}/query",
        params={
            "db": f"{environ['AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX']}{bucket}",
            "q": asked.replace("${site:regex}", ".*").replace("$timeFilter", "time > 0"),
        },
        headers={"Authorization": f"Token {influx.token}"},
    )
    answer.raise_for_status()
    series = answer.json()["results"][0].get("series")
    return series[0]["values"][0][1] if series else None


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.influxdb
@pytest.mark.timeout(180)
def test_what_was_dropped_while_we_were_away_is_told(
    tmp_path: Path, broker: Mosquitto, influx: Influx, request: pytest.FixtureRequest
) -> None:
    environ = prepared(influx, tmp_path) | at_broker(broker.port)
    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        for _ in attempts():
            if answers.health()["subscriber"]["dropped_at_broker"] == 0:
                break
        assert answers.health()["why"] == []
        assert running.stop() == 0

    asyncio.run(broker.publish("v1/kiel/bus/0123/telemetry", [b"{}"] * SENT))

    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        for _ in attempts():
            subscriber = answers.health()["subscriber"]
            if subscriber["dropped"] + subscriber["messages"] >= SENT:
                break
        health = answers.health()
        dropped = SENT - health["subscriber"]["messages"]
        assert dropped >= SENT - QUEUE - 1
        assert health["subscriber"]["dropped"] == dropped
        assert health["subscriber"]["dropped_at_broker"] == dropped
        assert health["status"] == "degraded"
        assert "broker_dropped" in [why["cause"] for why in health["why"]]
        metrics = httpx.get(f"{running.page_url}/metrics").text
        assert f"ausguck_broker_dropped_total {dropped}.0" in metrics
        for _ in attempts():  # a row each ten seconds
            if on_the_panel(influx, environ):
                break
        assert on_the_panel(influx, environ) == dropped
        assert running.stop() == 0

    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.wait_connected()
        health = answers.health()
        assert health["subscriber"]["dropped"] == 0
        assert "broker_dropped" in [why["cause"] for why in health["why"]]
