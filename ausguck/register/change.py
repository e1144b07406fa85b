"""What an import offers, and the difference it would make."""

from collections.abc import Mapping, Sequence

import msgspec

from ausguck.register.rows import Row

Origins = Mapping[tuple[str, str], frozenset[str]]
"""Which sources told of a thing, by its table and id; of one that is not there nobody knows."""


class Given(msgspec.Struct, frozen=True):
    """One row as somebody gave it.

    `is_dated` when its beginning was given too: then it is that version and no other. Without,
    it says how the thing is from the moment of the import on. `place` is for people, such as
    `assets.csv, line 7`.
    """

    row: Row
    is_dated: bool
    place: str


class Offer(msgspec.Struct, frozen=True):
    """The rows of some tables, whole: what is not among a table's rows is over.

    Tables that are not named stay as they are. Of `assignments` and `events` only what begins
    within [`from_ms`, `to_ms`) is replaced, and only what has the same `source`; of those among
    them that `whole` names, whenever it begins. A row of either that names another source than
    the offer's is added or changed, and none of that source is taken out.
    `adds_only` leaves what is not offered as it is, for a source that knows a part; `foreign`
    are the things of a table that others told of, and that are left as they are if not offered.
    """

    source: str
    rows: Mapping[str, Sequence[Given]]
    from_ms: int | None = None
    to_ms: int | None = None
    adds_only: bool = False
    whole: frozenset[str] = frozenset()
    foreign: Mapping[str, frozenset[str]] = {}


class Change(msgspec.Struct, frozen=True):
    """One version of one thing before and after; None is no such version."""

    table: str
    before: Row | None
    after: Row | None
    place: str = ""


class Diff(msgspec.Struct, frozen=True):
    """All that would change; applying it is `before` out and `after` in."""

    source: str
    changes: Sequence[Change] = ()

    def undone(self) -> "Diff":
        """The diff that takes this one back."""
        changes = [Change(one.table, one.after, one.before) for one in reversed(self.changes)]
        return Diff(f"undo of {self.source}", changes)


class Fault(msgspec.Struct, frozen=True):
    """Why a row cannot be: where it was given, which column, what was found and expected."""

    place: str
    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.place}: {self.key}: found {self.found}, expected {self.expected}"
