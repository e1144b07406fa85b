"""The health report as it goes over HTTP."""

from pydantic import BaseModel, ConfigDict, Field

from api.answers.asset import UtcTime
from api.ports import Cause, FeedReport, HealthReport, Status
from ausguck.clock import iso_utc
from ausguck.journal.port import Pause
from ausguck.settings.tree import Site


class HealthWord(BaseModel):
    """How the process is, for those who may know no more."""

    model_config = ConfigDict(extra="forbid")

    status: Status = Field(description="the worst of what is found")


class SiteAnswer(BaseModel):
    """Whose process this is."""

    id: str = Field(description="level 2 of every topic", examples=["kiel"])
    timezone: str = Field(description="IANA time zone of its days", examples=["Europe/Berlin"])


class WhyAnswer(BaseModel):
    """One reason for a status other than ok."""

    cause: Cause = Field(description="the reason, for programs")
    words: str = Field(description="the reason, for people")


class BooksAnswer(BaseModel):
    """Totals since the store was made."""

    decoded: int = Field(description="readings, events and undecodable messages read")
    stored: int = Field(description="of those, stored for the first time")
    duplicates: int = Field(description="of those, stored already; nothing changed")
    dead_lettered: int = Field(description="of those, kept as dead letters")
    balanced: bool = Field(description="decoded = stored + duplicates + dead_lettered")


class JournalAnswer(BaseModel):
    """The log between a device's message and its acknowledgement."""

    committed_records: int = Field(description="records on disk since start")
    size_bytes: int = Field(description="all segments")
    waiting_bytes: int = Field(description="taken in memory, not on disk yet, not acknowledged")
    lag_bytes: int = Field(description="on disk, not in history yet")
    lag_s: float = Field(description="age of the oldest record that is not in history yet")
    free_bytes: int = Field(description="room for the journal before it pauses")
    pause: Pause = Field(description="why nothing is taken just now, or `none`")
    quarantined_ranges: int = Field(description="damaged ranges that were set aside")
    foreign_places: int = Field(description="places a store stood at that are of another journal")
    segments: int = Field(description="files")


class HistoryAnswer(BaseModel):
    """The writing into the store."""

    last_write_at: UtcTime | None = Field(description="null before the first since start")
    last_error: str | None = Field(description="of the last write, if that failed")


class ListenerAnswer(BaseModel):
    """Devices at the door, since start."""

    connections: int = Field(description="devices connected now")
    sessions: int = Field(description="sessions held, connected or not")
    messages_qos0: int = Field(description="messages taken at QoS 0")
    messages_qos1: int = Field(description="messages taken at QoS 1")
    messages_qos2: int = Field(description="messages taken at QoS 2")
    refusals: dict[str, int] = Field(
        description="what was refused, by reason", examples=[{"identity": 3}]
    )
    revoked: int = Field(description="sessions ended, for what opened the door does no more")
    tls_error: str | None = Field(description="why a new certificate was not taken")


class SubscriberAnswer(BaseModel):
    """Our session at the broker, since start."""

    is_connected: bool = Field(description="a session is open now")
    connects: int = Field(description="sessions opened")
    messages: int = Field(description="messages taken")
    sessions_lost: int = Field(description="times the broker had forgotten our session")
    stale_acks: int = Field(description="acknowledgements held back after a reconnect")
    set_aside: dict[str, int] = Field(
        description="messages no reader could take, kept as dead letters, by reason"
    )
    canary_missing: bool = Field(description="our own last message did not come back")
    dropped_at_broker: int | None = Field(
        description="by the broker's own count since its start, for all clients; null: not told"
    )
    dropped: int = Field(description="by how much that count rose, as far as we were told")
    dropped_at: UtcTime | None = Field(
        description="when we last learned of that, maybe before our start; null: never"
    )
    last_message_at: UtcTime | None = Field(description="null before the first since start")
    last_error: str | None = Field(description="why there is no session, or was none")


class RegisterAnswer(BaseModel):
    """What is known of assets, devices and people."""

    revision: int = Field(description="rises with each change")
    last_load_at: UtcTime | None = Field(description="when a change was last taken over")
    last_error: str | None = Field(description="why what holds may be old")


class FeedAnswer(BaseModel):
    """A feed of bike stations, since start."""

    name: str = Field(description="as in the settings", examples=["sprottenflotte"])
    stations: int = Field(description="stations it describes")
    unknown_stations: int = Field(description="held: with a status and no description")
    messages: int = Field(description="readings made of it")
    polls: dict[str, int] = Field(description="questions asked, by how they ended")
    unfit: dict[str, int] = Field(description="what was left out, by reason")
    overdue_s: float = Field(description="past the time the feed gave itself; 0 when in time")
    last_success_at: UtcTime | None = Field(description="null before the first since start")
    last_error: str | None = Field(description="of the last question, if that failed")


