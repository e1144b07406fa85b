"""Tries out by behaviour whether a broker loses messages, and says which setting to change.

It uses client ids and a topic of its own, so that the running subscriber notices nothing, and
leaves no session behind.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

import mqtt5

from ausguck.errors import BrokerUnavailable
from ausguck.settings.partners import Subscriber as Settings
from collectors.mqtt.codec import acknowledge
from collectors.mqtt.protocol import SHARED_PREFIX, V5, PacketType
from collectors.subscriber import tls, wishes
from collectors.subscriber.dialogue import Caller, Dialogue

QUEUED = 1_500  # deeper than the 1,000 at which Mosquitto, EMQX and others stop by default
WINDOW = 500
CANARY_S = 5.0
QUIET_S = 2.0  # so long nothing came: nothing more will
REFUSED_FROM = 0x80
NOT_TRIED = (
    "whether the broker keeps sessions and messages over its own restart: "
    "docs/how-to/use-your-mosquitto.md and use-your-emqx.md say what to set"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried; the settings to change are given where it is not right."""

    name: str
    ok: bool
    found: str
    mosquitto: str = ""
    emqx: str = ""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of the messages sent while nobody was there."""

    numbers: frozenset[int]
    at_once: int  # before anything was acknowledged


class Examination:
    """One run of all tries, in order."""

    def __init__(self, settings: Settings, site: str, tell: Callable[[str], None]) -> None:
        self._settings = settings
        self._site = site
        self._tell = tell
        self._tls = tls.context(settings.tls)
        self._name = f"{settings.client_id}-check"
        self._topic = wishes.canary_topic(site, self._name)
        self._window = min(WINDOW, settings.receive_maximum)
        self.findings: list[Finding] = []

    def _dialogue(self, *, clean: bool, receive_maximum: int = 65_535) -> Dialogue:
        """The session that must be kept."""
        expiry_s = self._settings.session_expiry_s
        caller = Caller(self._name, clean, expiry_s, receive_maximum)
        return Dialogue(self._settings, self._tls, caller)

    def _other(self) -> Dialogue:
        """Somebody else, who leaves nothing behind."""
        return Dialogue(self._settings, self._tls, Caller(f"{self._name}-out"))

    def _find(self, finding: Finding) -> bool:
        self.findings.append(finding)
        return finding.ok

    async def run(self) -> list[Finding]:
        """Try everything; what fails first may keep the rest from being tried."""
        try:
            if await self._present():
                await self._away()
        except BrokerUnavailable as error:
            name = "connection" if self.findings else "connect"
            self._find(
                Finding(
                    name,
                    ok=False,
                    found=error.reason,
                    mosquitto="listener, cafile, password_file, allow_anonymous",
                    emqx="listeners, authentication",
                )
            )
        return self.findings

    async def _present(self) -> bool:
        self._tell("connecting ...")
        async with self._dialogue(clean=True) as ours, self._other() as other:
            way = "over TLS" if self._tls else "in the clear"
            place = f"{self._settings.host}:{self._settings.port}"
            self._find(Finding("connect", ok=True, found=f"{place} lets us in, {way}"))
            self._find(self._expiry(ours.connack))
            granted = self._find(await self._filters(other))
            if self._settings.share:
                self._find(await self._shared(other))
            if not granted:
                return False
            self._tell("sending a canary ...")
            return self._find(await self._canary(ours, other))

    def _expiry(self, connack: mqtt5.ConnAckPacket) -> Finding:
        asked_s = self._settings.session_expiry_s
        granted_s = connack.session_expiry_interval
        if granted_s is None or granted_s >= asked_s:
            found = f"our session is kept for {asked_s} s"
            return Finding("session_expiry", ok=True, found=found)
        return Finding(
            "session_expiry",
            ok=False,
            found=f"our session is kept for {granted_s} s, not for {asked_s} s",
            mosquitto=f"persistent_client_expiration {-(-asked_s // 86_400)}d",
            emqx=f"mqtt.session_expiry_interval = {asked_s}s",
        )

    async def _filters(self, other: Dialogue) -> Finding:
        """Whether the subscriber's filters are granted at QoS 1; without taking from its share."""
        patterns = [f"v1/{self._site}/+/+/{message}" for message in wishes.MESSAGES]
        filters = [wishes.at_least_once(pattern) for pattern in patterns]
        codes = await other.subscribe(*filters)
        bad = [
            f"{pattern} gets 0x{code:02x}"
            for pattern, code in zip(patterns, codes, strict=False)
            if not wishes.AT_LEAST_ONCE <= code < REFUSED_FROM
        ]
        if not bad and len(codes) == len(patterns):
            found = "every filter is granted at QoS 1"
            return Finding("qos_1", ok=True, found=found)
        return Finding(
            "qos_1",
            ok=False,
            found="; ".join(bad) or "SUBACK answers other filters",
            mosquitto=f"max_qos 1 or 2; acl_file: topic read v1/{self._site}/#",
            emqx=f"mqtt.max_qos_allowed = 2; authorization: allow subscribe v1/{self._site}/#",
        )

    async def _shared(self, other: Dialogue) -> Finding:
        pattern = f"{SHARED_PREFIX}{self._settings.share}-check/{self._topic}"
        (code, *_more) = await other.subscribe(wishes.at_least_once(pattern))
        available = other.connack.shared_subscription_available
        if available and wishes.AT_LEAST_ONCE <= code < REFUSED_FROM:
            return Finding("shared", ok=True, found="shared subscriptions are granted")
        return Finding(
            "shared",
            ok=False,
            found=f"{pattern} gets 0x{code:02x}",
            mosquitto="a release of 1.6 or later, or no subscriber.share",
            emqx="mqtt.shared_subscription = true",
        )

    async def _canary(self, ours: Dialogue, other: Dialogue) -> Finding:
        acl = f"topic readwrite v1/{self._site}/ausguck/+/canary"
        rule = f"authorization: allow publish and subscribe v1/{self._site}/ausguck/+/canary"
        (granted, *_more) = await ours.subscribe(wishes.at_least_once(self._topic))
        nonce = secrets.token_hex(8).encode()
        (code,) = await other.publish(self._topic, [nonce])
        found = ""
        if granted >= REFUSED_FROM or code >= REFUSED_FROM:
            word = "SUBSCRIBE" if granted >= REFUSED_FROM else "PUBLISH"
            found = f"{word} of {self._topic} gets 0x{max(granted, code):02x}"
        while not found:
            packet = await ours.hear(CANARY_S)
            if packet is None:
                found = f"{self._topic} was taken and not handed to us: the ACL filters silently"
            elif isinstance(packet, mqtt5.PublishPacket) and packet.packet_id is not None:
                ours.say(acknowledge(V5, PacketType.PUBACK, packet.packet_id))
                if packet.payload == nonce:
                    return Finding("canary", ok=True, found="a message of our own came back")
        return Finding("canary", ok=False, found=found, mosquitto=f"acl_file: {acl}", emqx=rule)

    async def _away(self) -> None:
        try:
            async with self._dialogue(clean=False) as ours:
                is_kept = ours.connack.session_present
            self._find(
                Finding(
                    "session_kept",
                    ok=is_kept,
                    found="our session was " + ("kept" if is_kept else "gone when we came back"),
                    mosquitto="" if is_kept else "persistent_client_expiration 30d",
                    emqx="" if is_kept else "mqtt.session_expiry_interval = 7d",
                )
            )
            if is_kept:
                await self._queue()
        finally:
            self._tell("cleaning up ...")
            forgetting = Caller(self._name, clean=True, expiry_s=0)
            async with Dialogue(self._settings, self._tls, forgetting):
                pass

    async def _queue(self) -> None:
        self._tell(f"sending {QUEUED} messages while our session is away ...")
        async with self._other() as other:
            payloads = [b"%d" % number for number in range(QUEUED)]
            codes = await other.publish(self._topic, payloads)
        taken = sum(code < REFUSED_FROM for code in codes)
        self._tell("coming back for them ...")
        async with self._dialogue(clean=False, receive_maximum=self._window) as ours:
            returned = await self._collect(ours)
        self._find(judge_queue(len(returned.numbers), taken))
        self._find(judge_window(returned, self._window))

    async def _collect(self, ours: Dialogue) -> Returned:
        """Take what was kept for us: first without acknowledging anything, then all of it."""
        numbers: set[int] = set()
        unacknowledged: list[int] = []
        at_once = -1
        while len(numbers) < QUEUED or at_once < 0:
            packet = await ours.hear(QUIET_S)
            if packet is None and at_once >= 0:
                break
            if isinstance(packet, mqtt5.PublishPacket) and packet.packet_id is not None:
                if packet.payload.isdigit():
                    numbers.add(int(packet.payload))
                unacknowledged.append(packet.packet_id)
            if packet is None:
                at_once = len(numbers)
            if at_once >= 0:
                ours.say(*(acknowledge(V5, PacketType.PUBACK, one) for one in unacknowledged))
                unacknowledged.clear()
        return Returned(frozenset(numbers), at_once)


