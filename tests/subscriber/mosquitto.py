"""A real Mosquitto whose configuration each test writes itself."""

import asyncio
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt

STOP_S = 20
TRY_EVERY_S = 0.02
SAFE = (
    "allow_anonymous true",
    "persistence true",
    "max_queued_messages 1000000",
    "sys_interval 1",
)
EVERY_CHANGE = ("autosave_on_changes true", "autosave_interval 1")  # slow with a deep queue


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Mosquitto:
    """On a free port of loopback; `lines` are its configuration besides listener and files."""

    def __init__(self, folder: Path, lines: Sequence[str] = SAFE) -> None:
        self.port = free_port()
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "mosquitto.conf"
        head = [f"listener {self.port} 127.0.0.1", "user root", f"persistence_location {folder}/"]
        self._config.write_text("\n".join([*head, *lines]) + "\n")

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

    @property
    def database(self) -> Path:
        return self.folder / "mosquitto.db"

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["mosquitto", "-c", str(self._config)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(STOP_S)

    def kill(self) -> None:
        """As a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_S)

    async def is_up(self) -> None:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(TRY_EVERY_S)
            else:
                writer.close()
                await writer.wait_closed()
                return

    async def publish(self, topic: str, payloads: Sequence[bytes], qos: int = 1) -> None:
        """Have a device send these, each acknowledged by the broker."""
        await self.is_up()
        async with aiomqtt.Client("127.0.0.1", self.port, identifier="device") as client:
            for payload in payloads:
                await client.publish(topic, payload, qos=qos)
