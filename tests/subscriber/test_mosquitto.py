"""The subscriber at the real Mosquitto: away, killed, forgotten, shared."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvloop

from ausguck.clock import ManualClock, SystemClock
from tests.listener.journal import MemoryJournal
from tests.subscriber.living import TOPIC, fetching, living, payloads, records, until
from tests.subscriber.mosquitto import EVERY_CHANGE, SAFE, Mosquitto

pytestmark = pytest.mark.broker


@pytest.fixture(name="broker")
def running(tmp_path: Path) -> Iterator[Mosquitto]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Mosquitto(folder) as broker:
        yield broker


async def kept(journal: Path, payload: bytes) -> None:
    """Wait until a message is in the journal's files."""
    await until(lambda: any(payload in path.read_bytes() for path in journal.iterdir()))


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


def test_a_clean_restart_of_the_broker(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with living(tmp_path / "journal", broker.port) as life:
            await life.connected()
            await broker.publish(TOPIC, numbered(0, 100))
            await asyncio.to_thread(broker.stop)
            await life.until(lambda stats: not stats.connected)
            broker.start()
            await life.until(lambda stats: stats.connects == 2 and stats.connected)
            await broker.publish(TOPIC, numbered(100, 200))
            await kept(tmp_path / "journal", numbered(199, 200)[0])
            assert life.stats.session_lost == 0
        assert sorted(set(await payloads(tmp_path / "journal"))) == sorted(numbered(0, 200))

    uvloop.run(scene())


def test_kill_of_a_broker_that_keeps_every_change(tmp_path: Path) -> None:
    async def scene() -> None:
        folder = tmp_path / "broker"
        folder.mkdir()
        with Mosquitto(folder, (*SAFE, *EVERY_CHANGE)) as broker:
            await broker.is_up()
            async with living(tmp_path / "journal", broker.port) as life:
                await life.connected()
            await broker.publish(TOPIC, numbered(0, 200))
            await until(lambda: b'{"seq": 199}' in broker.database.read_bytes())
            await asyncio.to_thread(broker.kill)
            broker.start()
            await broker.is_up()
            async with living(tmp_path / "journal", broker.port) as life:
                await life.until(lambda stats: stats.messages >= 200 and not stats.waiting)
                assert life.stats.session_lost == 0
                await asyncio.to_thread(broker.kill)
                await life.until(lambda stats: not stats.connected)
                broker.start()
                await life.until(lambda stats: stats.connected)
                await broker.publish(TOPIC, numbered(200, 250))
                await kept(tmp_path / "journal", numbered(249, 250)[0])
            found = await payloads(tmp_path / "journal")
            assert sorted(set(found)) == sorted(numbered(0, 250))

    uvloop.run(scene())


def test_a_broker_that_lost_its_file_is_found_out(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        marker = tmp_path / "session"
        async with living(tmp_path / "journal", broker.port, marker=marker) as life:
            await life.connected()
        await broker.publish(TOPIC, numbered(0, 10))
        await asyncio.to_thread(broker.stop)
        broker.database.unlink()
        broker.start()
        await broker.is_up()
        async with living(tmp_path / "journal", broker.port, marker=marker) as life:
            await life.until(lambda stats: stats.session_lost == 1 and stats.connected)
            await broker.publish(TOPIC, [b"after"])
            await life.until(lambda stats: stats.messages == 1)
        assert await payloads(tmp_path / "journal") == [b"after"]

    uvloop.run(scene())


def test_the_window_is_ours(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with living(tmp_path / "journal", broker.port) as life:
            await life.connected()
        await broker.publish(TOPIC, numbered(0, 400))
        journal = MemoryJournal(by_itself=False)
        async with fetching(journal, broker.port, clock=SystemClock(), receive_maximum=150) as life:
            await life.until(lambda stats: stats.waiting >= 150)
            await life.until(lambda stats: stats.dropped_at_broker == 0)  # behind the messages
            assert 150 <= life.stats.messages <= 151
            while len(journal.messages) < 400:
                seen = life.stats.messages
                journal.commit()
                await life.until(lambda stats, seen=seen: stats.messages > seen)  # type: ignore[misc] # a lambda's default
            journal.commit()
            assert [record.payload for record in journal.messages] == numbered(0, 400)
            await life.until(lambda stats: not stats.waiting)

    uvloop.run(scene())


def test_two_share_one_stream(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with (
            living(tmp_path / "a", broker.port, share="city", client_id="a") as one,
            living(tmp_path / "b", broker.port, share="city", client_id="b") as other,
        ):
            await one.connected()
            await other.connected()
            await broker.publish(TOPIC, numbered(0, 300))
            await until(lambda: one.stats.messages + other.stats.messages >= 300)
            assert one.stats.messages > 0
            assert other.stats.messages > 0
        both = Counter([*await payloads(tmp_path / "a"), *await payloads(tmp_path / "b")])
        assert both == Counter(numbered(0, 300))

    uvloop.run(scene())


def test_two_with_one_name_do_not_fight(tmp_path: Path, broker: Mosquitto) -> None:
    async def scene() -> None:
        await broker.is_up()
        async with living(tmp_path / "a", broker.port, reconnect_max_s=600) as one:
            await one.connected()
            async with living(tmp_path / "b", broker.port, reconnect_max_s=600):
                # This Mosquitto only hangs up; others send DISCONNECT 0x8E.
                await until(lambda: 600.0 in one.waits.asked_s[:3])
            assert "does another process use the client id ausguck" in str(one.stats.last_error)

    uvloop.run(scene())


def test_the_canary_flies_and_an_acl_that_filters_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    acl = folder / "acl"
    lines = ("topic read v1/kiel/#", "topic write v1/kiel/#")
    acl.write_text("\n".join(lines) + "\n")

    async def scene(*, returns: bool) -> None:
        with Mosquitto(folder, (*SAFE, f"acl_file {acl}")) as broker:
            await broker.is_up()
            clock = ManualClock()
            async with fetching(
                MemoryJournal(), broker.port, clock=clock, canary_interval_s=60
            ) as life:
                await life.connected()
                life.subscriber.sweep()
                if returns:
                    await life.until(lambda stats: stats.canary_returned == 1)
                    return
                await broker.publish("v1/kiel/nobody", [b"so that ours went before"])
                for _ in range(4):
                    clock.advance_ms(3_000)
                    life.subscriber.sweep()
                assert life.stats.canary_missed == 1
                assert life.stats.connected

    uvloop.run(scene(returns=True))
    acl.write_text("topic write v1/kiel/#\n")
    uvloop.run(scene(returns=False))
