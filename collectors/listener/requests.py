"""Every packet after CONNECT but PUBLISH: what a client may ask, and the answers."""

from collections.abc import Callable
from typing import cast

import mqtt5

from ausguck.journal.port import RecordType
from collectors.listener.acks import Said
from collectors.listener.peer import Peer
from collectors.listener.service import Service
from collectors.listener.sessions import RELEASED, Session, Subscribed
from collectors.listener.wills import End
from collectors.mqtt import codec
from collectors.mqtt.protocol import V5, Code, PacketType, ProtocolError
from collectors.mqtt.validate import check_packet


def answer(service: Service, peer: Peer, session: Session, packet: bytes) -> None:
    """Judge and answer one whole packet that is no PUBLISH.

    Raises:
        ProtocolError: it is against the rules, and the connection must end.
    """
    kind = check_packet(peer.version, packet)
    if kind is PacketType.PINGREQ:
        peer.reply(codec.PINGRESP)
        return
    ANSWERS[kind](service, peer, session, codec.decode(peer.version, packet))


def _release(service: Service, peer: Peer, session: Session, packet: mqtt5.Packet) -> None:
    packet_id = cast("mqtt5.PubRelPacket", packet).packet_id
    code = Code.SUCCESS
    if packet_id in session.open_ids:
        session.open_ids.discard(packet_id)
        service.append(RecordType.SESSION, 0, peer.source, packet_id, (b"", RELEASED))
        peer.open2 = max(0, peer.open2 - 1)
    else:
        # After a restart or a takeover an id may be unknown or just on its way out: not an error.
        code = Code.ID_NOT_FOUND
    done = codec.acknowledge(peer.version, PacketType.PUBCOMP, packet_id, code)
    service.acks.put(peer, done, Said.PUBCOMP)


def _stray(service: Service, _peer: Peer, _session: Session, packet: mqtt5.Packet) -> None:
    # We send at QoS 0 only, so there is nothing that these could acknowledge.
    service.stats.refuse(type(packet).__name__.removesuffix("Packet").lower(), "nothing_sent")


def _stray_received(service: Service, peer: Peer, session: Session, packet: mqtt5.Packet) -> None:
    _stray(service, peer, session, packet)
    packet_id = cast("mqtt5.PubRecPacket", packet).packet_id
    peer.reply(codec.acknowledge(peer.version, PacketType.PUBREL, packet_id, Code.ID_NOT_FOUND))


def _subscribe(service: Service, peer: Peer, session: Session, packet: mqtt5.Packet) -> None:
    asked = cast("mqtt5.SubscribePacket", packet)
    codes: list[Code] = []
    granted: list[str] = []
    for topic_filter in asked.topic_filters:
        allowed = peer.identity is not None and peer.identity.may_hear(topic_filter.pattern)
        codes.append(Code.SUCCESS if allowed else Code.NOT_AUTHORIZED)
        if allowed:
            granted.append(topic_filter.pattern)
        else:
            service.stats.refuse("subscribe", "not_own_cmd")
    topics = tuple(dict.fromkeys((*session.topics, *granted)))
    for topic in granted:
        service.hearers.setdefault(topic, set()).add(peer)
    if topics != session.topics:
        session.topics = topics
        service.note(peer, Subscribed(topics))
    said = codec.suback(peer.version, asked.packet_id, codes)
    service.acks.put(peer, said, Said.OTHER)


def _unsubscribe(service: Service, peer: Peer, session: Session, packet: mqtt5.Packet) -> None:
    asked = cast("mqtt5.UnsubscribePacket", packet)
    existed = [pattern in session.topics for pattern in asked.patterns]
    gone = tuple(topic for topic in session.topics if topic in asked.patterns)
    if gone:
        session.topics = tuple(topic for topic in session.topics if topic not in gone)
        service.unhear(peer, gone)
        service.note(peer, Subscribed(session.topics))
    said = codec.unsuback(peer.version, asked.packet_id, existed)
    service.acks.put(peer, said, Said.OTHER)


def _disconnect(service: Service, peer: Peer, session: Session, packet: mqtt5.Packet) -> None:
    asked = cast("mqtt5.DisconnectPacket", packet)
    expiry_s = asked.session_expiry_interval
    if expiry_s is not None and peer.version == V5:
        if expiry_s and not session.expiry_s:
            raise ProtocolError("disconnect", "expiry_from_zero", Code.PROTOCOL_ERROR)
        session.expiry_s = min(expiry_s, service.settings.session_expiry_max_s)
    end = End.GOODBYE if int(asked.reason_code) == 0 else End.GOODBYE_WITH_WILL
    service.part(peer, end)
    peer.close()


def _auth(_service: Service, _peer: Peer, _session: Session, _packet: mqtt5.Packet) -> None:
    # No CONNECT with an authentication method was accepted, so there is nothing to go on with.
    raise ProtocolError("auth", "no_method", Code.PROTOCOL_ERROR)


ANSWERS: dict[PacketType, Callable[[Service, Peer, Session, mqtt5.Packet], None]] = {
    PacketType.PUBACK: _stray,
    PacketType.PUBREC: _stray_received,
    PacketType.PUBREL: _release,
    PacketType.PUBCOMP: _stray,
    PacketType.SUBSCRIBE: _subscribe,
    PacketType.UNSUBSCRIBE: _unsubscribe,
    PacketType.DISCONNECT: _disconnect,
    PacketType.AUTH: _auth,
}
