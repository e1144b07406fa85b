"""Which versions of an id are one thing, and under which id it goes on; pure.

Ids are used again: on one day station 1 becomes 2 and 2 becomes 3, and a new station gets the
number 1. So an id has lives, one after the other, each of one thing:

- A version that names a successor ends its life: where it ends itself, or where it begins if it
  is retired. The thing goes on in the successor's life that begins then; if none does, in the one
  that holds (two become one), else in the first that follows. A successor may be named ahead: as
  long as the next version names it too and nothing of it begins between the two, it is one life.
- What follows a retired version, other than another, is something else under the same id.
- A gap is a pause of the same thing, unless another id was handed on to this one meanwhile.

A life reaches until the next of its id, or until it was handed on. The first has no beginning and
one that nothing ends no end: what nobody else can have sent is its own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ausguck.register.rows import Lifecycle, Row


class Span(NamedTuple):
    """That a thing goes by an id from one moment until another; None is open."""

    id: str
    from_ms: int | None
    to_ms: int | None


class _Handing(NamedTuple):
    """That a life was over at a moment, and the thing went on under another id."""

    at_ms: int
    successor: str


class _Life(NamedTuple):
    span: Span
    begins_ms: int
    handing: _Handing | None


class Lives:
    """The lives of every id of one table, and which goes on in which; never changed."""

    def __init__(self, rows: Mapping[str, Sequence[Row]]) -> None:
        self._rows = rows
        self._handed: dict[str, list[int]] = {}
        for name in rows:
            for handing in self._handings(name):
                self._handed.setdefault(handing.successor, []).append(handing.at_ms)
        for moments in self._handed.values():
            moments.sort()
        self._lives = {name: [*self._lives_of(name)] for name in rows}
        self._begins = {
            name: [life.begins_ms for life in lives] for name, lives in self._lives.items()
        }
        self._following: dict[Span, Span] = {}
        self._before: dict[Span, list[Span]] = {}
        for lives in self._lives.values():
            for life in lives:
                following = None if life.handing is None else self._led_to(life.handing)
                if following is not None:
                    self._following[life.span] = following
                    self._before.setdefault(following, []).append(life.span)

    def at(self, name: str, at_ms: int | None) -> Span:
        """The life of an id that had begun last at a moment, else its first; None is the last.

        An id of which nothing is known is one thing for ever.
        """
        lives = self._lives.get(name)
        if not lives:
            return Span(name, None, None)
        if at_ms is None:
            return lives[-1].span
        return lives[max(0, bisect_right(self._begins[name], at_ms) - 1)].span

    def onward(self, life: Span) -> Iterator[Span]:
        """A life, and those in which the thing goes on, the oldest first."""
        found: Span | None = life
        while found is not None:  # ends: each life ends later than the one before it
            yield found
            found = self._following.get(found)

    def back(self, life: Span) -> Sequence[Span]:
        """A life, and those from which the thing came, the newest first."""
        found = [life]
        for one in found:  # grows while it is walked
            found += self._before.get(one, ())
        return found

    def _handings(self, name: str) -> Iterator[_Handing]:
        rows = self._rows[name]
        for index, row in enumerate(rows):
            following = rows[index + 1] if index + 1 < len(rows) else None
            if (handing := self._handing(row, following)) is not None:
                yield handing

    def _handing(self, row: Row, following: Row | None) -> _Handing | None:
        if row.successor is None:
            return None
        at_ms = row.valid_from_ms if row.lifecycle is Lifecycle.RETIRED else row.valid_to_ms
        if at_ms is None:
            return None
        rows = self._rows.get(row.successor, ())
        if following is not None and _is_ahead(row, following, rows):
            return None
        leads = any(one.valid_from_ms >= at_ms or one.holds_at(at_ms) for one in rows)
        return _Handing(at_ms, row.successor) if leads else None

    def _lives_of(self, name: str) -> Iterator[_Life]:
        rows = self._rows[name]
        from_ms: int | None = None
        begins_ms = rows[0].valid_from_ms
        handing = self._handing_of(rows, 0)
        for index, (row, following) in enumerate(pairwise(rows), 1):
            next_ms = following.valid_from_ms
            if self._is_other(name, row, following, was_handed=handing is not None):
                to_ms = next_ms if handing is None else handing.at_ms
                yield _Life(Span(name, from_ms, to_ms), begins_ms, handing)
                from_ms = begins_ms = next_ms
                handing = None
            handing = handing or self._handing_of(rows, index)
        last = Span(name, from_ms, None if handing is None else handing.at_ms)
        yield _Life(last, begins_ms, handing)

    def _handing_of(self, rows: Sequence[Row], index: int) -> _Handing | None:
        return self._handing(rows[index], rows[index + 1] if index + 1 < len(rows) else None)

    def _is_other(self, name: str, row: Row, following: Row, *, was_handed: bool) -> bool:
        """Whether the second of two versions of an id, in order, is of another thing."""
        if following.lifecycle is Lifecycle.RETIRED:
            return False
        if was_handed or row.lifecycle is Lifecycle.RETIRED:
            return True
        end_ms = following.valid_from_ms if row.valid_to_ms is None else row.valid_to_ms
        if end_ms >= following.valid_from_ms:
            return False
        moments = self._handed.get(name, [])
        return bisect_left(moments, end_ms) < bisect_right(moments, following.valid_from_ms)

    def _led_to(self, handing: _Handing) -> Span | None:
        name, at_ms = handing.successor, handing.at_ms
        lives, begins = self._lives[name], self._begins[name]
        index = bisect_left(begins, at_ms)
        begins_then = index < len(begins) and begins[index] == at_ms
        if not begins_then and any(row.holds_at(at_ms) for row in self._rows[name]):
            return self.at(name, at_ms)
        return lives[index].span if index < len(lives) else None


def _is_ahead(row: Row, following: Row, successors: Sequence[Row]) -> bool:
    """Whether a successor was only named ahead: the same id goes on, and the successor not yet."""
    return (
        row.lifecycle is not Lifecycle.RETIRED
        and following.successor == row.successor
        and following.valid_from_ms == row.valid_to_ms
        and all(one.valid_from_ms != row.valid_to_ms for one in successors)
    )
