"""The subscriber as a whole: one connection after the other, one timer, and its end."""

import asyncio
import logging
import random
import secrets
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import mqtt5

from ausguck.clock import Clock
from ausguck.errors import ConfigError, JournalError
from ausguck.journal.port import Appender, Pause, Ticket
from ausguck.probe import Probe, ignore
from ausguck.settings.partners import Subscriber as Settings
from collectors.certificates import SeenCertificate
from collectors.subscriber import ends, tls, wishes
from collectors.subscriber.backoff import delay_s
from collectors.subscriber.canary import Canary
from collectors.subscriber.connection import Connection
from collectors.subscriber.ends import End
from collectors.subscriber.generation import Generation, Phase
from collectors.subscriber.intake import Intake
from collectors.subscriber.losses import Losses
from collectors.subscriber.marker import Marker
from collectors.subscriber.stats import SubscriberStats

log = logging.getLogger(__name__)

SWEEP_S = 0.25
STALL_S = 5.0  # our own loop stood still for so long: the broker's silence proves nothing
STABLE_S = 10.0  # a connection that lived so long, and twice the longest wait, was a good one
GOODBYE_S = 5.0
SESSION_LOST = (
    "the broker had forgotten our session {client}: what was sent meanwhile is lost: "
    "at the broker look at persistence and session expiry, see docs/how-to/use-your-mosquitto.md"
)


@dataclass(frozen=True, slots=True)
class Means:
    """What a test replaces, and where to remember over a restart that we had a session."""

    random: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    nonce: Callable[[], str] = secrets.token_hex
    marker: Path | None = None


