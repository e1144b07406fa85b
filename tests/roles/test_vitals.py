"""Our own health as the minutes get it from a health report."""

import asyncio

import msgspec
import pytest

from api.metrics import exposition
from api.ports import HealthReport
from ausguck.app.metrics import Metrics
from ausguck.app.vitals import Counting, vitals
from ausguck.clock import ManualClock
from ausguck.roles.history import HistoryStats
from ausguck.roles.minutes import MinuteStats
from ausguck.roles.staterows import StateRowStats
from tests.api.city import City
from tests.api.fakes import NOW_MS, FakeHealth


def report(**changes: object) -> HealthReport:
    return msgspec.structs.replace(FakeHealth(City().clock).shown, **changes)


def test_every_part_of_a_report_is_told() -> None:
    history = HistoryStats(stored=990)
    history.dropped_values["lat", "no_fix"] = 2
    history.dropped_values["lon", "no_fix"] = 3
    found = vitals(report(), history, 1_000_000)

    assert found.flow.stored == 990
    assert found.flow.dropped_values == {"no_fix": 5}
    assert found.flow.backlog_bytes == 2048
    assert found.machine.disk_free_pct == 45.0
    assert found.machine.rss_bytes == 1_000_000
    assert found.intake is not None
    assert (found.intake.messages, found.intake.connected) == (1000, 120)
    assert found.subscriber is not None
    assert found.subscriber.is_up
    assert found.feeds["sprottenflotte"].messages == 200


def test_a_broker_that_swallows_our_canary_is_not_up() -> None:
    subscriber = report().subscriber
    assert subscriber is not None
    silent = msgspec.structs.replace(subscriber, canary_missing=True)
    found = vitals(report(subscriber=silent), HistoryStats(), None).subscriber

    assert found is not None
    assert not found.is_up


@pytest.mark.parametrize(("figure", "told"), [(None, None), (0, 1300), (1303, 1300)])
def test_what_the_broker_dropped_is_what_we_counted(figure: int | None, told: int | None) -> None:
    subscriber = report().subscriber
    assert subscriber is not None
    changed = msgspec.structs.replace(subscriber, dropped_at_broker=figure, dropped=1300)
    found = vitals(report(subscriber=changed), HistoryStats(), None).subscriber

    assert found is not None
    assert found.dropped_at_broker == told


def test_what_is_switched_off_is_not_told() -> None:
    found = vitals(report(listener=None, subscriber=None, feeds=()), HistoryStats(), None)

    assert (found.intake, found.subscriber, found.feeds) == (None, None, {})


def test_the_last_message_is_as_old_as_the_look_that_found_it() -> None:
    async def scene() -> list[int | None]:
        clock = ManualClock(NOW_MS)
        city = City(clock)
        counting = Counting(city.health.report, HistoryStats(), lambda: 7)
        first = await counting()
        clock.advance_ms(10_000)
        second = await counting()
        assert second.store_retries == 7
        assert first.intake is not None
        assert second.intake is not None
        return [first.intake.last_message_at_ms, second.intake.last_message_at_ms]

    assert asyncio.run(scene()) == [NOW_MS, NOW_MS]


def test_gaps_of_the_minutes_are_metrics() -> None:
    stats = MinuteStats(StateRowStats(stored=12))
    stats.gaps["history_behind"] = 3
    stats.rows.given_up["too_old"] = 5
    metrics = Metrics(City().health, HistoryStats())
    metrics.minutes = stats

    text = exposition(asyncio.run(metrics.samples())).decode()

    assert "ausguck_state_rows_total 12.0" in text
    assert 'ausguck_state_gaps_total{reason="history_behind"} 3.0' in text
    assert 'ausguck_state_rows_given_up_total{reason="too_old"} 5.0' in text
