"""kill -9 of the broker as deploy/init sets it up: what it had handed on or saved is not lost."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.books import Answers, start_ms, topic
from tests.deploy.deployed import SITE, Client, Deployed, attempts
from tests.e2e.parts import at_broker
from tests.running import Running

BUS = "0123"
ROUND = 300


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Deployed]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Deployed(folder) as running:
        yield running


def at_deployed(broker: Deployed) -> dict[str, str]:
    """The variables by which we are the deployed broker's collector."""
    user, password = broker.collector
    return at_broker(broker.port) | {
        "AUSGUCK_SITE__ID": SITE,
        "AUSGUCK_SUBSCRIBER__HOST": "localhost",
        "AUSGUCK_SUBSCRIBER__TLS__CA": str(broker.directory / "ausguck" / "ca.crt"),
        "AUSGUCK_SUBSCRIBER__USER": user,
        "AUSGUCK_SUBSCRIBER__PASSWORD": password,
    }


def publish(broker: Deployed, numbers: range, begun_ms: int) -> None:
    """Send the numbered readings, each until the broker has acknowledged it."""
    with Client(broker) as client:
        client.connect("devices", broker.gateway)
        for number in numbers:
            reading = {
                "observed_at": begun_ms + number,
                "boot_id": "kill",
                "seq": number,
                "uptime_s": number,
            }
            assert client.publish(topic(BUS), json.dumps(reading).encode()) == 0


def wait_for(answers: Answers, messages: int) -> None:
    """Wait until we have taken so many from the broker."""
    for _ in attempts():
        if answers.health()["subscriber"]["messages"] >= messages:
            return


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.timeout(180)
def test_what_the_broker_handed_on_or_saved_survives_its_kill(
    tmp_path: Path, broker: Deployed, request: pytest.FixtureRequest
) -> None:
    begun_ms = start_ms()
    environ = at_deployed(broker)
    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.wait_connected()
        publish(broker, range(1, ROUND + 1), begun_ms)
        wait_for(answers, ROUND)
        broker.kill()  # with nothing on its way
        broker.start()
        answers.wait_connected()
        publish(broker, range(ROUND + 1, 2 * ROUND + 1), begun_ms)
        wait_for(answers, 2 * ROUND)

        assert running.stop() == 0

    before_s = broker.snapshot_s
    publish(broker, range(2 * ROUND + 1, 3 * ROUND + 1), begun_ms)
    saved_from_s = broker.snapshot_s
    for _ in attempts():
        if broker.snapshot_s > max(before_s, saved_from_s):
            break
    broker.kill()  # after it has saved what waits for us
    broker.start()

    with Running(tmp_path / "data", environ) as running:
        answers = Answers(running.page_url)
        request.addfinalizer(answers.close)
        answers.settle(3 * ROUND)
        stored = answers.stored(BUS, begun_ms)

        assert stored == dict.fromkeys(range(1, 3 * ROUND + 1), 1)
        assert answers.books()["balanced"]
        assert answers.books()["stored"] == 3 * ROUND
