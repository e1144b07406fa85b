"""Decides from the figures of a health report what status holds and why; pure.

Failing means that readings are not taken in or not kept; degraded means that they are, but
late, or that something needs a person before it becomes worse.
"""

from collections.abc import Iterator, Sequence

from api.ports import (
    BooksReport,
    Cause,
    ClockReport,
    DeadLettersReport,
    FeedReport,
    HistoryReport,
    JournalReport,
    ListenerReport,
    RegisterReport,
    Status,
    SubscriberReport,
    Why,
)
from ausguck.clock import iso_utc
from ausguck.journal.port import Pause

LAG_DEGRADED_S = 60.0
FEED_OVERDUE_S = 600.0
"""GBFS 3.0 asks for realtime files that are five minutes old at most; twice that is late."""

DROPPED_DEGRADED_MS = 86_400_000
"""Nothing tells when a loss is over: for a day somebody may look into it."""

_PAUSES: dict[Pause, tuple[Status, Cause, str]] = {
    Pause.DISK: (
        Status.FAILING,
        Cause.JOURNAL_DISK,
        "two writes of the journal in a row failed; intake stands still until a restart",
    ),
    Pause.CAP: (
        Status.FAILING,
        Cause.JOURNAL_CAP,
        "the journal has reached its size limit; intake waits until history has caught up",
    ),
    Pause.RESERVE: (
        Status.FAILING,
        Cause.JOURNAL_RESERVE,
        "free space on the disk is under the reserve; intake waits for room",
    ),
    Pause.BUDGET: (
        Status.DEGRADED,
        Cause.JOURNAL_BUDGET,
        "messages arrive faster than the disk takes them; devices are being slowed down",
    ),
}


def judge(  # noqa: PLR0913 - the verdict looks at every part
    *,
    books: BooksReport,
    journal: JournalReport,
    history: HistoryReport,
    clock: ClockReport,
    dead_letters: DeadLettersReport,
    listener_down: bool = False,
    subscriber: SubscriberReport | None = None,
    feeds: Sequence[FeedReport] = (),
    register: RegisterReport | None = None,
    listener: ListenerReport | None = None,
) -> tuple[Status, tuple[Why, ...]]:
    """The status with its reasons, the worst first; no reason means ok."""
    found = [
        *_intake(journal, listener_down=listener_down),
        *_foreign(journal),
        *_broker(subscriber),
        *_dropped(subscriber, clock.now_ms),
        *_feeds(feeds),
        *_stale(register, listener),
        *_keeping(books, history, dead_letters, journal.lag_bytes),
        *_lateness(journal, clock),
    ]
    found.sort(key=lambda entry: entry[0] is not Status.FAILING)
    status = found[0][0] if found else Status.OK
    return status, tuple(why for _status, why in found)


def _stale(
    register: RegisterReport | None, listener: ListenerReport | None
) -> Iterator[tuple[Status, Why]]:
    """What holds as it was, because what is new cannot be read."""
    if register is not None and register.last_error is not None:
        words = f"the register is as it was, for it cannot be read: {register.last_error}"
        yield Status.DEGRADED, Why(Cause.REGISTER_STALE, words)
    if listener is not None and listener.tls_error is not None:
        words = f"the listener's new certificate was not taken: {listener.tls_error}"
        yield Status.DEGRADED, Why(Cause.TLS_STALE, words)


def _intake(journal: JournalReport, *, listener_down: bool) -> Iterator[tuple[Status, Why]]:
    if listener_down:
        yield Status.FAILING, Why(Cause.LISTENER_DOWN, "the listener does not accept devices")
    if journal.pause is not Pause.NONE:
        status, cause, words = _PAUSES[journal.pause]
        yield status, Why(cause, words)
    if journal.quarantined_ranges:
        yield (
            Status.DEGRADED,
            Why(
                Cause.JOURNAL_DAMAGED,
                f"{journal.quarantined_ranges} damaged range(s) of the journal were set aside",
            ),
        )


