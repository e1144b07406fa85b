"""Why a connection ended, in one word for the counter and in words for a person."""

import ssl
from dataclasses import dataclass

import mqtt5

from collectors.mqtt.protocol import Code, ProtocolError


@dataclass(frozen=True, slots=True)
class End:
    """How a connection, or a try at one, came to its end."""

    reason: str
    words: str
    slow: bool = False  # trying again soon would not help, or would do harm


TAKEN_OVER = (
    "the broker gave our session to another connection: another process uses the client id {client}"
    "; give each process a subscriber.client_id of its own"
)
CREDENTIALS = "the broker refuses subscriber.user and its password"
FORBIDDEN = "the broker does not let us in: the user, the certificate or client id {client} may not"

# By the numbers, for the codec's own cannot be hashed.
REFUSED = {
    0x84: "the broker does not speak MQTT 5",
    0x85: "the broker does not take client id {client}",
    0x86: CREDENTIALS,
    0x87: FORBIDDEN,
    0x8A: FORBIDDEN,
    0x8C: FORBIDDEN,
}
SENT_AWAY = {
    Code.NOT_AUTHORIZED: FORBIDDEN,
    Code.TAKEN_OVER: TAKEN_OVER,
    0x98: "somebody at the broker has cut us off",
}
NOT_MQTT5 = "the broker does not speak MQTT 5"


def said(reason: str | None) -> str:
    """The broker's own words behind ours, where it had any."""
    return f" (it says: {reason[:200]!r})" if reason else ""


def refused(packet: mqtt5.ConnAckPacket, client_id: str) -> End:
    """CONNACK said no."""
    name = packet.reason_code.name.lower()
    words = REFUSED.get(int(packet.reason_code))
    told = words.format(client=client_id) if words else f"the broker refuses us: {name}"
    return End(f"refused_{name}", told + said(packet.reason_str), slow=words is not None)


def sent_away(packet: mqtt5.DisconnectPacket, client_id: str) -> End:
    """The broker sent DISCONNECT."""
    name = packet.reason_code.name.lower()
    words = SENT_AWAY.get(int(packet.reason_code))
    told = words.format(client=client_id) if words else f"the broker ends the connection: {name}"
    return End(name, told + said(packet.reason_str), slow=words is not None)


def against_the_rules(error: ProtocolError) -> End:
    """The broker sent what it must not."""
    if error.code is Code.UNSUPPORTED_VERSION:
        return End("not_mqtt5", NOT_MQTT5, slow=True)
    return End(f"protocol_{error.packet}_{error.reason}", f"the broker's {error}")


def unreachable(error: Exception) -> End:
    """No connection came about."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "")
        words = f"the broker's certificate does not pass: {why}"
        return End("tls_certificate", f"{words}; see subscriber.tls.ca", slow=True)
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "reason", None) or "it hung up"
        return End("tls", f"no TLS with the broker: {why}", slow=True)
    if isinstance(error, OSError):
        return End("unreachable", f"the broker cannot be reached: {error.strerror or error}")
    return internal(error)


def internal(error: Exception) -> End:
    """What we did not foresee."""
    return End("internal", f"a fault of ours: {type(error).__name__}", slow=True)


LOST = End("connection_lost", "the connection to the broker was cut")
SILENT = End("silent", "the broker was silent for too long: the connection is half-open")
CONNECT_TIMEOUT = End("connect_timeout", "the broker did not answer CONNECT in time")
SUBSCRIBE_TIMEOUT = End("subscribe_timeout", "the broker did not answer SUBSCRIBE in time")
PAUSED = End("journal_paused", "the journal takes nothing, so we do not connect yet")
FINISHED = End("finished", "we ended it")


CUTS_MAX = 3
CULPRIT_BYTES = 64
DUP = 0x08


def culprit(buffer: bytes, at: int) -> bytes:
    """What to know a packet by when it comes again, as a resent one does."""
    return bytes((buffer[at] & ~DUP,)) + buffer[at + 1 : at + CULPRIT_BYTES]


def repeated(end: End, packet: bytes, last: bytes) -> End:
    """What it is when a connection ends over the packet that the one before ended over."""
    if not packet or packet != last:
        return end
    words = f"{end.words}; the broker sends this same packet again and again"
    return End("same_packet", words, slow=end.slow)


def suspected(end: End, cuts: int, client_id: str) -> End:
    """What so many cuts in a row, each soon after we had subscribed, look like.

    Mosquitto 2.0 does not say that a session was taken over; it just hangs up.
    """
    if end.reason != LOST.reason or cuts < CUTS_MAX:
        return end
    hint = f"{cuts} times in a row, soon after we subscribed: does another process use the"
    return End("cut_again", f"{end.words}, {hint} client id {client_id}?", slow=True)
