"""The loop that looks at each minute: what it writes, and why it sometimes does not."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from ausguck.catalogue.state import State, StateMeasurement
from ausguck.clock import ManualClock
from ausguck.fleet.statuses import Statuses
from ausguck.fleet.vitals import Door, Vitals
from ausguck.roles.minutes import Minutes, Senses
from ausguck.settings import tree
from tests.fleet.makers import BUS, HOUR_MS, NOW_MS, SITE, STATION, known, says, stands, told
from tests.roles.minutes_house import (
    MINUTE_MS,
    VITALS,
    Desk,
    House,
    WatchedStore,
    house,
    shelf,
    states,
)
from tests.roles.turns import until
from tests.store.fake import Shelf


def test_each_whole_minute_has_a_row_of_each_asset() -> None:
    async def play() -> None:
        async with house(shelf(told(), told(STATION, NOW_MS - 1_000))) as one:
            await one.wind(6 * MINUTE_MS)
            buses = await one.rows(StateMeasurement.BUS_STATE)
            assert states(buses) == [(n, State.OK) for n in range(5)] + [(5, State.SILENT)]
            assert len(await one.rows(StateMeasurement.STATION_STATE)) == 6
            assert len(await one.rows(StateMeasurement.FLEET)) == 6
            stats = one.minutes.stats
            assert (stats.minutes, stats.last_minute_ms) == (6, NOW_MS + 5 * MINUTE_MS)
            assert (stats.rows.stored, stats.rows.waiting) == (18, 0)
            assert not stats.gaps

    asyncio.run(play())


def test_differences_are_between_rows_of_one_process() -> None:
    filled = shelf(told(guest_down_bytes_total=100))

    async def rises(one: House) -> list[object]:
        rows = await one.rows(StateMeasurement.BUS_STATE)
        return [known(row).get("guest_down_bytes") for row in rows]

    async def play() -> None:
        async with house(filled) as one:
            await one.wind(MINUTE_MS)
            filled.readings.append(told(at_ms=NOW_MS + 40_000, guest_down_bytes_total=170))
            await one.wind(MINUTE_MS)
            assert await rises(one) == [None, 70]
        filled.states.clear()
        async with house(filled) as anew:
            await anew.wind(MINUTE_MS)
            assert await rises(anew) == [None]

    asyncio.run(play())


def test_rows_wait_for_the_store_and_the_next_minute_does_not() -> None:
    filled = shelf(told(clients=7))

    async def play() -> None:
        async with house(filled) as one:
            one.store.is_full = True
            await one.wind(MINUTE_MS)
            filled.readings.append(told(at_ms=NOW_MS + 40_000, clients=8))
            await one.wind(MINUTE_MS)
            assert (one.minutes.stats.minutes, one.minutes.stats.rows.waiting) == (2, 4)
            one.store.is_full = False
            await one.wind(MINUTE_MS)
            rows = await one.rows(StateMeasurement.BUS_STATE)
            # As seen then: what came later changes nothing of it.
            assert [known(row)["clients"] for row in rows] == [7, 8, 8]
            assert one.minutes.stats.rows.retries > 0
            assert not one.minutes.stats.rows.given_up

    asyncio.run(play())


def test_a_minute_at_which_the_store_says_nothing_stays_a_gap() -> None:
    async def play() -> None:
        async with house(shelf(told())) as one:
            await one.wind(MINUTE_MS)
            one.store.is_away = True
            await one.wind(MINUTE_MS)
            assert one.minutes.stats.gaps == {"store_unavailable": 1}
            assert one.minutes.stats.last_error is not None
            one.store.is_away = False
            await one.wind(MINUTE_MS)
            assert states(await one.rows(StateMeasurement.BUS_STATE)) == [
                (0, State.OK),
                (2, State.OK),
            ]
            assert one.minutes.stats.last_error is None

    asyncio.run(play())


def test_while_history_is_behind_nobody_is_called_silent() -> None:
    # Asked twice a minute: history may just be between two batches.
    lag = [0.0, 0.0, 61.0, 61.0, 3_600.0, 0.0, 0.0, 3_600.0, 60.0, 60.0]

    async def play() -> None:
        senses = Senses(lag_s=lambda: lag.pop(0))
        async with house(shelf(told()), senses) as one:
            await one.wind(5 * MINUTE_MS)
            assert [n for n, _ in states(await one.rows(StateMeasurement.BUS_STATE))] == [0, 4]
            assert one.minutes.stats.gaps == {"history_behind": 3}

    asyncio.run(play())


def test_what_nobody_foresaw_costs_a_minute_and_not_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def play() -> None:
        async with house(shelf(told())) as one:
            one.store.is_broken = True
            await one.wind(MINUTE_MS)
            one.store.is_broken = False
            await one.wind(MINUTE_MS)
            assert one.minutes.stats.gaps == {"broken": 1}
            assert len(await one.rows(StateMeasurement.FLEET)) == 1

    asyncio.run(play())
    assert "unforeseen" in caplog.text


def test_minutes_that_were_slept_through_are_counted() -> None:
    async def play() -> None:
        async with house(shelf(told())) as one:
            await one.wind(MINUTE_MS)
            one.clock.advance_ms(3 * MINUTE_MS)
            (alarm,) = one.alarms
            await one.wake(alarm)
            assert one.minutes.stats.gaps == {"slept_through": 2}
            assert len(await one.rows(StateMeasurement.FLEET)) == 2

    asyncio.run(play())


class TestSleep:
    def test_who_went_to_sleep_before_we_started_is_asked_once(self) -> None:
        silent = told(at_ms=NOW_MS - HOUR_MS)
        long_ago = says("sleeping", NOW_MS - 60 * HOUR_MS)
        filled = shelf(silent, told(STATION), events=[long_ago])

        async def play() -> None:
            async with house(filled) as one:
                await one.wind(3 * MINUTE_MS)
                rows = await one.rows(StateMeasurement.BUS_STATE)
                assert states(rows) == [(n, State.PLANNED_OFF) for n in range(3)]
                assert one.store.asked_events == [BUS]

        asyncio.run(play())

    def test_it_is_asked_when_the_store_is_there(self) -> None:
        silent = told(at_ms=NOW_MS - HOUR_MS)
        filled = shelf(silent, events=[says("sleeping", NOW_MS - HOUR_MS + 5)])

        async def play() -> None:
            async with house(filled) as one:
                one.store.is_away = True
                await one.wind(MINUTE_MS)
                one.store.is_away = False
                await one.wind(MINUTE_MS)
                rows = await one.rows(StateMeasurement.BUS_STATE)
                assert states(rows) == [(1, State.PLANNED_OFF)]

        asyncio.run(play())

    def test_what_is_noted_later_holds(self) -> None:
        statuses = Statuses()

        async def play() -> None:
            async with house(shelf(told()), Senses(statuses)) as one:
                await one.wind(MINUTE_MS)
                statuses.note([says("sleeping", NOW_MS + 1_000)])
                await one.wind(MINUTE_MS)
                rows = await one.rows(StateMeasurement.BUS_STATE)
                assert [state for _, state in states(rows)] == [State.OK, State.PLANNED_OFF]

        asyncio.run(play())


class TestPlaces:
    """The desk is asked in a thread, so these look by hand and do not wind."""

    @staticmethod
    def looks(desk: Desk, filled: Shelf, *steps: Callable[[], None]) -> tuple[Minutes, list[bool]]:
        """Whether the station's row has a name, look after look, a step before each."""
        clock = ManualClock(NOW_MS)
        store = WatchedStore(filled)
        minutes = Minutes(SITE, store, clock, tree.State(), Senses(places=desk))

        async def play() -> list[bool]:
            named: list[bool] = []
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                running = group.create_task(minutes.run())
                for number, step in enumerate(steps):
                    step()
                    before = minutes.stats.rows.stored
                    await minutes.look(NOW_MS + number)
                    await until(lambda before=before: minutes.stats.rows.stored > before)  # type: ignore[misc]  # bound now
                    rows = await store.recorded(
                        StateMeasurement.STATION_STATE, NOW_MS + number, NOW_MS + number + 1
                    )
                    named.append("name" in known(rows[0]))
                    clock.advance_ms(301_000)
                running.cancel()
            return named

        return minutes, asyncio.run(play())

    def test_all_are_asked_for_now_and_then_and_a_new_one_at_once(self) -> None:
        other = STATION._replace(name="14")
        desk = Desk({STATION: stands()})
        filled = shelf(told(STATION))

        def nothing() -> None: ...

        def another() -> None:
            filled.readings.append(told(other))

        _, named = self.looks(desk, filled, nothing, another, nothing)

        assert named == [True, True, True]
        assert desk.asked == [STATION, other, STATION, other]

    def test_a_locked_desk_costs_news_and_nothing_else(self) -> None:
        desk = Desk({STATION: stands()})

        def locked() -> None:
            desk.is_locked = True

        def open_() -> None:
            desk.is_locked = False

        minutes, named = self.looks(desk, shelf(told(STATION)), locked, open_, locked, locked)

        assert named == [False, True, True, True]
        assert minutes.stats.places_failed == 2


