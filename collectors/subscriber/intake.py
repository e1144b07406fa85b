"""What outlives a connection: where messages go, what is counted, and which came half-way."""

from dataclasses import dataclass, field

from ausguck.clock import Clock
from ausguck.journal.port import Appender, Source, Ticket
from ausguck.probe import Probe
from ausguck.settings.partners import Subscriber as Settings
from collectors.subscriber.canary import Canary
from collectors.subscriber.losses import Losses
from collectors.subscriber.stats import SubscriberStats
from collectors.subscriber.wishes import Wish

SOURCE_NAME = "subscriber"
KNOWN_MAX = 65_536
KNOWN_TOPIC_BYTES = 256  # 65,536 of the longest would be 4 GiB; ours have 150 at most


class Known(set[bytes]):
    """Topics that are well-formed and ordinary messages'; bounded in number and in bytes."""

    def remember(self, topic: bytes) -> None:
        """This one is."""
        if len(topic) > KNOWN_TOPIC_BYTES:
            return
        if len(self) >= KNOWN_MAX:
            self.clear()
        self.add(topic)


@dataclass(slots=True)
class Intake:
    """The subscriber without its socket."""

    settings: Settings
    journal: Appender
    clock: Clock
    probe: Probe
    stats: SubscriberStats
    canary: Canary
    losses: Losses
    wishes: tuple[Wish, ...]
    source: bytes = b""
    last: Ticket = 0  # the newest we were given, on whichever connection
    known: Known = field(default_factory=Known)  # for the hot path
    open_ids: set[int] = field(default_factory=set)  # QoS 2 messages between PUBREC and PUBREL

    def __post_init__(self) -> None:
        # MQTT does not tell a subscriber who published.
        source = Source(SOURCE_NAME, "", self.settings.client_id)
        self.source = self.journal.source(source)
        self.last = self.journal.committed

    def count(self, acknowledged: int, at_most_once: int, size: int, now_ms: int) -> None:
        """So many messages, and so many bytes of packets, were journalled."""
        stats = self.stats
        stats.messages += acknowledged + at_most_once
        stats.qos0 += at_most_once
        stats.bytes += size
        stats.last_message_at_ms = now_ms
