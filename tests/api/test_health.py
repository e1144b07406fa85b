"""Health and metrics over HTTP, and the verdict behind them."""

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.health_metrics import health_samples
from api.metrics import TABLE, MetricType, Sample, exposition
from api.ports import (
    Cause,
    HistoryReport,
    JournalReport,
    ListenerReport,
    RegisterReport,
    Status,
    SubscriberReport,
    Why,
)
from api.verdict import judge
from ausguck.journal.port import Pause
from tests.api.city import City, populated
from tests.api.fakes import NOW_MS, FakeHealth


def test_ok_is_200_with_every_figure() -> None:
    response = populated().ask("GET", "/api/v1/health")
    answer = response.json()

    assert response.status_code == 200
    assert answer["status"] == "ok"
    assert answer["site"] == {"id": "kiel", "timezone": "Europe/Berlin"}
    assert answer["books"]["balanced"] is True
    assert answer["journal"]["lag_bytes"] == 2048
    assert answer["listener"]["messages_qos1"] == 990
    assert answer["clock"]["now"] == "2027-01-15T08:00:00.000Z"
    assert answer["uptime_s"] == 3600


@pytest.mark.parametrize(("status", "expected"), [(Status.DEGRADED, 200), (Status.FAILING, 503)])
def test_only_failing_is_503(status: Status, expected: int) -> None:
    city = populated()
    why = Why(Cause.HISTORY_FAILING, "store duckdb: disk full")
    city.health.shown = msgspec.structs.replace(city.health.shown, status=status, why=[why])

    response = city.ask("GET", "/api/v1/health")

    assert response.status_code == expected
    assert response.json()["status"] == status
    assert response.json()["why"] == [
        {"cause": "history_failing", "words": "store duckdb: disk full"}
    ]


def test_without_a_listener_there_is_none() -> None:
    city = populated()
    city.health.shown = msgspec.structs.replace(city.health.shown, listener=None)

    assert city.ask("GET", "/api/v1/health").json()["listener"] is None
    assert "ausguck_listener" not in city.ask("GET", "/metrics").text


def test_every_metric_of_the_table_is_exposed_as_it_says() -> None:
    samples = [Sample(metric, metric.labels, 7) for metric in TABLE]
    text = exposition(samples).decode()

    found = {family.name: family for family in text_string_to_metric_families(text)}

    assert len(found) == len(TABLE)
    for metric in TABLE:
        is_counter = metric.type is MetricType.COUNTER
        family = found[metric.name.removesuffix("_total") if is_counter else metric.name]
        assert (family.type, family.documentation) == (metric.type, metric.help)
        assert [tuple(sample.labels) for sample in family.samples] == [metric.labels]


def test_a_health_report_is_of_the_tables_metrics_alone() -> None:
    report = FakeHealth(City().clock).shown

    assert {sample.metric for sample in health_samples(report)} <= set(TABLE)


def test_metrics_and_health_agree() -> None:
    city = populated()
    text = city.ask("GET", "/metrics").text

    assert "ausguck_books_stored_total 990.0" in text
    assert 'ausguck_listener_messages_total{qos="1"} 990.0' in text
    assert 'ausguck_listener_refusals_total{reason="identity"} 2.0' in text
    assert 'ausguck_status{status="ok"} 1.0' in text


def test_a_refusal_leaves_a_count() -> None:
    city = populated()
    for path in ("/nowhere", "/api/v1/buses?limit=0", "/api/v1/buses?limit=x"):
        city.ask("GET", path)

    text = city.ask("GET", "/metrics").text

    assert 'ausguck_http_refusals_total{problem="not-found"} 1.0' in text
    assert 'ausguck_http_refusals_total{problem="parameter"} 2.0' in text


def test_before_the_first_write_its_time_is_left_out() -> None:
    report = msgspec.structs.replace(FakeHealth(City().clock).shown, history=HistoryReport())

    names = {sample.metric.name for sample in health_samples(report)}

    assert "ausguck_history_last_write_time_seconds" not in names


