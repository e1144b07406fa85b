"""What every store makes of a batch: new, duplicate, conflict, late."""

import asyncio

import msgspec
import pytest

from ausguck.model import (
    Books,
    Kind,
    Outcome,
    Reading,
    Reason,
)
from ausguck.store.port import Store, StoredEvent
from tests.store.makers import (
    BUS,
    HOUR_MS,
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


class WriteContract(StoreFixtures):
    def test_a_new_store_is_empty(self, room: Room) -> None:
        async def play(store: Store) -> None:
            assert await store.position() is None
            assert await store.books() == Books()
            assert list(await store.latest(Kind.BUS)) == []
            assert list(await store.latest(Kind.STATION)) == []
            assert list(await ask(store, "clients", NOON_MS, minute(1))) == []
            assert list(await store.events(BUS, 0, NOON_MS)) == []
            assert await store.prune(NOON_MS) == 0

        room.run(play)

    def test_what_was_written_is_read_and_outlives_the_process(self, room: Room) -> None:
        bus = reading({"clients": 5, "lat": 54.25, "operator": "262-01", "is_roaming": False})
        station = reading({"num_vehicles_available": 0, "is_renting": True}, asset=STATION)
        happened = event(asset=STATION)

        async def fill(store: Store) -> None:
            outcome = await write(
                store, batch(bus, station, events=[happened], dead_lettered=2), at(10), Refused()
            )
            assert outcome == Outcome(3, 0, ())
            await read(store)

        async def read(store: Store) -> None:
            assert await store.position() == at(10)
            assert await store.books() == Books(3, 0, 2)
            assert list(await store.latest(Kind.BUS)) == [bus]
            assert list(await store.latest(Kind.STATION)) == [station]
            assert list(await store.events(STATION, NOON_MS, NOON_MS + 1)) == [
                StoredEvent(STATION, NOON_MS, NOON_MS + 250, "status", "ready")
            ]

        room.run(fill, read)

    def test_a_reading_without_a_value_is_stored_too(self, room: Room) -> None:
        async def fill(store: Store) -> None:
            assert (await put(store, 1, reading(), reading(asset=STATION))).stored == 2

        async def read(store: Store) -> None:
            assert list(await store.latest(Kind.BUS)) == [reading()]
            assert (await put(store, 2, reading(), reading(asset=STATION))).duplicates == 2

        room.run(fill, read)

    def test_an_empty_batch_moves_position_and_books_alone(self, room: Room) -> None:
        async def play(store: Store) -> None:
            assert await write(store, batch(dead_lettered=4), at(3), Refused()) == Outcome(0, 0, ())
            assert await store.position() == at(3)
            assert await store.books() == Books(0, 0, 4)

        room.run(play)

    def test_the_books_count_what_was_read_and_where_it_ended(self, room: Room) -> None:
        async def fill(store: Store) -> None:
            one, two = reading(), event()
            members = msgspec.structs.replace(
                batch(one, one, events=[two], dead_lettered=4), inventories=2, decoded=9
            )
            assert await write(store, members, at(3), Refused()) == Outcome(2, 1, ())
            await read(store)

        async def read(store: Store) -> None:
            books = await store.books()
            assert books == Books(stored=4, duplicates=1, dead_lettered=4, decoded=9)
            assert books.balanced

        room.run(fill, read)

    def test_the_same_batch_behind_another_position_is_duplicates(self, room: Room) -> None:
        members = [reading({"clients": n}, seq=n, at_ms=minute(n)) for n in range(5)]
        happened = [event(at_ms=minute(n)) for n in range(3)]

        async def play(store: Store) -> None:
            await write(store, batch(*members, events=happened), at(1), Refused())
            outcome = await write(store, batch(*members, events=happened), at(2), Refused())
            assert outcome == Outcome(0, 8, ())
            assert await store.books() == Books(8, 8, 0)
            assert len(await ask(store, "clients", 0, minute(9))) == 5
            assert len(await store.events(BUS, 0, minute(9))) == 3

        room.run(play)

    def test_the_same_batch_up_to_a_stored_position_changes_nothing(self, room: Room) -> None:
        async def fill(store: Store) -> None:
            await write(store, batch(reading(), dead_lettered=1), at(5), Refused())

        async def again(store: Store) -> None:
            for offset in (5, 4):
                outcome = await write(
                    store, batch(reading(), dead_lettered=1), at(offset), Refused()
                )
                assert outcome == Outcome(0, 1, ())
                assert await store.position() == at(5)
                assert await store.books() == Books(1, 0, 1)

        room.run(fill, again)

    def test_a_reading_without_a_time_of_its_own_is_one_however_often_it_comes(
        self, room: Room
    ) -> None:
        def suspect(n: int, *, came_ms: int, **other: int) -> Reading:
            made = reading({"clients": n}, seq=n, digest=other.get("digest", n))
            return msgspec.structs.replace(
                made, observed_at_ms=came_ms, received_at_ms=came_ms, clock_suspect=True
            )

        async def fill(store: Store) -> None:
            first = [suspect(1, came_ms=minute(1)), suspect(2, came_ms=minute(1))]
            assert (await put(store, 1, *first)).stored == 2
            again = [suspect(2, came_ms=minute(2)), suspect(3, came_ms=minute(2))]
            assert await put(store, 2, *again) == Outcome(1, 1, ())

        async def after_a_restart(store: Store) -> None:
            again = [suspect(3, came_ms=minute(3)), suspect(4, came_ms=minute(3))]
            assert await put(store, 3, *again, again[1]) == Outcome(1, 2, ())
            other = suspect(4, came_ms=minute(4), digest=99)
            assert await put(store, 4, other) == Outcome(1, 0, ())
            assert values(await ask(store, "clients", 0, minute(9))) == [1, 2, 3, 4, 4]

        room.run(fill, after_a_restart)

    def test_a_duplicate_within_a_batch_is_one_reading(self, room: Room) -> None:
        async def play(store: Store) -> None:
            one, two = reading({"clients": 1}), reading({"clients": 2}, seq=2, at_ms=minute(1))
            outcome = await write(
                store, batch(one, two, one, one, events=[event(), event()]), at(1), Refused()
            )
            assert outcome == Outcome(3, 3, ())
            assert values(await ask(store, "clients", 0, minute(2))) == [1, 2]

        room.run(play)

    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    def test_two_readings_of_one_millisecond_both_survive(
        self, room: Room, *, together: bool
    ) -> None:
        pairs = [
            (reading({"clients": 1}, seq=1), reading({"clients": 2}, seq=2)),
            (
                reading({"clients": 1}, seq=None, digest=1, asset=OTHER_BUS),
                reading({"clients": 2}, seq=None, digest=2, asset=OTHER_BUS),
            ),
        ]

        async def play(store: Store) -> None:
            for number, (one, two) in enumerate(pairs):
                if together:
                    await put(store, 10 * number + 1, one, two)
                else:
                    await put(store, 10 * number + 1, one)
                    await put(store, 10 * number + 2, two)
            assert await store.books() == Books(4, 0, 0)

        async def read(store: Store) -> None:
            for _, two in pairs:
                points = await ask(store, "clients", NOON_MS, NOON_MS + 1, asset=two.asset)
                assert values(points) == [1, 2]
                assert list(await store.latest(Kind.BUS, two.asset.name)) == [two]

        room.run(play, read)

    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    def test_equal_identity_with_other_content_is_refused(
        self, room: Room, *, together: bool
    ) -> None:
        first = reading({"clients": 1}, seq=9)
        other = reading({"clients": 2}, seq=9)
        fine = reading({"clients": 3}, seq=10, at_ms=minute(1))

        async def play(store: Store) -> None:
            refused = Refused()
            if together:
                await write(store, batch(first, other, fine), at(1), refused)
                expected = 1
            else:
                await put(store, 1, first)
                await write(store, batch(fine, other), at(2), refused)
                expected = 1
            (refusal,) = refused.refusals
            assert refusal.index == expected
            assert refusal.reason is Reason.CONFLICT
            assert "9" in refusal.detail
            assert await store.books() == Books(2, 0, 1)
            assert values(await ask(store, "clients", 0, minute(2))) == [1, 3]

        room.run(play)

    def test_refusals_are_handed_over_before_the_position_moves(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, reading({"clients": 1}))
            seen = []

            async def refuse(_refusals: object) -> None:
                seen.append(await store.position())

            await write(store, batch(reading({"clients": 2})), at(2), refuse)
            assert seen == [at(1)]
            assert await store.position() == at(2)

        room.run(play)

    def test_nothing_is_written_when_the_refusals_find_no_taker(self, room: Room) -> None:
        async def refuse(_refusals: object) -> None:
            raise LookupError

        async def play(store: Store) -> None:
            await put(store, 1, reading({"clients": 1}))
            late = reading({"clients": 9}, seq=2, at_ms=minute(1))
            with pytest.raises(LookupError):
                await write(store, batch(late, reading({"clients": 2})), at(2), refuse)
            assert await store.position() == at(1)
            assert await store.books() == Books(1, 0, 0)
            assert await put(store, 2, late) == Outcome(1, 0, ())

        room.run(play)

    def test_a_late_reading_takes_its_place_in_time(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, reading({"clients": 3}, seq=3, at_ms=minute(3)))
            await put(store, 2, reading({"clients": 1}, seq=1, at_ms=minute(1)))
            await put(store, 3, reading({"clients": 1}, seq=1, at_ms=minute(1)))
            assert values(await ask(store, "clients", 0, minute(9))) == [1, 3]
            assert await store.books() == Books(2, 1, 0)
            (newest,) = await store.latest(Kind.BUS)
            assert newest.observed_at_ms == minute(3)

        room.run(play)

    def test_a_backlog_of_weeks_is_sent_twice(self, room: Room) -> None:
        backlog = [
            reading({"clients": n}, seq=n, at_ms=NOON_MS - n * 7 * HOUR_MS) for n in range(80)
        ]

        async def play(store: Store) -> None:
            assert await put(store, 1, *backlog) == Outcome(80, 0, ())
            assert await put(store, 2, *reversed(backlog)) == Outcome(0, 80, ())

        room.run(play)

    def test_writers_take_turns(self, room: Room) -> None:
        async def play(store: Store) -> None:
            async with asyncio.TaskGroup() as tasks:
                for number in range(1, 9):
                    tasks.create_task(put(store, number, reading({"clients": 4})))
            books = await store.books()
            assert books.stored == 1
            assert await store.position() == at(8)

        room.run(play)
