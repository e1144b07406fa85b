"""Copies a whole store into another, page by page, and can be interrupted anywhere.

Rows come first and are compared, and only then the target gets the position and the books: a
copy that was not finished stands for nothing.
"""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import msgspec

from ausguck import catalogue
from ausguck.catalogue import DataClass
from ausguck.catalogue.state import Bucket
from ausguck.errors import StoreError
from ausguck.model import Position, Reading, Values
from ausguck.settings.tree import Retention
from ausguck.store.whole import Row, Stock, WholeStore, at_ms, bucket, key

PAGE = 5_000
"""About so many rows of a store are in memory at once."""
DAY_MS = 86_400_000
MARGIN_MS = 3_600_000


class Floors(NamedTuple):
    """From when on rows count, for each class; what is older goes by retention."""

    telemetry_ms: int
    position_ms: int
    station_ms: int

    @classmethod
    def at(cls, now_ms: int, days: Retention) -> "Floors":
        """As retention has them now, but for the last hour: one store prunes before the other."""
        since_ms = now_ms + MARGIN_MS
        return cls(
            since_ms - days.telemetry_days * DAY_MS,
            since_ms - days.position_days * DAY_MS,
            since_ms - days.station_days * DAY_MS,
        )

    def of(self, stock: Stock) -> int:
        """The floor of a stock."""
        if bucket(stock) is Bucket.STATION:
            return self.station_ms
        return self.position_ms if bucket(stock) is Bucket.POSITION else self.telemetry_ms

    def kept(self, row: Row) -> Row:
        """A row without the values that have outlived their class."""
        if not isinstance(row, Reading) or row.observed_at_ms >= self.position_ms:
            return row
        return msgspec.structs.replace(row, values=_without_positions(row))


class Progress(msgspec.Struct):
    """How far a copy has come, as it is kept in a file."""

    source: str
    target: str
    position: Position
    """Where the source stood; one that has moved on is copied anew."""
    rows: int = 0
    total: int = 0
    next_ms: dict[Stock, int] = {}
    done: set[Stock] = set()


class Copied(NamedTuple):
    """What a page has brought."""

    stock: Stock
    rows: int
    progress: Progress


async def copy(
    source: WholeStore,
    target: WholeStore,
    progress: Progress,
    floors: Floors,
    save: Callable[[Progress], None],
) -> AsyncIterator[Copied]:
    """Bring over what is not there yet; `save` is called behind each page that is stored.

    Raises:
        StoreError: the target does not take a row.
        StoreUnavailable: one of the stores does not answer; begin again where `save` was.
    """
    if not progress.total:
        progress.total = sum([await source.size(one, floors.of(one)) for one in Stock])
    for stock in Stock:
        if stock in progress.done:
            continue
        from_ms = max(progress.next_ms.get(stock, 0), floors.of(stock))
        while page := await source.page(stock, from_ms, PAGE):
            await target.keep(stock, [floors.kept(row) for row in sorted(page, key=key)])
            from_ms = at_ms(page[-1]) + 1
            progress.next_ms[stock] = from_ms
            progress.rows += len(page)
            save(progress)
            yield Copied(stock, len(page), progress)
        progress.done.add(stock)
        save(progress)


async def begun(
    source: WholeStore, target: WholeStore, names: tuple[str, str], kept: Progress | None
) -> Progress | None:
    """Where to begin: anew or behind the last page; None where the target has it all.

    Raises:
        StoreError: there is nothing to copy, or the target is somebody else's.
    """
    position = await source.position()
    if position is None:
        raise StoreError(names[0], "nothing was ever stored here, so there is nothing to copy")
    there = await target.position()
    if there == position:
        return None
    if there is not None:
        raise StoreError(names[1], _taken(position, there))
    if kept is not None and (kept.source, kept.target, kept.position) == (*names, position):
        return kept
    ours = kept is not None and (kept.source, kept.target) == names
    if not ours and await _is_used(target):
        raise StoreError(
            names[1],
            "found rows that no copy of ours has brought, expected an empty store: make room as "
            "`ausguck store copy --help` says",
        )
    return Progress(*names, position)


def _taken(position: Position, there: Position) -> str:
    ahead = "ahead of" if there > position else "behind"
    return (
        f"found that history was written here already, up to {there.segment}:{there.offset}, "
        f"which is {ahead} the source's {position.segment}:{position.offset}, expected an empty "
        "store: make room as `ausguck store copy --help` says"
    )


async def _is_used(store: WholeStore) -> bool:
    for stock in Stock:
        if await store.page(stock, 0, 1):
            return True
    return False


def _without_positions(reading: Reading) -> Values:
    return tuple(
        None if metric.data_class is DataClass.EMPLOYEE_RELATED else found
        for metric, found in zip(catalogue.metrics(reading.asset.kind), reading.values, strict=True)
    )
