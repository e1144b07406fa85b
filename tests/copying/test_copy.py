"""History from one store to another and back: equal row for row, whatever interrupts it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from ausguck.catalogue import keys
from ausguck.errors import StoreError, StoreUnavailable
from ausguck.model import Books, Kind, Position, Reading
from ausguck.settings.tree import Retention
from ausguck.store.comparing import Comparison, compare
from ausguck.store.copying import Floors, Progress, begun, copy
from ausguck.store.whole import Row, Stock, WholeStore, at_ms
from tests.copying.sample import (
    BOOKS,
    FLOORS,
    POSITION,
    FakeWhole,
    OpenWhole,
    Shelf,
    changed,
    everything,
    fill,
    history,
    opening_duckdb,
    opening_influxdb,
)
from tests.influx import Influx
from tests.store.makers import DAY_MS, NOON_MS

NAMES = ("one", "other")
PAGE = 100


class Narrow:
    """A store that gives small pages, counts them, and may fail at one."""

    def __init__(self, store: WholeStore, fails_at: int | None = None) -> None:
        self._store = store
        self._fails_at = fails_at
        self.kept = 0

    async def position(self) -> Position | None:
        return await self._store.position()

    async def books(self) -> Books:
        return await self._store.books()

    async def size(self, stock: Stock, from_ms: int) -> int:
        return await self._store.size(stock, from_ms)

    async def page(self, stock: Stock, from_ms: int, limit: int) -> Sequence[Row]:
        return await self._store.page(stock, from_ms, min(limit, PAGE))

    async def keep(self, stock: Stock, rows: Sequence[Row]) -> None:
        await self._store.keep(stock, rows)
        self.kept += 1
        if self.kept == self._fails_at:
            # Behind the write: what is stored and what is known to be differ.
            raise StoreUnavailable("other", "interrupted")

    async def settle(self, position: Position, books: Books) -> None:
        await self._store.settle(position, books)


async def brought(
    one: WholeStore, other: WholeStore, kept: Progress | None = None
) -> tuple[Comparison, list[bytes]]:
    """Copy, compare and settle; what was saved on the way."""
    progress = await begun(one, other, NAMES, kept)
    assert progress is not None
    saved: list[bytes] = []
    async for _ in copy(
        one, other, progress, FLOORS, lambda made: saved.append(msgspec.json.encode(made))
    ):
        pass
    found = await compare(one, other, FLOORS, NAMES, lambda _found, _stock: None)
    await other.settle(progress.position, await one.books())
    return found, saved


def there_and_back(first: OpenWhole, between: OpenWhole, last: OpenWhole) -> None:
    rows = history()

    async def run() -> None:
        async with first() as one, between() as two, last() as three:
            await fill(one, rows)
            for source, target in ((one, two), (two, three)):
                found, _ = await brought(Narrow(source), Narrow(target))
                assert found.first == []
                assert found.rows == sum(map(len, rows.values()))
        async with last() as three:
            assert await everything(three) == rows
            assert await three.position() == POSITION
            assert await three.books() == BOOKS

    asyncio.run(run())


@pytest.mark.influxdb
def test_duckdb_to_influxdb_and_back(influx: Influx, tmp_path: Path) -> None:
    there_and_back(
        opening_duckdb(tmp_path / "1"), opening_influxdb(influx), opening_duckdb(tmp_path / "2")
    )


def test_duckdb_to_duckdb_and_back(tmp_path: Path) -> None:
    there_and_back(*(opening_duckdb(tmp_path / name) for name in "123"))


def interrupted(first: OpenWhole, second: OpenWhole, fails_at: int) -> None:
    rows = history(400)

    async def begin() -> bytes:
        saved: list[bytes] = []
        async with first() as one, second() as other:
            await fill(one, rows)
            progress = await begun(one, other, NAMES, None)
            assert progress is not None
            with pytest.raises(StoreUnavailable):
                async for _ in copy(
                    Narrow(one),
                    Narrow(other, fails_at),
                    progress,
                    FLOORS,
                    lambda made: saved.append(msgspec.json.encode(made)),
                ):
                    pass
            assert await other.position() is None
        return saved[-1]

    async def go_on(saved: bytes) -> None:
        kept = msgspec.json.decode(saved, type=Progress)
        async with first() as one, second() as other:
            target = Narrow(other)
            found, _ = await brought(Narrow(one), target, kept)
            assert found.first == []
            assert await everything(other) == rows
        pages = sum(-(-len(some) // PAGE) for some in rows.values())
        assert target.kept <= pages - fails_at + 2

    asyncio.run(go_on(asyncio.run(begin())))


@pytest.mark.parametrize("fails_at", [2, 6, 9])
def test_an_interrupted_copy_goes_on(tmp_path: Path, fails_at: int) -> None:
    interrupted(opening_duckdb(tmp_path / "1"), opening_duckdb(tmp_path / "2"), fails_at)


@pytest.mark.influxdb
def test_an_interrupted_copy_to_influxdb_goes_on(influx: Influx, tmp_path: Path) -> None:
    interrupted(opening_duckdb(tmp_path / "1"), opening_influxdb(influx), 6)


def a_fake(rows: dict[Stock, list[Row]], *, settled: bool = True) -> FakeWhole:
    fake = FakeWhole(Shelf())
    asyncio.run(fill(fake, rows, settled=settled))
    return fake


def held_against(one: FakeWhole, other: FakeWhole, floors: Floors = FLOORS) -> Comparison:
    return asyncio.run(compare(one, other, floors, NAMES, lambda _found, _stock: None))


@pytest.mark.parametrize("stock", list(Stock))
def test_a_value_that_differs_is_found_and_named(stock: Stock) -> None:
    rows = history(100)
    index = len(rows[stock]) // 2
    planted = {**rows, stock: [*rows[stock]]}
    planted[stock][index] = changed(rows[stock][index])

    found = held_against(a_fake(rows), a_fake(planted))

    assert found.differences == 1
    (difference,) = found.first
    assert difference.stock == stock
    assert " in one, " in difference.what
    assert difference.what.endswith(" in other")


@pytest.mark.parametrize("stock", list(Stock))
def test_a_row_that_is_missing_is_found_and_named(stock: Stock) -> None:
    rows = history(100)
    lacking = {**rows, stock: rows[stock][:-1]}

    assert held_against(a_fake(rows), a_fake(lacking)).first[0].what == "only in one"
    assert held_against(a_fake(lacking), a_fake(rows)).first[0].what == "only in other"
    assert held_against(a_fake(rows), a_fake(lacking)).differences == 1


def test_another_digest_or_type_of_a_value_is_a_difference() -> None:
    (row,) = history(1)[Stock.HOTSPOT]
    assert isinstance(row, Reading)
    index = keys(Kind.BUS).index("clients")
    values = (*row.values[:index], 1, *row.values[index + 1 :])
    truth = (*row.values[:index], True, *row.values[index + 1 :])
    numbered = msgspec.structs.replace(row, seq=1, values=values)
    others = (
        msgspec.structs.replace(numbered, digest=numbered.digest + 1),
        msgspec.structs.replace(numbered, values=truth),
        msgspec.structs.replace(numbered, clock_suspect=not numbered.clock_suspect),
        msgspec.structs.replace(numbered, received_at_ms=0),
    )
    for other in others:
        found = held_against(a_fake({Stock.HOTSPOT: [numbered]}), a_fake({Stock.HOTSPOT: [other]}))
        assert found.differences == 1


def test_only_the_first_differences_are_worded() -> None:
    rows = history(100)

    found = held_against(a_fake(rows), FakeWhole(Shelf()))

    assert found.differences == found.rows == sum(map(len, rows.values()))
    assert len(found.first) == 20


def test_what_retention_removes_is_left() -> None:
    rows = history(100)
    now_ms = NOON_MS + 8 * DAY_MS
    floors = Floors.at(now_ms, Retention())
    one, other = a_fake(rows), FakeWhole(Shelf())

    async def run() -> None:
        progress = await begun(one, other, NAMES, None)
        assert progress is not None
        async for _ in copy(one, other, progress, floors, lambda _made: None):
            pass

    asyncio.run(run())

    assert held_against(one, other, floors).first == []
    found = asyncio.run(everything(other))
    assert found[Stock.BUS_PLACE] == []
    assert len(found[Stock.HOTSPOT]) == len(rows[Stock.HOTSPOT])
    places = [keys(Kind.BUS).index(key) for key in ("lat", "lon", "speed_mps", "trip_id")]
    for row in found[Stock.HOTSPOT]:
        assert isinstance(row, Reading)
        assert [row.values[index] for index in places] == [None] * len(places)


def begin(one: FakeWhole, other: FakeWhole, kept: Progress | None = None) -> Progress | None:
    return asyncio.run(begun(one, other, NAMES, kept))


def test_a_copy_that_is_done_is_done() -> None:
    rows = history(20)

    assert begin(a_fake(rows), a_fake(rows)) is None


def test_nothing_to_copy_is_said() -> None:
    with pytest.raises(StoreError, match="nothing was ever stored here"):
        begin(FakeWhole(Shelf()), FakeWhole(Shelf()))


@pytest.mark.parametrize(
    ("there", "words"), [(Position(3, 14, 160), "ahead of"), (Position(3, 1, 0), "behind")]
)
def test_a_target_with_a_history_of_its_own_is_left_alone(there: Position, words: str) -> None:
    rows = history(20)
    other = a_fake({}, settled=False)
    asyncio.run(other.settle(there, Books()))

    with pytest.raises(StoreError, match=f"{words} the source's 14:159"):
        begin(a_fake(rows), other)


@pytest.mark.parametrize("stock", list(Stock))
def test_rows_that_nobody_knows_are_left_alone(stock: Stock) -> None:
    rows = history(20)
    some = {stock: rows[stock] or history(100)[stock][:1]}

    with pytest.raises(StoreError, match="rows that no copy of ours has brought"):
        begin(a_fake(rows), a_fake(some, settled=False))


def test_a_source_that_has_moved_on_is_copied_anew() -> None:
    rows = history(100)
    one, other = a_fake(rows), a_fake({}, settled=False)
    before = Progress(*NAMES, Position(3, 1, 0), rows=50, next_ms={Stock.HOTSPOT: NOON_MS + 9})

    made = begin(one, other, before)

    assert made == Progress(*NAMES, POSITION)
    assert begin(one, other, Progress(*NAMES, POSITION, rows=7)) == Progress(
        *NAMES, POSITION, rows=7
    )


def test_progress_says_how_far_it_is() -> None:
    rows = history(300)
    one, other = a_fake(rows), FakeWhole(Shelf())

    _, saved = asyncio.run(brought(Narrow(one), Narrow(other)))

    seen = [msgspec.json.decode(made, type=Progress) for made in saved]
    total = sum(map(len, rows.values()))
    assert {made.total for made in seen} == {total}
    assert [made.rows for made in seen] == sorted(made.rows for made in seen)
    assert seen[-1].rows == total
    assert seen[-1].done == set(Stock)
    assert seen[-1].next_ms[Stock.HOTSPOT] == at_ms(rows[Stock.HOTSPOT][-1]) + 1
