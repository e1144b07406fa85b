"""One device's (or gateway's) connection: it sends in order, waits for PUBACK, comes back.

Every connection is a clean session with a fresh aiomqtt client: what makes a repeated message
recognisable is its identity in the payload, not its packet id. Whatever is not acknowledged
when a connection breaks goes out again, in the old order, before anything new.
"""

import asyncio
import logging
import math
import random
import socket
import ssl
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiomqtt
from paho.mqtt import client as paho

from ausguck.clock import Clock
from simulators.ledger import Ledger
from simulators.outgoing import Outgoing

KEEP_ALIVE_S = 30
# Small messages leave at once instead of waiting for the acknowledgement of those before.
WITHOUT_DELAY = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
FIRST_DELAY_S = 0.2
LONGEST_DELAY_S = 10.0
JITTER = (0.5, 1.5)
ANY_NUMBER_PENDING = 1_000_000
# Each lost connection is counted with its reason; 320 lines that say so again help nobody.
SILENT = logging.getLogger("simulators.wire")
SILENT.setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Target:
    """The receiver, and who we say we are."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None

    def tls(self) -> ssl.SSLContext | None:
        """How the connection is encrypted and the receiver known; None in the clear."""
        return ssl.create_default_context(cafile=self.ca) if self.ca else None


@dataclass(frozen=True, slots=True)
class Session:
    """How one connection introduces itself, and how much it may leave unacknowledged.

    `backlog` is how many messages wait while the receiver is away; the oldest make room.
    """

    client_id: str
    window: int = 20
    will: Outgoing | None = None
    backlog: int | None = 2_000
    username: str | None = None
    """Who it says it is; without one, whom the target names."""
    password: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class Tally:
    """Counts over all connections of one run."""

    offered: int = 0
    sent: int = 0
    sent_again: int = 0
    acknowledged: int = 0
    overflowed: int = 0
    connected: int = 0
    disconnected: Counter[str] = field(default_factory=Counter)

    @property
    def unacknowledged(self) -> int:
        """Messages that were offered and are neither acknowledged nor given up."""
        return self.offered - self.acknowledged - self.overflowed


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every connection of a run shares."""

    target: Target
    clock: Clock
    ledger: Ledger
    tally: Tally


