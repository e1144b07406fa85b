"""The subscriber at the real Mosquitto: away, killed, forgotten, shared."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from tests.subscriber.living import TOPIC, living, payloads, records
from tests.subscriber.mosquitto import Mosquitto

pytestmark = pytest.mark.broker


@pytest.fixture(name="broker")
def running(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder) as broker:
        yield broker


def numbered(first: int, last: int) -> list[bytes]:
    return [b'{"seq": %d}' % number for number in range(first, last)]


def test_messages_are_journalled_and_acknowledged(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with living(tmp_path / "journal", broker.port) as life:
            await life.connected()
            await broker.publish(TOPIC, numbered(0, 50))
            await broker.publish("v1/kiel/station/7/status", [b"online"], qos=0)
            stats = await life.until(lambda stats: stats.messages == 51 and not stats.waiting)
            assert stats.qos0 == 1
            assert not stats.stale_acks
        found = await records(tmp_path / "journal")
        assert [record.payload for record in found] == [*numbered(0, 50), b"online"]
        assert {record.source.name for record in found} == {"subscriber"}
        assert {(record.source.identity, record.source.client_id) for record in found} == {
            ("", "ausguck")
        }
        assert [record.flags for record in found] == [1] * 50 + [0]

    uvloop.run(scene())


def test_what_was_sent_while_we_were_away_arrives(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with living(tmp_path / "journal", broker.port) as life:
            await life.connected()
        await broker.publish(TOPIC, numbered(0, 3000))
        async with living(tmp_path / "journal", broker.port) as life:
            await life.until(lambda stats: stats.messages >= 3000 and not stats.waiting)
            assert life.stats.session_lost == 0
        async with living(tmp_path / "journal", broker.port) as life:
            await life.connected()
            await broker.publish(TOPIC, [b"last"])
            await life.until(lambda stats: stats.messages >= 1)
        assert await payloads(tmp_path / "journal") == [*numbered(0, 3000), b"last"]

    uvloop.run(scene())
