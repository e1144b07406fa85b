"""The rows of one table by id, time, foreign name and succession."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Generic, TypeVar

from ausguck.register.lives import Lives, Span
from ausguck.register.rows import Row

R = TypeVar("R", bound=Row)


class AsOf(StrEnum):
    """By which names history is told."""

    THEN = "then"
    NOW = "now"


_begin = attrgetter("valid_from_ms")


class Versions(Generic[R]):
    """What is known of one kind of thing; never changed."""

    def __init__(self, rows: Iterable[R]) -> None:
        self._rows: dict[str, list[R]] = {}
        self._externals: dict[tuple[str, str], list[R]] = {}
        for row in rows:
            self._rows.setdefault(row.id, []).append(row)
        for versions in self._rows.values():
            versions.sort(key=_begin)
            for row in versions:
                for pair in row.external_ids.items():
                    self._externals.setdefault(pair, []).append(row)
        self._starts = {
            name: [row.valid_from_ms for row in versions] for name, versions in self._rows.items()
        }
        self._ids = sorted(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def ids(self) -> Sequence[str]:
        """Every id there is or was."""
        return self._ids

    def of(self, name: str) -> Sequence[R]:
        """All versions of a thing, oldest first."""
        return self._rows.get(name, ())

    def at(self, name: str, at_ms: int) -> R | None:
        """The version that held at a moment, or None."""
        rows = self._rows.get(name)
        if rows is None:
            return None
        row = rows[max(0, bisect_right(self._starts[name], at_ms) - 1)]
        return row if row.holds_at(at_ms) else None

    def all_at(self, at_ms: int) -> Sequence[R]:
        """Every thing's version of a moment, by id."""
        return [row for name in self.ids() if (row := self.at(name, at_ms)) is not None]

    def by_external(self, source: str, name: str, at_ms: int) -> R | None:
        """The thing that a source called so at a moment, or None."""
        rows = self._externals.get((source, name), ())
        return next((row for row in rows if row.holds_at(at_ms)), None)

    def spans(self, name: str, as_of: AsOf, at_ms: int | None = None) -> Sequence[Span]:
        """Under which ids the history of a thing is to be looked for, the newest first.

        `then`: the id itself, whenever. `now`: the thing that goes by the id at `at_ms`, or went
        by it last, under each id that it had and in its own time there. An id that was used for
        several things tells of that one alone. An id of which nothing is known is itself.
        """
        if as_of is AsOf.THEN:
            return [Span(name, None, None)]
        return self._lives.back(self._lives.at(name, at_ms))

    def thing(self, name: str, at_ms: int | None = None) -> Span:
        """What went by an id at a moment, as its last id and its time there; None is last.

        Two names of two moments are of the same thing if this is the same.
        """
        *_, last = self._lives.onward(self._lives.at(name, at_ms))
        return last

    def now_called(self, name: str, at_ms: int | None = None) -> str:
        """The last id of what went by an id at a moment, along its successors; None is last."""
        return self.thing(name, at_ms).id

    def names(self, name: str, at_ms: int) -> Sequence[str]:
        """The ids of what goes or last went by one, from that until the one it had at a moment."""
        lives = self._lives.onward(self._lives.at(name, at_ms))
        found = [next(lives)]
        for life in lives:
            before_ms = found[-1].to_ms
            if before_ms is None or at_ms < before_ms:
                break
            found.append(life)
        return [life.id for life in found]

    @cached_property
    def _lives(self) -> Lives:
        """Found when first asked for: of 200,000 assignments nobody asks."""
        return Lives(self._rows)
