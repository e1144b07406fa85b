"""Every metric of `/metrics` once, and how samples of them become Prometheus text.

The table is what the docs are generated from. A source yields `Sample`s of its entries.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricType(StrEnum):
    """How a figure moves: a counter only up (and back to nothing), a gauge both ways."""

    COUNTER = "counter"
    GAUGE = "gauge"


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """One metric as Prometheus sees it; a counter's name ends in `_total`."""

    name: str
    type: MetricType
    help: str
    labels: tuple[str, ...] = ()


class Sample(NamedTuple):
    """One figure of one metric; `labels` are the values in the definition's order."""

    metric: MetricDefinition
    labels: tuple[str, ...]
    value: float


_COUNTER, _GAUGE = MetricType.COUNTER, MetricType.GAUGE

BUILD_INFO = MetricDefinition(
    "ausguck_build_info", _GAUGE, "Always 1; the label says which version runs.", ("version",)
)
START_TIME = MetricDefinition(
    "ausguck_start_time_seconds", _GAUGE, "When the process started, seconds since 1970."
)
STATUS = MetricDefinition(
    "ausguck_status", _GAUGE, "1 for the status that holds, 0 for the others.", ("status",)
)
BOOKS_DECODED = MetricDefinition(
    "ausguck_books_decoded_total", _COUNTER, "Readings, events and undecodable messages read."
)
BOOKS_STORED = MetricDefinition(
    "ausguck_books_stored_total", _COUNTER, "Of those, stored for the first time."
)
BOOKS_DUPLICATES = MetricDefinition(
    "ausguck_books_duplicates_total", _COUNTER, "Of those, stored already; nothing changed."
)
BOOKS_DEAD_LETTERED = MetricDefinition(
    "ausguck_books_dead_lettered_total", _COUNTER, "Of those, kept as dead letters with a reason."
)
BOOKS_BALANCED = MetricDefinition(
    "ausguck_books_balanced", _GAUGE, "1 while decoded = stored + duplicates + dead-lettered."
)
DEAD_LETTER_ROWS = MetricDefinition(
    "ausguck_dead_letter_rows", _GAUGE, "Dead letters on the list, identical ones as one."
)
DEAD_LETTER_QUOTA_ROWS = MetricDefinition(
    "ausguck_dead_letter_quota_rows", _GAUGE, "Length of the list at which history waits."
)
JOURNAL_RECORDS = MetricDefinition(
    "ausguck_journal_committed_records_total", _COUNTER, "Records on disk since start."
)
JOURNAL_BYTES = MetricDefinition("ausguck_journal_bytes", _GAUGE, "Size of all segments.")
JOURNAL_SEGMENTS = MetricDefinition("ausguck_journal_segments", _GAUGE, "Segment files.")
JOURNAL_WAITING_BYTES = MetricDefinition(
    "ausguck_journal_waiting_bytes", _GAUGE, "Bytes taken in memory and not on disk yet."
)
JOURNAL_LAG_BYTES = MetricDefinition(
    "ausguck_journal_lag_bytes", _GAUGE, "Bytes on disk that history has not stored yet."
)
JOURNAL_LAG_SECONDS = MetricDefinition(
    "ausguck_journal_lag_seconds", _GAUGE, "Age of the oldest record history has not stored."
)
JOURNAL_PAUSED = MetricDefinition(
    "ausguck_journal_paused",
    _GAUGE,
    "1 for the reason for which the journal takes nothing just now.",
    ("reason",),
)
JOURNAL_QUARANTINED = MetricDefinition(
    "ausguck_journal_quarantined_ranges", _GAUGE, "Damaged ranges that were set aside."
)
HISTORY_LAST_WRITE = MetricDefinition(
    "ausguck_history_last_write_time_seconds",
    _GAUGE,
    "When the store last took a batch, seconds since 1970; absent before the first.",
)
HISTORY_FAILING = MetricDefinition(
    "ausguck_history_failing", _GAUGE, "1 while the last write to the store failed."
)
HISTORY_DEAD_LETTERS = MetricDefinition(
    "ausguck_history_dead_letters_total", _COUNTER, "Dead letters since start.", ("reason",)
)
HISTORY_DROPPED_VALUES = MetricDefinition(
    "ausguck_history_dropped_values_total",
    _COUNTER,
    "Values left out of readings that were kept, since start.",
    ("key", "reason"),
)
HISTORY_RETRIES = MetricDefinition(
    "ausguck_history_retries_total", _COUNTER, "Batches held and tried again.", ("reason",)
)
LISTENER_CONNECTIONS = MetricDefinition(
    "ausguck_listener_connections", _GAUGE, "Devices connected now."
)
LISTENER_SESSIONS = MetricDefinition(
    "ausguck_listener_sessions", _GAUGE, "Sessions held, connected or not."
)
LISTENER_MESSAGES = MetricDefinition(
    "ausguck_listener_messages_total", _COUNTER, "Messages taken since start.", ("qos",)
)
LISTENER_REFUSALS = MetricDefinition(
    "ausguck_listener_refusals_total", _COUNTER, "What was refused since start.", ("reason",)
)
SUBSCRIBER_CONNECTED = MetricDefinition(
    "ausguck_subscriber_connected", _GAUGE, "1 while a session at the broker is open."
)
SUBSCRIBER_CONNECTS = MetricDefinition(
    "ausguck_subscriber_connects_total", _COUNTER, "Sessions opened at the broker since start."
)
SUBSCRIBER_MESSAGES = MetricDefinition(
    "ausguck_subscriber_messages_total", _COUNTER, "Messages taken from the broker since start."
)
SUBSCRIBER_SESSIONS_LOST = MetricDefinition(
    "ausguck_subscriber_sessions_lost_total",
    _COUNTER,
    "Times the broker had forgotten our session, and what it held for us.",
)
SUBSCRIBER_STALE_ACKS = MetricDefinition(
    "ausguck_subscriber_stale_acks_total",
    _COUNTER,
    "Acknowledgements held back because the connection they were for had ended.",
)
SUBSCRIBER_SET_ASIDE = MetricDefinition(
    "ausguck_subscriber_set_aside_total",
    _COUNTER,
    "Messages from the broker that no reader could take, kept as dead letters.",
    ("reason",),
)
SUBSCRIBER_CANARY_MISSING = MetricDefinition(
    "ausguck_subscriber_canary_missing",
    _GAUGE,
    "1 while our own last message through the broker did not come back.",
)
BROKER_DROPPED = MetricDefinition(
    "ausguck_broker_dropped_messages",
    _GAUGE,
    "Messages the broker says it has dropped since it started; absent where it does not say.",
)
BROKER_DROPPED_TOTAL = MetricDefinition(
    "ausguck_broker_dropped_total",
    _COUNTER,
    "Messages the broker has dropped for any client, as we learned since our start.",
)
FEED_OVERDUE = MetricDefinition(
    "ausguck_feed_overdue_seconds", _GAUGE, "Past the time the feed gave itself.", ("feed",)
)
FEED_STATIONS = MetricDefinition(
    "ausguck_feed_stations", _GAUGE, "Stations the feed describes.", ("feed",)
)
FEED_UNKNOWN_STATIONS = MetricDefinition(
    "ausguck_feed_unknown_stations",
    _GAUGE,
    "Stations with a status and no description, which are held.",
    ("feed",),
)
FEED_MESSAGES = MetricDefinition(
    "ausguck_feed_messages_total", _COUNTER, "Readings made of the feed since start.", ("feed",)
)
FEED_POLLS = MetricDefinition(
    "ausguck_feed_polls_total",
    _COUNTER,
    "Questions asked of the feed since start, by how they ended.",
    ("feed", "outcome"),
)
FEED_UNFIT = MetricDefinition(
    "ausguck_feed_unfit_total", _COUNTER, "What was left out of the feed.", ("feed", "reason")
)
STATE_ROWS = MetricDefinition(
    "ausguck_state_rows_total", _COUNTER, "Rows of state that the store took since start."
)
STATE_GAPS = MetricDefinition(
    "ausguck_state_gaps_total",
    _COUNTER,
    "Minutes without rows of state since start, by reason; each is a gap on the dashboards.",
    ("reason",),
)
STATE_ROWS_GIVEN_UP = MetricDefinition(
    "ausguck_state_rows_given_up_total",
    _COUNTER,
    "Rows of state that the store did not take in time.",
    ("reason",),
)
CLOCK_JUMPED = MetricDefinition(
    "ausguck_clock_jumped", _GAUGE, "1 while our own clock is not trusted."
)
DISK_FREE_BYTES = MetricDefinition(
    "ausguck_disk_free_bytes", _GAUGE, "Free space where the data directory is."
)
DISK_TOTAL_BYTES = MetricDefinition(
    "ausguck_disk_total_bytes", _GAUGE, "Size of the file system of the data directory."
)
DISK_RESERVE_BYTES = MetricDefinition(
    "ausguck_disk_reserve_bytes", _GAUGE, "Free space under which intake pauses."
)
REGISTER_REVISION = MetricDefinition(
    "ausguck_register_revision",
    MetricType.GAUGE,
    "Rises with each change of register, credentials, keys and people.",
)
REGISTER_FAILURES = MetricDefinition(
    "ausguck_register_failures_total",
    MetricType.COUNTER,
    "Times the register could not be read anew; what was known before holds.",
)
CALLERS_FAILURES = MetricDefinition(
    "ausguck_callers_write_failures_total",
    MetricType.COUNTER,
    "Times it could not be written when keys were used and who was refused; it is tried again.",
)
REGISTER_DEVICES = MetricDefinition(
    "ausguck_register_devices",
    MetricType.GAUGE,
    "Devices of the register, by where they are in their life.",
    ("state",),
)
REFITTED = MetricDefinition(
    "ausguck_refitted_total",
    MetricType.COUNTER,
    "Dead letters sent through again because their device was fitted.",
)
REFITTING = MetricDefinition(
    "ausguck_refitting_devices",
    MetricType.GAUGE,
    "Devices whose dead letters are still to be looked through, for a fitting became known.",
)
REFITTING_REFUSED = MetricDefinition(
    "ausguck_refitting_refused_total",
    MetricType.COUNTER,
    "Dead letters looked through that would be refused again, and stay.",
)
REFITTING_HELD = MetricDefinition(
    "ausguck_refitting_held_total",
    MetricType.COUNTER,
    "Times journal or desk took none of them and it was tried later.",
    ("error",),
)
WAITING_DEVICES = MetricDefinition(
    "ausguck_waiting_devices",
    MetricType.GAUGE,
    "Serials that speak and are fitted nowhere, so that what they said waits.",
)
WAITING_LETTERS = MetricDefinition(
    "ausguck_waiting_letters",
    MetricType.GAUGE,
    "Dead letters of those, each as often as it came.",
)
CERTIFICATE_EXPIRES = MetricDefinition(
    "ausguck_certificate_expires_at_seconds",
    MetricType.GAUGE,
    "When a certificate ends, as seconds since 1970; of clients the hundred that end first.",
    ("kind", "name"),
)
HTTP_REFUSALS = MetricDefinition(
    "ausguck_http_refusals_total",
    _COUNTER,
    "Requests answered with a problem since start.",
    ("problem",),
)

