"""An InfluxDB that is away, killed, or hidden by a bad proxy: intake goes on, nothing is lost."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.books import BROKEN_EVERY, Answers, publish, start_ms
from tests.deploy.deployed import attempts
from tests.device import Device
from tests.e2e.parts import at_broker, prepared, rows
from tests.influx import Influx
from tests.running import Running
from tests.store.influx_proxy import Cut, Drip, Fault, Proxy, Said, proxy
from tests.subscriber.mosquitto import SAFE, Mosquitto

BUS = "0123"
ROUND = 100
FAULTS: tuple[tuple[Fault, ...], ...] = (
    (Said(400), Said(422)),
    (Said(413), Said(500)),
    (Said(429, headers={"Retry-After": "0"}), Said(503)),
    (Cut.BEFORE, Cut.AFTER),
    (Cut.NEVER, Drip()),
    (Said(401),),
    (Said(404),),
)


async def hang_up() -> None:
    """Let every connection of this loop end."""
    serving = asyncio.all_tasks() - {asyncio.current_task()}
    for task in serving:
        task.cancel()
    if serving:
        await asyncio.wait(serving)
    for _ in range(3):
        await asyncio.sleep(0)


@contextmanager
def between(target: str) -> Iterator[Proxy]:
    """The proxy, served by a thread of its own."""
    loop = asyncio.new_event_loop()
    opening = proxy(target)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(opening.__aenter__(), loop).result()
        asyncio.run_coroutine_threadsafe(opening.__aexit__(None, None, None), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(hang_up(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


QUIET = {"AUSGUCK_STORE__INFLUXDB__TIMEOUT_S": "1", "AUSGUCK_STATE__ENABLED": "false"}


class Fleet:
    """A device that sends its numbers in rounds, each until it is acknowledged."""

    def __init__(self, device: Device, begun_ms: int) -> None:
        self.device = device
        self.begun_ms = begun_ms

    def round(self) -> int:
        """Send one; returns how many were sent in all."""
        first = self.device.published + 1
        publish(self.device, BUS, range(first, first + ROUND), self.begun_ms)
        self.device.settle()
        return self.device.published


def wait_for_trouble(answers: Answers) -> None:
    """Wait until health tells of the store."""
    for _ in attempts():
        if "history_failing" in {why["cause"] for why in answers.health()["why"]}:
            return


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.influxdb
@pytest.mark.timeout(300)
def test_an_influxdb_in_trouble_costs_time_and_nothing_else(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    for name in ("influxdb", "broker"):
        (tmp_path / name).mkdir()
    with (
        Influx(tmp_path / "influxdb") as influx,
        Mosquitto(tmp_path / "broker", [*SAFE, "max_inflight_messages 1000"]) as broker,
        between(influx.url) as through,
    ):
        environ = prepared(influx, tmp_path, through.url) | at_broker(broker.port) | QUIET
        readings = f"bucket={environ['AUSGUCK_STORE__INFLUXDB__BUCKET_PREFIX']}telemetry"
        influx.stop()
        with Running(tmp_path / "data", environ) as running:
            answers = Answers(running.page_url)
            device = Device(broker.port, "fleet")
            request.addfinalizer(answers.close)
            request.addfinalizer(device.close)
            answers.wait_connected()
            device.connect()
            fleet = Fleet(device, start_ms())

            fleet.round()  # away when we start
            wait_for_trouble(answers)
            influx.start()
            answers.settle(device.published)

            for faults in FAULTS:
                through.fail(*faults, where=readings)
                answers.settle(fleet.round())
                assert not through.faults

            influx.kill()  # with a batch on its way
            fleet.round()
            wait_for_trouble(answers)
            influx.start()
            answers.settle(fleet.round())

            numbers = range(1, device.published + 1)
            good = [number for number in numbers if number % BROKEN_EVERY]
            books = answers.books()
            assert answers.stored(BUS, fleet.begun_ms) == Counter(good)
            assert books["stored"] == len(good)
            assert books["duplicates"] == 0
            assert books["dead_lettered"] == len(numbers) - len(good)
            assert answers.dead_letters() == Counter({"undecodable": len(numbers) - len(good)})
            assert rows(influx, environ, "telemetry", "hotspot") == len(good)
            assert running.stop() == 0
