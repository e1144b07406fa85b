"""What each packet of the broker means to us, ordinary messages in a row excepted."""

from collections.abc import Callable
from typing import cast

import mqtt5

from ausguck.journal.port import Flag, RecordType
from collectors.listener.publishing import FLAGS
from collectors.mqtt import codec
from collectors.mqtt.from_server import Delivery, check_server_packet, locate, outline
from collectors.mqtt.protocol import V5, Code, PacketType, ProtocolError
from collectors.subscriber import ends, wishes
from collectors.subscriber.ends import End
from collectors.subscriber.generation import Generation, Phase
from collectors.subscriber.losses import NO_FIGURE
from collectors.subscriber.topictext import readable

DROPPED_TOPIC = wishes.DROPPED_TOPIC.encode()
REFUSED_FROM = 0x80
SET_ASIDE = "a message is set aside as a dead letter: {why}; more of them are counted, not told"


def answer(connection: Generation, packet: bytes) -> None:
    """Take one whole packet.

    Raises:
        ProtocolError: it is against the rules, and the connection must end. Of a PUBLISH only
            its frame can be: what its publisher wrote into it costs the message, not the session.
    """
    is_publish = packet[0] >> 4 == PacketType.PUBLISH  # which is judged where it is taken
    kind = PacketType.PUBLISH if is_publish else check_server_packet(packet)
    if (kind is PacketType.CONNACK) is not (connection.phase is Phase.NEW):
        reason = "before_connack" if connection.phase is Phase.NEW else "second_connack"
        raise ProtocolError(kind.name.lower(), reason, Code.PROTOCOL_ERROR)
    ANSWERS[kind](connection, packet)


def _connack(connection: Generation, packet: bytes) -> None:
    intake = connection.intake
    connack = cast("mqtt5.ConnAckPacket", codec.decode(V5, packet))
    subscribe = wishes.subscribe(intake.wishes)
    verdict = wishes.judge_connack(connack, intake.settings, len(subscribe))
    if not int(connack.reason_code):
        connection.phase = Phase.KNOWN
    if isinstance(verdict, End):
        connection.end(verdict, Code.SUCCESS)
        return
    connection.agreed = verdict
    connection.keep_alive_s = verdict.keep_alive_s
    connection.since_s = connection.heard_s
    connection.notes += verdict.notes
    if not verdict.session_present:
        intake.open_ids.clear()
    connection.tell(subscribe)
    connection.greeted.set_result(None)


def _suback(connection: Generation, packet: bytes) -> None:
    suback = cast("mqtt5.SubAckPacket", codec.decode(V5, packet))
    if connection.phase is not Phase.KNOWN or suback.packet_id != wishes.SUBSCRIBE_ID:
        raise ProtocolError("suback", "not_asked_for", Code.PROTOCOL_ERROR)
    end, notes = wishes.judge_suback(
        [int(code) for code in suback.reason_codes], connection.intake.wishes
    )
    connection.notes += notes
    if end is not None:
        connection.end(end, Code.SUCCESS)
        return
    connection.phase = Phase.OPEN
    connection.on_open(connection)


def _publish(connection: Generation, packet: bytes) -> None:
    flags = FLAGS[packet[0] & 0x0F]
    try:
        delivery = locate(packet)
        _take(connection, packet, delivery, flags)
    except ProtocolError:
        raise
    except Exception as error:  # noqa: BLE001 - counted by name, and the message set aside
        # Ending the connection over it would bring the same message again, for ever.
        delivery = outline(packet)
        _set_aside(connection, packet, delivery, flags, f"internal_{type(error).__name__}")
    _acknowledge(connection, delivery.packet_id, flags)


