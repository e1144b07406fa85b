"""Interrupted batches, other consumers, odd names, changed tokens: the books stay exact."""

import asyncio
from pathlib import Path

import httpx
import msgspec
import pytest

from ausguck.clock import ManualClock
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading
from ausguck.probe import CrashPoint
from tests.influx import Influx
from tests.store.influx_room import InfluxRoom, headers
from tests.store.influx_steps import members, opened, put, stored
from tests.store.makers import (
    BUS,
    NOON_MS,
    OTHER_BUS,
    STATION,
    Refused,
    ask,
    at,
    batch,
    event,
    reading,
    values,
)

pytestmark = [pytest.mark.influxdb, pytest.mark.timeout(180)]


@pytest.fixture
def room(influx: Influx) -> InfluxRoom:
    return InfluxRoom(influx)


class Killed(BaseException):
    """Stands for the end of the process."""


class KillAt:
    def __init__(self, point: CrashPoint) -> None:
        self.point: CrashPoint | None = point

    def __call__(self, point: str) -> None:
        if point == self.point:
            self.point = None
            raise Killed


def a_batch(first: int, size: int) -> Batch:
    """Readings with positions, a station, an event, a known duplicate, and books to move."""
    happened = [event(at_ms=NOON_MS + first), event(at_ms=NOON_MS + first)]
    rows = [*members(first, size), reading({"num_docks_available": 1}, asset=STATION, seq=first)]
    made = batch(*rows, reading({"clients": 0, "lat": 54.0}, seq=0), events=happened)
    return msgspec.structs.replace(made, dead_lettered=3, inventories=1, decoded=len(rows) + 7)


@pytest.mark.parametrize(
    ("point", "kept"),
    [
        (CrashPoint.STORE_BEFORE_COMMIT, False),
        (CrashPoint.INFLUXDB_BEFORE_CURSOR, False),
        (CrashPoint.STORE_AFTER_COMMIT, True),
    ],
)
def test_the_books_are_right_after_an_interrupted_batch(
    room: InfluxRoom, point: CrashPoint, *, kept: bool
) -> None:
    async def play() -> None:
        async with opened(room) as store:
            await put(store, 1, members(0, 2))
        async with opened(room, probe=KillAt(point)) as store:
            with pytest.raises(Killed):
                await store.write(a_batch(2, 3), at(2), Refused())
        async with opened(room) as store:
            assert await store.position() == at(2 if kept else 1)
            outcome = await store.write(a_batch(2, 3), at(2), Refused())
            assert (outcome.stored, outcome.duplicates) == ((0, 7) if kept else (5, 2))
            books = await store.books()
            assert books == Books(stored=8, duplicates=2, dead_lettered=3, decoded=11)
            assert values(await ask(store, "clients", 0, NOON_MS * 2)) == list(range(5))
            assert values(await ask(store, "lat", 0, NOON_MS * 2)) == [54.0] * 5
            assert len(await store.events(BUS, 0, NOON_MS * 2)) == 1

    asyncio.run(play())


def test_an_interrupted_batch_may_be_repeated_in_other_pieces(room: InfluxRoom) -> None:
    rows = members(0, 6)

    async def play() -> None:
        async with opened(room) as store:
            await put(store, 1, rows[:1])
        for _ in range(2):
            async with opened(room, probe=KillAt(CrashPoint.INFLUXDB_BEFORE_CURSOR)) as store:
                with pytest.raises(Killed):
                    await put(store, 6, rows)
        async with opened(room, probe=KillAt(CrashPoint.INFLUXDB_BEFORE_CURSOR)) as store:
            with pytest.raises(Killed):
                await put(store, 3, rows[:3])
        async with opened(room) as store:
            assert await put(store, 3, rows[:3]) == Outcome(2, 1, ())
        async with opened(room) as store:
            assert await put(store, 5, [*rows[2:5], rows[4]]) == Outcome(2, 2, ())
            assert await put(store, 6, [rows[5]]) == Outcome(1, 0, ())
            assert await store.books() == Books(6, 3, 0)
        assert await stored(room) == list(range(6))

    asyncio.run(play())


