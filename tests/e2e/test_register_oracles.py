"""Three changes that towns make, through register, store, minutes and API: nothing old moves.

The same is asked before and after the change; what was yesterday must be the same answer, what
is today the right one, and whatever is added up is there once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from api.app import create_app
from api.ports import Ports
from ausguck.catalogue.state import StateMeasurement, StateRow
from ausguck.clock import ManualClock, iso_utc
from ausguck.desk.desk import open_desk
from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.model import AssetId, Kind, Reading
from ausguck.register.change import Offer
from ausguck.register.directory import Directory
from ausguck.register.rows import Asset, Assignment, Line, Zone
from ausguck.roles.minutes import Minutes, Senses
from ausguck.settings import tree
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.port import Store
from tests.api.fakes import BASE, FakeDesk, FakeHealth, FakeMetrics, FakeRetry
from tests.fleet.makers import MINUTE_MS, SITE, known, told
from tests.register.offers import offer
from tests.roles.turns import until
from tests.store.room import put

CHANGE_MS = round(datetime(2026, 12, 31, 23, tzinfo=UTC).timestamp() * 1000)
"""New Year's midnight in Kiel."""
DAY_MS = 86_400_000
MINUTES = 3
NO_ZONE = "-"
PATIENCE_S = 60
BUS_STATE, STATION_STATE = StateMeasurement.BUS_STATE, StateMeasurement.STATION_STATE
BUSES = tuple(AssetId(SITE, Kind.BUS, name) for name in ("0123", "0456"))
WINDOWS = {
    "yesterday": (CHANGE_MS - DAY_MS, CHANGE_MS),
    "today": (CHANGE_MS, CHANGE_MS + DAY_MS),
    "both": (CHANGE_MS - DAY_MS, CHANGE_MS + DAY_MS),
}


