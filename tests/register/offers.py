"""Offers as tests write them."""

from collections.abc import Sequence

from ausguck.register.change import Given, Offer
from ausguck.register.diff import after, diff
from ausguck.register.rows import Row, Tables

DAY_MS = 86_400_000
NOW_MS = 1_800_000_000_000


def undated(row: Row, place: str = "") -> Given:
    return Given(row, is_dated=False, place=place)


def dated(row: Row, place: str = "") -> Given:
    return Given(row, is_dated=True, place=place)


def offer(
    *, source: str = "files", adds_only: bool = False, **rows: Sequence[Row | Given]
) -> Offer:
    """An offer of some tables; a row alone is undated."""
    given = {
        table: [one if isinstance(one, Given) else undated(one) for one in some]
        for table, some in rows.items()
    }
    return Offer(source, given, adds_only=adds_only)


def applied(tables: Tables, told: Offer, at_ms: int) -> Tables:
    """The tables once an offer was applied."""
    return after(tables, diff(tables, told, at_ms).changes)
