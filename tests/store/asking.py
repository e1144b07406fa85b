"""What every store answers: the newest, events, and what retention has left."""

import msgspec

from ausguck.model import (
    Books,
    Kind,
)
from ausguck.store.port import Store
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
from tests.store.room import Room, StoreFixtures, minute, put, write


class LatestContract(StoreFixtures):
    def test_each_asset_once_by_name(self, room: Room) -> None:
        async def play(store: Store) -> None:
            one = reading({"clients": 1, "lat": 54.0}, seq=1)
            two = reading({"clients": 2}, seq=2, at_ms=minute(1))
            other = reading({"lat": 53.0}, asset=OTHER_BUS, seq=7)
            await put(store, 1, other, one, two, reading(asset=STATION))
            await check(store)

        async def check(store: Store) -> None:
            two = reading({"clients": 2}, seq=2, at_ms=minute(1))
            other = reading({"lat": 53.0}, asset=OTHER_BUS, seq=7)
            assert list(await store.latest(Kind.BUS)) == [two, other]
            assert list(await store.latest(Kind.BUS, "0456")) == [other]
            assert list(await store.latest(Kind.BUS, "nobody")) == []
            assert list(await store.latest(Kind.STATION, "0123")) == []

        room.run(play, check)

    def test_of_one_moment_the_one_that_came_last(self, room: Room) -> None:
        said = reading({"num_vehicles_available": 3}, asset=STATION, seq=None, digest=9)
        again = reading({"num_vehicles_available": 6}, asset=STATION, seq=None, digest=4)
        later = msgspec.structs.replace(again, received_at_ms=said.received_at_ms + 60_000)

        async def play(store: Store) -> None:
            await put(store, 1, said)
            await put(store, 2, later)
            await check(store)

        async def check(store: Store) -> None:
            assert list(await store.latest(Kind.STATION)) == [later]

        room.run(play, check)


class EventContract(StoreFixtures):
    def test_an_assets_events_oldest_first(self, room: Room) -> None:
        async def play(store: Store) -> None:
            happened = [
                event("lost", at_ms=minute(2)),
                event("ready", at_ms=minute(0)),
                event("open", at_ms=minute(1), event_type="door"),
                event("ready", at_ms=minute(1), asset=OTHER_BUS),
                event("late", at_ms=minute(3)),
            ]
            await write(store, batch(events=happened), at(1), Refused())
            found = await store.events(BUS, minute(0), minute(3))
            assert [(seen.type, seen.detail) for seen in found] == [
                ("status", "ready"),
                ("door", "open"),
                ("status", "lost"),
            ]
            assert len(await store.events(BUS, minute(0), minute(9), limit=2)) == 2

        room.run(play)


class PruneContract(StoreFixtures):
    def test_each_class_goes_in_its_own_time(self, room: Room) -> None:
        old = {"clients": 1, "lat": 54.0, "speed_mps": 3.0}

        async def play(store: Store) -> None:
            await put(
                store,
                1,
                reading(old, seq=1, at_ms=NOON_MS - 31 * DAY_MS),
                reading(old, seq=2, at_ms=NOON_MS - 8 * DAY_MS),
                reading(old, asset=OTHER_BUS, at_ms=NOON_MS - 31 * DAY_MS),
                reading({"num_docks_available": 3}, asset=STATION, at_ms=NOON_MS - 31 * DAY_MS),
            )
            happened = [event(at_ms=NOON_MS - 31 * DAY_MS), event(at_ms=NOON_MS)]
            await write(store, batch(events=happened), at(2), Refused())
            assert await store.prune(NOON_MS) > 0
            await check(store)

        async def check(store: Store) -> None:
            start = NOON_MS - 40 * DAY_MS
            assert values(await ask(store, "clients", start, NOON_MS)) == [1]
            assert values(await ask(store, "lat", start, NOON_MS)) == []
            (bus,) = await store.latest(Kind.BUS)
            assert bus == msgspec.structs.replace(
                reading({"clients": 1}, seq=2, at_ms=NOON_MS - 8 * DAY_MS), digest=bus.digest
            )
            docks = await ask(store, "num_docks_available", start, NOON_MS, asset=STATION)
            assert values(docks) == [3]
            assert len(await store.events(BUS, start, NOON_MS + 1)) == 1
            assert await store.position() == at(2)
            assert await store.books() == Books(6, 0, 0)
            assert await store.prune(NOON_MS) == 0

        room.run(play, check)

    def test_a_station_is_kept_for_a_year_and_more(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, reading({"num_docks_available": 3}, asset=STATION))
            assert await store.prune(NOON_MS + 399 * DAY_MS) == 0
            assert await store.prune(NOON_MS + 401 * DAY_MS) == 1
            assert list(await store.latest(Kind.STATION)) == []

        room.run(play)