def _foreign(journal: JournalReport) -> Iterator[tuple[Status, Why]]:
    if journal.foreign_places:
        yield (
            Status.DEGRADED,
            Why(
                Cause.JOURNAL_FOREIGN,
                "the store's place is of another journal, for the data directory was moved or "
                "lost: what that one held and the store did not is not here; a restart ends this "
                "message",
            ),
        )


def _broker(subscriber: SubscriberReport | None) -> Iterator[tuple[Status, Why]]:
    if subscriber is None:
        return
    if not subscriber.is_connected:
        words = subscriber.last_error or "not connected yet"
        yield Status.DEGRADED, Why(Cause.BROKER_AWAY, f"no session at the broker: {words}")
    elif subscriber.canary_missing:
        yield (
            Status.FAILING,
            Why(
                Cause.BROKER_SILENT,
                "the broker took our own message and did not hand it back; its access list may "
                "keep devices' messages from us too: see `ausguck check --broker`",
            ),
        )
    if subscriber.sessions_lost:
        yield (
            Status.DEGRADED,
            Why(
                Cause.BROKER_LOST_SESSION,
                f"the broker forgot our session {subscriber.sessions_lost} time(s) since start; "
                "what it held for us then is lost: see `ausguck check --broker`",
            ),
        )


def _dropped(subscriber: SubscriberReport | None, now_ms: int) -> Iterator[tuple[Status, Why]]:
    if subscriber is None or subscriber.dropped_at_ms is None:
        return
    if now_ms - subscriber.dropped_at_ms < DROPPED_DEGRADED_MS:
        yield (
            Status.DEGRADED,
            Why(
                Cause.BROKER_DROPPED,
                "the broker has dropped messages that were meant for somebody: we learned of "
                f"{subscriber.dropped} since our start, last at "
                f"{iso_utc(subscriber.dropped_at_ms)}; it counts all its clients, not us alone: "
                "see `ausguck check --broker`",
            ),
        )


def _feeds(feeds: Sequence[FeedReport]) -> Iterator[tuple[Status, Why]]:
    for feed in feeds:
        if feed.overdue_s > FEED_OVERDUE_S:
            why = f": {feed.last_error}" if feed.last_error else ""
            yield (
                Status.DEGRADED,
                Why(
                    Cause.FEED_OVERDUE,
                    f"the feed {feed.name} is {feed.overdue_s:.0f} s overdue{why}",
                ),
            )


def _keeping(
    books: BooksReport, history: HistoryReport, dead_letters: DeadLettersReport, lag_bytes: int
) -> Iterator[tuple[Status, Why]]:
    if not books.balanced:
        yield (
            Status.FAILING,
            Why(
                Cause.BOOKS_UNBALANCED,
                f"{books.decoded} decoded, but {books.stored} stored + {books.duplicates} "
                f"duplicates + {books.dead_lettered} dead-lettered",
            ),
        )
    if history.last_error is not None:
        words = f"{history.last_error}; {lag_bytes} B wait in the journal, and nothing is lost"
        yield Status.DEGRADED, Why(Cause.HISTORY_FAILING, words)
    if dead_letters.rows >= dead_letters.quota_rows:
        yield (
            Status.FAILING,
            Why(
                Cause.DEAD_LETTERS_FULL,
                f"{dead_letters.rows} dead letters reach the quota of {dead_letters.quota_rows}; "
                "history waits until some are retried or removed",
            ),
        )


def _lateness(journal: JournalReport, clock: ClockReport) -> Iterator[tuple[Status, Why]]:
    if journal.lag_s > LAG_DEGRADED_S:
        yield (
            Status.DEGRADED,
            Why(
                Cause.HISTORY_BEHIND,
                f"history is {journal.lag_s:.0f} s and {journal.lag_bytes} B behind the journal",
            ),
        )
    if clock.jumped:
        yield Status.DEGRADED, Why(Cause.CLOCK_JUMPED, "our own clock jumped and is not trusted")