def judge_queue(returned: int, taken: int) -> Finding:
    """Whether everything the broker took came back."""
    if returned == taken == QUEUED:
        return Finding("queue", ok=True, found=f"all of {QUEUED} messages were kept for us")
    return Finding(
        "queue",
        ok=False,
        found=f"{QUEUED} were sent while we were away, {taken} taken, {returned} came back",
        mosquitto="max_queued_messages 4000000 (and max_queued_bytes, or neither)",
        emqx="mqtt.max_mqueue_len = infinity",
    )


def judge_window(returned: Returned, window: int) -> Finding:
    """Whether the broker uses the window that our Receive Maximum opens."""
    # A message beyond the window is one of Mosquitto 2.0's; it does no harm.
    if window <= returned.at_once <= window + 1:
        found = f"{returned.at_once} messages in flight at Receive Maximum {window}"
        return Finding("window", ok=True, found=found)
    if returned.at_once > window:
        found = f"{returned.at_once} messages in flight, beyond our Receive Maximum of {window}"
        return Finding("window", ok=True, found=f"{found}; we can bear it")
    if returned.at_once == len(returned.numbers):
        found = f"not known: only {returned.at_once} messages were kept"
        return Finding("window", ok=True, found=found)
    return Finding(
        "window",
        ok=False,
        found=f"{returned.at_once} messages in flight at most, where we take {window}: slow",
        mosquitto="(takes our Receive Maximum by itself)",
        emqx="mqtt.max_inflight = 2000",
    )


async def check_broker(settings: Settings, site: str, tell: Callable[[str], None]) -> list[Finding]:
    """Try the broker of the settings out; `tell` hears what is going on.

    Raises:
        ConfigError: a TLS file is not what it should be.
    """
    return await Examination(settings, site, tell).run()
