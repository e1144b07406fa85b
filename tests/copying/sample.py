"""A history of every odd kind that a store may hold, and stores that hold it."""

import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.catalogue.state import TABLES, Field, StateRow
from ausguck.model import AssetId, Books, Event, Kind, Position, Reading, Scalar
from ausguck.settings.tree import Retention
from ausguck.settings.tree import Store as StoreSettings
from ausguck.store.copying import Floors
from ausguck.store.duckdb.whole import open_whole_duckdb
from ausguck.store.influxdb.whole import open_whole_influxdb
from ausguck.store.whole import Row, Stock, WholeStore, at_ms, key
from tests.influx import Influx
from tests.store.influx_room import InfluxRoom
from tests.store.makers import DAY_MS, NOON_MS

END_MS = NOON_MS + DAY_MS
POSITION = Position(3, 14, 159)
BOOKS = Books(stored=2_000, duplicates=12, dead_lettered=3, decoded=2_015)
FLOORS = Floors.at(END_MS, Retention())
TEXTS = ("plain", 'a "quoted" \\ word', "two\nlines", "", "ä, =", "x" * 300)
TAGS = ("1", "two words", 'say "x"', "-")
HUGE = 2**64 - 1
OpenWhole = Callable[[], AbstractAsyncContextManager[WholeStore]]
History = dict[Stock, list[Row]]


def history(size: int = 700) -> History:
    """The same at every call: `size` readings of each kind and what goes with them."""
    chance = random.Random(4)  # noqa: S311 - a sample, not a secret
    made: History = {stock: [] for stock in Stock}
    for stock, kind in ((Stock.HOTSPOT, Kind.BUS), (Stock.STATION, Kind.STATION)):
        made[stock] = list(_readings(kind, size, chance))
    made[Stock.EVENTS] = list(_events(size // 5, chance))
    for of in TABLES:
        made[Stock(of.measurement.value)] = [
            StateRow(
                of.measurement,
                NOON_MS + minute * 60_000,
                (*(chance.choice(TAGS) for _ in of.tags[:-1]), f"row-{number}"),
                (0 if of.fields[0].type is int else 0.5, *_cells(of.fields[1:], chance)),
            )
            for minute in range(size // 20)
            for number in range(3)
        ]
    return {stock: sorted(rows, key=key) for stock, rows in made.items()}


def _cells(fields: tuple[Field, ...], chance: random.Random) -> Iterator[int | float | str | None]:
    for one in fields:
        made: dict[type, int | float | str] = {
            int: chance.randrange(10**6),
            float: chance.uniform(-90, 90),
            str: TEXTS[1],
        }
        yield chance.choice([None, made[one.type]])


def _readings(kind: Kind, size: int, chance: random.Random) -> Iterator[Reading]:
    nothing = (None,) * len(catalogue.keys(kind))
    for number in range(size):
        asset = AssetId("kiel", kind, f"{chance.randrange(20):04}")
        # A few share a millisecond, with and without a number.
        observed_at_ms = NOON_MS + (number // 3 * 3 if number % 7 < 3 else number) * 1_000
        values = tuple(
            chance.choice([None, _value(metric, chance)]) for metric in catalogue.metrics(kind)
        )
        yield Reading(
            asset,
            observed_at_ms,
            observed_at_ms + chance.randrange(3_600_000),
            chance.choice([None, "", "b1", 'b"2']),
            chance.choice([None, number, number + 10**6, HUGE - number]),
            chance.choice([number, HUGE - number, number + 10**6]),
            number % 11 == 0,
            nothing if number % 13 == 0 else values,
        )


def _value(metric: Metric, chance: random.Random) -> Scalar:
    if metric.type is bool:
        return chance.random() < 0.5
    if metric.choices:
        return chance.choice(metric.choices)
    if metric.type is str:
        return chance.choice(TEXTS)
    low = metric.minimum or 0
    high = 2**62 if metric.maximum is None else metric.maximum
    if metric.type is int:
        return chance.choice([int(low), int(high), chance.randint(int(low), int(high))])
    return chance.choice([float(low), float(high), chance.uniform(low, high), 1 / 3])


def _events(size: int, chance: random.Random) -> Iterator[Event]:
    for number in range(size):
        kind = chance.choice([Kind.BUS, Kind.STATION])
        observed_at_ms = NOON_MS + number // 4 * 1_000
        yield Event(
            AssetId("kiel", kind, f"{number % 2:04}"),
            observed_at_ms,
            observed_at_ms + 250,
            chance.choice(["status", 'odd "type"']),
            chance.choice(TEXTS),
            chance.choice([number, HUGE - number]),
        )


async def fill(store: WholeStore, rows: History, *, settled: bool = True) -> None:
    for stock, some in rows.items():
        if some:
            await store.keep(stock, some)
    if settled:
        await store.settle(POSITION, BOOKS)


async def everything(store: WholeStore, limit: int = 10_000) -> History:
    """All rows, page by page."""
    found: History = {}
    for stock in Stock:
        rows = found[stock] = []
        from_ms = 0
        while page := await store.page(stock, from_ms, limit):
            assert [at_ms(row) for row in page] == sorted(at_ms(row) for row in page)
            rows.extend(sorted(page, key=key))
            from_ms = at_ms(page[-1]) + 1
    return found


@dataclass
class Shelf:
    """What outlives a closing of the store."""

    rows: History = field(default_factory=lambda: {stock: [] for stock in Stock})
    place: tuple[Position | None, Books] = (None, Books())


class FakeWhole:
    """A whole store in memory, written from the port's words."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._begun: set[Stock] = set()

    async def position(self) -> Position | None:
        return self._shelf.place[0]

    async def books(self) -> Books:
        return self._shelf.place[1]

    async def size(self, stock: Stock, from_ms: int) -> int:
        return sum(at_ms(row) >= from_ms for row in self._shelf.rows[stock])

    async def page(self, stock: Stock, from_ms: int, limit: int) -> list[Row]:
        rows = sorted((row for row in self._shelf.rows[stock] if at_ms(row) >= from_ms), key=key)
        if len(rows) <= limit:
            return rows
        return [row for row in rows if at_ms(row) <= at_ms(rows[limit - 1])]

    async def keep(self, stock: Stock, rows: Sequence[Row]) -> None:
        if stock not in self._begun:
            self._begun.add(stock)
            self._shelf.rows[stock] = [
                r for r in self._shelf.rows[stock] if at_ms(r) < at_ms(rows[0])
            ]
        self._shelf.rows[stock] += rows

    async def settle(self, position: Position, books: Books) -> None:
        self._shelf.place = (position, books)


def opening_fake() -> OpenWhole:
    shelf = Shelf()

    @asynccontextmanager
    async def opened() -> AsyncIterator[WholeStore]:
        yield FakeWhole(shelf)

    return opened


def opening_duckdb(path: Path) -> OpenWhole:
    return lambda: open_whole_duckdb(path / "history.duckdb", StoreSettings())


def opening_influxdb(server: Influx) -> OpenWhole:
    settings = InfluxRoom(server).settings(batch_lines=500)
    return lambda: open_whole_influxdb(settings)


def changed(row: Row) -> Row:
    """A row that differs in one value."""
    if isinstance(row, Event):
        return msgspec.structs.replace(row, detail="another")
    if isinstance(row, StateRow):
        return msgspec.structs.replace(row, values=(1, *row.values[1:]))
    index = catalogue.keys(row.asset.kind).index("uptime_s")
    values = (*row.values[:index], 77, *row.values[index + 1 :])
    return msgspec.structs.replace(row, values=values)
