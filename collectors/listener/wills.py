"""What a device asked us to say when it is gone: at once, later or never; pure."""

from enum import Enum
from typing import NamedTuple

import mqtt5

from ausguck.journal.port import Flag
from collectors.listener.identity import Identity
from collectors.listener.sessions import SessionKey


class Will(NamedTuple):
    """A message to publish for a device that went without goodbye."""

    topic: bytes
    payload: bytes
    flags: int
    delay_s: int


def of(packet: mqtt5.ConnectPacket) -> Will | None:
    """The will that a CONNECT brings; it is judged when it is spoken."""
    will = packet.will
    if will is None:
        return None
    flags = Flag.WILL | int(will.qos) | (Flag.RETAIN if will.retain else 0)
    topic = will.topic.encode()
    return Will(topic, will.payload or b"", int(flags), will.will_delay_interval)


class End(Enum):
    """How a connection ended."""

    GOODBYE = "goodbye"  # DISCONNECT 0x00, or that of 3.1.1
    GOODBYE_WITH_WILL = "goodbye_with_will"
    LOST = "lost"
    SILENT = "silent"
    REFUSED = "refused"
    TAKEN_OVER = "taken_over"
    SHUTDOWN = "shutdown"  # ours, which says nothing about the device
    REVOKED = "revoked"  # it has nothing to say any more


SILENT_ENDS = frozenset((End.GOODBYE, End.SHUTDOWN))


class Due(NamedTuple):
    """A will that waits for its delay."""

    at_s: float
    source: bytes
    identity: Identity
    will: Will


class Wills:
    """The wills that wait; in memory only, so that our own restart calls nobody lost."""

    def __init__(self) -> None:
        self._waiting: dict[SessionKey, Due] = {}

    def wait(self, key: SessionKey, due: Due) -> None:
        """Keep a will until its time."""
        self._waiting[key] = due

    def take(self, key: SessionKey) -> Due | None:
        """The will that waits for this session, which is back or has ended."""
        return self._waiting.pop(key, None)

    def due(self, now_s: float) -> list[Due]:
        """The wills whose time has come."""
        keys = [key for key, due in self._waiting.items() if due.at_s <= now_s]
        return [self._waiting.pop(key) for key in keys]


def delay_s(will: Will, session_expiry_s: int) -> int:
    """How long a will waits: its own delay, but not beyond the session's end."""
    return min(will.delay_s, session_expiry_s)
