"""The canary: sent, back, swallowed, refused, and late behind a backlog."""

import asyncio
from collections.abc import Iterator

import mqtt5
import pytest

from ausguck.clock import ManualClock
from collectors.subscriber.canary import DEADLINE_S, PATIENCE_S, Canary
from collectors.subscriber.stats import SubscriberStats
from tests.subscriber.living import fetching
from tests.subscriber.scripted import MemoryJournal, Scripted, acknowledged, message

CANARY = "v1/kiel/ausguck/ausguck/canary"


def nonces() -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"n{number}"


@pytest.fixture(name="stats")
def figures() -> SubscriberStats:
    return SubscriberStats()


@pytest.fixture(name="canary")
def bird(stats: SubscriberStats) -> Canary:
    source = nonces()
    canary = Canary(CANARY, 60.0, stats, lambda: next(source))
    canary.begin(0.0)
    return canary


def test_one_flies_at_once_and_then_each_interval(canary: Canary, stats: SubscriberStats) -> None:
    assert canary.next(0.0) == b"n1"
    assert canary.next(1.0) == b""
    canary.came(b"n1", 0.25)
    assert stats.canary_rtt_ms == 250
    assert canary.next(59.0) == b""
    assert canary.next(60.0) == b"n2"
    assert (stats.canary_sent, stats.canary_returned) == (2, 1)


def test_one_that_does_not_come_back_is_missed_once(canary: Canary, stats: SubscriberStats) -> None:
    canary.next(0.0)
    assert not canary.overdue(DEADLINE_S - 1, 0.0)
    assert "takes our messages and does not hand them to us" in canary.overdue(DEADLINE_S, 0.0)
    assert not canary.overdue(DEADLINE_S + 1, 0.0)
    assert stats.canary_missed == 1


def test_behind_a_backlog_it_may_be_late(canary: Canary, stats: SubscriberStats) -> None:
    canary.next(0.0)
    for second in range(int(PATIENCE_S)):
        assert not canary.overdue(float(second), heard_s=float(second))
    assert canary.overdue(PATIENCE_S, heard_s=PATIENCE_S)
    assert stats.canary_missed == 1


def test_another_ones_and_an_old_one_do_not_count(canary: Canary, stats: SubscriberStats) -> None:
    canary.next(0.0)
    canary.came(b"somebody's", 1.0)
    canary.begin(2.0)
    canary.came(b"n1", 3.0)
    assert (stats.canary_returned, stats.canary_other) == (0, 2)
    assert canary.next(3.0) == b"n2"


def test_none_flies_without_an_interval(stats: SubscriberStats) -> None:
    canary = Canary(CANARY, 0.0, stats, lambda: "n")
    canary.begin(0.0)
    assert canary.next(1e9) == b""


def test_it_goes_round_and_is_not_journalled() -> None:
    async def scene() -> None:
        journal, clock = MemoryJournal(), ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(journal, broker.port, clock=clock, canary_interval_s=60) as life,
        ):
            wire = await broker.open()
            await life.connected()
            life.subscriber.sweep()
            sent = await wire.expect(mqtt5.PublishPacket)
            assert (sent.topic, sent.payload) == (CANARY, b"nonce")
            assert sent.qos == mqtt5.QoS.AT_LEAST_ONCE
            wire.send(b"\x40\x02" + (sent.packet_id or 0).to_bytes(2, "big"))
            clock.advance_ms(20)
            wire.send(message(1), message(9, b"nonce", topic=CANARY), message(2))
            assert await acknowledged(wire, 3) == [1, 9, 2]
            assert [record.packet_id for record in journal.messages] == [1, 2]
            assert life.stats.canary_returned == 1
            assert life.stats.canary_rtt_ms == 20

    asyncio.run(scene())


def test_a_silent_acl_is_told() -> None:
    async def scene() -> None:
        clock = ManualClock()
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, clock=clock, canary_interval_s=60) as life,
        ):
            wire = await broker.open()
            await life.connected()
            life.subscriber.sweep()
            await wire.expect(mqtt5.PublishPacket)
            for _ in range(3):
                clock.advance_ms(4_000)
                life.subscriber.sweep()
            assert life.stats.canary_missed == 1
            assert f"not read {CANARY}" in str(life.stats.last_error)

    asyncio.run(scene())


def test_a_refused_canary_is_told() -> None:
    async def scene() -> None:
        async with (
            Scripted.listening() as broker,
            fetching(MemoryJournal(), broker.port, canary_interval_s=60) as life,
        ):
            wire = await broker.open()
            await life.connected()
            life.subscriber.sweep()
            sent = await wire.expect(mqtt5.PublishPacket)
            wire.send(b"\x40\x03" + (sent.packet_id or 0).to_bytes(2, "big") + b"\x87")
            await life.until(lambda stats: stats.canary_refused == 1)
            life.subscriber.sweep()
            told = f"the broker does not let us publish {CANARY} (0x87)"
            assert str(life.stats.last_error).startswith(told)

    asyncio.run(scene())
