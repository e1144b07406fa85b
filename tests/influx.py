"""A real InfluxDB 2 on a free port of loopback, which tests may stop, kill and start again."""

import asyncio
import os
import subprocess
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.conftest import influxd_path
from tests.subscriber.mosquitto import free_port

ORG = "ausguck"
OPERATOR = "operator-of-the-tests"
STOP_S = 20
TRY_EVERY_S = 0.05

_prefixes = count(1)


def prefix() -> str:
    """The start of bucket names that no other test of this run uses."""
    return f"t{os.getpid()}-{next(_prefixes)}-"


class Influx:
    """Set up with an organisation and a token that may do everything."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.org = ORG
        self.token = OPERATOR

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it on the files of its folder, and return once it answers."""
        program = influxd_path()
        assert program, "marked tests run only where there is one"
        with (self._folder / "influxd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program,
                    f"--bolt-path={self._folder}/influxd.bolt",
                    f"--sqlite-path={self._folder}/influxd.sqlite",
                    f"--engine-path={self._folder}/engine",
                    f"--http-bind-address=127.0.0.1:{self.port}",
                    "--reporting-disabled",
                    "--log-level=warn",
                ],
                stdout=log,
                stderr=log,
            )
        asyncio.run(self._is_ready())

    @property
    def pid(self) -> int:
        """The server's process."""
        return self._process.pid

    def stop(self) -> None:
        """End it in order."""
        self._process.terminate()
        self._process.wait(STOP_S)

    def kill(self) -> None:
        """kill -9."""
        self._process.kill()
        self._process.wait(STOP_S)

    async def _is_ready(self) -> None:
        async with httpx.AsyncClient(base_url=self.url) as client:
            while True:
                try:
                    answer = await client.get("/health")
                except httpx.TransportError:
                    assert self._process.poll() is None, "influxd has ended"
                else:
                    if answer.is_success:
                        break
                await asyncio.sleep(TRY_EVERY_S)
            if (await client.get("/api/v2/setup")).json()["allowed"]:
                setup = {
                    "username": "operator",
                    "password": "of-the-tests",
                    "org": ORG,
                    "bucket": "unused",
                    "token": OPERATOR,
                }
                (await client.post("/api/v2/setup", json=setup)).raise_for_status()
