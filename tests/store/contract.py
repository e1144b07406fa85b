"""What every store does, whatever is behind it: an adapter passes these tests unread.

A subclass gives the fixture `open_store`; called with a directory it opens the store that is
kept there, and called again, what was written is still in it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.errors import StoreError
from ausguck.model import (
    AssetId,
    Batch,
    Books,
    Event,
    Kind,
    Outcome,
    Position,
    Reading,
    Reason,
    Scalar,
)
from ausguck.store.port import Every, Point, RefusalSink, SeriesQuery, Store, StoredEvent
from tests.store.makers import (
    BUS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
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

OpenStore = Callable[[Path], AbstractAsyncContextManager[Store]]
Scenario = Callable[[Store], Awaitable[None]]


@dataclass(frozen=True)
class Room:
    """A place for one test's store."""

    open_store: OpenStore
    path: Path

    def run(self, *scenarios: Scenario) -> None:
        """Run each with the store newly opened."""

        async def play() -> None:
            for scenario in scenarios:
                async with self.open_store(self.path) as store:
                    await scenario(store)

        asyncio.run(play())


async def write(store: Store, members: Batch, position: Position, refuse: RefusalSink) -> Outcome:
    """Write, and return an outcome that can be compared."""
    outcome = await store.write(members, position, refuse)
    return Outcome(outcome.stored, outcome.duplicates, tuple(outcome.refused))


async def put(store: Store, offset: int, *readings: Reading) -> Outcome:
    """Write readings of which none is to be refused."""
    refused = Refused()
    outcome = await write(store, batch(*readings), at(offset), refused)
    assert refused.refusals == []
    return outcome


def minute(number: float) -> int:
    return NOON_MS + int(number * MINUTE_MS)


class StoreFixtures:
    @pytest.fixture
    def room(self, open_store: OpenStore, tmp_path: Path) -> Room:
        return Room(open_store, tmp_path)


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


def _variants() -> list[tuple[str, Reading, Reading]]:
    """Pairs of readings that differ in one key column alone."""
    pairs: list[tuple[str, Reading, Reading]] = []
    for measurement, asset, known in (
        ("hotspot", BUS, {"clients": 1}),
        ("bus_position", BUS, {"lat": 54.0}),
        ("station", STATION, {"num_docks_available": 1}),
    ):
        base = reading(known, asset=asset, digest=1)
        bare = reading(known, asset=asset, seq=None, digest=1)
        changes: dict[str, tuple[Reading, dict[str, object]]] = {
            "site": (base, {"asset": asset._replace(site="ulm")}),
            f"{asset.kind}_id": (base, {"asset": asset._replace(name="0789")}),
            "observed_at": (base, {"observed_at_ms": NOON_MS + 1}),
            "boot_id": (base, {"boot_id": "b2"}),
            "boot_id_unknown": (base, {"boot_id": None}),
            "boot_id_empty": (msgspec.structs.replace(base, boot_id=None), {"boot_id": ""}),
            "seq": (base, {"seq": 2}),
            "seq_unknown": (base, {"seq": None}),
            "digest": (bare, {"digest": 2}),
        }
        pairs.extend(
            (f"{measurement}-{name}", one, msgspec.structs.replace(one, **change))
            for name, (one, change) in changes.items()
        )
    return pairs


VARIANTS = _variants()
KEYS_OF_EVENTS = {
    "site": event(asset=BUS._replace(site="ulm")),
    "kind": event(asset=BUS._replace(kind=Kind.STATION)),
    "object": event(asset=OTHER_BUS),
    "observed_at": event(at_ms=NOON_MS + 1),
    "type": event(event_type="tamper"),
    "digest": event(digest=8),
}


