"""What a whole store does, whatever is behind it."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from ausguck.model import Books, Position, Reading
from ausguck.store.whole import Stock, WholeStore, at_ms, key
from tests.copying.sample import (
    BOOKS,
    POSITION,
    OpenWhole,
    changed,
    everything,
    fill,
    history,
)
from tests.store.makers import DAY_MS, NOON_MS

Scenario = Callable[[WholeStore], Awaitable[None]]


def play(open_whole: OpenWhole, *scenarios: Scenario) -> None:
    """Each with the store newly opened."""

    async def run() -> None:
        for scenario in scenarios:
            async with open_whole() as store:
                await scenario(store)

    asyncio.run(run())


class WholeContract:
    def test_an_empty_one_is_empty(self, open_whole: OpenWhole) -> None:
        async def look(store: WholeStore) -> None:
            assert await store.position() is None
            assert await store.books() == Books()
            assert await everything(store) == {stock: [] for stock in Stock}
            assert [await store.size(stock, 0) for stock in Stock] == [0] * len(Stock)

        play(open_whole, look)

    def test_what_was_kept_is_what_is_read(self, open_whole: OpenWhole) -> None:
        rows = history(150)

        async def look(store: WholeStore) -> None:
            assert await everything(store) == rows
            assert await store.position() == POSITION
            assert await store.books() == BOOKS
            assert await store.size(Stock.HOTSPOT, 0) == len(rows[Stock.HOTSPOT])

        play(open_whole, lambda store: fill(store, rows), look)

    @pytest.mark.parametrize("limit", [1, 7, 100])
    def test_pages_hold_whole_milliseconds(self, open_whole: OpenWhole, limit: int) -> None:
        rows = {stock: some[:40] for stock, some in history(150).items()}

        async def look(store: WholeStore) -> None:
            assert await everything(store, limit) == rows

        play(open_whole, lambda store: fill(store, rows), look)

    def test_a_page_begins_where_it_is_asked_to(self, open_whole: OpenWhole) -> None:
        rows = history(150)

        async def look(store: WholeStore) -> None:
            for stock in Stock:
                from_ms = at_ms(rows[stock][len(rows[stock]) // 2])
                page = await store.page(stock, from_ms, 10_000)
                assert sorted(page, key=key) == [r for r in rows[stock] if at_ms(r) >= from_ms]

        play(open_whole, lambda store: fill(store, rows), look)

    def test_a_gap_of_months_is_no_end(self, open_whole: OpenWhole) -> None:
        first, *_, last = history(150)[Stock.STATION]
        assert isinstance(first, Reading)
        early = msgspec.structs.replace(first, observed_at_ms=NOON_MS - 200 * DAY_MS)
        rows = [early, last]

        async def look(store: WholeStore) -> None:
            assert (await everything(store))[Stock.STATION] == rows

        play(open_whole, lambda store: store.keep(Stock.STATION, rows), look)

    def test_kept_again_is_kept_once(self, open_whole: OpenWhole) -> None:
        rows = history(150)
        parts = {stock: some[len(some) // 2 :] for stock, some in rows.items()}
        cut = {
            stock: [row for row in rows[stock] if at_ms(row) >= at_ms(part[0])]
            for stock, part in parts.items()
        }

        async def look(store: WholeStore) -> None:
            assert await everything(store) == rows

        play(
            open_whole,
            lambda store: fill(store, rows, settled=False),
            lambda store: fill(store, cut),
            look,
        )

    def test_a_row_that_has_changed_is_as_it_was_kept_last(self, open_whole: OpenWhole) -> None:
        rows = {stock: some[-1:] for stock, some in history(150).items()}
        other = {stock: [changed(row) for row in some] for stock, some in rows.items()}

        async def look(store: WholeStore) -> None:
            found = await everything(store)
            for stock in (Stock.HOTSPOT, Stock.STATION, Stock.EVENTS, Stock.FLEET):
                assert found[stock] == other[stock]

        play(open_whole, lambda s: fill(s, rows), lambda s: fill(s, other), look)

    def test_it_settles_where_it_is_told(self, open_whole: OpenWhole) -> None:
        async def settle(store: WholeStore) -> None:
            await store.settle(Position(1, 2, 3), Books(1, 2, 3, 6))

        async def look(store: WholeStore) -> None:
            assert await store.position() == Position(1, 2, 3)
            assert await store.books() == Books(1, 2, 3, 6)

        play(open_whole, settle, look)
