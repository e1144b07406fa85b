"""One connection as everybody but the hot path sees it: who it is, what it may be told."""

import asyncio
from enum import IntEnum, IntFlag
from typing import cast

from collectors.listener.acks import Acks, Said
from collectors.listener.identity import Identity
from collectors.listener.limits import Bucket
from collectors.listener.sessions import Session
from collectors.listener.wills import Will
from collectors.mqtt import codec
from collectors.mqtt.protocol import V5, V311, Code


class Phase(IntEnum):
    """How far a connection has come."""

    NEW = 0  # no CONNECT yet
    PROVING = 1  # its password is being checked
    OPEN = 2  # accepted; CONNACK goes out when the session is on disk
    CLOSED = 3  # nothing more is heard from it or said to it


class Hold(IntFlag):
    """Why a connection is not read from."""

    JOURNAL = 1  # the journal takes nothing just now
    RATE = 2  # it spoke too fast
    BACKLOG = 4  # too many of its messages wait for the disk
    PROOF = 8  # its password is being checked
    WRITE = 16  # it does not read what we say
    CLOSING = 32


class Peer(asyncio.Protocol):
    """The state of one connection."""

    __slots__ = (
        "acks",
        "bucket",
        "client_limit",
        "greeted",
        "heard_s",
        "holds",
        "identity",
        "limit_s",
        "open2",
        "pending",
        "phase",
        "rate_until_s",
        "session",
        "since_ms",
        "slot",
        "source",
        "transport",
        "version",
        "waiting",
        "will",
    )

    def __init__(self, acks: Acks, bucket: Bucket, now_s: float) -> None:
        self.acks = acks
        self.bucket = bucket
        self.transport: asyncio.Transport | None = None
        self.phase = Phase.NEW
        self.version = V311
        self.identity: Identity | None = None
        self.session: Session | None = None
        self.since_ms = 0  # when its CONNECT was accepted
        self.source = b""
        self.will: Will | None = None
        self.heard_s = now_s  # when it last sent a whole packet
        self.limit_s = 0.0  # how long it may be silent
        self.slot = 0  # where the wheel has it
        self.client_limit: int | None = None  # the largest packet it takes
        self.greeted = False  # CONNACK was sent
        self.holds = Hold(0)
        self.rate_until_s = 0.0
        self.pending = 0
        self.waiting = 0
        self.open2 = 0  # QoS 2 messages of this connection between PUBREC and PUBCOMP

    @property
    def is_open(self) -> bool:
        """Whether its CONNECT was accepted and it has not ended."""
        return self.phase is Phase.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether nothing more is heard from it or said to it."""
        return self.phase is Phase.CLOSED

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's word."""
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        """The event loop's word: the peer does not read, so we do not read from it either."""
        self.hold(Hold.WRITE)

    def resume_writing(self) -> None:
        """The event loop's word."""
        self.release(Hold.WRITE, self.heard_s)

    def hold(self, why: Hold) -> None:
        """Stop reading, for one more reason."""
        if not self.holds and self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()
        self.holds |= why

    def release(self, why: Hold, now_s: float) -> None:
        """One reason not to read is gone; silence counts from now if it was the last."""
        if not self.holds & why:
            return
        self.holds &= ~why
        if not self.holds and self.transport is not None and not self.transport.is_closing():
            self.heard_s = max(self.heard_s, now_s)
            self.transport.resume_reading()

    def tell(self, data: bytes) -> None:
        """Send, unless the connection has ended."""
        if self.phase is not Phase.CLOSED and self.transport is not None:
            self.greeted = True
            self.transport.write(data)

    def unread_bytes(self) -> int:
        """How much of what we said still waits for the peer to read."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def proved(self) -> None:
        """The password was judged; what came behind CONNECT can be looked at."""

    def caught_up(self) -> None:
        """Some of what waited for the disk was told."""

    def reply(self, data: bytes) -> None:
        """Send behind everything that still waits for the disk, or now if nothing does."""
        if self.pending:
            self.acks.put(self, data, Said.OTHER)
        else:
            self.tell(data)

    def mute(self) -> None:
        """Hear and say nothing more; what remains is to hang up."""
        self.phase = Phase.CLOSED
        if self.session is not None:
            self.session.expiry_s = 0  # nothing of it is to be resumed

    def close(self, code: Code | None = None) -> None:
        """End the connection; to MQTT 5 with a DISCONNECT that says why."""
        if self.phase is not Phase.CLOSED:
            self.phase = Phase.CLOSED
            self.hang_up(code)

    def hang_up(self, code: Code | None = None) -> None:
        """Close the socket of a connection that is muted."""
        if self.transport is None or self.transport.is_closing():
            return
        if code is not None and self.version == V5 and self.greeted:
            self.transport.write(codec.disconnect(code))
        self.transport.close()