class ClockAnswer(BaseModel):
    """Our own clock."""

    now: UtcTime = Field(description="what it says")
    jumped: bool = Field(description="it jumped and is not trusted just now")
    last_jump_at: UtcTime | None = Field(description="null where none was seen since start")
    last_jump_s: float | None = Field(description="how far; forward is positive")


class DiskAnswer(BaseModel):
    """The file system of the data directory."""

    free_bytes: int = Field(description="free now")
    total_bytes: int = Field(description="its size")
    reserve_bytes: int = Field(description="intake pauses when less than this is free")


class DeadLettersAnswer(BaseModel):
    """The list of dead letters."""

    rows: int = Field(description="on the list, identical ones as one")
    quota_rows: int = Field(description="length at which history waits")


class HealthAnswer(BaseModel):
    """How the process is; the HTTP status is 503 when `status` is `failing`, else 200."""

    status: Status = Field(description="`degraded`: late, or a person is needed; nothing is lost")
    why: list[WhyAnswer] = Field(description="reasons, the worst first; empty when ok")
    version: str = Field(description="of the program", examples=["0.1.0"])
    started_at: UtcTime = Field(description="when the process started")
    uptime_s: float = Field(description="seconds since then")
    site: SiteAnswer
    books: BooksAnswer
    journal: JournalAnswer
    history: HistoryAnswer
    listener: ListenerAnswer | None = Field(description="null where it is switched off")
    subscriber: SubscriberAnswer | None = Field(description="null where it is switched off")
    feeds: list[FeedAnswer]
    register_: RegisterAnswer = Field(alias="register")
    clock: ClockAnswer
    disk: DiskAnswer
    dead_letters: DeadLettersAnswer


def health_answer(report: HealthReport, site: Site) -> HealthAnswer:
    """A report as it goes out."""
    return HealthAnswer(
        status=report.status,
        why=[WhyAnswer(cause=why.cause, words=why.words) for why in report.why],
        version=report.version,
        started_at=iso_utc(report.started_at_ms),
        uptime_s=(report.clock.now_ms - report.started_at_ms) / 1000,
        site=SiteAnswer(id=site.id, timezone=site.timezone),
        books=BooksAnswer.model_validate(report.books, from_attributes=True),
        journal=JournalAnswer.model_validate(report.journal, from_attributes=True),
        history=HistoryAnswer(
            last_write_at=_moment(report.history.last_write_at_ms),
            last_error=report.history.last_error,
        ),
        listener=_listener(report),
        subscriber=_subscriber(report),
        feeds=[_feed(feed) for feed in report.feeds],
        register=RegisterAnswer(
            revision=report.register.revision,
            last_load_at=_moment(report.register.last_load_at_ms),
            last_error=report.register.last_error,
        ),
        clock=ClockAnswer(
            now=iso_utc(report.clock.now_ms),
            jumped=report.clock.jumped,
            last_jump_at=_moment(report.clock.last_jump_at_ms),
            last_jump_s=report.clock.last_jump_s,
        ),
        disk=DiskAnswer.model_validate(report.disk, from_attributes=True),
        dead_letters=DeadLettersAnswer.model_validate(report.dead_letters, from_attributes=True),
    )


def _listener(report: HealthReport) -> ListenerAnswer | None:
    listener = report.listener
    if listener is None:
        return None
    qos0, qos1, qos2 = listener.messages_by_qos
    return ListenerAnswer(
        connections=listener.connections,
        sessions=listener.sessions,
        messages_qos0=qos0,
        messages_qos1=qos1,
        messages_qos2=qos2,
        refusals=dict(sorted(listener.refusals.items())),
        revoked=listener.revoked,
        tls_error=listener.tls_error,
    )


def _subscriber(report: HealthReport) -> SubscriberAnswer | None:
    subscriber = report.subscriber
    if subscriber is None:
        return None
    return SubscriberAnswer(
        is_connected=subscriber.is_connected,
        connects=subscriber.connects,
        messages=subscriber.messages,
        sessions_lost=subscriber.sessions_lost,
        stale_acks=subscriber.stale_acks,
        set_aside=dict(sorted(subscriber.set_aside.items())),
        canary_missing=subscriber.canary_missing,
        dropped_at_broker=subscriber.dropped_at_broker,
        dropped=subscriber.dropped,
        dropped_at=_moment(subscriber.dropped_at_ms),
        last_message_at=_moment(subscriber.last_message_at_ms),
        last_error=subscriber.last_error,
    )


def _feed(feed: FeedReport) -> FeedAnswer:
    return FeedAnswer(
        name=feed.name,
        stations=feed.stations,
        unknown_stations=feed.unknown_stations,
        messages=feed.messages,
        polls=dict(sorted(feed.polls.items())),
        unfit=dict(sorted(feed.unfit.items())),
        overdue_s=feed.overdue_s,
        last_success_at=_moment(feed.last_success_at_ms),
        last_error=feed.last_error,
    )


def _moment(epoch_ms: int | None) -> str | None:
    return None if epoch_ms is None else iso_utc(epoch_ms)
