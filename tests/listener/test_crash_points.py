"""The probe is called where the promise could break, before and after what it guards."""

import asyncio

import mqtt5
import uvloop

from ausguck.journal.port import Record, RecordType, Source, Ticket
from ausguck.model import Position
from ausguck.probe import CrashPoint
from collectors.mqtt.protocol import V5
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, listening, publish


def test_every_answer_passes_its_crash_point() -> None:
    reached: list[str] = []

    async def scene() -> None:
        journal = MemoryJournal()

        def at(point: str) -> None:
            assert journal.committed == len(journal.records)
            reached.append(point)

        async with listening(journal, probe=at) as listener:
            wire = await Wire.of(listener, "a")
            wire.send(publish(V5, qos=1, packet_id=1))
            await wire.raw()
            wire.send(publish(V5, qos=2, packet_id=2))
            await wire.raw()
            wire.send(b"\x62\x02\0\2")
            await wire.raw()
            wire.send(b"\xc0\0")
            await wire.raw()

    asyncio.run(scene())
    assert reached == [
        CrashPoint.LISTENER_BEFORE_CONNACK,
        CrashPoint.LISTENER_BEFORE_PUBACK,
        CrashPoint.LISTENER_AFTER_PUBACK,
        CrashPoint.LISTENER_BEFORE_PUBREC,
        CrashPoint.LISTENER_BEFORE_PUBCOMP,
    ]


def test_a_snapshot_is_enough_to_resume_from() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await Wire.of(listener, "a", session_expiry_interval=60)
            wire.send(publish(V5, qos=2, packet_id=2))
            await wire.raw()
            assert journal.take_snapshot is not None
            taken = journal.take_snapshot()
        nowhere = Position(0, 0, 0)
        source = Source("", "", "")
        snapshot = Record(nowhere, nowhere, RecordType.SNAPSHOT, 0, 0, source, 0, "", taken)
        after = MemoryJournal(found=(snapshot,))
        async with listening(after) as listener:
            assert listener.stats.sessions == 1
            wire = await Wire.to(listener)
            assert (await wire.connect("a", session_expiry_interval=60)).session_present
            wire.send(publish(V5, qos=2, packet_id=2))
            await wire.expect(mqtt5.PubRecPacket)
            assert not after.messages

    asyncio.run(scene())


def test_uvloop_does_the_same() -> None:
    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wires = [await Wire.of(listener, name) for name in "abc"]
            for wire in wires:
                wire.send(*(publish(V5, qos=1, packet_id=i) for i in range(1, 300)))
            for wire in wires:
                for i in range(1, 300):
                    assert await wire.raw() == b"\x40\x02" + i.to_bytes(2, "big")
        for wire in wires:
            await wire.expect(mqtt5.DisconnectPacket)
            assert await wire.ended()
        assert len(journal.messages) == 897

    uvloop.run(scene())


class BrokenJournal(MemoryJournal):
    """Fails at the first message, which the port says it never does."""

    def append(  # noqa: PLR0917 - the port's
        self,
        record_type: RecordType,
        flags: int,
        received_at_ms: int,
        source: bytes,
        packet_id: int,
        topic: bytes,
        payload: bytes | memoryview,
    ) -> Ticket:
        if record_type is RecordType.MESSAGE:
            raise OverflowError
        return super().append(record_type, flags, received_at_ms, source, packet_id, topic, payload)


def test_a_fault_of_ours_ends_one_connection_and_is_counted() -> None:
    async def scene() -> None:
        async with listening(BrokenJournal()) as listener:
            wire, other = await Wire.of(listener, "a"), await Wire.of(listener, "b")
            wire.send(publish(V5, qos=1))
            left = await wire.expect(mqtt5.DisconnectPacket)
            assert left.reason_code == mqtt5.DisconnectReasonCode.UNSPECIFIED_ERROR
            assert listener.stats.refusals == {("internal", "OverflowError"): 1}
            assert await other.silent()

    asyncio.run(scene())
