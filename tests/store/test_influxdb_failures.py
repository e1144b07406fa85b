"""What an InfluxDB, and what stands before it, can do to us, and what the adapter makes of it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest

from ausguck.catalogue.state import Bucket
from ausguck.clock import ManualClock
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.model import AssetId, Batch, Books, Kind, Outcome, Position, Reading, Reason, Scalar
from ausguck.probe import CrashPoint, Probe, ignore
from ausguck.settings.tree import Retention
from ausguck.store.influxdb.adapter import InfluxdbStore, open_influxdb
from tests.influx import Influx
from tests.store.influx_proxy import Cut, Drip, Fault, Proxy, Said, proxy
from tests.store.influx_room import InfluxRoom, headers
from tests.store.makers import (
    BUS,
    DAY_MS,
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

TIMEOUT_S = 2.0
"""For a server that says nothing; long enough for one that is busy."""


@pytest.fixture
def room(influx: Influx) -> InfluxRoom:
    return InfluxRoom(influx)


@asynccontextmanager
async def opened(
    room: InfluxRoom, *, probe: Probe = ignore, **changes: object
) -> AsyncIterator[InfluxdbStore]:
    async with open_influxdb(
        room.settings(**changes), Retention(), probe=probe, clock=ManualClock()
    ) as store:
        yield store


@asynccontextmanager
async def between(
    room: InfluxRoom, **changes: object
) -> AsyncIterator[tuple[InfluxdbStore, Proxy]]:
    async with proxy(room.server.url) as way:
        settings = room.settings(url=way.url, **changes)
        async with open_influxdb(settings, Retention(), clock=ManualClock()) as store:
            yield store, way


def members(first: int, size: int) -> list[Reading]:
    return [
        reading({"clients": n % 500, "lat": 54.0}, seq=n, at_ms=NOON_MS + n)
        for n in range(first, first + size)
    ]


async def put(store: InfluxdbStore, offset: int, rows: Sequence[Reading]) -> Outcome:
    return await store.write(batch(*rows), at(offset), Refused())


async def stored(room: InfluxRoom) -> list[Scalar | None]:
    """What a process that starts anew finds, held against its books."""
    async with opened(room) as store:
        found = values(await ask(store, "clients", 0, NOON_MS * 2))
        assert (await store.books()).stored == len(found)
        return found


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


async def seed(room: InfluxRoom, line: str) -> None:
    """Write past the adapter, as something else may have done before us."""
    async with httpx.AsyncClient(base_url=room.server.url, headers=headers(room.server)) as client:
        answer = await client.post(
            "/api/v2/write",
            params={"org": room.server.org, "bucket": f"{room.prefix}telemetry"},
            content=f"{line} {NOON_MS * 1_000_000}",
        )
        assert answer.status_code == 204


WRONG = 'hotspot,bus_id=other,site=kiel portal_ok_pct="many"'


def with_portal(number: int) -> Reading:
    return reading({"portal_ok_pct": 99.0}, seq=number, at_ms=NOON_MS + number)


def test_one_wrong_point_among_fifty_thousand_is_a_dead_letter(room: InfluxRoom) -> None:
    number = 31_234
    rows = [
        with_portal(n) if n == number else reading({"clients": 1}, seq=n, at_ms=NOON_MS + n)
        for n in range(50_000)
    ]

    async def play() -> None:
        await seed(room, WRONG)
        async with opened(room) as store:
            refused = Refused()
            outcome = await store.write(batch(*rows), at(1), refused)
            assert (outcome.stored, outcome.duplicates) == (49_999, 0)
            (refusal,) = refused.refusals
            assert (refusal.index, refusal.reason) == (number, Reason.REJECTED)
            assert "field type conflict" in refusal.detail
            assert "portal_ok_pct" in refusal.detail
            assert await store.books() == Books(49_999, 0, 1)
            assert len(await ask(store, "clients", NOON_MS, NOON_MS + 50_000)) == 49_999
            assert await ask(store, "portal_ok_pct", NOON_MS, NOON_MS + 50_000) == []
            stats = store.stats()
            assert (stats.refused, stats.holds) == (1, 0)
            (newest,) = await store.latest(Kind.BUS, BUS.name)
            assert newest.seq == 49_999
        async with opened(room) as store:
            assert (await put(store, 2, rows[:3])) == Outcome(0, 3, ())

    asyncio.run(play())


@pytest.mark.parametrize(("wrong", "size"), [(60, 1000), (6, 20), (101, 10_000)])
def test_many_wrong_points_are_held_and_none_is_a_dead_letter(
    room: InfluxRoom, wrong: int, size: int
) -> None:
    rows = [with_portal(n) for n in range(wrong)] + members(wrong, size - wrong)

    async def play() -> None:
        await seed(room, WRONG)
        async with opened(room) as store:
            refused = Refused()
            with pytest.raises(StoreUnavailable, match="wrong proxy or schema") as raised:
                await store.write(batch(*rows), at(1), refused)
            assert raised.value.retry_after_s >= 60
            assert refused.refusals == []
            assert await store.position() is None
            assert store.stats().holds == 1

    asyncio.run(play())


@pytest.mark.parametrize("status", [400, 422])
def test_a_proxy_that_refuses_everything_makes_no_dead_letter(
    room: InfluxRoom, status: int
) -> None:
    async def play() -> None:
        async with between(room) as (store, way):
            way.always = Said(status)
            refused = Refused()
            with pytest.raises(StoreUnavailable):
                await store.write(batch(*members(0, 2)), at(1), refused)
            assert refused.refusals == []
            way.always = None
            assert (await put(store, 1, members(0, 2))).stored == 2
        assert await stored(room) == [0, 1]

    asyncio.run(play())


def test_a_reading_refused_in_one_place_is_stored_in_none(room: InfluxRoom) -> None:
    async def play() -> None:
        async with between(room) as (store, way):
            refused = Refused()
            # The whole chunk, then the first of its two halves.
            way.fail(Said(400), Said(422), where=f"bucket={room.prefix}position")
            outcome = await store.write(batch(*members(0, 2)), at(1), refused)
            assert outcome.stored == 1
            assert [refusal.index for refusal in refused.refusals] == [0]
            assert "said by the proxy" in refused.refusals[0].detail
        assert await stored(room) == [1]

    asyncio.run(play())


def test_what_does_not_fit_the_catalogue_never_reaches_the_server(room: InfluxRoom) -> None:
    good = reading({"clients": 1}, seq=1)
    wrong = [
        reading({"clients": "many"}, seq=2),
        reading({"clients": 1.5}, seq=3),
        reading({"rtt_ms": True}, seq=4),
        reading({"rtt_ms": float("nan")}, seq=5),
        reading({"is_roaming": 1}, seq=6),
        reading({"line": "\ud800"}, seq=7),
        reading(asset=BUS._replace(name="\ud800"), seq=7),
        reading({"line": 11}, seq=8),
        reading({"clients": 2**63}, seq=9),
        msgspec.structs.replace(good, values=(1,), seq=10),
        msgspec.structs.replace(good, asset=good.asset._replace(kind=Kind.DEVICE)),
    ]
    happened = [event("\ud800", event_type="door"), event()]
    conflict = reading({"clients": 2}, seq=1)

    async def play() -> None:
        async with opened(room) as store:
            refused = Refused()
            rows = batch(*wrong, good, conflict, events=happened)
            outcome = await store.write(rows, at(1), refused)
            assert (outcome.stored, outcome.duplicates) == (2, 0)
            found = {refusal.index: refusal.reason for refusal in refused.refusals}
            expected = dict.fromkeys([*range(len(wrong)), len(wrong) + 2], Reason.REJECTED)
            assert found == {**expected, len(wrong) + 1: Reason.CONFLICT}
            details = {refusal.index: refusal.detail for refusal in refused.refusals}
            assert details[0] == "bus/0123: a value of clients is of type str, not int"
            assert store.stats().bisections == 0
            assert await store.books() == Books(2, 0, len(wrong) + 2)

    asyncio.run(play())


LONG_AGO_MS = NOON_MS - 3 * 365 * DAY_MS

FAR_AHEAD_MS = 4_100_000_000_000


def of_long_ago(size: int) -> list[Reading]:
    return [reading({"clients": n, "lat": 54.0}, seq=n, at_ms=LONG_AGO_MS + n) for n in range(size)]


def test_a_position_older_than_its_bucket_keeps_any_is_left_out_alone(influx: Influx) -> None:
    room = InfluxRoom(influx, {Bucket.POSITION: 7})

    async def play() -> None:
        async with opened(room) as store:
            fresh = reading({"clients": 30, "lat": 53.0}, seq=30, at_ms=FAR_AHEAD_MS)
            assert await put(store, 1, [*of_long_ago(30), fresh]) == Outcome(31, 0, ())
            stats = store.stats()
            assert (stats.expired, stats.refused, stats.holds) == (30, 0, 0)
            assert len(await ask(store, "clients", 0, FAR_AHEAD_MS + 1)) == 31
            assert values(await ask(store, "lat", 0, FAR_AHEAD_MS + 1)) == [53.0]

    asyncio.run(play())


def test_readings_older_than_their_bucket_keeps_any_are_dead_letters(influx: Influx) -> None:
    room = InfluxRoom(influx, {Bucket.TELEMETRY: 30})

    async def play() -> None:
        async with opened(room) as store:
            refused = Refused()
            outcome = await store.write(batch(*of_long_ago(200)), at(1), refused)
            assert (outcome.stored, len(refused.refusals)) == (0, 200)
            assert "outside retention policy" in refused.refusals[0].detail
            assert store.stats().holds == 0
            assert await store.books() == Books(0, 0, 200)

    asyncio.run(play())


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
