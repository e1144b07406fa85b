"""A health report as samples, so that `/metrics` and `/api/v1/health` cannot disagree."""

from collections.abc import Iterator

from api import metrics as m
from api.ports import HealthReport, JournalReport, ListenerReport, Status
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
