"""A PUBLISH off the beaten track: QoS 2, refused, with properties, or towards a device."""

from typing import NamedTuple, cast

import mqtt5

from ausguck.journal.port import Flag, RecordType
from ausguck.topics import parse
from collectors.listener.acks import Said
from collectors.listener.identity import VERDICT_CODES, Identity, Verdict
from collectors.listener.peer import Peer
from collectors.listener.service import Service
from collectors.listener.sessions import Session
from collectors.mqtt import codec
from collectors.mqtt.protocol import V5, Code, PacketType, ProtocolError
from collectors.mqtt.validate import locate_publish

WRITE_BUFFER_BYTES = 65_536  # a device that leaves more than this unread gets no commands


def _flags(first: int) -> int:
    qos = first >> 1 & 3
    return qos | (Flag.DUP if first & 0x08 else 0) | (Flag.RETAIN if first & 0x01 else 0)


# By the lower half of the first byte; -1 marks what the protocol forbids.
FLAGS = tuple(
    -1 if bits >> 1 & 3 == 3 or (bits & 0x08 and not bits & 0x06) else int(_flags(bits))  # noqa: PLR2004 - QoS 3
    for bits in range(16)
)


class Publish(NamedTuple):
    """One message that was taken apart."""

    flags: int
    topic: bytes
    packet_id: int
    payload: bytes
    packet: bytes

    @property
    def qos(self) -> int:
        """0, 1 or 2."""
        return self.flags & 3


def publish(
    service: Service, peer: Peer, identity: Identity, session: Session, packet: bytes
) -> None:
    """Judge and journal, refuse or hand on one whole PUBLISH, and see to its answer.

    Raises:
        ProtocolError: it is against the rules, and the connection must end.
    """
    body = 2
    while packet[body - 1] & 0x80:
        body += 1
    parts = locate_publish(peer.version, packet[0], packet, body, len(packet))
    payload = packet[parts.payload_at :]
    message = Publish(FLAGS[packet[0] & 0x0F], parts.topic, parts.packet_id, payload, packet)
    if message.flags & Flag.QOS2 and message.packet_id in session.open_ids:
        service.stats.resent += 1
        _answer(service, peer, message, Code.SUCCESS)
        return
    check_in_flight(service, peer, message.qos)
    verdict = identity.judge(message.topic)
    if verdict is Verdict.COMMAND:
        _command(service, peer, session, message)
    elif verdict is Verdict.OK:
        _journal(service, peer, session, message, RecordType.MESSAGE)
        service.stats.messages[message.qos] += 1
    else:
        _refuse(service, peer, session, message, verdict)


def check_in_flight(service: Service, peer: Peer, qos: int) -> None:
    """End a connection of MQTT 5 that sends more at once than we said we take."""
    in_flight = peer.waiting + peer.open2
    if qos and peer.version == V5 and in_flight >= service.settings.receive_maximum:
        raise ProtocolError("publish", "receive_maximum", Code.RECEIVE_MAXIMUM)


def _journal(
    service: Service, peer: Peer, session: Session, message: Publish, kind: RecordType
) -> None:
    content = (message.topic, message.payload)
    service.append(kind, message.flags, peer.source, message.packet_id, content)
    if message.qos == Flag.QOS2:
        session.open_ids.add(message.packet_id)
        peer.open2 += 1
    _answer(service, peer, message, Code.SUCCESS)


def _refuse(
    service: Service, peer: Peer, session: Session, message: Publish, verdict: Verdict
) -> None:
    service.stats.refuse("publish", verdict.name.lower())
    if peer.version == V5 and message.qos:
        _answer(service, peer, message, VERDICT_CODES[verdict])
    else:
        # Nobody can be told no here, so it is taken and history lists it as a dead letter.
        _journal(service, peer, session, message, RecordType.REFUSED)


def _command(service: Service, peer: Peer, session: Session, message: Publish) -> None:
    heard = hand_on(service, message, peer.version)
    if message.qos == Flag.QOS2:
        session.open_ids.add(message.packet_id)
        peer.open2 += 1
    _answer(service, peer, message, Code.SUCCESS if heard else Code.NO_MATCHING_SUBSCRIBERS)


def hand_on(service: Service, message: Publish, version: int) -> bool:
    """Give a command to whoever hears its topic now; returns whether there was anybody."""
    hearers = _hearers(service, message.topic.decode())
    decoded = cast("mqtt5.PublishPacket", codec.decode(version, message.packet))
    for hearer, topic in hearers.items():
        data = codec.forward(hearer.version, decoded, topic)
        limit = hearer.client_limit
        if hearer.unread_bytes() > WRITE_BUFFER_BYTES or (limit is not None and len(data) > limit):
            service.stats.qos0_overflow += 1
        else:
            hearer.reply(data)
            service.stats.commands += 1
    return bool(hearers)


def _hearers(service: Service, topic: str) -> dict[Peer, str]:
    """Who hears a command, each under the topic it asked for.

    What is sent to an asset also reaches the device in it that knows but its own serial. What
    somebody was granted once is judged again: the device may be in another asset by now.
    """
    found: dict[Peer, str] = {}
    for name in (service.access.device_topic(parse(topic)), topic):
        for hearer in service.hearers.get(name or "", ()):
            if hearer.identity is not None and hearer.identity.may_hear(name or ""):
                found[hearer] = name or ""
            else:
                service.stats.refuse("command", "not_own_cmd")
    return found


def _answer(service: Service, peer: Peer, message: Publish, code: Code) -> None:
    if message.qos == Flag.QOS1:
        data = codec.acknowledge(peer.version, PacketType.PUBACK, message.packet_id, code)
        service.acks.put(peer, data, Said.PUBACK, 1)
    elif message.qos == Flag.QOS2:
        data = codec.acknowledge(peer.version, PacketType.PUBREC, message.packet_id, code)
        service.acks.put(peer, data, Said.PUBREC)
