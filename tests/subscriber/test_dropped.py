"""Messages that the broker dropped while we were away are known once we are back."""

import asyncio
from pathlib import Path

import pytest
import uvloop

from tests.listener.journal import MemoryJournal
from tests.subscriber.living import TOPIC, fetching, living
from tests.subscriber.mosquitto import Mosquitto
from tests.subscriber.scripted import Scripted, acknowledged, message

QUEUE = 200
SMALL = (
    "allow_anonymous true",
    "persistence true",
    f"max_queued_messages {QUEUE}",
    "sys_interval 1",
)
COUNTER = "$SYS/broker/publish/messages/dropped"


@pytest.mark.broker
def test_losses_while_we_were_away_are_counted_over_a_restart_of_the_broker(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        folder = tmp_path / "broker"
        folder.mkdir()
        journal, marker = tmp_path / "journal", tmp_path / "session"
        with Mosquitto(folder, SMALL) as broker:
            await broker.is_up()
            async with living(journal, broker.port, marker=marker) as life:
                await life.until(lambda stats: stats.dropped_at_broker == 0)
                assert (life.stats.dropped, life.stats.dropped_at_ms) == (0, None)

            await broker.publish(TOPIC, [b"{}"] * 1500)
            async with living(journal, broker.port, marker=marker) as life:
                stats = await life.until(lambda stats: stats.messages + stats.dropped >= 1500)
                assert stats.dropped == stats.dropped_at_broker == 1500 - stats.messages
                assert stats.dropped >= 1500 - QUEUE - 1
                assert stats.dropped_at_ms is not None
                first = stats.dropped
                await asyncio.to_thread(broker.stop)
                broker.start()
                await life.until(lambda stats: stats.dropped_at_broker == 0)
                assert life.stats.dropped == first

            await broker.publish(TOPIC, [b"{}"] * 500)
            async with living(journal, broker.port, marker=marker) as life:
                stats = await life.until(lambda stats: stats.messages + stats.dropped >= 500)
                assert stats.dropped == stats.dropped_at_broker == 500 - stats.messages > 0

    uvloop.run(scene())


def test_a_broker_that_tells_no_figure_has_an_unknown_one(tmp_path: Path) -> None:
    async def scene() -> None:
        marker = tmp_path / "session"
        async with Scripted.listening() as broker:
            async with living(tmp_path / "journal", broker.port, marker=marker) as life:
                wire = await broker.open()
                wire.send(message(0, b"3", topic=COUNTER, qos=0))
                await life.until(lambda stats: stats.dropped_at_broker == 3)
            async with living(tmp_path / "journal", broker.port, marker=marker) as life:
                wire = await broker.open(session_present=True)
                wire.send(message(1))
                assert await acknowledged(wire, 1) == [1]
                assert (life.stats.dropped_at_broker, life.stats.dropped) == (None, 0)
                wire.send(message(0, b"1303", topic=COUNTER, qos=0))
                await life.until(lambda stats: stats.dropped == 1300)

    asyncio.run(scene())


def test_a_figure_that_is_no_number_is_said() -> None:
    async def scene() -> None:
        async with Scripted.listening() as broker, fetching(MemoryJournal(), broker.port) as life:
            wire = await broker.open()
            wire.send(message(0, b"many", topic=COUNTER, qos=0), message(1))
            assert await acknowledged(wire, 1) == [1]
            life.subscriber.sweep()
            assert "is not a number" in str(life.stats.last_error)
            assert life.stats.dropped_at_broker is None

    asyncio.run(scene())