def test_points_of_one_slot_stay_apart_over_an_interruption(room: InfluxRoom) -> None:
    """Sequence numbers that are equal in their last six digits."""
    rows = [reading({"clients": n}, seq=7 + n * 1_000_000) for n in range(4)]

    async def play() -> None:
        async with opened(room) as store:
            await put(store, 1, rows[:1])
        async with opened(room, probe=KillAt(CrashPoint.INFLUXDB_BEFORE_CURSOR)) as store:
            with pytest.raises(Killed):
                await put(store, 3, rows[1:3])
        async with opened(room) as store:
            assert await put(store, 2, [rows[1], rows[0]]) == Outcome(1, 1, ())
            assert await put(store, 3, rows[2:]) == Outcome(2, 0, ())
            assert await put(store, 4, rows) == Outcome(0, 4, ())
        assert await stored(room) == list(range(4))

    asyncio.run(play())


def test_two_consumers_keep_books_of_their_own(room: InfluxRoom) -> None:
    async def play() -> None:
        async with opened(room, consumer="one") as store:
            assert (await put(store, 5, members(0, 3))).stored == 3
        async with opened(room, consumer="two") as store:
            assert await store.position() is None
            assert await put(store, 1, members(2, 3)) == Outcome(2, 1, ())
            assert await store.books() == Books(2, 1, 0)
        async with opened(room, consumer="one") as store:
            assert await store.position() == at(5)
            assert await store.books() == Books(3, 0, 0)

    asyncio.run(play())


INJECTED = "x\nhotspot,bus_id=9999,site=kiel clients=1i 1790000000000000000\n"
ODD = (
    INJECTED,
    "a,b=c d",
    'quo"ted',
    "back\\slash\\",
    "\\",
    "\\n",
    "%",
    "%0A",
    "-",
    " ",
    "tab\tnul\x00del\x7f",
    "Süd/Förde 🚌",
    "'; DROP MEASUREMENT hotspot; --",
)


@pytest.mark.parametrize("odd", ODD)
def test_no_name_or_text_becomes_a_line_or_a_statement(room: InfluxRoom, odd: str) -> None:
    asset = AssetId("kiel", Kind.BUS, odd)
    row = reading({"line": odd, "trip_id": odd, "clients": 3}, asset=asset, boot_id=odd)
    happened = event(odd, asset=asset, event_type=odd)

    async def play() -> None:
        async with opened(room) as store:
            await store.write(batch(row, reading(), events=[happened]), at(1), Refused())
        async with opened(room) as store:
            assert [one.asset.name for one in await store.latest(Kind.BUS)] == sorted([odd, "0123"])
            assert list(await store.latest(Kind.BUS, odd)) == [row]
            assert values(await ask(store, "trip_id", 0, NOON_MS + 1, asset=asset)) == [odd]
            (found,) = await store.events(asset, 0, NOON_MS + 1)
            assert (found.type, found.detail) == (odd, odd)
            again = await store.write(batch(row, events=[happened]), at(2), Refused())
            assert again == Outcome(0, 2, ())
            assert await store.prune(NOON_MS) == 0

    asyncio.run(play())


async def authorize(client: httpx.AsyncClient, org: str) -> tuple[str, str]:
    """A new token's id, and the token."""
    (found,) = (await client.get("/api/v2/orgs", params={"org": org})).json()["orgs"]
    rights = [
        {"action": action, "resource": {"type": "buckets", "orgID": found["id"]}}
        for action in ("read", "write")
    ]
    wanted = {"orgID": found["id"], "permissions": rights}
    made = (await client.post("/api/v2/authorizations", json=wanted)).raise_for_status().json()
    return made["id"], made["token"]


