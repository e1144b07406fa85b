"""The door to a whole store, row for row: what copying and comparing need, and nothing else.

Questions and batches go through `port.Store`. Here nothing is judged or summed up, and nobody
else may have the store open.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from ausguck.catalogue import Measurement
from ausguck.catalogue.state import Bucket, StateMeasurement, StateRow, table
from ausguck.model import Books, Event, Kind, Position, Reading

Row = Reading | Event | StateRow


class Stock(StrEnum):
    """What a store holds rows of; all of them, in the order they are copied."""

    HOTSPOT = Measurement.HOTSPOT.value
    STATION = Measurement.STATION.value
    EVENTS = "events"
    BUS_STATE = StateMeasurement.BUS_STATE.value
    BUS_PLACE = StateMeasurement.BUS_PLACE.value
    STATION_STATE = StateMeasurement.STATION_STATE.value
    FLEET = StateMeasurement.FLEET.value
    PIPELINE = StateMeasurement.PIPELINE.value


KINDS = {Stock.HOTSPOT: Kind.BUS, Stock.STATION: Kind.STATION}
"""Whose readings a stock holds, with what is kept apart of them."""


def bucket(stock: Stock) -> Bucket:
    """What a stock is kept together with, and as long as."""
    if stock is Stock.STATION:
        return Bucket.STATION
    if stock in {Stock.HOTSPOT, Stock.EVENTS}:
        return Bucket.TELEMETRY
    return table(StateMeasurement(stock)).bucket


def at_ms(row: Row) -> int:
    """When a row was."""
    return row.at_ms if isinstance(row, StateRow) else row.observed_at_ms


def key(row: Row) -> tuple[object, ...]:
    """What a row is known by, beginning with its time."""
    if isinstance(row, StateRow):
        return (row.at_ms, *row.tags)
    if isinstance(row, Event):
        return (row.observed_at_ms, *row.asset, row.type, row.digest)
    own = (row.observed_at_ms, *row.asset)
    boot = (row.boot_id is not None, row.boot_id or "")
    if row.seq is None:
        return (*own, False, row.digest, *boot)
    return (*own, True, row.seq, *boot)


class WholeStore(Protocol):
    """One of the stores; both adapters pass `tests/copying/contract.py` unread."""

    async def position(self) -> Position | None:
        """Behind the last record whose readings are stored; None when nothing ever was."""
        ...

    async def books(self) -> Books:
        """Totals since the store was made."""
        ...

    async def size(self, stock: Stock, from_ms: int) -> int:
        """About how many rows there are from a time on."""
        ...

    async def page(self, stock: Stock, from_ms: int, limit: int) -> Sequence[Row]:
        """The oldest rows from a time on, in order of time; empty at the end.

        Either all rows of a millisecond or none: so they may be a few more than `limit`.
        """
        ...

    async def keep(self, stock: Stock, rows: Sequence[Row]) -> None:
        """Write a page as it is.

        Pages of a stock come in order of time. What is there already from the first one's
        beginning on is from an attempt before, and makes room.

        Raises:
            StoreError: a row does not fit.
            StoreUnavailable: they are not known to be written; the same call may be repeated.
        """
        ...

    async def settle(self, position: Position, books: Books) -> None:
        """Set position and books, behind all rows: from now on the store stands for itself."""
        ...