class KeyContract(StoreFixtures):
    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    @pytest.mark.parametrize(
        ("one", "two"), [v[1:] for v in VARIANTS], ids=[v[0] for v in VARIANTS]
    )
    def test_rows_that_differ_in_one_key_column_are_two(
        self, room: Room, one: Reading, two: Reading, *, together: bool
    ) -> None:
        (metric,) = [
            key
            for key, value in zip(catalogue.keys(one.asset.kind), one.values, strict=True)
            if value is not None
        ]

        async def play(store: Store) -> None:
            if together:
                assert await put(store, 1, one, two) == Outcome(2, 0, ())
            else:
                assert await put(store, 1, one) == Outcome(1, 0, ())
                assert await put(store, 2, two) == Outcome(1, 0, ())
            found = [
                point
                for asset in {one.asset, two.asset}
                for point in await ask(store, metric, NOON_MS, NOON_MS + 2, asset=asset)
            ]
            assert len(found) == 2
            assert await put(store, 3, two, one) == Outcome(0, 2, ())

        room.run(play)

    @pytest.mark.parametrize("other", KEYS_OF_EVENTS.values(), ids=KEYS_OF_EVENTS.keys())
    @pytest.mark.parametrize("together", [True, False], ids=["one_batch", "two_batches"])
    def test_events_that_differ_in_one_key_column_are_two(
        self, room: Room, other: Event, *, together: bool
    ) -> None:
        groups = [[event(), other]] if together else [[event()], [other]]

        async def play(store: Store) -> None:
            for number, group in enumerate(groups):
                await write(store, batch(events=group), at(number + 1), Refused())
            assert (await store.books()).stored == 2
            outcome = await write(store, batch(events=[other, event()]), at(9), Refused())
            assert outcome == Outcome(0, 2, ())
            found = [
                seen
                for asset in {BUS, other.asset}
                for seen in await store.events(asset, NOON_MS, NOON_MS + 2)
            ]
            assert len(found) == 2

        room.run(play)


def _scalars(metric: Metric) -> st.SearchStrategy[Scalar]:
    if metric.type is bool:
        return st.booleans()
    if metric.choices:
        return st.sampled_from(metric.choices)
    if metric.type is str:
        return st.text(st.characters(codec="utf-8"), max_size=16)
    low, high = metric.minimum, metric.maximum
    if metric.type is int:
        return st.integers(int(low or 0), 2**63 - 1 if high is None else int(high))
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


def _readings(kind: Kind) -> st.SearchStrategy[Reading]:
    unsigned = st.integers(0, 2**63 - 1)
    return st.builds(
        Reading,
        st.builds(AssetId, st.just("kiel"), st.just(kind), st.sampled_from(["1", "2", "3"])),
        st.integers(NOON_MS, NOON_MS + 3 * DAY_MS),
        st.integers(NOON_MS, NOON_MS + 3 * DAY_MS),
        st.none() | st.text(st.characters(codec="utf-8"), max_size=16),
        st.none() | unsigned,
        unsigned,
        st.booleans(),
        st.tuples(*(st.none() | _scalars(metric) for metric in catalogue.metrics(kind))),
    )


class RoundTripContract:
    @hypothesis_settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
            HealthCheck.too_slow,
        ],
    )
    @given(
        members=st.lists(
            _readings(Kind.BUS) | _readings(Kind.STATION),
            min_size=1,
            max_size=6,
            unique_by=lambda member: (member.asset, member.observed_at_ms),
        )
    )
    def test_what_was_written_is_what_is_read(
        self, open_store: OpenStore, members: list[Reading]
    ) -> None:
        newest: dict[AssetId, Reading] = {}
        for member in sorted(members, key=lambda member: member.observed_at_ms):
            newest[member.asset] = member

        async def fill(store: Store) -> None:
            await put(store, 1, *members)

        async def read(store: Store) -> None:
            for kind in (Kind.BUS, Kind.STATION):
                for last in await store.latest(kind):
                    assert last == newest.pop(last.asset)
            assert newest == {}
            for asset in {member.asset for member in members}:
                keys = catalogue.keys(asset.kind)
                found = await store.series(SeriesQuery(asset, keys, NOON_MS, NOON_MS + 4 * DAY_MS))
                for index, series in enumerate(found):
                    assert [(point.at_ms, point.value) for point in series.points] == [
                        (member.observed_at_ms, member.values[index])
                        for member in sorted(members, key=lambda member: member.observed_at_ms)
                        if member.asset == asset and member.values[index] is not None
                    ]

        with TemporaryDirectory() as path:
            Room(open_store, Path(path)).run(fill, read)


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


