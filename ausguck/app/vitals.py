"""Our own health as the minutes write it: every part's counters at one moment."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from api.ports import FeedReport, HealthReport, ListenerReport, SubscriberReport
from ausguck.fleet.vitals import Counts, Door, Flow, Machine, Vitals
from ausguck.journal.port import Pause
from ausguck.roles.history import HistoryStats

MEMORY = Path("/proc/self/statm")
PAGE_BYTES = 4096


class Counting:
    """Counts everything each time it is called.

    The listener keeps no time of its last message, so that it is told by the first look that
    found more of them: up to ten seconds too young.
    """

    def __init__(
        self,
        report: Callable[[], Awaitable[HealthReport]],
        history: HistoryStats,
        store_retries: Callable[[], int],
    ) -> None:
        self._report = report
        self._history = history
        self._store_retries = store_retries
        self._listened = 0
        self._listened_at_ms: int | None = None

    async def __call__(self) -> Vitals:
        """The figures as of now."""
        report = await self._report()
        if report.listener is not None:
            total = sum(report.listener.messages_by_qos)
            if total != self._listened:
                self._listened, self._listened_at_ms = total, report.clock.now_ms
        rss_bytes = await asyncio.to_thread(_rss_bytes)
        found = vitals(report, self._history, rss_bytes)
        intake = found.intake and replace(found.intake, last_message_at_ms=self._listened_at_ms)
        return replace(found, intake=intake, store_retries=self._store_retries())


def vitals(report: HealthReport, history: HistoryStats, rss_bytes: int | None) -> Vitals:
    """The figures of a health report, and of history since our start."""
    return Vitals(
        flow=Flow(
            is_up=report.history.last_error is None,
            stored=history.stored,
            duplicates=history.duplicates,
            dead_lettered={str(reason): n for reason, n in history.dead_letters.items()},
            dropped_values=_by_reason(history),
            retries=dict(history.retries),
            backlog_bytes=report.journal.lag_bytes,
            lag_s=report.journal.lag_s,
        ),
        machine=Machine(
            is_journal_open=report.journal.pause in {Pause.NONE, Pause.BUDGET},
            journal_bytes=report.journal.size_bytes,
            disk_free_pct=100 * report.disk.free_bytes / max(1, report.disk.total_bytes),
            rss_bytes=rss_bytes,
        ),
        intake=None if report.listener is None else _listener(report.listener),
        subscriber=None if report.subscriber is None else _subscriber(report.subscriber),
        feeds={feed.name: _feed(feed) for feed in report.feeds},
        is_store_up=report.history.last_error is None,
    )


def _by_reason(history: HistoryStats) -> Counts:
    counts: Counter[str] = Counter()
    for (_key, reason), count in history.dropped_values.items():
        counts[reason] += count
    return counts


def _listener(listener: ListenerReport) -> Door:
    return Door(is_up=True, messages=sum(listener.messages_by_qos), connected=listener.connections)


def _subscriber(subscriber: SubscriberReport) -> Door:
    return Door(
        is_up=subscriber.is_connected and not subscriber.canary_missing,
        messages=subscriber.messages,
        connected=int(subscriber.is_connected),
        last_message_at_ms=subscriber.last_message_at_ms,
        dropped_at_broker=None if subscriber.dropped_at_broker is None else subscriber.dropped,
    )


def _feed(feed: FeedReport) -> Door:
    return Door(
        is_up=feed.last_error is None,
        messages=feed.messages,
        last_message_at_ms=feed.last_success_at_ms,
        overdue_s=feed.overdue_s,
    )


def _rss_bytes() -> int | None:
    """Memory of this process; None where the system does not tell."""
    try:
        return int(MEMORY.read_text().split()[1]) * PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return None
