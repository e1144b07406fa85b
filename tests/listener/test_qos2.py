"""Exactly once: an open packet id outlives connections, restarts and our own death."""

import asyncio

import mqtt5
import pytest

from ausguck.journal.port import Flag, RecordType
from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, connect311, listening, publish

DURABLE = {"session_expiry_interval": 3600}
PUBREL_9 = b"\x62\x02\0\x09"
PUBCOMP_9 = b"\x70\x02\0\x09"
PUBREC_9 = b"\x50\x02\0\x09"


def message(version: int = V5) -> bytes:
    return publish(version, qos=2, packet_id=9)


@pytest.mark.parametrize("version", [V311, V5])
def test_a_message_goes_through_once(version: int) -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await (Wire.of if version == V5 else Wire.of311)(listener, "bus")
            wire.send(message(version))
            assert await wire.raw() == PUBREC_9
            wire.send(message(version))
            assert await wire.raw() == PUBREC_9
            wire.send(PUBREL_9)
            assert await wire.raw() == PUBCOMP_9
            assert len(journal.messages) == 1
            assert journal.messages[0].flags == Flag.QOS2
            assert (listener.stats.messages[2], listener.stats.resent) == (1, 1)
            wire.send(message(version))
            assert await wire.raw() == PUBREC_9
            assert len(journal.messages) == 2

    asyncio.run(scene())


def test_pubrec_and_pubcomp_wait_for_the_disk() -> None:
    async def scene() -> None:
        journal = MemoryJournal(by_itself=False)
        async with listening(journal) as listener:
            wire = await Wire.to(listener)
            wire.send(mqtt5.ConnectPacket("bus", session_expiry_interval=60).write())
            await journal.until(lambda j: len(j.records) == 1)
            journal.commit()
            await wire.expect(mqtt5.ConnAckPacket)
            wire.send(message())
            await journal.until(lambda j: len(j.records) == 2)
            journal.commit()
            assert await wire.raw() == PUBREC_9
            wire.send(PUBREL_9)
            await journal.until(lambda j: len(j.records) == 3)
            assert journal.records[2].type is RecordType.SESSION
            assert journal.records[2].packet_id == 9
            journal.commit()
            assert await wire.raw() == PUBCOMP_9

    asyncio.run(scene())


def test_an_open_id_outlives_our_death() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "bus", **DURABLE)
            wire.send(message())
            assert await wire.raw() == PUBREC_9
            after = journal.after_crash()
        async with listening(after) as listener:
            again = await Wire.to(listener)
            assert (await again.connect("bus", **DURABLE)).session_present
            again.send(message())
            assert await again.raw() == PUBREC_9
            assert [r.type for r in after.records[2:]] == [RecordType.SESSION]
            again.send(PUBREL_9)
            assert await again.raw() == PUBCOMP_9
            last = after.after_crash()
        async with listening(last) as listener:
            third = await Wire.to(listener)
            assert (await third.connect("bus", **DURABLE)).session_present
            third.send(PUBREL_9)
            done = await third.expect(mqtt5.PubCompPacket)
            assert done.reason_code == mqtt5.PubCompReasonCode.PACKET_ID_NOT_FOUND
            third.send(message())
            assert await third.raw() == PUBREC_9
            assert last.records[-1].type is RecordType.MESSAGE

    asyncio.run(scene())


def test_311_resumes_by_clean_session_0() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of311(listener, "bus", clean=False)
            wire.send(message(V311))
            assert await wire.raw() == PUBREC_9
            after = journal.after_crash()
        async with listening(after) as listener:
            again = await Wire.to(listener)
            again.send(connect311("bus", clean=False))
            assert await again.raw() == b"\x20\x02\x01\x00"
            again.send(PUBREL_9)
            assert await again.raw() == PUBCOMP_9

    asyncio.run(scene())


def test_clean_start_wipes() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "bus", **DURABLE)
            wire.send(message())
            assert await wire.raw() == PUBREC_9
            wire.cut()
            again = await Wire.to(listener)
            answer = await again.connect("bus", clean_start=True, session_expiry_interval=3600)
            assert not answer.session_present
            again.send(message())
            assert await again.raw() == PUBREC_9
            assert len(journal.messages) == 2
            after = journal.after_crash()
        async with listening(after) as listener:
            third = await Wire.to(listener)
            assert (await third.connect("bus", **DURABLE)).session_present

    asyncio.run(scene())


def test_a_refused_message_leaves_no_open_id() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "bus")
            wire.send(publish(V5, "v2/what", qos=2, packet_id=9))
            answer = await wire.expect(mqtt5.PubRecPacket)
            assert answer.reason_code == mqtt5.PubRecReasonCode.TOPIC_NAME_INVALID
            wire.send(message())
            assert await wire.raw() == PUBREC_9
            assert len(journal.messages) == 1

    asyncio.run(scene())


def test_a_client_that_acknowledges_what_we_never_sent_is_put_right() -> None:
    async def scene() -> None:
        async with listening(MemoryJournal()) as listener:
            wire = await Wire.of(listener, "bus")
            wire.send(b"\x40\x02\0\x01", b"\x70\x02\0\x01", b"\x50\x02\0\x01")
            assert await wire.raw() == b"\x62\x03\0\x01\x92"
            assert listener.stats.refusals["pubrec", "nothing_sent"] == 1

    asyncio.run(scene())
