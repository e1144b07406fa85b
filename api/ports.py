"""What the API needs from the rest of the house, as narrow doors; `ausguck.app` furnishes them.

History and the desk are asked by their own ports (`ausguck.store.port`, `ausguck.desk.port`).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

import msgspec

from api.metrics import Sample
from ausguck.commissioning.sheet import Door
from ausguck.commissioning.watching import Watching
from ausguck.desk.access_book import Book
from ausguck.desk.access_port import Access
from ausguck.desk.port import DeadLetterRow, Desk
from ausguck.journal.port import Pause
from ausguck.model import Reading
from ausguck.register.directory import Directory
from ausguck.register.expecting import Told
from ausguck.register.port import Registry
from ausguck.store.port import Store


class Status(StrEnum):
    """How the process is, in one word."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILING = "failing"


class Cause(StrEnum):
    """What can be wrong; the page has a sentence for each in both languages."""

    JOURNAL_DISK = "journal_disk"
    JOURNAL_CAP = "journal_cap"
    JOURNAL_RESERVE = "journal_reserve"
    JOURNAL_BUDGET = "journal_budget"
    JOURNAL_DAMAGED = "journal_damaged"
    JOURNAL_FOREIGN = "journal_foreign"
    HISTORY_BEHIND = "history_behind"
    HISTORY_FAILING = "history_failing"
    DEAD_LETTERS_FULL = "dead_letters_full"
    BOOKS_UNBALANCED = "books_unbalanced"
    CLOCK_JUMPED = "clock_jumped"
    LISTENER_DOWN = "listener_down"
    TLS_STALE = "tls_stale"
    REGISTER_STALE = "register_stale"
    BROKER_AWAY = "broker_away"
    BROKER_SILENT = "broker_silent"
    BROKER_LOST_SESSION = "broker_lost_session"
    BROKER_DROPPED = "broker_dropped"
    FEED_OVERDUE = "feed_overdue"


class Why(msgspec.Struct, frozen=True):
    """One reason for a status other than ok: what it is, and in words what was found."""

    cause: Cause
    words: str


class BooksReport(msgspec.Struct, frozen=True):
    """Readings, events and undecodable messages since the store was made."""

    decoded: int
    stored: int
    duplicates: int
    dead_lettered: int
    balanced: bool


class JournalReport(msgspec.Struct, frozen=True):
    """The journal, and how far history is behind it."""

    committed_records: int
    size_bytes: int
    waiting_bytes: int
    lag_bytes: int
    lag_s: float
    free_bytes: int
    pause: Pause
    quarantined_ranges: int
    foreign_places: int
    segments: int


class HistoryReport(msgspec.Struct, frozen=True):
    """The writing into the store; `last_error` is the error since the last good write."""

    last_write_at_ms: int | None = None
    last_error: str | None = None


class ListenerReport(msgspec.Struct, frozen=True):
    """Devices at the door; `messages_by_qos` counts QoS 0, 1 and 2 in that order."""

    connections: int
    sessions: int
    messages_by_qos: tuple[int, int, int]
    refusals: Mapping[str, int]
    revoked: int = 0
    """Sessions that were ended because what opened the door to them does no more."""
    tls_error: str | None = None
    """Why new certificates were not taken; the old ones hold."""


class RegisterReport(msgspec.Struct, frozen=True):
    """What is known of assets and devices; `last_error` while the desk cannot be asked anew."""

    revision: int = 0
    last_load_at_ms: int | None = None
    last_error: str | None = None


class SubscriberReport(msgspec.Struct, frozen=True):
    """Our session at the broker; `canary_missing` while our own last message did not return.

    `dropped_at_broker` is the broker's own figure, `dropped` what it rose by, as we learned since
    our start; `dropped_at_ms` is when we last learned of that, maybe before our start.
    """

    is_connected: bool
    connects: int
    messages: int
    sessions_lost: int
    stale_acks: int
    set_aside: Mapping[str, int]
    canary_missing: bool
    dropped_at_broker: int | None
    dropped: int
    dropped_at_ms: int | None
    last_message_at_ms: int | None
    last_error: str | None


