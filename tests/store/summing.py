"""What every store makes of readings over time: windows, days, counters."""

import pytest
from msgspec.structs import replace

from ausguck.errors import StoreError
from ausguck.model import (
    AssetId,
    Kind,
    Reading,
)
from ausguck.store.port import Every, Point, SeriesQuery, Store
from tests.store.makers import (
    BUS,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    NOON_MS,
    ask,
    reading,
    values,
)
from tests.store.room import Room, StoreFixtures, minute, put


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

    @pytest.mark.parametrize("boot_id", ["0123456789abcdef", None])
    def test_a_swap_books_nothing_though_boots_are_called_alike(
        self, room: Room, boot_id: str | None
    ) -> None:
        later = f"{boot_id or ''}#t3sq0"

        async def play(store: Store) -> None:
            await put(
                store,
                1,
                total(100, minute(0), seq=1, boot_id=boot_id),
                total(150, minute(1), seq=2, boot_id=boot_id),
                total(9000, minute(2), seq=3, boot_id=later),
                total(9007, minute(3), seq=4, boot_id=later),
            )
            points = await ask(store, TOTAL, minute(0), minute(4), Every.MINUTE)
            assert [(point.value, point.samples) for point in points] == [
                (None, 0),
                (50, 1),
                (None, 0),
                (7, 1),
            ]
            (newest,) = await store.latest(BUS.kind, BUS.name)
            assert newest.boot_id == later

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

    def test_a_reading_under_our_time_has_only_its_like_for_neighbours(self, room: Room) -> None:
        async def play(store: Store) -> None:
            await put(
                store,
                1,
                total(100, minute(0), seq=1),
                total(200, minute(1), seq=4),
                replace(total(110, minute(1.2), seq=2), clock_suspect=True),
                replace(total(150, minute(1.4), seq=3), clock_suspect=True),
                total(250, minute(2), seq=5),
            )
            points = await ask(store, TOTAL, minute(0), minute(3), Every.MINUTE)
            assert values(points) == [None, 140, 50]

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