TABLE: tuple[MetricDefinition, ...] = (
    BUILD_INFO,
    START_TIME,
    STATUS,
    BOOKS_DECODED,
    BOOKS_STORED,
    BOOKS_DUPLICATES,
    BOOKS_DEAD_LETTERED,
    BOOKS_BALANCED,
    DEAD_LETTER_ROWS,
    DEAD_LETTER_QUOTA_ROWS,
    JOURNAL_RECORDS,
    JOURNAL_BYTES,
    JOURNAL_SEGMENTS,
    JOURNAL_WAITING_BYTES,
    JOURNAL_LAG_BYTES,
    JOURNAL_LAG_SECONDS,
    JOURNAL_PAUSED,
    JOURNAL_QUARANTINED,
    HISTORY_LAST_WRITE,
    HISTORY_FAILING,
    HISTORY_DEAD_LETTERS,
    HISTORY_DROPPED_VALUES,
    HISTORY_RETRIES,
    LISTENER_CONNECTIONS,
    LISTENER_SESSIONS,
    LISTENER_MESSAGES,
    LISTENER_REFUSALS,
    SUBSCRIBER_CONNECTED,
    SUBSCRIBER_CONNECTS,
    SUBSCRIBER_MESSAGES,
    SUBSCRIBER_SESSIONS_LOST,
    SUBSCRIBER_STALE_ACKS,
    SUBSCRIBER_SET_ASIDE,
    SUBSCRIBER_CANARY_MISSING,
    BROKER_DROPPED,
    BROKER_DROPPED_TOTAL,
    FEED_OVERDUE,
    FEED_STATIONS,
    FEED_UNKNOWN_STATIONS,
    FEED_MESSAGES,
    FEED_POLLS,
    FEED_UNFIT,
    STATE_ROWS,
    STATE_GAPS,
    STATE_ROWS_GIVEN_UP,
    REGISTER_REVISION,
    REGISTER_FAILURES,
    CALLERS_FAILURES,
    REGISTER_DEVICES,
    REFITTED,
    REFITTING,
    REFITTING_REFUSED,
    REFITTING_HELD,
    WAITING_DEVICES,
    WAITING_LETTERS,
    CERTIFICATE_EXPIRES,
    CLOCK_JUMPED,
    DISK_FREE_BYTES,
    DISK_TOTAL_BYTES,
    DISK_RESERVE_BYTES,
    HTTP_REFUSALS,
)


class _Samples(Collector):
    """Shows samples to prometheus_client, one family a metric, in the table's order."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._by_metric: defaultdict[MetricDefinition, list[Sample]] = defaultdict(list)
        for sample in samples:
            self._by_metric[sample.metric].append(sample)

    def collect(self) -> Iterator[Metric]:
        for metric, samples in self._by_metric.items():
            family = (
                CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
                if metric.type is MetricType.COUNTER
                else GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            )
            for sample in samples:
                family.add_metric(sample.labels, sample.value)
            yield family


def exposition(samples: Sequence[Sample]) -> bytes:
    """The samples as Prometheus text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Samples(samples))
    return generate_latest(registry)
