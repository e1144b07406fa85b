"""One connection as everybody but its reading half sees it: how far it is, what it is told.

It is one generation: acknowledgements wait in a line of its own and end with it.
"""

import asyncio
from collections.abc import Callable
from enum import IntEnum
from typing import Self, cast

from ausguck.journal.port import Ticket
from ausguck.probe import CrashPoint
from collectors.mqtt import codec
from collectors.mqtt.protocol import Code
from collectors.mqtt.validate import DISCONNECT_CODES
from collectors.subscriber import ends, wishes
from collectors.subscriber.ends import End
from collectors.subscriber.intake import Intake
from collectors.subscriber.line import Line

PINGREQ = b"\xc0\0"
PINGS_AN_INTERVAL = 2
SILENT_INTERVALS = 1.5  # a half-open connection is noticed within twice the interval


class Phase(IntEnum):
    """How far a connection has come."""

    NEW = 0  # CONNECT was sent
    KNOWN = 1  # CONNACK said yes, SUBSCRIBE was sent; messages may come
    OPEN = 2  # SUBACK granted what is needed
    CLOSED = 3  # nothing more is heard or said


class Generation(asyncio.Protocol):
    """The state of one connection; `on_open` is called once it is subscribed."""

    def __init__(self, intake: Intake, on_open: Callable[[Self], None]) -> None:
        loop = asyncio.get_running_loop()
        self.intake = intake
        self.on_open = on_open
        self.phase = Phase.NEW
        self.agreed: wishes.Agreed | None = None
        self.notes: list[str] = []  # what an operator should know of what the broker grants
        self.greeted: asyncio.Future[None] = loop.create_future()  # CONNACK, or the end
        self.ended: asyncio.Future[End] = loop.create_future()
        self.lost = asyncio.Event()  # the socket is gone
        self.line = Line()
        self.open2: set[int] = set()  # QoS 2 messages that count as in flight
        self.since_s = self.heard_s = self.pinged_s = intake.clock.monotonic_s()
        self.message_s = 0.0  # when the last message came that was not a canary
        self.keep_alive_s = intake.settings.keep_alive_s
        self.opened_s: float | None = None  # when it was subscribed
        self.is_held = False  # we do not read just now
        self.culprit = b""  # the beginning of the packet that the connection ended over
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The event loop's word: say CONNECT."""
        self.transport = cast("asyncio.Transport", transport)
        if self.phase is Phase.CLOSED:  # it was given up meanwhile
            self.transport.abort()
            return
        self.since_s = self.heard_s = self.pinged_s = self.intake.clock.monotonic_s()
        self.transport.write(wishes.connect(self.intake.settings))

    def connection_lost(self, exc: Exception | None) -> None:
        """The event loop's word."""
        words = ends.LOST.words
        if isinstance(exc, OSError) and exc.strerror:
            words = f"{words}: {exc.strerror}"
        self.finish(End(ends.LOST.reason, words))
        self.transport = None
        self.lost.set()

    # Speaking

    def tell(self, data: bytes) -> None:
        """Send, unless the connection has ended."""
        if self.transport is not None and self.phase is not Phase.CLOSED:
            self.transport.write(data)

    def acknowledge(self, data: bytes, messages: int) -> None:
        """Send once everything appended so far is on disk, behind what else waits for that.

        A broker that sends beyond our Receive Maximum is not cut off, for it would only send
        the same again: Mosquitto 2.0.11 goes one beyond when the session is resumed and a
        message at QoS 0 comes between. What bounds our memory is the journal's budget.
        """
        self.line.put(self.intake.last, data, messages)
        over = self.line.waiting + len(self.open2) - self.intake.settings.receive_maximum
        if over > 0:
            self.intake.stats.beyond_window += min(over, messages)
        committed = self.intake.journal.committed
        if self.intake.last <= committed:
            self.commit(committed)

    def commit(self, ticket: Ticket) -> None:
        """Everything up to `ticket` is on disk: acknowledge it."""
        data = self.line.take(ticket)
        if data:
            self.intake.probe(CrashPoint.SUBSCRIBER_BEFORE_PUBACK)
            self.tell(data)
            self.intake.probe(CrashPoint.SUBSCRIBER_AFTER_PUBACK)

    # Holding

    def hold(self) -> None:
        """Stop reading; before CONNACK there is no use in going on at all."""
        if self.phase is Phase.NEW:
            self.end(ends.PAUSED)
        elif not self.is_held and self.transport is not None:
            self.is_held = True
            if not self.transport.is_closing():
                self.transport.pause_reading()

    def release(self) -> None:
        """Read again; silence counts from now."""
        if self.is_held:
            self.is_held = False
            self.heard_s = self.since_s = self.intake.clock.monotonic_s()
            if self.transport is not None and not self.transport.is_closing():
                self.transport.resume_reading()

    # Time and end

    def sweep(self, now_s: float) -> None:
        """Ping where it is time, and end what is silent."""
        if self.phase in {Phase.NEW, Phase.CLOSED}:
            return
        if now_s - self.pinged_s >= self.keep_alive_s / PINGS_AN_INTERVAL:
            self.pinged_s = now_s
            self.tell(PINGREQ)
        if self.is_held:  # what the broker says lies unread: its silence proves nothing
            return
        patience_s = self.intake.settings.connect_timeout_s
        if now_s - self.heard_s >= self.keep_alive_s * SILENT_INTERVALS:
            self.abort(ends.SILENT)
        elif self.phase is Phase.KNOWN and now_s - self.since_s >= patience_s:
            self.end(ends.SUBSCRIBE_TIMEOUT, Code.UNSPECIFIED)

    def end(self, end: End, code: Code | None = None) -> None:
        """End it for this reason, with a DISCONNECT if a code is given."""
        if code is not None and self.phase is not Phase.NEW:
            sendable = code if code in DISCONNECT_CODES else Code.PROTOCOL_ERROR
            self.tell(codec.disconnect(sendable))
        self.finish(end)
        if self.transport is not None:
            self.transport.close()

    def abort(self, end: End) -> None:
        """End it without waiting for anything: the other side does not hear us."""
        self.finish(end)
        if self.transport is not None:
            self.transport.abort()

    def leave(self) -> None:
        """Say goodbye, keeping the session; the broker then closes the connection.

        We read on until it does, and forget what comes: closing a socket with unread bytes in
        it would reset the connection, and our last acknowledgements with it.
        """
        self.tell(codec.disconnect(Code.SUCCESS))
        self.finish(ends.FINISHED)
        self.release()

    def finish(self, end: End) -> None:
        """Nothing more is heard or said; the first reason given is the one that counts."""
        if self.phase is Phase.CLOSED:
            return
        self.phase = Phase.CLOSED
        self.intake.stats.stale_acks += self.line.abandon()
        self.ended.set_result(end)
        if not self.greeted.done():
            self.greeted.set_result(None)