class FeedReport(msgspec.Struct, frozen=True):
    """A bike feed; `overdue_s` is how long it has been past the time it gave itself."""

    name: str
    stations: int
    unknown_stations: int
    messages: int
    polls: Mapping[str, int]
    unfit: Mapping[str, int]
    overdue_s: float
    last_success_at_ms: int | None
    last_error: str | None


class ClockReport(msgspec.Struct, frozen=True):
    """Our own clock against the machine's steady one."""

    now_ms: int
    jumped: bool = False
    last_jump_at_ms: int | None = None
    last_jump_s: float | None = None


class DiskReport(msgspec.Struct, frozen=True):
    """The file system of the data directory."""

    free_bytes: int
    total_bytes: int
    reserve_bytes: int


class DeadLettersReport(msgspec.Struct, frozen=True):
    """Rows in the desk, and the quota at which history waits."""

    rows: int
    quota_rows: int


class HealthReport(msgspec.Struct, frozen=True):
    """Everything the health route says; `listener` and `subscriber` are None where off."""

    status: Status
    why: Sequence[Why]
    version: str
    started_at_ms: int
    books: BooksReport
    journal: JournalReport
    history: HistoryReport
    listener: ListenerReport | None
    subscriber: SubscriberReport | None
    feeds: Sequence[FeedReport]
    register: RegisterReport
    clock: ClockReport
    disk: DiskReport
    dead_letters: DeadLettersReport


class HealthSource(Protocol):
    """Knows how the process is."""

    async def report(self) -> HealthReport:
        """How it is now; never raises, but says so in the report."""
        ...


class Retry(Protocol):
    """Sends the element of a dead letter through the journal once more."""

    async def retry(self, letter: DeadLetterRow) -> None:
        """Return once the element is on disk in the journal and the letter is off the list.

        The letter goes only after the element is on disk, and only if nothing was counted
        onto its row in between (its `last_position` is unchanged): history may have read the
        element, and refused it anew, before the row is removed.

        Raises:
            JournalError: the journal takes nothing just now; the letter stays.
        """
        ...


class MetricsSource(Protocol):
    """Knows the figures that the metrics route shows."""

    async def samples(self) -> Sequence[Sample]:
        """Every figure as of now; each definition is one of `api.metrics.TABLE`."""
        ...


class Presence(Protocol):
    """Knows who is connected to our own listener."""

    def connected(self) -> Mapping[str, int]:
        """Since when (UTC ms) each user has been connected; empty without a listener."""
        ...


class Place(NamedTuple):
    """The clock of the site, and whose public holidays it keeps."""

    zone: ZoneInfo
    country: str | None


@dataclass(frozen=True, slots=True)
class Yard:
    """What the routes over the register and its devices need."""

    site: str
    registry: Registry
    directory: Directory
    presence: Presence
    watching: Watching
    door: Door
    rotation_days: int
    place: Place
    told: Callable[[Reading], Told]
    """What an asset's newest reading and its status tell of whether it should be heard."""
    changed: Callable[[], Awaitable[None]]
    """Has a change seen by everybody in this process; returns when it was."""


@dataclass(frozen=True, slots=True)
class Ports:
    """All doors in one value, for `api.app.create_app`."""

    store: Store
    desk: Desk
    health: HealthSource
    retry: Retry
    metrics: MetricsSource
    access: Access | None = None
    """Keys and people; without it nobody has a key, and anonymous callers are all there are."""
    book: Book = field(default_factory=Book)
    """Where it is collected who came and who was refused, until somebody writes it down."""
    directory: Directory = field(default_factory=Directory)
    yard: Yard | None = None
    """The register for changing; without it there are no routes over it."""
