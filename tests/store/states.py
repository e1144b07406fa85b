"""What every store does with rows of state: keeps, replaces, answers and prunes them."""

import pytest

from ausguck.catalogue.state import ONLY, TABLES, StateMeasurement, StateRow, StateTable, table
from ausguck.store.port import Store
from tests.store.makers import BUS, DAY_MS, NOON_MS, ask, reading, values
from tests.store.room import Room, StoreFixtures, minute, put

Value = int | float | str | None
SAMPLES: dict[type, Value] = {int: 2**53 + 1, float: -97.25, str: 'Kiel "Hbf", 1\\2 = 0,5 ü'}
MONTH_MS = 40 * DAY_MS
ODD_TAGS = (
    "two words",
    "a,b",
    "a=b",
    'the "quoted"',
    "it's",
    "back\\slash",
    "Süd/Förde",
    "-",
    "$1; DROP TABLE bus_state --",
)


def row(
    measurement: StateMeasurement,
    tags: tuple[str, ...],
    at_ms: int = NOON_MS,
    **known: Value,
) -> StateRow:
    """A row with some of its values known."""
    fields = table(measurement).fields
    unknown = set(known) - {field.key for field in fields}
    assert not unknown
    return StateRow(measurement, at_ms, tags, tuple(known.get(field.key) for field in fields))


def bus(name: str, line: str = "11", at_ms: int = NOON_MS, **known: Value) -> StateRow:
    return row(StateMeasurement.BUS_STATE, ("kiel", name, line), at_ms, **known)


async def all_of(
    store: Store, measurement: StateMeasurement = StateMeasurement.BUS_STATE
) -> list[StateRow]:
    return list(await store.recorded(measurement, NOON_MS - MONTH_MS, NOON_MS + DAY_MS))


class StateContract(StoreFixtures):
    @pytest.mark.parametrize("of", TABLES, ids=lambda of: of.measurement.value)
    def test_a_row_comes_back_as_it_was(self, room: Room, of: StateTable) -> None:
        tags = tuple(f"tag{number}" for number in range(len(of.tags)))
        full = StateRow(
            of.measurement, NOON_MS, tags, tuple(SAMPLES[field.type] for field in of.fields)
        )
        alone = [
            StateRow(
                of.measurement,
                NOON_MS + 1 + index,
                tags,
                tuple(
                    SAMPLES[field.type] if place == index else None
                    for place, field in enumerate(of.fields)
                ),
            )
            for index in range(len(of.fields))
        ]

        async def fill(store: Store) -> None:
            await store.record([full, *alone])

        async def read(store: Store) -> None:
            found = await all_of(store, of.measurement)
            assert found == [full, *alone]
            assert [list(map(type, one.values)) for one in found] == [
                list(map(type, one.values)) for one in (full, *alone)
            ]

        room.run(fill, read)

    @pytest.mark.parametrize("tag", ODD_TAGS)
    def test_a_tag_is_kept_to_the_letter(self, room: Room, tag: str) -> None:
        async def play(store: Store) -> None:
            odd, plain = bus("1", tag, state=1), bus("1", "plain", state=2)
            await store.record([odd, plain])
            found = await all_of(store)
            assert sorted(found, key=lambda one: one.tags) == sorted(
                [odd, plain], key=lambda one: one.tags
            )

        room.run(play)

    @pytest.mark.parametrize("together", [True, False], ids=["one_call", "two_calls"])
    def test_a_row_of_the_same_key_replaces_the_first(self, room: Room, *, together: bool) -> None:
        first = [bus("1", state=1, clients=3), bus("2", state=1)]
        second = [bus("1", state=2, clients=0)]

        async def play(store: Store) -> None:
            for rows in [[*first, *second]] if together else [first, second, second]:
                await store.record(rows)
            await check(store)

        async def check(store: Store) -> None:
            assert await all_of(store) == [*second, first[1]]

        room.run(play, check)

    def test_what_differs_in_one_part_of_the_key_is_another_row(self, room: Room) -> None:
        base = row(StateMeasurement.BUS_PLACE, ("kiel", "1", "11"), state=1)
        others = [
            row(StateMeasurement.BUS_PLACE, ("kiel", "1", "12"), state=2),
            row(StateMeasurement.BUS_PLACE, ("kiel", "2", "11"), state=3),
            row(StateMeasurement.BUS_PLACE, ("ulm", "1", "11"), state=4),
            row(StateMeasurement.BUS_PLACE, ("kiel", "1", "11"), NOON_MS + 1, state=5),
        ]
        elsewhere = bus("1", state=6)

        async def play(store: Store) -> None:
            await store.record([base])
            await store.record([*others, elsewhere])
            assert await all_of(store, StateMeasurement.BUS_PLACE) == [base, *others]
            assert await all_of(store) == [elsewhere]

        room.run(play)

    def test_a_row_that_knows_nothing_is_not_kept(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await store.record([])
            await store.record([bus("1"), bus("2", state=0)])
            await store.record([bus("3")])
            assert await all_of(store) == [bus("2", state=0)]

        room.run(play)

    def test_rows_by_time_and_then_by_tags(self, room: Room) -> None:
        rows = [
            bus(name, line, minute(number), state=number)
            for number in (0, 1, 2)
            for name, line in (("10", "9"), ("2", ONLY), ("2", "1"), ("a", "1"))
        ]

        async def play(store: Store) -> None:
            await store.record(rows[6:])
            await store.record(rows[:6])
            in_order = sorted(rows, key=lambda one: (one.at_ms, one.tags))
            of = StateMeasurement.BUS_STATE
            assert await all_of(store) == in_order
            assert list(await store.recorded(of, minute(0), minute(2))) == in_order[:8]
            assert list(await store.recorded(of, minute(0) + 1, minute(2) + 1)) == in_order[4:]
            assert list(await store.recorded(of, minute(0), minute(9), limit=5)) == in_order[:5]
            assert list(await store.recorded(of, minute(3), minute(9))) == []

        room.run(play)

    def test_rows_of_state_leave_readings_and_books_alone(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, reading({"clients": 3}))
            books, position = await store.books(), await store.position()
            await store.record([bus(BUS.name, clients=5)])
            assert (await store.books(), await store.position()) == (books, position)
            assert values(await ask(store, "clients", NOON_MS, NOON_MS + 1)) == [3]

        room.run(play)

    def test_places_go_with_positions_the_others_with_telemetry(self, room: Room) -> None:
        def rows(of: StateTable) -> list[StateRow]:
            key = next(field.key for field in of.fields if field.type is int)
            tags = tuple("x" for _ in of.tags)
            return [
                row(of.measurement, tags, NOON_MS - days * DAY_MS, **{key: days})
                for days in (31, 29, 8, 6, 0)
            ]

        async def play(store: Store) -> None:
            for of in TABLES:
                await store.record(rows(of))
            await store.prune(NOON_MS)
            await check(store)

        async def check(store: Store) -> None:
            for of in TABLES:
                is_place = of.measurement is StateMeasurement.BUS_PLACE
                kept = rows(of)[3:] if is_place else rows(of)[1:]
                assert await all_of(store, of.measurement) == kept

        room.run(play, check)
