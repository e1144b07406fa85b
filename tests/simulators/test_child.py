"""`python -m simulators`, the city as a child process of `ausguck demo`."""

import asyncio
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from simulators.run import Job
from tests.simulators.broker import Broker
from tests.subscriber.mosquitto import free_port

END_S = 20


def started(job: Job) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", msgspec.json.encode(job).decode()],
        stdin=subprocess.PIPE,
    )


async def wait_for_first_reading(broker: Broker) -> None:
    async with broker.subscriber() as client:
        async for message in client.messages:
            if str(message.topic).endswith("/telemetry"):
                return


@pytest.mark.broker
@pytest.mark.parametrize("how", ["pipe", "signal"])
def test_it_reports_and_ends_with_its_parents_pipe_or_a_signal(tmp_path: Path, how: str) -> None:
    with Broker(tmp_path) as broker, started(Job(port=broker.port, buses=3, stations=2)) as child:
        asyncio.run(wait_for_first_reading(broker))
        assert child.stdin is not None
        if how == "pipe":
            child.stdin.close()
        else:
            child.terminate()
        assert child.wait(END_S) == 0


def test_it_ends_also_when_nobody_ever_listened() -> None:
    with started(Job(port=free_port(), buses=3, stations=2)) as child:
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(END_S) == 0