class SeriesContract(StoreFixtures):
    def test_a_gauge_in_windows(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                reading({"clients": 2}, seq=1, at_ms=minute(0)),
                reading({"clients": 5}, seq=2, at_ms=minute(4.999)),
                reading({"clients": 9}, seq=3, at_ms=minute(5)),
                reading({}, seq=4, at_ms=minute(11)),
                reading({"clients": 0}, seq=5, at_ms=minute(16)),
                reading({"clients": 99}, seq=6, at_ms=minute(20)),
            )
            points = await ask(store, "clients", minute(0), minute(20), Every.FIVE_MINUTES)
            assert list(points) == [
                Point(minute(0), 3.5, 2, 2.0, 5.0),
                Point(minute(5), 9.0, 1, 9.0, 9.0),
                Point(minute(10), None, 0),
                Point(minute(15), 0.0, 1, 0.0, 0.0),
            ]

        room.run(play)

    def test_the_first_window_begins_on_the_clock(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                reading({"rtt_ms": 10.0}, seq=1, at_ms=minute(1)),
                reading({"rtt_ms": 20.0}, seq=2, at_ms=minute(3)),
            )
            points = await ask(store, "rtt_ms", minute(2), minute(3) + 1, Every.QUARTER_HOUR)
            assert list(points) == [Point(minute(0), 20.0, 1, 20.0, 20.0)]

        room.run(play)

    def test_a_state_and_a_text_are_the_last_of_their_window(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                reading({"is_roaming": True, "line": "11"}, seq=1, at_ms=minute(0)),
                reading({"is_roaming": False}, seq=3, at_ms=minute(0.5)),
                reading({"line": "62"}, seq=2, at_ms=minute(0.5)),
                reading({"is_roaming": True}, seq=4, at_ms=minute(2)),
            )
            roaming = await ask(store, "is_roaming", minute(0), minute(3), Every.MINUTE)
            assert list(roaming) == [
                Point(minute(0), value=False, samples=2),
                Point(minute(1), None, 0),
                Point(minute(2), value=True, samples=1),
            ]
            assert values(await ask(store, "line", minute(0), minute(2), Every.MINUTE)) == [
                "62",
                None,
            ]

        room.run(play)

    def test_without_windows_each_reading_that_holds_the_metric_is_a_point(
        self, room: Room
    ) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                reading({"rtt_ms": 0.0}, seq=1, at_ms=minute(0)),
                reading({"clients": 3}, seq=2, at_ms=minute(1)),
                reading({"rtt_ms": 8.5, "clients": 4}, seq=3, at_ms=minute(2)),
                reading({"rtt_ms": 99.0}, seq=4, at_ms=minute(3)),
            )
            rtt, clients = await store.series(
                SeriesQuery(BUS, ("rtt_ms", "clients"), minute(0), minute(3))
            )
            assert list(rtt.points) == [Point(minute(0), 0.0), Point(minute(2), 8.5)]
            assert list(clients.points) == [Point(minute(1), 3), Point(minute(2), 4)]

        room.run(play)

    @pytest.mark.parametrize("every", [None, Every.MINUTE])
    def test_more_points_than_the_limit_are_cut_and_said_so(
        self, room: Room, every: Every | None
    ) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                *(reading({"clients": n}, seq=n, at_ms=minute(n)) for n in range(5)),
            )
            for limit, cut in ((4, True), (5, False)):
                (series,) = await store.series(
                    SeriesQuery(BUS, ("clients",), minute(0), minute(5), every, limit=limit)
                )
                assert values(series.points) == list(range(limit))
                assert series.truncated is cut

        room.run(play)

    @pytest.mark.parametrize(
        ("day_ms", "hours"),
        [(1_774_738_800_000, 23), (1_792_879_200_000, 25)],
        ids=["2026-03-29", "2026-10-25"],
    )
    def test_the_days_on_which_the_clocks_change(self, room: Room, day_ms: int, hours: int) -> None:
        async def play(store: Store) -> None:
            per_hour = [
                reading({"clients": 1}, seq=n, at_ms=day_ms + (n - 24) * HOUR_MS) for n in range(74)
            ]
            await put(store, 1, *per_hour)
            end_ms = day_ms + (hours + 24) * HOUR_MS
            days = await ask(store, "clients", day_ms - DAY_MS, end_ms, Every.DAY)
            assert [(point.at_ms, point.samples) for point in days] == [
                (day_ms - DAY_MS, 24),
                (day_ms, hours),
                (day_ms + hours * HOUR_MS, 24),
            ]
            day = (day_ms, day_ms + hours * HOUR_MS)
            assert len(await ask(store, "clients", *day, Every.HOUR)) == hours

        room.run(play)

    def test_days_are_of_the_place_that_is_asked_for(self, room: Room) -> None:
        async def play(store: Store) -> None:
            midnight_ms = 1_782_864_000_000  # 2026-07-01 in UTC, 05:45 in Kathmandu
            await put(store, 1, reading({"clients": 1}, at_ms=midnight_ms))
            query = SeriesQuery(
                BUS, ("clients",), midnight_ms, midnight_ms + 1, Every.DAY, "Asia/Kathmandu"
            )
            (series,) = await store.series(query)
            assert [point.at_ms for point in series.points] == [midnight_ms - 345 * MINUTE_MS]

        room.run(play)

    def test_an_unknown_metric_asset_or_place_is_an_error_of_ours(self, room: Room) -> None:
        async def play(store: Store) -> None:
            for query in (
                SeriesQuery(BUS, ("no_such",), 0, 1),
                SeriesQuery(BUS, ("num_docks_available",), 0, 1),
                SeriesQuery(BUS, ("clients; --",), 0, 1),
                SeriesQuery(BUS, ("clients",), 0, 1, Every.DAY, "Mars/Olympus"),
            ):
                with pytest.raises(StoreError):
                    await store.series(query)
            nobody = AssetId("kiel", Kind.BUS, "' OR 1=1 --")
            assert list(await ask(store, "clients", 0, minute(1), asset=nobody)) == []

        room.run(play)


