"""A real Mosquitto on a free port of loopback, which tests may stop and start again."""

import asyncio
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt

STOP_S = 20
TRY_EVERY_S = 0.02


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Broker:
    """Keeps its sessions on disk, so that a restart loses nothing it acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\n"
            f"persistence true\npersistence_location {folder}/\n"
            "max_queued_messages 0\nmax_inflight_messages 1000\n"
        )

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
        self._process = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(STOP_S)

    async def is_up(self) -> None:
        """Wait until it takes connections; the test's own time limit ends a vain wait."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(TRY_EVERY_S)
            else:
                writer.close()
                await writer.wait_closed()
                return

    @asynccontextmanager
    async def subscriber(self) -> AsyncIterator[aiomqtt.Client]:
        """A persistent session that hears everything at QoS 1."""
        await self.is_up()
        async with aiomqtt.Client(
            "127.0.0.1", self.port, identifier="hears-all", clean_session=False
        ) as client:
            await client.subscribe("v1/#", qos=1)
            yield client
