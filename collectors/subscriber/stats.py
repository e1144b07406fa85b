"""What the subscriber counts, and what it knows of the broker now."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class SubscriberStats:
    """Totals since the start; `connected`, `paused` and what is last or at the broker are now."""

    connected: bool = False  # and subscribed
    paused: bool = False  # not reading, because the journal takes nothing
    connects: int = 0  # times the broker said yes to CONNECT
    attempts: int = 0  # times it was tried
    disconnects: Counter[str] = field(default_factory=Counter)  # ends and failed tries, by reason
    tls_failures: int = 0  # times changed files could not be used, so that the old ones go on
    session_lost: int = 0  # times the broker had forgotten us: what was sent meanwhile is lost
    messages: int = 0  # journalled
    qos0: int = 0  # of these, what the broker may lose by its own rules
    set_aside: Counter[str] = field(default_factory=Counter)  # of these, as dead letters; by fault
    hot_faults: int = 0  # reads that our own hot loop failed on, so that they went the slow way
    resent: int = 0  # QoS 2 messages that came again and were not journalled again
    bytes: int = 0
    stale_acks: int = 0  # acknowledgements whose connection ended before they could be sent
    beyond_window: int = 0  # messages that the broker sent beyond subscriber.receive_maximum
    waiting: int = 0  # messages that are not acknowledged yet
    stalls: int = 0  # times our own loop stood still, which is held against nobody
    dropped_at_broker: int | None = None  # messages it threw away since its start, if it says so
    dropped: int = 0  # of these, what we learned of since our start, wherever we were meanwhile
    dropped_at_ms: int | None = None  # when we last learned of some, maybe before our start
    canary_sent: int = 0
    canary_returned: int = 0
    canary_missed: int = 0
    canary_refused: int = 0
    canary_missing: bool = False  # the last one was refused, or did not come back
    canary_other: int = 0  # on our canary's topic, but not or no longer waited for
    canary_rtt_ms: float | None = None
    last_message_at_ms: int | None = None
    last_error: str | None = None  # in words; stays after it was overcome
    last_error_at_ms: int | None = None