TOTAL = "guest_down_bytes_total"


def total(n: int, at_ms: int, *, seq: int, boot_id: str | None = "b1") -> Reading:
    return reading({TOTAL: n}, at_ms=at_ms, seq=seq, boot_id=boot_id)


class CounterContract(StoreFixtures):
    def test_increases_belong_to_the_later_reading(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                total(1000, minute(-1), seq=1),
                total(1600, minute(0), seq=2),
                total(1600, minute(1), seq=3),
                reading({"clients": 3}, seq=4, at_ms=minute(1.5)),
                total(1900, minute(2), seq=5),
                total(2**62, minute(4), seq=6),
            )
            points = await ask(store, TOTAL, minute(0), minute(5), Every.MINUTE)
            assert [(point.value, point.samples) for point in points] == [
                (600, 1),
                (0, 1),
                (300, 1),
                (None, 0),
                (2**62 - 1900, 1),
            ]

        room.run(play)

    def test_a_reset_or_another_boot_books_nothing(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                total(5000, minute(0), seq=1),
                total(20, minute(1), seq=2),
                total(30, minute(1.5), seq=3),
                total(9000, minute(2), seq=1, boot_id="b2"),
                total(9005, minute(2.5), seq=2, boot_id="b2"),
                total(9999, minute(3), seq=1, boot_id=None),
            )
            points = await ask(store, TOTAL, minute(0), minute(4), Every.MINUTE)
            assert [(point.value, point.samples) for point in points] == [
                (None, 0),
                (10, 1),
                (5, 1),
                (None, 0),
            ]

        room.run(play)

    def test_a_backlog_that_arrives_late_moves_the_increase_to_where_it_was(
        self, room: Room
    ) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, total(100, minute(0), seq=1), total(900, minute(3), seq=4))
            before = await ask(store, TOTAL, minute(0), minute(4), Every.MINUTE)
            assert values(before) == [None, None, None, 800]
            await put(store, 2, total(400, minute(1), seq=2), total(700, minute(2), seq=3))
            after = await ask(store, TOTAL, minute(0), minute(4), Every.MINUTE)
            assert values(after) == [None, 300, 300, 200]

        room.run(play)

    def test_a_day_of_silence_is_looked_back_over_and_no_more(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                total(10, NOON_MS - 2 * DAY_MS - 1, seq=1),
                total(70, NOON_MS - DAY_MS, seq=2),
                total(100, NOON_MS, seq=3),
            )
            points = await ask(store, TOTAL, NOON_MS, minute(1), Every.MINUTE)
            assert values(points) == [30]
            whole = await ask(store, TOTAL, NOON_MS - 3 * DAY_MS, minute(1), Every.DAY)
            assert [value for value in values(whole) if value is not None] == [30]

        room.run(play)

    def test_equal_milliseconds_go_by_sequence_number(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(store, 1, total(30, NOON_MS, seq=12), total(10, NOON_MS, seq=9))
            points = await ask(store, TOTAL, NOON_MS, minute(1), Every.MINUTE)
            assert list(points) == [Point(NOON_MS, 20, 1)]

        room.run(play)


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


class StoreContract(
    WriteContract,
    KeyContract,
    RoundTripContract,
    LatestContract,
    SeriesContract,
    CounterContract,
    EventContract,
    PruneContract,
):
    """All of it."""
