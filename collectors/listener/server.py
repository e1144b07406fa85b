"""The listener as a whole: its socket, its one timer, and its end."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from ausguck import probe as probes
from ausguck.clock import Clock
from ausguck.errors import ConfigError, JournalError
from ausguck.journal.port import Appender, Pause
from ausguck.register.directory import Directory
from ausguck.settings.tree import Listener as Settings
from collectors.certificates import SeenCertificate
from collectors.listener.access import Access, Proof, is_loopback, verify_password
from collectors.listener.acks import Acks
from collectors.listener.connection import Connection
from collectors.listener.door import Door
from collectors.listener.limits import Wheel
from collectors.listener.peer import Hold, Peer, Phase
from collectors.listener.revoking import Revoking
from collectors.listener.service import Service, Used, ignore
from collectors.listener.stats import ListenerStats
from collectors.listener.wills import End
from collectors.mqtt.protocol import Code

log = logging.getLogger(__name__)

SWEEP_S = 0.25
STALL_S = 5.0  # our own loop stood still for so long: nobody's silence counts
EXPIRE_EVERY_S = 10.0
SECRET_BYTES = 32
PROVERS = 2
PROOFS_MAX = 256
GOODBYE_S = 5.0
JUDGE_EVERY_S = 1.0
LOOK_EVERY_S = 2.0


class Listener:
    """Devices connect here; entered as an async context, it listens until it is left."""

    def __init__(  # noqa: PLR0913 - what is behind the star is optional
        self,
        settings: Settings,
        site: str,
        journal: Appender,
        clock: Clock,
        *,
        probe: probes.Probe = probes.ignore,
        random: Callable[[int], bytes] = secrets.token_bytes,
        directory: Directory | None = None,
        used: Used = ignore,
    ) -> None:
        """Devices of `directory` may enter; each use of a credential is told to `used`."""
        nobody = not settings.users and (settings.tls is None or settings.tls.client_ca is None)
        if directory is None and nobody and not (settings.anonymous and is_loopback(settings.host)):
            raise ConfigError("listener.users", "none", "users, as nobody may connect without")
        self._clock = clock
        self._journal = journal
        self._settings = settings
        self._directory = directory or Directory()
        self._proofs = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._gone = asyncio.Event()
        now_s = clock.monotonic_s()
        self._swept_s = self._expired_s = self._judged_s = self._looked_s = now_s
        self._group = asyncio.TaskGroup()
        self._renewing: asyncio.Task[None] | None = None
        self._look = asyncio.Event()
        self._service = Service(
            settings=settings,
            journal=journal,
            clock=clock,
            random=random,
            acks=Acks(journal, probe),
            access=Access(settings, site, random(SECRET_BYTES), clock, self._directory),
            prove=self._prove,
            wheel=Wheel[Peer](now_s),
            used=used,
        )
        self._revoking = Revoking(self._service)
        self._door = Door(settings, partial(Connection, self._service), self._service.stats)
        self._service.sessions.load(journal.session_records(), clock.now_ms(), now_s)
        self._service.stats.sessions = len(self._service.sessions)
        journal.on_resume(self._service.resume_all)
        journal.on_snapshot(self._snapshot)
        self._directory.on_change(self._judge_all)

    @property
    def stats(self) -> ListenerStats:
        """What was counted so far."""
        return self._service.stats

    @property
    def port(self) -> int:
        """The TCP port; of use when the settings said 0."""
        return self._door.port

    def connected(self) -> Mapping[str, int]:
        """Since when (UTC ms) each user has been connected."""
        since: dict[str, int] = {}
        for key, peer in self._service.live.items():
            if key.identity:
                since[key.identity] = min(peer.since_ms, since.get(key.identity, peer.since_ms))
        return since

    def certificates(self) -> Sequence[SeenCertificate]:
        """Our own, those that we know clients by, and the newest of each client."""
        return (*self._door.certificates, *self._service.seen.all())

    async def reload(self) -> bool:
        """Take over changed certificates at once; returns whether there were any.

        Connections go on as they are. It is done by itself too, every few seconds.
        """
        return await self._door.renew()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        await self._door.open()
        self._pool = ThreadPoolExecutor(PROVERS, thread_name_prefix="password")
        await self._group.__aenter__()
        self._renewing = self._group.create_task(self._renew(), name="certificates")
        self._timer = self._loop.call_later(SWEEP_S, self._tick)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop reading, acknowledge what reaches the disk, say goodbye, close."""
        if self._timer is not None:
            self._timer.cancel()
        self._door.close()
        if self._renewing is not None:
            self._renewing.cancel()
        await self._group.__aexit__(None, None, None)
        service = self._service
        self._revoking.hang_up(len(self._revoking))
        for peer in tuple(service.peers):
            peer.hold(Hold.CLOSING)
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._journal.wait_committed(service.acks.last)
        except (TimeoutError, JournalError):
            log.warning("listener: closing with %d answers unsaid", len(service.acks))
        service.acks.commit(self._journal.committed)
        await self._say_goodbye()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    async def _say_goodbye(self) -> None:
        self._gone.clear()
        self._service.departed = self._departed
        peers = tuple(self._service.peers)
        transports = [peer.transport for peer in peers if peer.transport is not None]
        for peer in peers:
            self._service.part(peer, End.SHUTDOWN)
            peer.close(Code.SHUTTING_DOWN)
        self._departed()
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._gone.wait()
        except TimeoutError:
            for transport in transports:
                transport.abort()

    def _departed(self) -> None:
        if not self._service.peers:
            self._gone.set()

    # The one timer

    def _tick(self) -> None:
        if self._loop is not None:
            self._timer = self._loop.call_later(SWEEP_S, self._tick)
        self.sweep()

    def sweep(self) -> None:
        """Do what is due by now: silent peers, debts of speed, delayed wills, old sessions."""
        now_s = self._clock.monotonic_s()
        service = self._service
        if now_s - self._swept_s > STALL_S:
            # What peers said meanwhile lies unread in our socket buffers.
            service.stats.stalls += 1
            for peer in service.peers:
                peer.heard_s = now_s
        self._swept_s = now_s
        self._follow_journal()
        for peer in tuple(service.rated):
            if peer.rate_until_s <= now_s:
                service.rated.discard(peer)
                peer.release(Hold.RATE, now_s)
        for peer in service.wheel.turn(now_s):
            self._judge_silence(peer, now_s)
        for due in service.wills.due(now_s):
            service.publish_will(due.source, due.identity, due.will)
        self._judge_due(now_s)
        if now_s - self._expired_s >= EXPIRE_EVERY_S:
            self._expired_s = now_s
            service.sessions.expire(now_s)
            service.stats.sessions = len(service.sessions)

    def _judge_due(self, now_s: float) -> None:
        if now_s - self._judged_s >= JUDGE_EVERY_S:
            self._judged_s = now_s
            self._revoking.judge_due(self._clock.now_ms())
            self._hang_up()
        if now_s - self._looked_s >= LOOK_EVERY_S:
            self._looked_s = now_s
            self._look.set()

    def _follow_journal(self) -> None:
        # Others write to the journal too, so it may pause while nothing of ours arrives.
        if self._journal.pause is not Pause.NONE:
            if not self.stats.paused:
                self._service.pause_all()
        elif self.stats.paused:
            self._service.resume_all()

    def _judge_silence(self, peer: Peer, now_s: float) -> None:
        if peer.holds & ~Hold.WRITE:
            peer.heard_s = now_s
        if peer.heard_s + peer.limit_s > now_s:
            peer.slot = self._service.wheel.put(peer, peer.heard_s + peer.limit_s)
            return
        if peer.phase is Phase.OPEN:
            self._service.stats.keep_alive_timeouts += 1
            self._service.part(peer, End.SILENT)
            peer.close(Code.KEEP_ALIVE_TIMEOUT)
        elif peer.phase is not Phase.CLOSED:
            self._service.stats.refuse("connect", "timeout")
            peer.close()
        elif peer.transport is not None:
            peer.transport.abort()  # it was told to go, but does not read
            return
        peer.slot = self._service.wheel.put(peer, now_s + GOODBYE_S)

    # The register's word, and new certificates

    def _judge_all(self) -> None:
        self._revoking.judge(self._service.live.values())
        if self._loop is not None and self._revoking:
            self._loop.call_soon(self._hang_up)

    def _hang_up(self) -> None:
        if self._revoking.hang_up() and self._loop is not None:
            self._loop.call_soon(self._hang_up)

    async def _renew(self) -> None:
        while True:
            await self._look.wait()
            self._look.clear()
            await self._door.renew()

    # Passwords

    def _prove(self, proof: Proof, password: bytes, judged: Callable[[bool], None]) -> bool:
        if self._proofs >= PROOFS_MAX or self._loop is None or self._pool is None:
            return False
        self._proofs += 1
        future = self._loop.run_in_executor(
            self._pool, verify_password, password, proof.password_hash
        )

        def done(result: asyncio.Future[bool]) -> None:
            self._proofs -= 1
            if not result.cancelled():
                judged(result.exception() is None and result.result())

        future.add_done_callback(done)
        return True

    def _snapshot(self) -> bytes:
        return self._service.sessions.snapshot(self._clock.now_ms(), self._clock.monotonic_s())