def test_a_token_that_was_changed_is_read_again(room: InfluxRoom, tmp_path: Path) -> None:
    path = tmp_path / "token"
    server = room.server

    async def play() -> None:
        async with httpx.AsyncClient(base_url=server.url, headers=headers(server)) as client:
            first, token = await authorize(client, server.org)
            path.write_text(token + "\n")
            async with opened(room, token=None, token_file=path) as store:
                await put(store, 1, members(0, 2))
                (await client.delete(f"/api/v2/authorizations/{first}")).raise_for_status()
                with pytest.raises(StoreUnavailable, match="the token is wrong"):
                    await put(store, 2, members(2, 2))
                path.write_text((await authorize(client, server.org))[1])
                assert await put(store, 2, members(2, 2)) == Outcome(2, 0, ())
                path.write_text("no token at all")
                assert await put(store, 3, members(4, 1)) == Outcome(1, 0, ())
        with pytest.raises(StoreUnavailable, match="holds no token"):
            async with opened(room, token=None, token_file=path):
                pass

    asyncio.run(play())


def test_a_bucket_that_is_missing_is_said_at_the_start(room: InfluxRoom) -> None:
    async def play() -> None:
        with pytest.raises(StoreUnavailable, match="ausguck check --prepare"):
            async with opened(room, bucket_prefix="nobodys-"):
                pass

    asyncio.run(play())


def test_books_of_another_format_are_refused(room: InfluxRoom) -> None:
    async def play() -> None:
        async with opened(room) as store:
            await put(store, 1, members(0, 1))
        async with httpx.AsyncClient(
            base_url=room.server.url, headers=headers(room.server)
        ) as client:
            await client.post(
                "/api/v2/write",
                params={"org": room.server.org, "bucket": f"{room.prefix}books"},
                content="cursor,consumer=ausguck format=99i 0",
            )
        with pytest.raises(StoreError, match="format 99"):
            async with opened(room):
                pass

    asyncio.run(play())


def test_newer_readings_are_new_without_asking(room: InfluxRoom) -> None:
    async def play() -> None:
        async with opened(room) as store:
            for n in range(3):
                await put(store, n + 1, members(n, 1))
            before = store.stats()
            assert before.checked == 0
            await put(store, 9, [*members(1, 1), reading(asset=OTHER_BUS)])
            stats = store.stats()
            assert (stats.checked, stats.lines - before.lines) == (1, 2)
            assert stats.requests["query", 200] == before.requests["query", 200] + 1
            assert stats.requests[f"{room.prefix}telemetry", 204] == 4
            assert stats.sent_bytes < stats.line_bytes
            assert stats.last_write_ms == ManualClock().now_ms()

    asyncio.run(play())


def test_a_new_epoch_of_the_journal_goes_on_behind_the_old(room: InfluxRoom) -> None:
    async def play() -> None:
        async with opened(room) as store:
            await put(store, 500, members(0, 1))
            rows = batch(reading(seq=1, at_ms=NOON_MS + 900))
            assert await store.write(rows, Position(2, 0, 0), Refused()) == Outcome(1, 0, ())

    asyncio.run(play())


MIDDLE = 2**63


@pytest.mark.parametrize(
    "seqs", [[0, 1, 2**64 - 1], [MIDDLE - 1, MIDDLE], [0, MIDDLE - 1, MIDDLE, 2**64 - 1], [5]]
)
def test_suspects_are_known_after_a_restart_whatever_their_numbers(
    room: InfluxRoom, seqs: list[int]
) -> None:
    def said(clients: int, received_ms: int) -> list[Reading]:
        made = (reading({"clients": clients}, seq=seq, digest=clients) for seq in seqs)
        return [
            msgspec.structs.replace(
                row, clock_suspect=True, observed_at_ms=received_ms, received_at_ms=received_ms
            )
            for row in made
        ]

    async def play() -> None:
        size = len(seqs)
        async with opened(room) as store:
            assert (await put(store, 1, said(1, NOON_MS))).stored == size
        async with opened(room) as store:
            again = [*said(1, NOON_MS + 1000), *said(2, NOON_MS + 2000)]
            assert await put(store, 2, again) == Outcome(size, size, ())

    asyncio.run(play())
