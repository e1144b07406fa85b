"""A scenario on the wire: its messages at the pace of a clock, its cuts as broken sockets.

Simulated time ends at the present, so that no reading is ahead of its time: played at speed 1
the readings are of now, and the faster it is, the further back it begins.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from zlib import crc32

import aiomqtt

from ausguck.clock import Clock
from simulators.ledger import Ledger
from simulators.outgoing import Outgoing
from simulators.run import GATEWAY_WINDOW, GATEWAYS, Connections, device_session
from simulators.scenario.play import SITE, Play
from simulators.scenario.scenario import Planned, Scenario
from simulators.scenario.way import Delivery, What
from simulators.send import SILENT, Link, Session, Surroundings, Tally, Target

STEP_MS: Final = 5_000
LONGEST_PAUSE_S: Final = 0.5
MOST_WAITING: Final = 2_000
"""Messages on their way at full speed; beyond it the play waits for acknowledgements."""
DRAIN_S: Final = 30.0
STOPPED_DRAIN_S: Final = 3.0
KNOCK_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Staging:
    """How a scenario is played to a receiver; `speed` None is as fast as it acknowledges.

    `credentials` are secrets by user, which is a device's serial number.
    """

    scenario: Scenario
    site: str = SITE
    connections: Connections = Connections.PER_DEVICE
    speed: float | None = 1.0
    by_serial: bool = False
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)

    def shift_ms(self, now_ms: int) -> int:
        """By how much its times are moved, so that it ends at the present of its end."""
        lasts_ms = 0 if self.speed is None else int(self.scenario.duration_ms / self.speed)
        return now_ms + lasts_ms - self.scenario.end_ms

    def play(self, now_ms: int) -> Play:
        """The play, as it begins now."""
        return Play(self.scenario, self.site, self.shift_ms(now_ms), by_serial=self.by_serial)


@dataclass(slots=True)
class Step:
    """How far it has come, after each step."""

    now_ms: int
    tally: Tally
    wrong: tuple[Planned, ...] = ()
    let_in: int = 0
    turned_away: int = 0


async def perform(
    play: Play,
    staging: Staging,
    around: Surroundings,
    stop: asyncio.Event,
    *,
    on_step: Callable[[Step], None] = lambda _: None,
) -> Step:
    """Play to its end or until `stop` is set.

    What stays unacknowledged for 30 s after the end, or 3 s after being stopped, is left so.
    """
    step = Step(play.start_ms, around.tally)
    heard = _Heard(around.ledger)
    theirs = replace(around, ledger=heard, clock=_StageClock(around.clock, step))
    wires = _Wires(play, staging, theirs)
    pace = _Pace(staging.speed, play.start_ms, around.clock)
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(link.run()) for link in wires.links]
        while not stop.is_set() and step.now_ms < play.end_ms:
            step.now_ms = min(pace.next_ms(step.now_ms), play.end_ms)
            for delivery in play.advance(step.now_ms):
                if delivery.what is What.MESSAGE and delivery.message is not None:
                    wires.offer(delivery.message, delivery.asset)
                elif delivery.what is What.KNOCK and staging.credentials:
                    tasks.create_task(_knock(wires.session(delivery), around.target, step))
            wires.follow(play.links())
            step.wrong = play.wrong(step.now_ms)
            on_step(step)
            await pace.pause(stop, heard, wires)
        wires.close()
        await asyncio.wait(running, timeout=STOPPED_DRAIN_S if stop.is_set() else DRAIN_S)
        for task in running:
            task.cancel()
    return step


class _Pace:
    """Which moment is next, and when."""

    def __init__(self, speed: float | None, start_ms: int, clock: Clock) -> None:
        self._speed = speed
        self._start_ms = start_ms
        self._clock = clock
        self._begun_s = clock.monotonic_s()

    def next_ms(self, now_ms: int) -> int:
        """The moment to play until."""
        if self._speed is None:
            return now_ms + STEP_MS
        elapsed_s = self._clock.monotonic_s() - self._begun_s
        return self._start_ms + int(elapsed_s * self._speed * 1000)

    async def pause(self, stop: asyncio.Event, heard: "_Heard", wires: "_Wires") -> None:
        """Wait for the clock; at full speed for the receiver, while much is on its way."""
        if self._speed is not None:
            await _first(stop, min(LONGEST_PAUSE_S, 1 / self._speed))
            return
        await asyncio.sleep(0)
        while wires.waiting > MOST_WAITING and not stop.is_set():
            heard.news.clear()
            await _first(heard.news, LONGEST_PAUSE_S)


class _Heard:
    """A ledger that wakes whoever waits for acknowledgements."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.news = asyncio.Event()

    def sent(self, message: Outgoing) -> int:
        """Note a message that goes out for the first time; its number."""
        return self._ledger.sent(message)

    def acknowledged(self, number: int) -> None:
        """Note that its PUBACK came."""
        self._ledger.acknowledged(number)
        self.news.set()


