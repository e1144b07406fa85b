"""The broker that simulators send to, which tests may stop and start again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt

from tests.subscriber.mosquitto import Mosquitto

LINES = (
    "allow_anonymous true",
    "persistence true",
    "max_queued_messages 0",
    "max_inflight_messages 1000",
)


class Broker(Mosquitto):
    """Keeps its sessions on disk, so that a restart loses nothing it acknowledged."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, LINES)

    @asynccontextmanager
    async def subscriber(self) -> AsyncIterator[aiomqtt.Client]:
        """A persistent session that hears everything at QoS 1."""
        await self.is_up()
        async with aiomqtt.Client(
            "127.0.0.1", self.port, identifier="hears-all", clean_session=False
        ) as client:
            await client.subscribe("v1/#", qos=1)
            yield client