class Subscriber:
    """A session at the broker; entered as an async context, it fetches until it is left."""

    def __init__(
        self,
        settings: Settings,
        site: str,
        journal: Appender,
        clock: Clock,
        *,
        probe: Probe = ignore,
        means: Means | None = None,
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._means = means or Means()
        self._tls = tls.Towards(settings.tls, settings.host)
        self._stats = SubscriberStats()
        topic = wishes.canary_topic(site, settings.client_id)
        canary = Canary(topic, settings.canary_interval_s, self._stats, self._means.nonce)
        self._intake = Intake(
            settings=settings,
            journal=journal,
            clock=clock,
            probe=probe,
            stats=self._stats,
            canary=canary,
            losses=Losses(self._means.marker, settings, self._stats, clock),
            wishes=wishes.wishes(settings, site),
        )
        self._connection: Connection | None = None
        self._marker = Marker(self._means.marker, settings)
        self._expects_session = self._marker.is_set()
        self._last_said = ""
        self._culprit = b""  # what the last connection ended over, if it was a packet
        self._resumed = asyncio.Event()
        self._swept_s = clock.monotonic_s()
        self._group = asyncio.TaskGroup()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        journal.on_commit(self._committed)
        journal.on_resume(self._resume)

    @property
    def stats(self) -> SubscriberStats:
        """What was counted so far, and how it is now."""
        self._stats.waiting = 0 if self._connection is None else self._connection.line.waiting
        return self._stats

    def certificates(self) -> Sequence[SeenCertificate]:
        """Our own, those that we know the broker by, and the one it showed last."""
        return self._tls.certificates

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        self._task = self._group.create_task(self._run(), name="subscriber")
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._tick)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop reading, acknowledge what reaches the disk, say goodbye, keep the session."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            await self._finish()
        finally:
            if self._task is not None:
                self._task.cancel()
            await self._group.__aexit__(exc_type, exc, traceback)

    async def _finish(self) -> None:
        connection = self._connection
        if connection is None:
            return
        if connection.phase is Phase.NEW:
            connection.abort(ends.FINISHED)
            return
        connection.hold()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._journal.wait_committed(self._intake.last)
        except (TimeoutError, JournalError):
            log.warning("subscriber: leaves %d messages unacknowledged", connection.line.waiting)
        connection.commit(self._journal.committed)
        connection.leave()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await connection.lost.wait()
        except TimeoutError:
            # A slow broker still finds our acknowledgements behind it; a reset would eat them.
            connection.end(ends.FINISHED)

    # One connection after the other

    async def _run(self) -> None:
        failures = cuts = 0
        cap_s = self._settings.reconnect_max_s
        while True:
            await self._journal_takes()
            self._stats.attempts += 1
            end, lived_s = await self._live()
            is_stable = lived_s is not None and lived_s >= max(STABLE_S, 2 * cap_s)
            failures = 1 if is_stable else failures + 1
            cuts = 0 if is_stable else cuts + (lived_s is not None)
            end = ends.suspected(end, cuts, self._settings.client_id)
            self._note(end)
            if end is ends.FINISHED:
                return
            await self._means.sleep(delay_s(failures, cap_s, self._means.random, slow=end.slow))

    async def _journal_takes(self) -> None:
        while self._journal.pause is not Pause.NONE:
            self._stats.paused = True
            self._resumed.clear()
            await self._resumed.wait()
        self._stats.paused = False

    async def _live(self) -> tuple[End, float | None]:
        """One connection from its begin to its end; returns for how many seconds it was open.

        None if it never was.
        """
        connection = self._connection = Connection(self._intake, self._opened)
        try:
            await self._connect(connection)
            end = ends.repeated(await connection.ended, connection.culprit, self._culprit)
            self._culprit = connection.culprit or self._culprit
        finally:
            opened_s = connection.opened_s
            self._connection = None
            self._stats.connected = False
        await self._gone(connection)
        return end, None if opened_s is None else self._clock.monotonic_s() - opened_s

    async def _connect(self, connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_s):
                await loop.create_connection(
                    lambda: connection, settings.host, settings.port, ssl=await self._context()
                )
                self._tls.note(connection.transport)
                await connection.greeted
        except TimeoutError:
            connection.abort(ends.CONNECT_TIMEOUT)
        except OSError as error:
            connection.abort(ends.unreachable(error))
        if connection.agreed is not None:
            self._greeted(session_present=connection.agreed.session_present)

    async def _context(self) -> ssl.SSLContext | None:
        try:
            return await self._tls.context()
        except (ConfigError, OSError) as error:
            self._stats.tls_failures += 1
            self._say(f"goes on with its old certificates: {error}", logging.ERROR)
            return self._tls.latest

    async def _gone(self, connection: Connection) -> None:
        if connection.transport is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_S):
                await connection.lost.wait()
        except TimeoutError:
            connection.abort(ends.LOST)

    def _greeted(self, *, session_present: bool) -> None:
        self._stats.connects += 1
        if self._expects_session and not session_present:
            self._stats.session_lost += 1
            self._say(SESSION_LOST.format(client=self._settings.client_id), logging.ERROR)

    def _opened(self, connection: Generation) -> None:
        self._stats.connected = True
        self._expects_session = True
        self._marker.set()
        connection.opened_s = connection.heard_s
        self._intake.canary.begin(connection.heard_s)
        where = f"{self._settings.host}:{self._settings.port}"
        log.info("subscriber: connected to %s as %s", where, self._settings.client_id)
        self._last_said = ""

    def _note(self, end: End) -> None:
        self._stats.disconnects[end.reason] += 1
        if end is ends.FINISHED:
            return
        self._stats.last_error = end.words
        self._stats.last_error_at_ms = self._clock.now_ms()
        # The same again and again is not worth a line each time; the counters have it.
        level = logging.DEBUG if end.words == self._last_said else logging.WARNING
        self._last_said = end.words
        log.log(level, "subscriber: %s", end.words)

    # The journal's word

    def _committed(self, ticket: Ticket) -> None:
        if self._connection is not None:
            self._connection.commit(ticket)

    def _resume(self) -> None:
        if self._journal.pause is not Pause.NONE:
            return
        self._stats.paused = False
        self._resumed.set()
        if self._connection is not None and self._connection.is_held:
            self._connection.release()
            self._intake.canary.begin(self._clock.monotonic_s())

    # The one timer

    def _tick(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(SWEEP_S, self._tick)
        self.sweep()

    def sweep(self) -> None:
        """Do what is due by now: follow the journal, ping, judge silence, send the canary."""
        now_s = self._clock.monotonic_s()
        connection = self._connection
        stalled, self._swept_s = now_s - self._swept_s > STALL_S, now_s
        if self._journal.pause is Pause.NONE:
            self._resume()
        if connection is None:
            return
        if self._journal.pause is not Pause.NONE:
            self._stats.paused = True
            connection.hold()
        if stalled:
            # What the broker said meanwhile lies unread in our socket buffer.
            self._stats.stalls += 1
            connection.heard_s = connection.since_s = now_s
        connection.sweep(now_s)
        if connection.phase is Phase.OPEN and not connection.is_held:
            self._fly(connection, now_s)
        for note in connection.notes:
            self._say(note)
        connection.notes.clear()

    def _fly(self, connection: Connection, now_s: float) -> None:
        canary = self._intake.canary
        words = canary.overdue(now_s, connection.message_s)
        if words:
            self._say(words)
        payload = canary.next(now_s)
        if payload:
            packet = mqtt5.PublishPacket(
                canary.topic.decode(),
                payload,
                qos=mqtt5.QoS.AT_LEAST_ONCE,
                packet_id=wishes.CANARY_ID,
            )
            connection.tell(packet.write())

    def _say(self, words: str, level: int = logging.WARNING) -> None:
        self._stats.last_error = words
        self._stats.last_error_at_ms = self._clock.now_ms()
        log.log(level, "subscriber: %s", words)
