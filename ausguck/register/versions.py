"""The rows of one table by id, time, foreign name and succession."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from enum import StrEnum
from operator import attrgetter
from typing import Generic, NamedTuple, TypeVar

from ausguck.register.rows import BEGINNING_MS, Row

R = TypeVar("R", bound=Row)


class AsOf(StrEnum):
    """By which names history is told."""

    THEN = "then"
    NOW = "now"


class Span(NamedTuple):
    """That a thing goes by an id from one moment until another; None is open."""

    id: str
    from_ms: int | None
    to_ms: int | None


_begin = attrgetter("valid_from_ms")


class Versions(Generic[R]):
    """What is known of one kind of thing; never changed."""

    def __init__(self, rows: Iterable[R]) -> None:
        self._rows: dict[str, list[R]] = {}
        self._externals: dict[tuple[str, str], list[R]] = {}
        self._predecessors: dict[str, dict[str, None]] = {}
        for row in rows:
            self._rows.setdefault(row.id, []).append(row)
        for versions in self._rows.values():
            versions.sort(key=_begin)
            for row in versions:
                for pair in row.external_ids.items():
                    self._externals.setdefault(pair, []).append(row)
                if row.successor is not None:
                    self._predecessors.setdefault(row.successor, {})[row.id] = None
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

    def spans(self, name: str, as_of: AsOf) -> Sequence[Span]:
        """Under which ids the history of a thing is to be looked for, the newest first.

        `then`: the id itself, whenever. `now`: also those it succeeded, each until its successor
        began, so that nothing is counted twice. An id of which nothing is known is itself.
        """
        spans = [Span(name, None, None)]
        if as_of is AsOf.THEN:
            return spans
        seen = {name}
        for span in spans:  # grows while it is walked
            begins_ms = self._begins_ms(span.id)
            for before in self._predecessors.get(span.id, ()):
                if before not in seen:
                    seen.add(before)
                    spans.append(Span(before, None, begins_ms))
        return spans

    def now_called(self, name: str) -> str:
        """The id under which a thing goes on today, along its successors."""
        seen: set[str] = set()
        while name in self._rows and name not in seen:
            seen.add(name)
            name = self._rows[name][-1].successor or name
        return name

    def _begins_ms(self, name: str) -> int | None:
        rows = self._rows.get(name)
        return rows[0].valid_from_ms if rows and rows[0].valid_from_ms > BEGINNING_MS else None