class _StageClock:
    """The devices' clock: simulated time, so that a greeting is of when it is said."""

    def __init__(self, clock: Clock, step: Step) -> None:
        self._clock = clock
        self._step = step

    def now_ms(self) -> int:
        """Simulated time."""
        return self._step.now_ms

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        return self._clock.monotonic_s()


class _Wires:
    """Which connection speaks for which asset, and which of them are cut."""

    def __init__(self, play: Play, staging: Staging, around: Surroundings) -> None:
        rng = random.Random(staging.scenario.seed)  # noqa: S311 - jitter
        self._cut: frozenset[str] = frozenset()
        self._own: dict[str, Link] = {}
        self._shared: list[Link] = []
        self._play = play
        self._credentials = staging.credentials
        if staging.connections is Connections.GATEWAY:
            for number in range(GATEWAYS):
                name = f"{play.site}-gateway-{number}"
                session = Session(name, GATEWAY_WINDOW, backlog=None)
                self._shared.append(Link(session, around, rng))
            return
        for asset in play.assets:
            self._own[asset] = Link(self._session(asset), around, rng)

    @property
    def links(self) -> list[Link]:
        """Every connection."""
        return [*self._own.values(), *self._shared]

    @property
    def waiting(self) -> int:
        """Messages on their way over connections that are not cut."""
        whole = (link for asset, link in self._own.items() if asset not in self._cut)
        return sum(link.waiting for link in (*whole, *self._shared))

    def offer(self, message: Outgoing, asset: str) -> None:
        """Send it over the asset's connection, or over its gateway."""
        link = self._own.get(asset)
        if link is None:
            link = self._shared[crc32(asset.encode()) % len(self._shared)]
        link.offer(message)

    def follow(self, cut: frozenset[str]) -> None:
        """Break the connections that are cut now, and mend those that are not any more."""
        for asset in (cut ^ self._cut) & self._own.keys():
            link = self._own[asset]
            if asset in cut:
                link.cut()
            else:
                link.mend()
        self._cut = cut

    def session(self, delivery: Delivery) -> Session:
        """How the asset's device introduces itself."""
        return self._session(delivery.asset)

    def close(self) -> None:
        """Nothing more will be said."""
        for link in self.links:
            link.close()

    def _session(self, asset: str) -> Session:
        will, serial = self._play.will(asset), self._play.serial(asset)
        return device_session(will, serial, self._credentials, backlog=None)


async def _first(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but not longer than that."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


async def _knock(session: Session, target: Target, step: Step) -> None:
    """Try to connect once, as a thief's router does, and go away again."""
    client = aiomqtt.Client(
        target.host,
        target.port,
        username=session.username,
        password=session.password,
        identifier=session.client_id,
        tls_context=target.tls(),
        timeout=KNOCK_S,
        logger=SILENT,
    )
    try:
        async with client:
            step.let_in += 1
    except aiomqtt.MqttError:
        step.turned_away += 1