class Link:
    """One MQTT connection that mends itself."""

    def __init__(self, session: Session, around: Surroundings, rng: random.Random) -> None:
        self._session = session
        self._around = around
        self._rng = rng
        self._queue: deque[Outgoing] = deque()
        self._unacknowledged: dict[int, Outgoing] = {}
        self._greetings: dict[str, Outgoing] = {}
        self._wake = asyncio.Event()
        self._closing = False
        self._mended = asyncio.Event()
        self._mended.set()
        self._wire: _Wire | None = None

    def offer(self, message: Outgoing) -> None:
        """Queue a message; when too many wait, the oldest is dropped and counted."""
        limit = self._session.backlog
        if limit is not None and len(self._queue) >= limit:
            self._queue.popleft()
            self._around.tally.overflowed += 1
        self._queue.append(message)
        self._around.tally.offered += 1
        self._wake.set()

    def close(self) -> None:
        """Nothing more will be offered: `run` ends when everything is acknowledged."""
        self._closing = True
        self._mended.set()
        self._wake.set()

    @property
    def waiting(self) -> int:
        """Messages that were offered and are not acknowledged."""
        return len(self._queue) + len(self._unacknowledged)

    def cut(self) -> None:
        """Tear the connection without a goodbye, and make none until it is mended."""
        self._mended.clear()
        if self._wire is not None:
            self._wire.tear()

    def mend(self) -> None:
        """Let it connect again."""
        self._mended.set()

    async def run(self) -> None:
        """Connect, send and connect again until closed and drained."""
        attempt = 0
        while not self._is_drained():
            await self._mended.wait()
            if self._is_drained():
                break
            try:
                async with self._client() as client:
                    attempt = 0
                    self._around.tally.connected += 1
                    self._wire = client
                    if not self._mended.is_set():
                        client.tear()
                    await self._converse(client)
            except* aiomqtt.MqttError as errors:
                self._around.tally.disconnected[_reason(errors)] += 1
                self._repeat_greetings()
            self._wire = None
            if not self._is_drained():
                await asyncio.sleep(delay_s(attempt, self._rng))
                attempt += 1

    def _is_drained(self) -> bool:
        return self._closing and not self._queue and not self._unacknowledged

    def _client(self) -> "_Wire":
        session, target = self._session, self._around.target
        will = session.will
        is_known = session.username is not None
        client = _Wire(
            target.host,
            target.port,
            username=session.username if is_known else target.username,
            password=session.password if is_known else target.password,
            tls_context=target.tls(),
            logger=SILENT,
            identifier=session.client_id,
            will=None if will is None else _as_will(will),
            clean_session=True,
            keepalive=KEEP_ALIVE_S,
            max_inflight_messages=session.window,
            socket_options=(WITHOUT_DELAY,),
        )
        client.pending_calls_threshold = ANY_NUMBER_PENDING
        client.write_only_while_open()
        return client

    async def _converse(self, client: aiomqtt.Client) -> None:
        async with asyncio.TaskGroup() as tasks:
            watch = tasks.create_task(_notice_loss(client))
            window = asyncio.Semaphore(self._session.window)
            for number, message in list(self._unacknowledged.items()):
                await window.acquire()
                self._around.tally.sent_again += 1
                tasks.create_task(self._deliver(client, number, message, window))
            while not self._is_drained():
                self._wake.clear()
                while self._queue:
                    await window.acquire()
                    number, message = self._take()
                    tasks.create_task(self._deliver(client, number, message, window))
                if not self._is_drained():
                    await self._wake.wait()
            watch.cancel()

    def _take(self) -> tuple[int, Outgoing]:
        """The next message, noted as sent before it is."""
        message = self._queue.popleft()
        number = self._around.ledger.sent(message)
        self._unacknowledged[number] = message
        self._around.tally.sent += 1
        if message.at_connect:
            self._greetings[message.topic] = message
        return number, message

    async def _deliver(
        self, client: aiomqtt.Client, number: int, message: Outgoing, window: asyncio.Semaphore
    ) -> None:
        # aiomqtt hands the message to paho before it first waits, and tasks start in the order
        # they were made: the order on the wire is the order of the queue.
        await client.publish(
            message.topic, message.payload, message.qos, message.retain, timeout=math.inf
        )
        window.release()
        del self._unacknowledged[number]
        self._around.ledger.acknowledged(number)
        self._around.tally.acknowledged += 1
        self._wake.set()

    def _repeat_greetings(self) -> None:
        """After a loss the receiver may hold our will for the last word: say otherwise."""
        waiting = {message.topic for message in self._unacknowledged.values()}
        waiting.update(message.topic for message in self._queue)
        for topic, message in self._greetings.items():
            if topic not in waiting:
                self._queue.appendleft(message.observed_again(self._around.clock.now_ms()))
                self._around.tally.offered += 1


class _Wire(aiomqtt.Client):
    """A client whose connection can break as in a tunnel: with no DISCONNECT before it."""

    def write_only_while_open(self) -> None:
        """Keep it from waiting to write on a socket that is closed, or is another's by now.

        aiomqtt asks the loop for that by number, one turn of the loop after it was so.
        """
        loop = asyncio.get_running_loop()

        def begin(client: paho.Client, wire: "paho.SocketLike") -> None:
            if wire.fileno() >= 0:
                loop.add_writer(wire.fileno(), write, client)

        def write(client: paho.Client) -> None:
            with suppress(OSError):  # whoever reads from it notices the loss
                client.loop_write()

        def ask(client: paho.Client, _userdata: object, wire: "paho.SocketLike") -> None:
            loop.call_soon_threadsafe(begin, client, wire)

        self._client.on_socket_register_write = ask

    def tear(self) -> None:
        """Shut the socket; the client notices, and the receiver is left to wonder."""
        wire = self._client.socket()
        if isinstance(wire, socket.socket):
            with suppress(OSError):  # it was gone already
                wire.shutdown(socket.SHUT_RDWR)


def delay_s(attempt: int, rng: random.Random) -> float:
    """How long to wait before trying again: doubling, bounded, and never all at once."""
    longest = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempt, 16))
    return longest * rng.uniform(*JITTER)


def _as_will(message: Outgoing) -> aiomqtt.Will:
    return aiomqtt.Will(message.topic, message.payload, message.qos, message.retain)


async def _notice_loss(client: aiomqtt.Client) -> None:
    # A device with nothing to receive still has to hear that its connection is gone.
    async for _ in client.messages:
        pass


def _reason(errors: BaseExceptionGroup[aiomqtt.MqttError]) -> str:
    return next(str(error) for error in _leaves(errors))


def _leaves(errors: BaseExceptionGroup[aiomqtt.MqttError]) -> Iterator[BaseException]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
