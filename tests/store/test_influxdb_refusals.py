"""Points that the server refuses: one is a dead letter, many are held, none is lost."""

import asyncio

import httpx
import msgspec
import pytest

from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreUnavailable
from ausguck.model import Books, Kind, Outcome, Reading, Reason
from tests.influx import Influx
from tests.store.influx_proxy import Said
from tests.store.influx_room import InfluxRoom, headers
from tests.store.influx_steps import between, members, opened, put, stored
from tests.store.makers import (
    BUS,
    DAY_MS,
    NOON_MS,
    OTHER_BUS,
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


@pytest.mark.parametrize(("wrong", "size"), [(60, 1000), (6, 20), (501, 10_000)])
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


def test_a_batch_that_was_held_does_not_count_against_itself(room: InfluxRoom) -> None:
    """Its first line stays wrong when the proxy is mended."""
    rows = [with_portal(0), *members(1, 4)]

    async def play() -> None:
        await seed(room, WRONG)
        async with between(room) as (store, way):
            way.always = Said(400)
            for _ in range(30):
                with pytest.raises(StoreUnavailable):
                    await put(store, 1, rows)
            way.always = None
            refused = Refused()
            assert (await store.write(batch(*rows), at(1), refused)).stored == 4
            assert [refusal.index for refusal in refused.refusals] == [0]

    asyncio.run(play())


def test_a_hundred_in_a_row_are_proven_before_they_are_believed(room: InfluxRoom) -> None:
    """Wrong points of a whole morning, a few a batch, from a server that is well."""

    async def play() -> None:
        await seed(room, WRONG)
        async with between(room) as (store, way):
            for number in range(24):
                rows = [with_portal(number * 5 + n) for n in range(5)]
                if number == 19:
                    # The hundredth is refused, and so is the proof.
                    way.fail(*[Said(400)] * 2, where=f"bucket={room.prefix}books")
                    for _ in range(2):
                        with pytest.raises(StoreUnavailable, match="100 points in a row") as raised:
                            await put(store, number + 1, rows)
                        assert "so were our own books" in str(raised.value)
                        assert raised.value.retry_after_s >= 60
                assert len((await put(store, number + 1, rows)).refused) == 5
            assert (await store.books()).dead_lettered == 120
            assert store.stats().holds == 2

    asyncio.run(play())


def test_a_hundred_wrong_points_of_a_large_batch_are_dead_letters(room: InfluxRoom) -> None:
    rows = [with_portal(n) for n in range(250)] + members(250, 5000)

    async def play() -> None:
        await seed(room, WRONG)
        async with opened(room) as store:
            refused = Refused()
            assert (await store.write(batch(*rows), at(1), refused)).stored == 5000
            assert [refusal.index for refusal in refused.refusals] == [*range(250)]

    asyncio.run(play())


def test_a_batch_poisonous_for_good_has_a_way_out(room: InfluxRoom) -> None:
    rows = [with_portal(n) for n in range(120)] + members(120, 2)

    async def play() -> None:
        await seed(room, WRONG)
        for percent in (5.0, 98.0):
            async with opened(room, most_refused_percent=percent) as store:
                with pytest.raises(StoreUnavailable, match="most_refused_percent = 100"):
                    await put(store, 1, rows)
        async with between(room, most_refused_percent=100.0) as (store, way):
            # Nothing is held for its share or its row; for the books it is still.
            way.fail(Said(400), where=f"bucket={room.prefix}books")
            with pytest.raises(StoreUnavailable):
                await put(store, 1, rows)
            refused = Refused()
            assert (await store.write(batch(*rows), at(1), refused)).stored == 2
            assert len(refused.refusals) == 120

    asyncio.run(play())


@pytest.mark.parametrize(("percent", "is_held"), [(10.0, True), (12.0, False), (100.0, False)])
def test_the_share_that_holds_is_a_setting(
    room: InfluxRoom, percent: float, *, is_held: bool
) -> None:
    rows = [with_portal(n) for n in range(11)] + members(11, 89)

    async def play() -> None:
        await seed(room, WRONG)
        async with opened(room, most_refused_percent=percent) as store:
            if is_held:
                with pytest.raises(StoreUnavailable, match="11 of a batch of 100"):
                    await put(store, 1, rows)
            else:
                assert (await put(store, 1, rows)).stored == 89

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


def test_old_positions_among_new_ones_cost_few_requests(influx: Influx) -> None:
    room = InfluxRoom(influx, {Bucket.POSITION: 7})

    async def play() -> None:
        async with opened(room, batch_lines=500) as store:
            fresh = [
                reading({"clients": n, "lat": 53.0}, asset=OTHER_BUS, seq=n, at_ms=FAR_AHEAD_MS + n)
                for n in range(1000)
            ]
            mixed = [one for pair in zip(of_long_ago(1000), fresh, strict=True) for one in pair]
            assert await put(store, 1, mixed) == Outcome(2000, 0, ())
            stats = store.stats()
            assert (stats.expired, stats.refused, stats.holds) == (1000, 0, 0)
            positions = {
                status: number
                for (name, status), number in stats.requests.items()
                if name == f"{room.prefix}position"
            }
            # For each chunk: all of it, the old half, the new half.
            assert positions == {422: 8, 204: 4}
            until_ms = FAR_AHEAD_MS + 1000
            found = await ask(store, "lat", 0, until_ms, asset=OTHER_BUS)
            assert values(found) == [53.0] * 1000

    asyncio.run(play())


def test_old_and_wrong_readings_among_good_ones_are_told_apart(influx: Influx) -> None:
    room = InfluxRoom(influx, {Bucket.TELEMETRY: 30})
    fresh_ms = FAR_AHEAD_MS

    async def play() -> None:
        wrong = f'hotspot,bus_id=other,site=kiel portal_ok_pct="many" {fresh_ms * 1_000_000}'
        async with httpx.AsyncClient(base_url=influx.url, headers=headers(influx)) as client:
            answer = await client.post(
                "/api/v2/write",
                params={"org": influx.org, "bucket": f"{room.prefix}telemetry"},
                content=wrong,
            )
            assert answer.status_code == 204
        good = [reading({"clients": n}, asset=OTHER_BUS, at_ms=fresh_ms + n) for n in range(97)]
        bad = [
            reading({"portal_ok_pct": 1.0}, asset=OTHER_BUS, at_ms=fresh_ms + 200 + n)
            for n in range(3)
        ]
        rows = [*of_long_ago(40), *good[:50], *bad[:1], *of_long_ago(80)[40:], *bad[1:], *good[50:]]
        async with opened(room) as store:
            refused = Refused()
            assert (await store.write(batch(*rows), at(1), refused)).stored == 97
            told = {refusal.index: refusal.detail for refusal in refused.refusals}
            old = {index for index, row in enumerate(rows) if row.observed_at_ms < fresh_ms}
            conflicting = {index for index, row in enumerate(rows) if row in bad}
            assert told.keys() == old | conflicting
            assert all("outside retention policy" in told[index] for index in old)
            assert all("field type conflict" in told[index] for index in conflicting)

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
