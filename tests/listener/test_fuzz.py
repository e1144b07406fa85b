"""Whatever bytes come, nothing is raised, and what was acknowledged was journalled."""

import asyncio
import contextlib

import mqtt5
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.mqtt.protocol import V5, V311
from tests.listener.journal import MemoryJournal
from tests.listener.wire import Wire, connect311, listening, publish
from tests.mqtt.packets import GOOD5, GOOD311

WHOLE = st.sampled_from([*GOOD5.values(), *GOOD311.values()])
CHANGED = st.builds(
    lambda whole, place, byte: whole[: place % len(whole)] + bytes((byte,)) + whole[place:],
    WHOLE,
    st.integers(0, 40),
    st.integers(0, 255),
)
ANYTHING = st.lists(st.one_of(WHOLE, CHANGED, st.binary(max_size=30)), max_size=8)
OPENING = st.sampled_from([b"", connect311("a"), mqtt5.ConnectPacket("a").write()])


async def say(opening: bytes, parts: list[bytes]) -> None:
    journal = MemoryJournal()
    raised: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, what: raised.append(what))
    async with listening(journal) as listener:
        wire = await Wire.to(listener)
        wire.send(opening)
        for part in parts:
            wire.send(part)
            await asyncio.sleep(0)
        with contextlib.suppress(OSError):  # when the listener was quicker to end it
            wire.transport.write_eof()
        async with asyncio.timeout(10):
            while await wire.raw():
                pass
        assert not [key for key in listener.stats.refusals if key[0] in {"internal", "codec"}]
    assert not raised


@given(OPENING, ANYTHING)
@settings(max_examples=250, deadline=None)
def test_any_bytes_end_in_answers_or_a_counted_refusal(opening: bytes, parts: list[bytes]) -> None:
    asyncio.run(say(opening, parts))


@given(st.data(), st.sampled_from([V311, V5]))
@settings(max_examples=60, deadline=None)
def test_however_the_stream_is_cut_the_same_is_journalled(
    data: st.DataObject, version: int
) -> None:
    sizes = data.draw(st.lists(st.integers(0, 400), min_size=1, max_size=8))
    qos = data.draw(st.integers(0, 1))
    stream = b"".join(
        publish(version, payload=b"x" * size, qos=qos, packet_id=i + 1)
        for i, size in enumerate(sizes)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))

    async def scene() -> None:
        journal = MemoryJournal()
        async with listening(journal) as listener:
            wire = await (Wire.of if version == V5 else Wire.of311)(listener, "a")
            for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
                wire.send(stream[start:end])
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await journal.until(lambda j: len(j.messages) == len(sizes))
            assert [len(record.payload) for record in journal.messages] == sizes

    asyncio.run(scene())
