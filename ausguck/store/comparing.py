"""Holds two stores against each other, row for row, in as much memory as two pages take."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import NamedTuple

from ausguck import catalogue
from ausguck.catalogue.state import StateRow, table
from ausguck.clock import iso_utc
from ausguck.model import Event, Reading
from ausguck.store.copying import PAGE, Floors
from ausguck.store.whole import Row, Stock, WholeStore, at_ms, key

FIRST = 20
Cells = Iterator[tuple[str, object]]


class Difference(NamedTuple):
    """One row that is not the same in both."""

    stock: str
    row: str
    what: str


@dataclass(slots=True)
class Comparison:
    """What was found.

    `differences` counts rows and what stands apart, `apart` names the latter, and `first` are the
    first of all of them, in words.
    """

    names: tuple[str, str]
    rows: int = 0
    differences: int = 0
    first: list[Difference] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)

    def stands_apart(self, what: str, how: str) -> None:
        """Something that is no row is not the same."""
        self.differences += 1
        self.apart.append(what)
        self.first.append(Difference("store", what, how))

    def differs(self, stock: Stock, row: Row, what: str) -> None:
        """One more."""
        self.differences += 1
        if len(self.first) < FIRST:
            self.first.append(Difference(stock, _named(row), what))


async def compare(
    one: WholeStore,
    other: WholeStore,
    floors: Floors,
    names: tuple[str, str],
    tell: Callable[[Comparison, Stock], None],
) -> Comparison:
    """Compare every row that counts: who it is, when, and each value.

    `tell` is called every few thousand rows.

    Raises:
        StoreUnavailable: one of the stores does not answer.
    """
    found = Comparison(names)
    for stock in Stock:
        async for pair in _pairs(one, other, stock, floors):
            found.rows += 1
            _judge(found, stock, pair)
            if found.rows % PAGE == 0:
                tell(found, stock)
        tell(found, stock)
    return found


class _Pair(NamedTuple):
    """A row as both have it, or one of them alone."""

    one: Row | None
    other: Row | None


def _judge(found: Comparison, stock: Stock, pair: _Pair) -> None:
    first, second = found.names
    match pair:
        case (None, other) if other is not None:
            found.differs(stock, other, f"only in {second}")
        case (one, None) if one is not None:
            found.differs(stock, one, f"only in {first}")
        case (one, other) if one is not None and other is not None:
            differing = [
                f"{name} is {left!r} in {first}, {right!r} in {second}"
                for (name, left), (_, right) in zip(_cells(one), _cells(other), strict=True)
                if left != right or type(left) is not type(right)
            ]
            if differing:
                found.differs(stock, one, "; ".join(differing))


async def _pairs(
    one: WholeStore, other: WholeStore, stock: Stock, floors: Floors
) -> AsyncIterator[_Pair]:
    """All rows of both in one order, those of one key together."""
    left, right = _rows(one, stock, floors), _rows(other, stock, floors)
    mine, theirs = await anext(left, None), await anext(right, None)
    while mine is not None or theirs is not None:
        if theirs is None or (mine is not None and key(mine) < key(theirs)):
            yield _Pair(mine, None)
            mine = await anext(left, None)
        elif mine is None or key(theirs) < key(mine):
            yield _Pair(None, theirs)
            theirs = await anext(right, None)
        else:
            yield _Pair(mine, theirs)
            mine, theirs = await anext(left, None), await anext(right, None)


async def _rows(store: WholeStore, stock: Stock, floors: Floors) -> AsyncIterator[Row]:
    from_ms = floors.of(stock)
    while page := await store.page(stock, from_ms, PAGE):
        # A page holds whole milliseconds, so the order within it is the order of all.
        for row in sorted(page, key=key):
            yield floors.kept(row)
        from_ms = at_ms(page[-1]) + 1


def _cells(row: Row) -> Cells:
    """Every cell with its name."""
    if isinstance(row, StateRow):
        of = table(row.measurement)
        names: Sequence[str] = [field.key for field in of.fields]
        return zip(names, row.values, strict=True)
    if isinstance(row, Event):
        return iter((("received_at_ms", row.received_at_ms), ("detail", row.detail)))
    own = (
        ("received_at_ms", row.received_at_ms),
        ("digest", row.digest),
        ("clock_suspect", row.clock_suspect),
    )
    return chain(own, zip(catalogue.keys(row.asset.kind), row.values, strict=True))


def _named(row: Row) -> str:
    """A row for people."""
    when = iso_utc(at_ms(row))
    if isinstance(row, StateRow):
        return f"{' '.join(row.tags)} at {when}"
    words = f"{row.asset.site} {row.asset} at {when}"
    if isinstance(row, Reading) and row.seq is not None:
        return f"{words}, number {row.seq} of boot {row.boot_id!r}"
    return f"{words}, {row.type}" if isinstance(row, Event) else f"{words}, digest {row.digest}"