def test_feeds_keep_their_stations_alive() -> None:
    quiet = told(STATION, NOW_MS - HOUR_MS)

    async def play() -> None:
        async with house(shelf(quiet), Senses(heard=lambda: {STATION: NOW_MS})) as one:
            await one.wind(MINUTE_MS)
            rows = await one.rows(StateMeasurement.STATION_STATE)
            assert states(rows) == [(0, State.OK)]

    asyncio.run(play())


class TestVitals:
    def test_every_ten_seconds(self) -> None:
        counted = [0]

        async def count() -> Vitals:
            counted[0] += 5
            intake = Door(is_up=True, messages=counted[0])
            return Vitals(VITALS.flow, VITALS.machine, intake=intake)

        async def play() -> None:
            async with house(shelf(), Senses(vitals=count)) as one:
                await one.wind(40_000)
                rows = await one.rows(StateMeasurement.PIPELINE)
                intake = [row for row in rows if row.tags[1] == "intake"]
                assert [(row.at_ms - NOW_MS) // 1000 for row in intake] == [-20, -10, 0, 10]
                assert [known(row).get("messages") for row in intake] == [None, 5, 5, 5]
                assert one.minutes.stats.vitals == 4

        asyncio.run(play())

    def test_what_cannot_be_counted_is_a_gap(self, caplog: pytest.LogCaptureFixture) -> None:
        async def count() -> Vitals:
            raise RuntimeError("unforeseen")

        async def play() -> None:
            async with house(shelf(told()), Senses(vitals=count)) as one:
                await one.wind(MINUTE_MS)
                assert one.minutes.stats.vitals_gaps == {"broken": 6}
                assert len(await one.rows(StateMeasurement.FLEET)) == 1
                assert await one.rows(StateMeasurement.PIPELINE) == []

        asyncio.run(play())
        assert "unforeseen" in caplog.text


def test_a_short_silence_is_as_the_settings_say() -> None:
    reading = msgspec.structs.replace(told(), received_at_ms=NOW_MS - 61_000)

    async def play() -> None:
        early = msgspec.structs.replace(reading, observed_at_ms=NOW_MS - 61_000)
        async with house(shelf(early), settings=tree.State(silent_after_s=60)) as one:
            await one.wind(MINUTE_MS)
            assert states(await one.rows(StateMeasurement.BUS_STATE)) == [(0, State.SILENT)]

    asyncio.run(play())
