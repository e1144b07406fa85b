"""What an InfluxDB, and what stands before it, can do to us, and what the adapter makes of it."""

import asyncio
from pathlib import Path

import pytest

from ausguck.errors import StoreUnavailable
from ausguck.model import Books, Outcome
from ausguck.store.influxdb.server import CONNECTIONS
from tests.influx import Influx
from tests.store.influx_proxy import Cut, Drip, Fault, Said
from tests.store.influx_room import InfluxRoom
from tests.store.influx_steps import TIMEOUT_S, between, members, opened, put, stored
from tests.store.makers import (
    BUS,
    NOON_MS,
    ask,
    at,
)

pytestmark = [pytest.mark.influxdb, pytest.mark.timeout(180)]


@pytest.fixture
def room(influx: Influx) -> InfluxRoom:
    return InfluxRoom(influx)


def patience(fault: Fault) -> float:
    return TIMEOUT_S if fault is Cut.NEVER else 30.0


FAULTS: dict[str, Fault] = {
    "401": Said(401),
    "403": Said(403),
    "404": Said(404),
    "429": Said(429, headers={"Retry-After": "7"}),
    "500": Said(500),
    "503": Said(503, b"<html>down for maintenance</html>"),
    "200": Said(200),
    "latin1": Said(502, '{"message":"Dienst gest\u00f6rt"}'.encode("latin-1")),
    "latin1_200": Said(200, '{"message":"Dienst gest\u00f6rt"}'.encode("latin-1")),
    "deep": Said(200, b'{"results":' + b"[" * 100_000),
    "no_gzip": Said(200, headers={"Content-Encoding": "gzip"}),
    "302": Said(302, headers={"Location": "http://127.0.0.1:1/"}),
    "cut_before": Cut.BEFORE,
    "cut_after": Cut.AFTER,
    "hangs": Cut.NEVER,
}


@pytest.mark.parametrize("bucket", ["telemetry", "position", "books"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_what_proves_nothing_is_tried_again_and_stored_once(
    room: InfluxRoom, fault: Fault, bucket: str
) -> None:
    async def play() -> None:
        async with between(room, timeout_s=patience(fault)) as (store, way):
            await put(store, 1, members(0, 3))
            way.fail(fault, where=f"bucket={room.prefix}{bucket}")
            with pytest.raises(StoreUnavailable):
                await put(store, 2, members(2, 4))
            assert await store.position() == at(1)
            assert await store.books() == Books(3, 0, 0)
            assert await put(store, 2, members(2, 4)) == Outcome(3, 1, ())
            assert await store.books() == Books(6, 1, 0)
        assert await stored(room) == list(range(6))

    asyncio.run(play())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_question_without_an_answer_is_no_empty_one(room: InfluxRoom, fault: Fault) -> None:
    async def play() -> None:
        async with between(room, timeout_s=patience(fault)) as (store, way):
            await put(store, 1, members(0, 3))
            way.fail(fault, fault, fault, where="/query")
            with pytest.raises(StoreUnavailable):
                await ask(store, "clients", 0, NOON_MS * 2)
            with pytest.raises(StoreUnavailable):
                await store.events(BUS, 0, NOON_MS)
            with pytest.raises(StoreUnavailable):
                await put(store, 2, members(1, 3))
            assert await put(store, 2, members(1, 3)) == Outcome(1, 2, ())

    asyncio.run(play())


@pytest.mark.parametrize(
    ("fault", "wait_s", "words"),
    [
        (Said(429, headers={"Retry-After": "7"}), 7.0, "429"),
        (
            Said(
                503,
                headers={
                    "Retry-After": "Wed, 21 Oct 2026 07:28:40 GMT",
                    "Date": "Wed, 21 Oct 2026 07:28:00 GMT",
                },
            ),
            40.0,
            "503",
        ),
        (Said(503, headers={"Retry-After": "999999"}), 300.0, "503"),
        (Said(503, headers={"Retry-After": "soon"}), 1.0, "said by the proxy"),
        (Said(401), 15.0, "store.influxdb.token"),
        (Said(403), 15.0, "ausguck check --prepare"),
        (Said(404), 15.0, "ausguck check --prepare"),
        (Said(503, b"<html>down</html>"), 1.0, "<html>down</html>"),
        (Said(500, b""), 1.0, "without a word"),
        (Cut.NEVER, 1.0, "no answer within 2 s"),
    ],
)
def test_an_error_says_what_to_do_and_when(
    room: InfluxRoom, fault: Fault, wait_s: float, words: str
) -> None:
    async def play() -> None:
        async with between(room, timeout_s=patience(fault)) as (store, way):
            way.fail(fault)
            with pytest.raises(StoreUnavailable) as raised:
                await put(store, 1, members(0, 1))
            assert raised.value.retry_after_s == wait_s
            assert words in str(raised.value)
            assert room.server.token not in str(raised.value)

    asyncio.run(play())


def test_what_is_too_large_is_halved(room: InfluxRoom) -> None:
    async def play() -> None:
        async with between(room) as (store, way):
            way.fail(Said(413), Said(413), Said(413))
            assert (await put(store, 1, members(0, 9))).stored == 9
            assert store.stats().bisections == 3
        assert await stored(room) == list(range(9))

    asyncio.run(play())


def test_one_line_that_is_too_large_holds(room: InfluxRoom) -> None:
    async def play() -> None:
        async with between(room) as (store, way):
            way.where, way.always = f"bucket={room.prefix}telemetry", Said(413)
            with pytest.raises(StoreUnavailable, match="too large"):
                await put(store, 1, members(0, 3))
            assert store.stats().holds == 1

    asyncio.run(play())


def test_readers_that_wait_do_not_delay_history(room: InfluxRoom) -> None:
    async def play() -> None:
        async with between(room, timeout_s=60.0) as (store, way):
            await put(store, 1, members(0, 3))
            way.fail(*[Cut.NEVER] * CONNECTIONS, where="/query")
            way.full_at = CONNECTIONS
            async with asyncio.TaskGroup() as tasks:
                readers = [
                    tasks.create_task(ask(store, "clients", 0, NOON_MS * 2))
                    for _ in range(2 * CONNECTIONS)
                ]
                async with asyncio.timeout(30):
                    await way.is_full.wait()
                    # Some of these are looked up first.
                    assert await put(store, 2, members(1, 5)) == Outcome(3, 2, ())
                assert not any(reader.done() for reader in readers)
                for reader in readers:
                    reader.cancel()

    asyncio.run(play())


def test_a_slow_answer_is_an_answer(room: InfluxRoom) -> None:
    async def play() -> None:
        async with between(room) as (store, way):
            way.fail(Drip(), Drip(), Drip())
            assert (await put(store, 1, members(0, 3))).stored == 3

    asyncio.run(play())


def test_a_server_killed_and_started_again_has_everything_once(tmp_path: Path) -> None:
    async def play(server: Influx) -> None:
        room = await asyncio.to_thread(InfluxRoom, server)
        async with opened(room) as store:
            await put(store, 1, members(0, 50))
            await asyncio.to_thread(server.kill)
            with pytest.raises(StoreUnavailable):
                await put(store, 2, members(50, 50))
            with pytest.raises(StoreUnavailable):
                async with opened(room):
                    pass
            await asyncio.to_thread(server.start)
            assert await put(store, 2, members(50, 50)) == Outcome(50, 0, ())
        assert await stored(room) == list(range(100))

    with Influx(tmp_path) as server:
        asyncio.run(play(server))