@dataclass
class Town:
    """The process without its sockets: register, store, minutes and API under one clock."""

    clock: ManualClock
    registry: SqliteRegistry
    directory: Directory
    store: Store
    minutes: Minutes
    client: httpx.AsyncClient
    offset: int = 0

    def tell(self, what: Offer) -> None:
        """Import it now, and have it followed, as the register's role does."""
        now_ms = self.clock.now_ms()
        self.registry.apply(self.registry.diff(what, now_ms), "test", now_ms)
        self.directory.replace(*self.registry.load(now_ms))

    async def live(self, from_ms: int, tells: Callable[[int], Sequence[Reading]]) -> None:
        """Some minutes, each with its readings and its rows."""
        for number in range(1, MINUTES + 1):
            now_ms = from_ms + number * MINUTE_MS
            self.clock.advance_ms(now_ms - self.clock.now_ms())
            self.directory.replace(*self.registry.load(now_ms))
            self.offset += 1
            await put(self.store, self.offset, *tells(now_ms - 5_000))
            stored = self.minutes.stats.rows.stored
            await self.minutes.look(now_ms)
            await until(
                lambda stored=stored: (
                    self.minutes.stats.rows.stored > stored  # type: ignore[misc]  # bound now
                    and self.minutes.stats.rows.waiting == 0
                )
            )

    async def ask(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - any answer
        """An answer without the time at which it was given."""
        response = await self.client.get(f"/api/v1{path}", params=parameters)
        assert response.status_code == httpx.codes.OK, response.text
        found = response.json()
        found.pop("as_of", None)
        return found

    async def points(self, asset: AssetId, metric: str, window: str, as_of: str) -> list[object]:
        """The values of a metric."""
        begin, end = (iso_utc(at_ms) for at_ms in WINDOWS[window])
        asked = {"asset": f"{asset.kind}/{asset.name}", "metric": metric, "as_of": as_of}
        found = await self.ask("/readings", **asked, **{"from": begin, "to": end})
        return [point["value"] for point in found["series"][0]["points"]]

    async def rows(self, measurement: StateMeasurement, window: str) -> Sequence[StateRow]:
        """Rows of minutes as they are kept."""
        return await self.store.recorded(measurement, *WINDOWS[window])

    async def yesterday(self, assets: Iterable[AssetId], metric: str) -> dict[str, Any]:
        """All that can be asked of yesterday: readings both ways, and each row of its minutes."""
        found: dict[str, Any] = {}
        for asset in assets:
            for as_of in ("then", "now"):
                answer = await self.points(asset, metric, "yesterday", as_of)
                found[f"{asset} {as_of}"] = answer
        for measurement in (BUS_STATE, STATION_STATE, StateMeasurement.FLEET):
            found[measurement] = await self.rows(measurement, "yesterday")
        return found


@asynccontextmanager
async def town(path: Path) -> AsyncIterator[Town]:
    clock, directory = ManualClock(CHANGE_MS - DAY_MS // 2), Directory()
    with (
        open_desk(path / "desk.sqlite") as desk,
        open_registry(path / "desk.sqlite", SITE) as registry,
    ):
        async with open_duckdb(path / "history.duckdb", tree.Store(), tree.Retention()) as store:
            senses = Senses(places=desk, register=lambda: directory.register)
            minutes = Minutes(SITE, store, clock, tree.State(), senses)
            health = FakeHealth(clock)
            ports = Ports(
                store, desk, health, FakeRetry(FakeDesk()), FakeMetrics(health), directory=directory
            )
            transport = httpx.ASGITransport(create_app(ports, clock, tree.Settings()))
            async with (
                httpx.AsyncClient(transport=transport, base_url=BASE) as client,
                asyncio.timeout(PATIENCE_S),
                asyncio.TaskGroup() as group,
            ):
                running = group.create_task(minutes.run())
                yield Town(clock, registry, directory, store, minutes, client)
                running.cancel()


def play(path: Path, act: Callable[[Town], Awaitable[None]]) -> None:
    async def main() -> None:
        async with town(path) as one:
            await act(one)

    asyncio.run(main())


def tags(rows: Sequence[StateRow]) -> Counter[tuple[str, str]]:
    """How many minutes each asset has under each line or zone; a minute has an asset once."""
    assert len({(row.at_ms, row.tags[1]) for row in rows}) == len(rows)
    return Counter((row.tags[1], row.tags[2]) for row in rows)


def totals(rows: Sequence[StateRow], key: str) -> list[object]:
    return [known(row)[key] for row in rows]


def test_line_11_becomes_12_in_the_middle_of_everything(tmp_path: Path) -> None:
    before = offer(
        lines=[Line(id="11")],
        assets=[Asset(id="bus/0123"), Asset(id="bus/0456")],
        assignments=[Assignment(id="bus/0456", line="11", valid_to_ms=CHANGE_MS)],
    )
    after = offer(
        lines=[Line(id="11", valid_to_ms=CHANGE_MS, successor="12"), Line(id="12")],
        assets=[Asset(id="bus/0123"), Asset(id="bus/0456")],
        assignments=[
            Assignment(id="bus/0456", line="11", valid_to_ms=CHANGE_MS),
            Assignment(id="bus/0456", line="12", valid_from_ms=CHANGE_MS),
        ],
    )

    def tells(at_ms: int) -> Sequence[Reading]:
        # One bus goes on telling the old name, the other tells none.
        return told(BUSES[0], at_ms, line="11", clients=3), told(BUSES[1], at_ms, clients=4)

    async def act(one: Town) -> None:
        one.tell(before)
        await one.live(CHANGE_MS - DAY_MS // 2, tells)
        yesterday = await one.yesterday(BUSES, "clients")
        listed = {row["id"]: row["line"] for row in (await one.ask("/buses"))["items"]}
        assert listed["0456"] == "11"

        one.clock.advance_ms(CHANGE_MS - 60 * MINUTE_MS - one.clock.now_ms())
        one.tell(after)
        assert await one.yesterday(BUSES, "clients") == yesterday
        await one.live(CHANGE_MS + DAY_MS // 2, tells)

        assert await one.yesterday(BUSES, "clients") == yesterday
        assert tags(await one.rows(BUS_STATE, "yesterday")) == {
            ("0123", "11"): MINUTES,
            ("0456", "11"): MINUTES,
        }
        assert tags(await one.rows(BUS_STATE, "today")) == {
            ("0123", "12"): MINUTES,
            ("0456", "12"): MINUTES,
        }
        fleet = await one.rows(StateMeasurement.FLEET, "both")
        assert totals(fleet, "buses_known") == [2] * (2 * MINUTES)
        for as_of in ("then", "now"):
            assert await one.points(BUSES[1], "clients", "both", as_of) == [4] * (2 * MINUTES)
        listed = {row["id"]: row["line"] for row in (await one.ask("/buses"))["items"]}
        assert listed["0456"] == "12"

    play(tmp_path, act)


def test_a_station_moves_300_m_into_another_zone(tmp_path: Path) -> None:
    station = AssetId(SITE, Kind.STATION, "13")
    zones = [
        Zone(id="west", area=((54.2, 10.0), (54.2, 10.2), (54.4, 10.2), (54.4, 10.0))),
        Zone(id="east", area=((54.2, 10.2), (54.2, 10.4), (54.4, 10.4), (54.4, 10.2))),
    ]

    def at_lon(lon: float) -> Offer:
        return offer(zones=zones, assets=[Asset(id="station/13", lat=54.3, lon=lon)])

    def tells(at_ms: int) -> Sequence[Reading]:
        return (told(station, at_ms, num_vehicles_available=5),)

    metric = "num_vehicles_available"

    async def act(one: Town) -> None:
        one.tell(at_lon(10.198))
        await one.live(CHANGE_MS - DAY_MS // 2, tells)
        yesterday = await one.yesterday([station], metric)
        assert (await one.ask("/stations/13"))["zone"] == "west"

        one.clock.advance_ms(CHANGE_MS - one.clock.now_ms())
        one.tell(at_lon(10.2026))
        assert await one.yesterday([station], metric) == yesterday
        await one.live(CHANGE_MS + DAY_MS // 2, tells)

        assert await one.yesterday([station], metric) == yesterday
        assert tags(await one.rows(STATION_STATE, "yesterday")) == {("13", "west"): MINUTES}
        today = await one.rows(STATION_STATE, "today")
        assert tags(today) == {("13", "east"): MINUTES}
        assert totals(today, "lon") == [10.2026] * MINUTES
        fleet = await one.rows(StateMeasurement.FLEET, "both")
        assert totals(fleet, "stations_known") == [1] * (2 * MINUTES)
        for as_of in ("then", "now"):
            assert await one.points(station, metric, "both", as_of) == [5] * (2 * MINUTES)
        assert [row["zone"] for row in (await one.ask("/stations"))["items"]] == ["east"]

    play(tmp_path, act)


def test_every_station_gets_another_id_on_new_years_day(tmp_path: Path) -> None:
    numbers = range(12)
    old = [AssetId(SITE, Kind.STATION, f"a{number}") for number in numbers]
    new = [AssetId(SITE, Kind.STATION, f"b{number}") for number in numbers]
    metric = "num_vehicles_available"

    def tells(at_ms: int) -> Sequence[Reading]:
        names = old if at_ms < CHANGE_MS else new
        return [told(name, at_ms, num_vehicles_available=n) for n, name in enumerate(names)]

    over = [
        Asset(id=f"station/a{n}", successor=f"station/b{n}", valid_to_ms=CHANGE_MS) for n in numbers
    ]
    begun = [Asset(id=f"station/b{n}", valid_from_ms=CHANGE_MS) for n in numbers]

    async def act(one: Town) -> None:
        one.tell(offer(assets=[Asset(id=f"station/a{n}") for n in numbers]))
        await one.live(CHANGE_MS - DAY_MS // 2, tells)
        yesterday = await one.yesterday(old, metric)

        one.clock.advance_ms(CHANGE_MS - 60 * MINUTE_MS - one.clock.now_ms())
        one.tell(offer(assets=[*over, *begun]))
        assert await one.yesterday(old, metric) == yesterday
        await one.live(CHANGE_MS + DAY_MS // 2, tells)

        assert await one.yesterday(old, metric) == yesterday
        for n in numbers:
            assert await one.points(new[n], metric, "both", "now") == [n] * (2 * MINUTES)
            assert await one.points(new[n], metric, "both", "then") == [n] * MINUTES
            assert await one.points(old[n], metric, "both", "then") == [n] * MINUTES
            assert await one.points(new[n], metric, "yesterday", "now") == [n] * MINUTES
        assert tags(await one.rows(STATION_STATE, "yesterday")) == {
            (name.name, NO_ZONE): MINUTES for name in old
        }
        assert tags(await one.rows(STATION_STATE, "today")) == {
            (name.name, NO_ZONE): MINUTES for name in new
        }
        fleet = await one.rows(StateMeasurement.FLEET, "both")
        assert totals(fleet, "stations_known") == [len(numbers)] * (2 * MINUTES)
        assert totals(fleet, "bikes") == [sum(numbers)] * (2 * MINUTES)
        items = (await one.ask("/stations"))["items"]
        assert {row["id"] for row in items if row["registered"]} == {name.name for name in new}

    play(tmp_path, act)
