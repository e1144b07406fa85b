"""The city on the wire: its messages at the pace of a clock, over one connection a device."""

import asyncio
import random
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from zlib import crc32

import msgspec

from ausguck.clock import Clock
from ausguck.model import Kind
from simulators.city import City, CityPlan
from simulators.city.bus import Bus
from simulators.city.station import Station
from simulators.ledger import CountingLedger, Ledger
from simulators.outgoing import Outgoing
from simulators.send import Link, Session, Surroundings, Tally, Target

GATEWAYS = 4
GATEWAY_WINDOW = 200
BACKLOG = 2_000
DRAIN_S = 3.0
LONGEST_STEP_S = 0.5
NOTICEABLE_JUMP_MS = 10_000


class Connections(StrEnum):
    """Who holds a connection: every device its own, with its will, or a few gateways."""

    PER_DEVICE = "per-device"
    GATEWAY = "gateway"


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a simulated city is told; as JSON it is what `python -m simulators` takes.

    With a `speed` above 1 simulated time begins before now, so that after `duration_s` it
    has caught up with now and no reading is ever ahead of its time.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    site: str = "kiel"
    seed: int = 1
    buses: int = 120
    stations: int = 200
    interval_s: float = 10.0
    station_interval_s: float = 60.0
    speed: float = 1.0
    duration_s: float | None = None
    connections: Connections = Connections.PER_DEVICE
    by_serial: bool = False
    scenario: str | None = None
    """Played in place of this city, which then has a size and a length of its own."""

    @property
    def plan(self) -> CityPlan:
        """The city it asks for."""
        return CityPlan(
            self.seed,
            self.site,
            self.buses,
            self.stations,
            int(self.interval_s * 1000),
            int(self.station_interval_s * 1000),
            by_serial=self.by_serial,
        )

    def target(self, password: str | None = None) -> Target:
        """The receiver."""
        return Target(self.host, self.port, self.username, password)

    def start_ms(self, now_ms: int) -> int:
        """When simulated time begins."""
        return now_ms - int((self.duration_s or 0.0) * (self.speed - 1) * 1000)


async def run_city(
    job: Job,
    around: Surroundings,
    stop: asyncio.Event,
    *,
    on_step: Callable[[Tally], None] = lambda _: None,
    credentials: Mapping[str, str] | None = None,
) -> Tally:
    """Run a city until `stop` is set or its duration is over, then say farewell.

    `credentials` are secrets by user, which is a device's serial number. Connections mend
    themselves; what stays unacknowledged for 3 s after the end is left so.
    """
    pace = _Pace(job, around.clock)
    city = City(job.plan, pace.start_ms)
    links = _links(job, city, around, credentials or {})
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(link.run()) for link in links.each()]
        while not (stop.is_set() or pace.is_over):
            city.skip(pace.catch_up_ms())
            for message in city.advance(pace.simulated_ms):
                links.offer(message)
            on_step(around.tally)
            await _pause(pace.until_s(city.next_ms), stop)
        links.say_farewell(city, pace.simulated_ms)
        await asyncio.wait(running, timeout=DRAIN_S)
        for task in running:
            task.cancel()
    return around.tally


def surroundings(
    job: Job, clock: Clock, ledger: Ledger | None = None, password: str | None = None
) -> Surroundings:
    """What a run of this job shares among its connections."""
    return Surroundings(job.target(password), clock, ledger or CountingLedger(), Tally())


class _Pace:
    """Simulated time as a function of the clock."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self._job = job
        self._clock = clock
        self._begun_s = clock.monotonic_s()
        self._begun_ms = clock.now_ms()
        self.start_ms = job.start_ms(self._begun_ms)

    @property
    def _elapsed_s(self) -> float:
        elapsed = self._clock.monotonic_s() - self._begun_s
        return min(elapsed, self._job.duration_s or elapsed)

    @property
    def simulated_ms(self) -> int:
        return self.start_ms + int(self._elapsed_s * self._job.speed * 1000)

    @property
    def is_over(self) -> bool:
        return self._job.duration_s is not None and self._elapsed_s >= self._job.duration_s

    def catch_up_ms(self) -> int:
        """By how much to move all times when the machine slept, or its clock was set.

        The devices then say nothing about the time between, as if they had slept too.
        """
        elapsed_ms = (self._clock.monotonic_s() - self._begun_s) * 1000
        behind_ms = int(self._clock.now_ms() - self._begun_ms - elapsed_ms)
        if abs(behind_ms) < NOTICEABLE_JUMP_MS:
            return 0
        self._begun_ms += behind_ms
        self.start_ms += behind_ms
        return behind_ms

    def until_s(self, next_ms: int | None) -> float:
        """How long to wait for what is due next."""
        if next_ms is None:
            return LONGEST_STEP_S
        wait_s = (next_ms - self.simulated_ms) / 1000 / self._job.speed
        return min(max(wait_s, 0.0), LONGEST_STEP_S)


class _Links:
    """Which connection speaks for which asset."""

    def __init__(self, by_asset: dict[str, Link], shared: list[Link]) -> None:
        self._by_asset = by_asset
        self._shared = shared

    def each(self) -> list[Link]:
        return [*self._by_asset.values(), *self._shared]

    def offer(self, message: Outgoing) -> None:
        link = self._by_asset.get(message.asset)
        if link is None:
            link = self._shared[crc32(message.asset.encode()) % len(self._shared)]
        link.offer(message)

    def say_farewell(self, city: City, at_ms: int) -> None:
        """A device that is switched off says so; then its connection may end."""
        for device in _devices(city):
            self.offer(device.farewell(at_ms))
        for link in self.each():
            link.close()


def _links(job: Job, city: City, around: Surroundings, credentials: Mapping[str, str]) -> _Links:
    rng = random.Random(job.seed)  # noqa: S311 - jitter
    if job.connections is Connections.GATEWAY:
        sessions = [
            Session(f"{job.site}-gateway-{number}", GATEWAY_WINDOW) for number in range(GATEWAYS)
        ]
        return _Links({}, [Link(session, around, rng) for session in sessions])
    sessions_by_name = {
        will.asset: device_session(will, _serial(city, will.asset), credentials)
        for will in city.wills()
    }
    return _Links(
        {name: Link(session, around, rng) for name, session in sessions_by_name.items()}, []
    )


def device_session(
    will: Outgoing, serial: str, credentials: Mapping[str, str], backlog: int | None = BACKLOG
) -> Session:
    """How a device introduces itself: as itself where its secret is known."""
    secret = credentials.get(serial)
    return Session(
        will.asset.replace("/", "-"),
        will=will,
        backlog=backlog,
        username=None if secret is None else serial,
        password=secret,
    )


def _serial(city: City, name: str) -> str:
    """The device that speaks as `bus/0101`, or as `device/<serial>`."""
    kind, _, serial = name.partition("/")
    return serial if kind == Kind.DEVICE else city.serial(name)


def _devices(city: City) -> Iterator[Bus | Station]:
    yield from city.buses
    yield from city.stations


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