def _take(connection: Generation, packet: bytes, delivery: Delivery, flags: int) -> None:
    intake = connection.intake
    if delivery.topic == DROPPED_TOPIC:
        _dropped(connection, packet[delivery.payload_at :])
    elif delivery.topic == intake.canary.topic:
        intake.canary.came(packet[delivery.payload_at :], connection.heard_s)
    elif flags & Flag.QOS2 and flags & Flag.DUP and delivery.packet_id in intake.open_ids:
        intake.stats.resent += 1
    elif delivery.fault is not None:
        why = f"{delivery.part}_{delivery.fault.reason}"
        _set_aside(connection, packet, delivery, flags, why)
    else:
        _journal(connection, packet, delivery, flags, RecordType.MESSAGE)
        intake.known.remember(delivery.topic)


def _acknowledge(connection: Generation, packet_id: int, flags: int) -> None:
    if flags & Flag.QOS1:
        connection.acknowledge(codec.acknowledge(V5, PacketType.PUBACK, packet_id), 1)
    elif flags & Flag.QOS2:
        connection.intake.open_ids.add(packet_id)
        connection.open2.add(packet_id)
        connection.acknowledge(codec.acknowledge(V5, PacketType.PUBREC, packet_id), 0)


def _set_aside(
    connection: Generation, packet: bytes, delivery: Delivery, flags: int, why: str
) -> None:
    shown = delivery._replace(topic=readable(delivery.topic))
    _journal(connection, packet, shown, flags | Flag.SET_ASIDE, RecordType.REFUSED)
    counted = connection.intake.stats.set_aside
    if not counted[why]:  # the same again is not worth a line each; the counter has it
        connection.notes.append(SET_ASIDE.format(why=why))
    counted[why] += 1


def _journal(
    connection: Generation, packet: bytes, delivery: Delivery, flags: int, kind: RecordType
) -> None:
    intake = connection.intake
    now_ms = intake.clock.now_ms()
    if flags & Flag.QOS2:
        # The journal gives QoS 2 records to the listener, to rebuild its own sessions from.
        flags = flags & ~Flag.QOS2 | Flag.QOS1
    intake.last = intake.journal.append(
        kind,
        flags,
        now_ms,
        intake.source,
        delivery.packet_id,
        delivery.topic,
        packet[delivery.payload_at :],
    )
    is_acknowledged = bool(flags & Flag.QOS1)
    intake.count(int(is_acknowledged), int(not is_acknowledged), len(packet), now_ms)
    connection.message_s = connection.heard_s


def _dropped(connection: Generation, payload: bytes) -> None:
    if not connection.intake.losses.told(payload):
        connection.notes.append(NO_FIGURE)


def _pubrel(connection: Generation, packet: bytes) -> None:
    packet_id = cast("mqtt5.PubRelPacket", codec.decode(V5, packet)).packet_id
    known = packet_id in connection.intake.open_ids
    connection.intake.open_ids.discard(packet_id)
    connection.open2.discard(packet_id)
    code = Code.SUCCESS if known else Code.ID_NOT_FOUND
    connection.acknowledge(codec.acknowledge(V5, PacketType.PUBCOMP, packet_id, code), 0)


def _puback(connection: Generation, packet: bytes) -> None:
    puback = cast("mqtt5.PubAckPacket", codec.decode(V5, packet))
    if puback.packet_id == wishes.CANARY_ID and int(puback.reason_code) >= REFUSED_FROM:
        connection.notes.append(connection.intake.canary.refused(int(puback.reason_code)))


def _disconnect(connection: Generation, packet: bytes) -> None:
    said = cast("mqtt5.DisconnectPacket", codec.decode(V5, packet))
    connection.end(ends.sent_away(said, connection.intake.settings.client_id))


def _nothing(_connection: Generation, _packet: bytes) -> None:
    """That it came is all there is to it."""


ANSWERS: dict[PacketType, Callable[[Generation, bytes], None]] = {
    PacketType.CONNACK: _connack,
    PacketType.SUBACK: _suback,
    PacketType.PUBLISH: _publish,
    PacketType.PUBREL: _pubrel,
    PacketType.PUBACK: _puback,
    PacketType.DISCONNECT: _disconnect,
    PacketType.PINGRESP: _nothing,
    PacketType.UNSUBACK: _nothing,
}
