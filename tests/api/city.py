"""An app over fakes: empty, or with a little city behind it."""

import asyncio
import atexit
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import httpx
from fastapi import FastAPI

from api.app import create_app
from api.ports import (
    Place,
    Ports,
    Yard,
)
from ausguck.clock import Clock, ManualClock
from ausguck.commissioning.sheet import Door
from ausguck.commissioning.watching import Watching
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_book import Book
from ausguck.desk.port import DeadLetterRow, DroppedValueRow
from ausguck.desk.registry import open_registry
from ausguck.model import (
    AssetId,
    Inventory,
    Kind,
    Position,
    Reason,
)
from ausguck.register.directory import Directory
from ausguck.register.expecting import NOTHING_TOLD
from ausguck.register.port import Registry
from ausguck.settings.tree import Settings
from tests.api.fakes import (
    BASE,
    NOW_MS,
    SITE,
    FakeDesk,
    FakeHealth,
    FakeMetrics,
    FakeRetry,
    FakeStore,
    reading,
)


class City:
    """Everything an app needs, with the app over it."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        settings: Settings | None = None,
        access: AccessDesk | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.clock = clock or ManualClock(NOW_MS)
        self.registry = registry
        self.connected_since: dict[str, int] = {}
        self.watching = Watching()
        self.access = access
        self.book = Book()
        self.directory = Directory()
        self.store = FakeStore()
        self.desk = FakeDesk()
        self.health = FakeHealth(self.clock)
        self.retry = FakeRetry(self.desk)
        ports = Ports(
            self.store,
            self.desk,
            self.health,
            self.retry,
            FakeMetrics(self.health),
            access=access,
            book=self.book,
            directory=self.directory,
            yard=None if registry is None else self._yard(registry),
        )
        self.app: FastAPI = create_app(ports, self.clock, settings or Settings())

    def write_down(self) -> None:
        """What is written once a minute."""
        assert self.access is not None
        now_ms = self.clock.now_ms()
        self.access.write_down(self.book.take(now_ms), now_ms)

    def connected(self) -> Mapping[str, int]:
        return self.connected_since

    async def changed(self) -> None:
        assert self.registry is not None
        self.directory.replace(*self.registry.load(self.clock.now_ms()))

    def _yard(self, registry: Registry) -> Yard:
        door = Door("mqtt.kiel.example", 8883, has_tls=True)
        return Yard(
            SITE,
            registry,
            self.directory,
            self,
            self.watching,
            door,
            14,
            Place(ZoneInfo("Europe/Berlin"), "DE"),
            lambda _reading: NOTHING_TOLD,
            self.changed,
        )

    def ask(self, method: str, path: str, **options: object) -> httpx.Response:
        """One request, answered."""
        return self.talk(lambda client: client.request(method, path, **options))  # type: ignore[arg-type]  # httpx's own keywords, passed through

    def talk(
        self,
        say: Callable[[httpx.AsyncClient], Awaitable[httpx.Response]],
        peer: str = "127.0.0.1",
    ) -> httpx.Response:
        """A conversation with the app over one client."""

        async def held() -> httpx.Response:
            transport = httpx.ASGITransport(
                self.app, raise_app_exceptions=False, client=(peer, 49_152)
            )
            async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
                return await say(client)

        return asyncio.run(held())


def scratch_access() -> AccessDesk:
    """Keys and people for tests that are made before there is any fixture."""
    stack = ExitStack()
    atexit.register(stack.close)
    directory = Path(stack.enter_context(TemporaryDirectory()))
    return stack.enter_context(open_access(directory / "desk.sqlite"))


def scratch_registry() -> Registry:
    """A register, likewise."""
    stack = ExitStack()
    atexit.register(stack.close)
    directory = Path(stack.enter_context(TemporaryDirectory()))
    return stack.enter_context(open_registry(directory / "desk.sqlite", SITE))


def letter(letter_id: int, reason: Reason, element: bytes = b'{"clients": 3}') -> DeadLetterRow:
    """A dead letter of one bus."""
    return DeadLetterRow(
        id=letter_id,
        topic=f"v1/{SITE}/bus/0123/telemetry",
        reason=reason,
        detail="observed_at: found 1999, expected after 2020",
        element=element,
        count=2,
        first_at_ms=NOW_MS - 60_000,
        last_at_ms=NOW_MS,
        last_position=Position(1, 1, 4096),
    )


def populated(
    clock: Clock | None = None,
    *,
    settings: Settings | None = None,
    access: AccessDesk | None = None,
    registry: Registry | None = None,
) -> City:
    """Three buses, three stations, two dead letters, one value left out."""
    city = City(clock, settings=settings, access=access, registry=registry)
    now = city.clock.now_ms()
    bus, station = Kind.BUS, Kind.STATION
    city.store.readings = [
        reading(
            bus,
            "0101",
            now - 3_000,
            clients=14,
            clients_guest=12,
            rsrp_dbm=-97.5,
            access_technology="4g",
            line="11",
            lat=54.32,
            lon=10.13,
        ),
        reading(
            bus, "0102", now - 9_000, clients_guest=0, rsrp_dbm=-118, access_technology="5g_nsa"
        ),
        reading(bus, "0103", now - 900_000, clients_guest=3, line="6"),
        reading(station, "s001", now - 20_000, num_vehicles_available=5, num_docks_available=9),
        reading(
            station,
            "s002",
            now - 25_000,
            num_vehicles_available=0,
            num_docks_available=15,
            is_renting=True,
        ),
        reading(station, "s003", now - 30_000, num_vehicles_available=18, num_docks_available=0),
    ]
    city.desk.letters = {
        3: letter(3, Reason.TIME),
        8: letter(8, Reason.UNDECODABLE, b"\xff\xfe"),
    }
    asset = AssetId(SITE, bus, "0101")
    city.desk.dropped = [
        DroppedValueRow(asset, "speed_mps", "range", "113.9952", 7, now - 60_000, now)
    ]
    city.desk.inventories[asset] = Inventory(
        asset, now - 3_600_000, "RUTX50", "00.07.06.10", "1122334455", None, 2
    )
    return city
