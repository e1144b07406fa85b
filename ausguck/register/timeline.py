"""The versions of one thing, and how they become others when something new is told of it; pure."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from ausguck.register.change import Given
from ausguck.register.rows import BEGINNING_MS, Row

R = TypeVar("R", bound=Row)
Begins = Callable[[Row], int]
"""When a thing begins of which nothing was known."""


def key(row: Row) -> tuple[str, int]:
    """What tells a version from all others of its table."""
    return row.id, row.valid_from_ms


def order(row: Row) -> tuple[int, str]:
    """By time, then by id: the order that tables are kept in."""
    return row.valid_from_ms, row.id


def by_id(rows: Iterable[R]) -> dict[str, list[R]]:
    """The versions of each thing, oldest first."""
    found: dict[str, list[R]] = {}
    for row in sorted(rows, key=order):
        found.setdefault(row.id, []).append(row)
    return found


def holding(rows: Iterable[R], at_ms: int) -> R | None:
    """The one of a thing's versions that holds at a moment."""
    return next((row for row in rows if row.holds_at(at_ms)), None)


def ended(rows: Iterable[R], at_ms: int) -> list[R]:
    """The versions of a thing that is over from a moment on."""
    return [_until(row, at_ms) for row in rows if row.valid_from_ms < at_ms]


def renewed(rows: Iterable[R], row: R, at_ms: int, begins_ms: int = BEGINNING_MS) -> list[R]:
    """The versions of a thing that from a moment on is as the row says.

    An end that was known stays if the row tells none, and so does what is planned after it.
    `begins_ms` is where the thing begins if nothing is known of it until then; if that is still
    to come, it is then that the row tells of.
    """
    versions = {one.valid_from_ms: one for one in rows}
    if all(at_ms < start for start in versions):
        at_ms = begins_ms
    at_ms = max(at_ms, begins_ms)
    asked_ms = at_ms if row.valid_to_ms is None else min(at_ms, row.valid_to_ms - 1)
    held = holding(versions.values(), asked_ms)
    if held is not None and _content(held) == _content(row):
        if row.valid_to_ms is not None:
            versions[held.valid_from_ms] = replace(held, valid_to_ms=row.valid_to_ms)
        return sorted(versions.values(), key=order)
    end_ms = row.valid_to_ms
    if held is not None:
        versions[held.valid_from_ms] = _until(held, at_ms)
        end_ms = held.valid_to_ms if end_ms is None else end_ms
    following = min((start for start in versions if start > at_ms), default=None)
    end_ms = following if end_ms is None else end_ms
    versions[at_ms] = replace(row, valid_from_ms=at_ms, valid_to_ms=end_ms)
    return sorted(versions.values(), key=order)


def told(rows: Iterable[R], given: Sequence[Given], at_ms: int, begins: Begins) -> list[Row]:
    """The versions of one thing after all that was told of it."""
    versions: dict[int, Row] = {row.valid_from_ms: row for row in rows}
    dated = sorted((one.row for one in given if one.is_dated), key=order)
    starts = {row.valid_from_ms for row in dated}
    for row in dated:
        for earlier in list(versions.values()):
            # An end that was told is kept as told, and found at fault if it is too late.
            may_move = earlier.valid_from_ms not in starts or earlier.valid_to_ms is None
            if may_move and earlier.valid_from_ms < row.valid_from_ms:
                versions[earlier.valid_from_ms] = _until(earlier, row.valid_from_ms)
        versions[row.valid_from_ms] = row
    found: Sequence[Row] = _closed(versions)
    for one in given:
        if not one.is_dated:
            found = renewed(found, one.row, at_ms, begins(one.row))
    return list(found)


def _closed(versions: dict[int, Row]) -> list[Row]:
    """In order, each open version ended where the next one begins."""
    rows = [versions[start] for start in sorted(versions)]
    for index, following in enumerate(rows[1:]):
        if rows[index].valid_to_ms is None:
            rows[index] = replace(rows[index], valid_to_ms=following.valid_from_ms)
    return rows


def _until(row: R, end_ms: int) -> R:
    is_longer = row.valid_to_ms is None or row.valid_to_ms > end_ms
    return replace(row, valid_to_ms=end_ms) if is_longer else row


def _content(row: R) -> R:
    return replace(row, valid_from_ms=BEGINNING_MS, valid_to_ms=None)