def _judged(**changes: object) -> tuple[Status, list[Cause]]:
    report = msgspec.structs.replace(FakeHealth(City().clock).shown, **changes)
    status, why = judge(
        books=report.books,
        journal=report.journal,
        history=report.history,
        clock=report.clock,
        dead_letters=report.dead_letters,
        subscriber=report.subscriber,
        feeds=report.feeds,
        register=report.register,
        listener=report.listener,
    )
    return status, [entry.cause for entry in why]


def _subscriber(**changes: object) -> SubscriberReport:
    subscriber = FakeHealth(City().clock).shown.subscriber
    assert subscriber is not None
    return msgspec.structs.replace(subscriber, **changes)


@pytest.mark.parametrize(
    ("changes", "status", "cause"),
    [
        ({"is_connected": False}, Status.DEGRADED, Cause.BROKER_AWAY),
        ({"canary_missing": True}, Status.FAILING, Cause.BROKER_SILENT),
        ({"sessions_lost": 1}, Status.DEGRADED, Cause.BROKER_LOST_SESSION),
    ],
)
def test_a_broker_that_fails_us_is_told(
    changes: dict[str, object], status: Status, cause: Cause
) -> None:
    assert _judged(subscriber=_subscriber(**changes)) == (status, [cause])


def test_a_place_of_another_journal_is_no_damage() -> None:
    assert _judged(journal=_journal(foreign_places=1)) == (
        Status.DEGRADED,
        [Cause.JOURNAL_FOREIGN],
    )


def test_a_failing_store_says_what_waits_and_that_it_is_kept() -> None:
    report = FakeHealth(City().clock).shown
    _status, (why,) = judge(
        books=report.books,
        journal=_journal(lag_bytes=4096),
        history=HistoryReport(None, "store influxdb: no answer"),
        clock=report.clock,
        dead_letters=report.dead_letters,
    )

    assert why.words == (
        "store influxdb: no answer; 4096 B wait in the journal, and nothing is lost"
    )


@pytest.mark.parametrize(
    ("age_ms", "causes"),
    [(0, [Cause.BROKER_DROPPED]), (86_399_999, [Cause.BROKER_DROPPED]), (86_400_000, [])],
)
def test_what_the_broker_dropped_degrades_for_a_day(age_ms: int, causes: list[Cause]) -> None:
    subscriber = _subscriber(dropped=1300, dropped_at_ms=NOW_MS - age_ms)
    status = Status.DEGRADED if causes else Status.OK

    assert _judged(subscriber=subscriber) == (status, causes)


def test_what_the_broker_dropped_is_shown_and_said_to_be_anybodys() -> None:
    city = populated()
    subscriber = _subscriber(dropped_at_broker=12, dropped=1300, dropped_at_ms=NOW_MS - 1_000)
    report = msgspec.structs.replace(city.health.shown, subscriber=subscriber)
    city.health.shown = report
    answer = city.ask("GET", "/api/v1/health").json()["subscriber"]
    text = city.ask("GET", "/metrics").text
    _status, (why,) = judge(
        books=report.books,
        journal=report.journal,
        history=report.history,
        clock=report.clock,
        dead_letters=report.dead_letters,
        subscriber=subscriber,
    )

    assert (answer["dropped_at_broker"], answer["dropped"]) == (12, 1300)
    assert answer["dropped_at"] == "2027-01-15T07:59:59.000Z"
    assert "ausguck_broker_dropped_messages 12.0" in text
    assert "ausguck_broker_dropped_total 1300.0" in text
    assert "1300 since our start" in why.words
    assert "all its clients" in why.words


def test_a_counter_that_the_broker_does_not_tell_is_not_zero() -> None:
    city = populated()
    subscriber = _subscriber(dropped_at_broker=None)
    city.health.shown = msgspec.structs.replace(city.health.shown, subscriber=subscriber)

    assert city.ask("GET", "/api/v1/health").json()["subscriber"]["dropped_at_broker"] is None
    assert "ausguck_broker_dropped" not in city.ask("GET", "/metrics").text


def test_a_canary_is_not_missed_while_there_is_no_session() -> None:
    away = _subscriber(is_connected=False, canary_missing=True)

    assert _judged(subscriber=away) == (Status.DEGRADED, [Cause.BROKER_AWAY])


