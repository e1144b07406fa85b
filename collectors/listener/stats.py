"""What the listener counts: every message, every refusal with its reason."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ListenerStats:
    """Totals since the start, except `connections`, `sessions` and `paused`, which are now."""

    connections: int = 0
    sessions: int = 0
    paused: bool = False
    messages: list[int] = field(default_factory=lambda: [0, 0, 0])  # by QoS, journalled
    resent: int = 0  # QoS 2 messages that came again and were not journalled again
    bytes: int = 0
    accepted: int = 0
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)  # (packet, reason)
    keep_alive_timeouts: int = 0
    takeovers: int = 0
    revoked: int = 0  # sessions ended because a credential or certificate was revoked or expired
    tls_reloads: int = 0  # times new certificates were taken over
    tls_failures: int = 0  # times changed files could not be used, so that the old ones go on
    tls_error: str | None = None  # in words; None once the files are in use
    wills: int = 0
    commands: int = 0  # messages handed to a device's `cmd` subscription
    qos0_overflow: int = 0  # ... not handed on, because the device does not read
    rate_pauses: int = 0
    stalls: int = (
        0  # times our own loop stood still, during which no silence is held against anyone
    )

    def refuse(self, packet: str, reason: str) -> None:
        """Count a refusal."""
        self.refusals[packet, reason] += 1
