"""The deployed Mosquitto, run for real: what it keeps for a collector that is away."""

from pathlib import Path

import pytest

from deploy.parts import device
from tests.deploy.deployed import Client, Deployed, attempts, published

pytestmark = [pytest.mark.broker, pytest.mark.timeout(180)]

QUEUED = 100_000
WINDOW = 1_000
TOPIC = "v1/kiel/bus/0123/telemetry"
FILTER = "v1/kiel/+/+/telemetry"
# What docs and mosquitto.conf promise: autosave_interval 5, checked by a broker's busy loop.
BOUND_S = 10


def subscribed(broker: Deployed) -> None:
    """Leave a persistent session behind."""
    with Client(broker) as collector:
        collector.connect("ausguck", broker.collector, is_clean=False)
        collector.subscribe(FILTER)


def fill(broker: Deployed, count: int, first: int = 0) -> None:
    """Publish and wait for every PUBACK, a window at a time."""
    with Client(broker) as city:
        city.connect("city", broker.gateway)
        for start in range(first, first + count, WINDOW):
            numbers = range(start, min(start + WINDOW, first + count))
            window = enumerate(numbers, start=1)
            city.send(b"".join(published(TOPIC, b"%d" % each, at) for at, each in window))
            for _ in numbers:
                kind, answer = city.receive()
                assert kind == 0x40
                assert answer[2:] in {b"", b"\x00"}, "everyone acknowledged is queued for somebody"


def heard(broker: Deployed, count: int) -> list[int]:
    with Client(broker) as collector:
        collector.connect("ausguck", broker.collector, is_clean=False)
        assert collector.session_present
        return [int(collector.hear().payload) for _ in range(count)]


@pytest.mark.slow
def test_a_hundred_thousand_queued_messages_survive_a_restart(tmp_path: Path) -> None:
    with Deployed(tmp_path) as broker:
        subscribed(broker)
        fill(broker, QUEUED)

        broker.restart()

        assert heard(broker, QUEUED) == list(range(QUEUED))


def test_kill_9_costs_nothing_that_is_older_than_the_bound(tmp_path: Path) -> None:
    with Deployed(tmp_path) as broker:
        subscribed(broker)
        fill(broker, 5_000)
        marker = tmp_path / "acknowledged"
        marker.touch()
        acknowledged_s = marker.stat().st_mtime
        for _ in attempts():
            if broker.snapshot_s > acknowledged_s:
                break
        assert broker.snapshot_s - acknowledged_s < BOUND_S

        broker.kill()
        broker.start()

        assert heard(broker, 5_000) == list(range(5_000))


def test_admitting_a_device_while_the_collector_is_away_costs_nothing(tmp_path: Path) -> None:
    with Deployed(tmp_path) as broker:
        subscribed(broker)
        broker.restart()
        fill(broker, 100)
        assert device.main(["--dir", str(broker.directory), "add", "bus/new"]) == 0
        broker.restart()
        fill(broker, 100, first=100)

        assert heard(broker, 200) == list(range(200))