@pytest.mark.parametrize(("overdue_s", "causes"), [(600.0, []), (601.0, [Cause.FEED_OVERDUE])])
def test_a_feed_is_late_after_ten_minutes(overdue_s: float, causes: list[Cause]) -> None:
    (feed,) = FakeHealth(City().clock).shown.feeds

    _status, found = _judged(feeds=[msgspec.structs.replace(feed, overdue_s=overdue_s)])

    assert found == causes


def test_what_comes_from_broker_and_feeds_is_shown() -> None:
    city = populated()
    answer = city.ask("GET", "/api/v1/health").json()
    text = city.ask("GET", "/metrics").text

    assert answer["subscriber"]["messages"] == 990
    assert answer["feeds"][0]["polls"] == {"changed": 12, "not_modified": 3}
    assert answer["subscriber"]["set_aside"] == {"topic": 1}
    assert "ausguck_subscriber_messages_total 990.0" in text
    assert 'ausguck_subscriber_set_aside_total{reason="topic"} 1.0' in text
    assert 'ausguck_feed_polls_total{feed="sprottenflotte",outcome="changed"} 12.0' in text
    assert 'ausguck_feed_unfit_total{feed="sprottenflotte",reason="negative"} 1.0' in text


def _journal(**changes: object) -> JournalReport:
    return msgspec.structs.replace(FakeHealth(City().clock).shown.journal, **changes)


@pytest.mark.parametrize(
    ("pause", "status"),
    [
        (Pause.NONE, Status.OK),
        (Pause.BUDGET, Status.DEGRADED),
        (Pause.RESERVE, Status.FAILING),
        (Pause.CAP, Status.FAILING),
        (Pause.DISK, Status.FAILING),
    ],
)
def test_a_pause_is_judged_by_its_reason(pause: Pause, status: Status) -> None:
    found, why = _judged(journal=_journal(pause=pause))

    assert found is status
    assert why == ([] if pause is Pause.NONE else [Cause(f"journal_{pause.value}")])


def test_the_worst_reason_comes_first() -> None:
    status, why = _judged(
        journal=_journal(quarantined_ranges=1, lag_s=61.0),
        history=HistoryReport(None, "store duckdb: locked"),
        books=msgspec.structs.replace(FakeHealth(City().clock).shown.books, balanced=False),
        clock=msgspec.structs.replace(FakeHealth(City().clock).shown.clock, jumped=True),
    )

    assert status is Status.FAILING
    assert why == [
        Cause.BOOKS_UNBALANCED,
        Cause.JOURNAL_DAMAGED,
        Cause.HISTORY_FAILING,
        Cause.HISTORY_BEHIND,
        Cause.CLOCK_JUMPED,
    ]


def test_a_full_list_of_dead_letters_fails() -> None:
    letters = msgspec.structs.replace(FakeHealth(City().clock).shown.dead_letters, rows=100_000)

    assert _judged(dead_letters=letters) == (Status.FAILING, [Cause.DEAD_LETTERS_FULL])


def test_what_holds_because_the_new_cannot_be_read_is_told() -> None:
    register = RegisterReport(7, None, "store desk: locked")
    listener = ListenerReport(1, 1, (0, 0, 0), {}, 2, "chain.pem: no certificate in it")

    assert _judged(register=register) == (Status.DEGRADED, [Cause.REGISTER_STALE])
    assert _judged(listener=listener) == (Status.DEGRADED, [Cause.TLS_STALE])
    assert _judged(register=RegisterReport(7)) == (Status.OK, [])


def test_the_register_and_revoked_sessions_are_shown() -> None:
    city = populated()
    listener = ListenerReport(1, 1, (0, 0, 0), {}, 2, "chain.pem: no certificate in it")
    city.health.shown = msgspec.structs.replace(city.health.shown, listener=listener)

    answer = city.ask("GET", "/api/v1/health").json()

    assert answer["register"] == {
        "revision": 7,
        "last_load_at": "2027-01-15T07:59:00.000Z",
        "last_error": None,
    }
    assert (answer["listener"]["revoked"], answer["listener"]["tls_error"]) == (
        2,
        "chain.pem: no certificate in it",
    )
