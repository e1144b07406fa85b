"""The protocol's own numbers: packet types, reason codes, and what went against the rules."""

from enum import IntEnum

from ausguck.errors import AusguckError

V311 = 4
V5 = 5
SHARED_PREFIX = "$share/"


class PacketType(IntEnum):
    """The upper four bits of a packet's first byte."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    PUBREC = 5
    PUBREL = 6
    PUBCOMP = 7
    SUBSCRIBE = 8
    SUBACK = 9
    UNSUBSCRIBE = 10
    UNSUBACK = 11
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14
    AUTH = 15


class Code(IntEnum):
    """Reason codes of MQTT 5 that we send; `codec` turns them into 3.1.1's where it has one."""

    SUCCESS = 0x00
    NO_MATCHING_SUBSCRIBERS = 0x10
    UNSPECIFIED = 0x80
    MALFORMED = 0x81
    PROTOCOL_ERROR = 0x82
    UNSUPPORTED_VERSION = 0x84
    CLIENT_ID_INVALID = 0x85
    BAD_CREDENTIALS = 0x86
    NOT_AUTHORIZED = 0x87
    SERVER_BUSY = 0x89
    SHUTTING_DOWN = 0x8B
    BAD_AUTH_METHOD = 0x8C
    KEEP_ALIVE_TIMEOUT = 0x8D
    TAKEN_OVER = 0x8E
    TOPIC_INVALID = 0x90
    ID_NOT_FOUND = 0x92
    RECEIVE_MAXIMUM = 0x93
    TOPIC_ALIAS_INVALID = 0x94
    TOO_LARGE = 0x95
    QUOTA = 0x97
    SUBSCRIPTION_IDS = 0xA1


class ProtocolError(AusguckError):
    """A packet is against the rules: which, why in one word, and the code to answer with."""

    def __init__(self, packet: str, reason: str, code: Code = Code.MALFORMED) -> None:
        self.packet = packet
        self.reason = reason
        self.code = code
        super().__init__(f"{packet}: {reason} (0x{code:02x})")
