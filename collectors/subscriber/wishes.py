"""What we ask a broker for, and what we make of its answers: CONNECT, SUBSCRIBE, and no I/O."""

from dataclasses import dataclass

import mqtt5

from ausguck.settings.partners import Subscriber
from ausguck.topics import VERSION, Message
from collectors.mqtt.protocol import SHARED_PREFIX
from collectors.subscriber import ends
from collectors.subscriber.ends import End

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
MESSAGES = (Message.TELEMETRY, Message.STATUS, Message.INVENTORY, Message.EVENT)
SUBSCRIBE_ID = 1
CANARY_ID = 2  # of the one message that we publish at a time
AT_LEAST_ONCE = 1
GRANTED_MAX = 2
REFUSED_FROM = 0x80


@dataclass(frozen=True, slots=True)
class Agreed:
    """What CONNACK granted."""

    session_present: bool
    keep_alive_s: int
    notes: tuple[str, ...]  # what an operator should know


@dataclass(frozen=True, slots=True)
class Wish:
    """One filter; without what is `needed` there is no use in staying."""

    filter: mqtt5.TopicFilter
    needed: bool


def canary_topic(site: str, client_id: str) -> str:
    """Where a client's own canary flies."""
    return f"{VERSION}/{site}/ausguck/{client_id}/canary"


def wishes(settings: Subscriber, site: str) -> tuple[Wish, ...]:
    """Everything to subscribe to, at QoS 1 but for the broker's own counter."""
    prefix = f"{SHARED_PREFIX}{settings.share}/" if settings.share else ""
    topics = [f"{prefix}{VERSION}/{site}/+/+/{message}" for message in MESSAGES]
    wanted = [Wish(at_least_once(topic), needed=True) for topic in topics]
    if settings.canary_interval_s:
        canary = canary_topic(site, settings.client_id)
        wanted.append(Wish(at_least_once(canary), needed=False))
    # Retained, but Mosquitto lets a value expire that has not changed for 60 s: it may come only
    # with the next change.
    counter = mqtt5.TopicFilter(DROPPED_TOPIC, max_qos=mqtt5.QoS.AT_MOST_ONCE)
    return (*wanted, Wish(counter, needed=False))


def at_least_once(pattern: str) -> mqtt5.TopicFilter:
    """A filter at QoS 1 that hears nothing retained from before."""
    return mqtt5.TopicFilter(
        pattern,
        max_qos=mqtt5.QoS.AT_LEAST_ONCE,
        retain_as_published=True,
        retain_handling=mqtt5.RetainHandling.SEND_NEVER,
    )


def connect(settings: Subscriber) -> bytes:
    """CONNECT for a session that outlives the connection."""
    password = settings.password
    return mqtt5.ConnectPacket(
        settings.client_id,
        username=settings.user,
        password=None if password is None else password.get_secret_value().encode(),
        clean_start=False,
        keep_alive=settings.keep_alive_s,
        session_expiry_interval=settings.session_expiry_s,
        receive_max=settings.receive_maximum,
        topic_alias_max=0,
        max_packet_size=settings.max_packet_bytes,
    ).write()


def subscribe(wanted: tuple[Wish, ...]) -> bytes:
    """SUBSCRIBE for all of them."""
    return mqtt5.SubscribePacket(SUBSCRIBE_ID, [wish.filter for wish in wanted]).write()


def judge_connack(
    packet: mqtt5.ConnAckPacket, settings: Subscriber, subscribe_bytes: int
) -> Agreed | End:
    """Whether what the broker grants is enough to lose nothing."""
    if int(packet.reason_code):
        return ends.refused(packet, settings.client_id)
    lacking = _lacking(packet, settings, subscribe_bytes)
    if lacking is not None:
        return lacking
    keep_alive_s = settings.keep_alive_s
    if packet.server_keep_alive:
        keep_alive_s = min(keep_alive_s, packet.server_keep_alive)
    expiry_s = packet.session_expiry_interval
    notes = []
    if expiry_s is not None and expiry_s < settings.session_expiry_s:
        asked = f"{settings.session_expiry_s} s as subscriber.session_expiry_s asks"
        notes.append(f"the broker keeps our session for {expiry_s} s only, not for {asked}")
    return Agreed(packet.session_present, keep_alive_s, tuple(notes))


def _lacking(packet: mqtt5.ConnAckPacket, settings: Subscriber, subscribe_bytes: int) -> End | None:
    if int(packet.max_qos) < AT_LEAST_ONCE:
        words = "the broker grants QoS 0 only, with which messages are lost without a word"
        return End("qos_0_only", words, slow=True)
    if settings.share and not packet.shared_subscription_available:
        words = "the broker has no shared subscriptions: leave subscriber.share out"
        return End("no_shared_subscriptions", words, slow=True)
    if not packet.wildcard_subscription_available:
        words = "the broker has no wildcard subscriptions, without which devices are not heard"
        return End("no_wildcards", words, slow=True)
    if packet.max_packet_size is not None and packet.max_packet_size < subscribe_bytes:
        words = f"the broker takes packets of {packet.max_packet_size} bytes at most: too small"
        return End("packets_too_small", words, slow=True)
    return None


def judge_suback(codes: list[int], wanted: tuple[Wish, ...]) -> tuple[End | None, list[str]]:
    """What was refused: the end it means, if any, and notes on what we do without."""
    if len(codes) != len(wanted):
        return End("protocol_suback_count", "the broker's SUBACK answers other filters"), []
    notes: list[str] = []
    for code, wish in zip(codes, wanted, strict=True):
        if int(wish.filter.max_qos) <= code <= GRANTED_MAX:
            continue
        why = (
            f"0x{code:02x} {mqtt5.SubAckReasonCode(code).name.lower()}"
            if code >= REFUSED_FROM
            else "QoS 0 only"
        )
        words = f"the broker refuses the filter {wish.filter.pattern}: {why}"
        if wish.needed:
            return End("filter_refused", words, slow=True), notes
        notes.append(words)
    return None, notes
