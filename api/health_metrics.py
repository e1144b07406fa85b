"""A health report as samples, so that `/metrics` and `/api/v1/health` cannot disagree."""

from collections.abc import Iterator

from api import metrics as m
from api.ports import (
    FeedReport,
    HealthReport,
    JournalReport,
    ListenerReport,
    Status,
    SubscriberReport,
)
from ausguck.journal.port import Pause


def health_samples(report: HealthReport) -> Iterator[m.Sample]:
    """Every figure of the report that is a metric."""
    yield m.Sample(m.BUILD_INFO, (report.version,), 1)
    yield m.Sample(m.START_TIME, (), report.started_at_ms / 1000)
    for status in Status:
        yield m.Sample(m.STATUS, (status.value,), status is report.status)
    yield m.Sample(m.BOOKS_DECODED, (), report.books.decoded)
    yield m.Sample(m.BOOKS_STORED, (), report.books.stored)
    yield m.Sample(m.BOOKS_DUPLICATES, (), report.books.duplicates)
    yield m.Sample(m.BOOKS_DEAD_LETTERED, (), report.books.dead_lettered)
    yield m.Sample(m.BOOKS_BALANCED, (), report.books.balanced)
    yield m.Sample(m.DEAD_LETTER_ROWS, (), report.dead_letters.rows)
    yield m.Sample(m.DEAD_LETTER_QUOTA_ROWS, (), report.dead_letters.quota_rows)
    yield from _journal(report.journal)
    if report.history.last_write_at_ms is not None:
        yield m.Sample(m.HISTORY_LAST_WRITE, (), report.history.last_write_at_ms / 1000)
    yield m.Sample(m.HISTORY_FAILING, (), report.history.last_error is not None)
    if report.listener is not None:
        yield from _listener(report.listener)
    if report.subscriber is not None:
        yield from _subscriber(report.subscriber)
    for feed in report.feeds:
        yield from _feed(feed)
    yield m.Sample(m.CLOCK_JUMPED, (), report.clock.jumped)
    yield m.Sample(m.DISK_FREE_BYTES, (), report.disk.free_bytes)
    yield m.Sample(m.DISK_TOTAL_BYTES, (), report.disk.total_bytes)
    yield m.Sample(m.DISK_RESERVE_BYTES, (), report.disk.reserve_bytes)


def _journal(journal: JournalReport) -> Iterator[m.Sample]:
    yield m.Sample(m.JOURNAL_RECORDS, (), journal.committed_records)
    yield m.Sample(m.JOURNAL_BYTES, (), journal.size_bytes)
    yield m.Sample(m.JOURNAL_SEGMENTS, (), journal.segments)
    yield m.Sample(m.JOURNAL_WAITING_BYTES, (), journal.waiting_bytes)
    yield m.Sample(m.JOURNAL_LAG_BYTES, (), journal.lag_bytes)
    yield m.Sample(m.JOURNAL_LAG_SECONDS, (), journal.lag_s)
    for pause in Pause:
        if pause is not Pause.NONE:
            yield m.Sample(m.JOURNAL_PAUSED, (pause.value,), pause is journal.pause)
    yield m.Sample(m.JOURNAL_QUARANTINED, (), journal.quarantined_ranges)


def _listener(listener: ListenerReport) -> Iterator[m.Sample]:
    yield m.Sample(m.LISTENER_CONNECTIONS, (), listener.connections)
    yield m.Sample(m.LISTENER_SESSIONS, (), listener.sessions)
    for qos, count in enumerate(listener.messages_by_qos):
        yield m.Sample(m.LISTENER_MESSAGES, (str(qos),), count)
    for reason, count in sorted(listener.refusals.items()):
        yield m.Sample(m.LISTENER_REFUSALS, (reason,), count)


def _subscriber(subscriber: SubscriberReport) -> Iterator[m.Sample]:
    yield m.Sample(m.SUBSCRIBER_CONNECTED, (), subscriber.is_connected)
    yield m.Sample(m.SUBSCRIBER_CONNECTS, (), subscriber.connects)
    yield m.Sample(m.SUBSCRIBER_MESSAGES, (), subscriber.messages)
    yield m.Sample(m.SUBSCRIBER_SESSIONS_LOST, (), subscriber.sessions_lost)
    yield m.Sample(m.SUBSCRIBER_STALE_ACKS, (), subscriber.stale_acks)
    for reason, count in sorted(subscriber.set_aside.items()):
        yield m.Sample(m.SUBSCRIBER_SET_ASIDE, (reason,), count)
    yield m.Sample(m.SUBSCRIBER_CANARY_MISSING, (), subscriber.canary_missing)
    if subscriber.dropped_at_broker is not None:
        yield m.Sample(m.BROKER_DROPPED, (), subscriber.dropped_at_broker)
        yield m.Sample(m.BROKER_DROPPED_TOTAL, (), subscriber.dropped)


def _feed(feed: FeedReport) -> Iterator[m.Sample]:
    yield m.Sample(m.FEED_OVERDUE, (feed.name,), feed.overdue_s)
    yield m.Sample(m.FEED_STATIONS, (feed.name,), feed.stations)
    yield m.Sample(m.FEED_UNKNOWN_STATIONS, (feed.name,), feed.unknown_stations)
    yield m.Sample(m.FEED_MESSAGES, (feed.name,), feed.messages)
    for outcome, count in sorted(feed.polls.items()):
        yield m.Sample(m.FEED_POLLS, (feed.name, outcome), count)
    for reason, count in sorted(feed.unfit.items()):
        yield m.Sample(m.FEED_UNFIT, (feed.name, reason), count)
