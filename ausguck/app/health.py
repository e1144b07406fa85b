"""How the process is: figures of every part in one report."""

import asyncio
import shutil
from collections import Counter
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

import ausguck
from api.ports import (
    BooksReport,
    ClockReport,
    DeadLettersReport,
    DiskReport,
    FeedReport,
    HealthReport,
    HistoryReport,
    JournalReport,
    ListenerReport,
    RegisterReport,
    SubscriberReport,
)
from api.verdict import judge
from ausguck.app.intake import Sources
from ausguck.desk.port import Desk
from ausguck.errors import StoreError
from ausguck.journal.journal import Journal
from ausguck.journal.segment import GapReason
from ausguck.model import Books
from ausguck.roles.history import History
from ausguck.roles.registering import RegisteringStats
from ausguck.settings.tree import Settings
from ausguck.steady import SteadyClock
from ausguck.store.port import Store
from collectors.pollers.stats import FeedStats


class Health:
    """The health source of the running process."""

    def __init__(
        self,
        settings: Settings,
        clock: SteadyClock,
        journal: Journal,
        history: History,
        store: Store,
        desk: Desk,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._journal = journal
        self._history = history
        self._store = store
        self._desk = desk
        self._started_at_ms = clock.now_ms()
        self._books_known = Books()
        self._letters_known = 0
        self.sources: Sources | None = None
        self.registering: RegisteringStats | None = None

    async def report(self) -> HealthReport:
        """How it is now."""
        books = await self._books()
        journal = self._journal_report()
        stats = self._history.stats
        history = HistoryReport(stats.last_write_at_ms, stats.last_error)
        clock = self._clock_report()
        letters = DeadLettersReport(await self._letters(), self._settings.history.dead_letter_rows)
        subscriber = self._subscriber_report()
        listener = self._listener_report()
        register = self._register_report()
        feeds = self._feed_reports()
        status, why = judge(
            books=books,
            journal=journal,
            history=history,
            clock=clock,
            dead_letters=letters,
            listener_down=self._settings.listener.enabled and self._is_closed,
            subscriber=subscriber,
            feeds=feeds,
            register=register,
            listener=listener,
        )
        return HealthReport(
            status=status,
            why=why,
            version=ausguck.__version__,
            started_at_ms=self._started_at_ms,
            books=books,
            journal=journal,
            history=history,
            listener=listener,
            subscriber=subscriber,
            feeds=feeds,
            register=register,
            clock=clock,
            disk=self._disk_report(self._settings.site.data_dir),
            dead_letters=letters,
        )

    async def _books(self) -> BooksReport:
        with suppress(StoreError):
            self._books_known = await self._store.books()
        books = self._books_known
        return BooksReport(
            decoded=books.decoded,
            stored=books.stored,
            duplicates=books.duplicates,
            dead_lettered=books.dead_lettered,
            balanced=books.balanced,
        )

    async def _letters(self) -> int:
        """Rows of the desk; the last known where a full disk keeps it from answering."""
        with suppress(SQLAlchemyError):
            self._letters_known = await asyncio.to_thread(self._desk.dead_letter_rows)
        return self._letters_known

    def _journal_report(self) -> JournalReport:
        stats = self._journal.stats
        history = self._history
        # Records of sessions lie behind the last message and are nobody's backlog.
        lag_bytes = self._journal.backlog(history.position) if history.is_behind else 0
        oldest_ms = history.oldest_ms
        gaps = stats.quarantined
        return JournalReport(
            committed_records=stats.committed_records,
            size_bytes=stats.bytes_on_disk,
            waiting_bytes=stats.waiting_bytes,
            lag_bytes=lag_bytes,
            lag_s=0.0 if oldest_ms is None else (self._clock.now_ms() - oldest_ms) / 1000,
            free_bytes=stats.free_bytes,
            pause=stats.pause,
            quarantined_ranges=sum(gap.reason is not GapReason.FOREIGN for gap in gaps),
            foreign_places=sum(gap.reason is GapReason.FOREIGN for gap in gaps),
            segments=stats.segments,
        )

    @property
    def _is_closed(self) -> bool:
        return self.sources is None or self.sources.listener is None

    def _listener_report(self) -> ListenerReport | None:
        if self.sources is None or self.sources.listener is None:
            return None
        stats = self.sources.listener.stats
        at_most_once, at_least_once, exactly_once = stats.messages
        return ListenerReport(
            connections=stats.connections,
            sessions=stats.sessions,
            messages_by_qos=(at_most_once, at_least_once, exactly_once),
            refusals={
                f"{packet} {reason}": count for (packet, reason), count in stats.refusals.items()
            },
            revoked=stats.revoked,
            tls_error=stats.tls_error,
        )

    def _register_report(self) -> RegisterReport:
        stats = self.registering
        if stats is None:
            return RegisterReport()
        return RegisterReport(stats.revision, stats.last_load_at_ms, stats.last_error)

    def _subscriber_report(self) -> SubscriberReport | None:
        if self.sources is None or self.sources.subscriber is None:
            return None
        stats = self.sources.subscriber.stats
        return SubscriberReport(
            is_connected=stats.connected,
            connects=stats.connects,
            messages=stats.messages,
            sessions_lost=stats.session_lost,
            stale_acks=stats.stale_acks,
            set_aside=dict(stats.set_aside),
            canary_missing=stats.canary_missing,
            dropped_at_broker=stats.dropped_at_broker,
            dropped=stats.dropped,
            dropped_at_ms=stats.dropped_at_ms,
            last_message_at_ms=stats.last_message_at_ms,
            last_error=stats.last_error,
        )

    def _feed_reports(self) -> tuple[FeedReport, ...]:
        if self.sources is None:
            return ()
        now_ms = self._clock.now_ms()
        return tuple(_feed(poller.stats, now_ms) for poller in self.sources.pollers)

    def _clock_report(self) -> ClockReport:
        clock = self._clock
        now_ms = clock.now_ms()
        last_s = None if clock.last_jump_at_ms is None else clock.last_jump_ms / 1000
        return ClockReport(now_ms, clock.jumped_ms != 0, clock.last_jump_at_ms, last_s)

    def _disk_report(self, data_dir: Path) -> DiskReport:
        usage = shutil.disk_usage(data_dir)
        reserve = usage.total * self._settings.journal.reserve_percent / 100
        return DiskReport(usage.free, usage.total, int(reserve))


def _feed(stats: FeedStats, now_ms: int) -> FeedReport:
    polls: Counter[str] = Counter()
    for (_file, outcome), count in stats.polls.items():
        polls[outcome] += count
    return FeedReport(
        name=stats.name,
        stations=stats.stations,
        unknown_stations=stats.unknown,
        messages=stats.messages.total(),
        polls=polls,
        unfit=dict(stats.unfit),
        overdue_s=stats.overdue_s(now_ms) or 0.0,
        last_success_at_ms=stats.last_success_at_ms,
        last_error=stats.last_error,
    )
