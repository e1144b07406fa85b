"""The canary: a message of our own that must come back through the broker.

An ACL may grant a SUBSCRIBE and then filter every message at delivery, so that success and
silence look alike. Pure: the clock is read by whoever calls.
"""

from collections.abc import Callable

from collectors.subscriber.stats import SubscriberStats

DEADLINE_S = 10.0
PATIENCE_S = 600.0  # in a backlog the canary comes behind everything else

SWALLOWED = (
    "the broker takes our messages and does not hand them to us: its ACL lets us subscribe, but "
    "not read {topic}; `ausguck check --broker` tells more"
)
REFUSED = "the broker does not let us publish {topic} (0x{code:02x}): its ACL has no such line"


class Canary:
    """Sends one at a time and judges what comes back."""

    def __init__(
        self, topic: str, interval_s: float, stats: SubscriberStats, nonce: Callable[[], str]
    ) -> None:
        self.topic = topic.encode()
        self._name = topic
        self._interval_s = interval_s
        self._stats = stats
        self._nonce = nonce
        self._waiting = b""
        self._sent_s = 0.0
        self._due_s = 0.0

    def begin(self, now_s: float) -> None:
        """We read (again): a canary sent before is no longer waited for, a new one is due."""
        self._waiting = b""
        self._due_s = now_s

    def next(self, now_s: float) -> bytes:
        """The payload to publish now, or nothing."""
        if not self._interval_s or self._waiting or now_s < self._due_s:
            return b""
        self._waiting = self._nonce().encode()
        self._sent_s = now_s
        self._due_s = now_s + self._interval_s
        self._stats.canary_sent += 1
        return self._waiting

    def came(self, payload: bytes, now_s: float) -> None:
        """Something came on our topic."""
        if not self._waiting or payload != self._waiting:
            self._stats.canary_other += 1
            return
        self._waiting = b""
        self._stats.canary_missing = False
        self._stats.canary_returned += 1
        self._stats.canary_rtt_ms = (now_s - self._sent_s) * 1000

    def refused(self, code: int) -> str:
        """The broker did not take it; returns what to say."""
        self._waiting = b""
        self._stats.canary_missing = True
        self._stats.canary_refused += 1
        return REFUSED.format(topic=self._name, code=code)

    def overdue(self, now_s: float, heard_s: float) -> str:
        """What to say if it should have come back by now, or nothing.

        While other messages come (the last at `heard_s`) it may still be behind them.
        """
        if not self._waiting:
            return ""
        quiet_s = now_s - max(self._sent_s, heard_s)
        if quiet_s < DEADLINE_S and now_s - self._sent_s < PATIENCE_S:
            return ""
        self._waiting = b""
        self._stats.canary_missing = True
        self._stats.canary_missed += 1
        return SWALLOWED.format(topic=self._name)
