"""Ids are used again: each reading counts for one thing, under whatever id it was told."""

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ausguck.register.lives import Span
from ausguck.register.rows import Asset, Lifecycle
from ausguck.register.versions import AsOf, Versions

RETIRED = Lifecycle.RETIRED
NEW_YEAR = 100
SHIFTED = Versions(
    [
        Asset(id="1", valid_to_ms=NEW_YEAR, successor="2"),
        Asset(id="2", valid_to_ms=NEW_YEAR, successor="3"),
        Asset(id="3", valid_to_ms=NEW_YEAR, successor="4"),
        Asset(id="1", valid_from_ms=NEW_YEAR),
        Asset(id="2", valid_from_ms=NEW_YEAR),
        Asset(id="3", valid_from_ms=NEW_YEAR),
        Asset(id="4", valid_from_ms=NEW_YEAR),
    ]
)


def spans(rows: Sequence[Asset], name: str, at_ms: int | None = None) -> list[Span]:
    return [*Versions(rows).spans(name, AsOf.NOW, at_ms)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1", [Span("1", NEW_YEAR, None)]),
        ("2", [Span("2", NEW_YEAR, None), Span("1", None, NEW_YEAR)]),
        ("3", [Span("3", NEW_YEAR, None), Span("2", None, NEW_YEAR)]),
        ("4", [Span("4", None, None), Span("3", None, NEW_YEAR)]),
    ],
)
def test_stations_that_move_up_by_one_take_their_own_past_along(
    name: str, expected: list[Span]
) -> None:
    assert SHIFTED.spans(name, AsOf.NOW) == expected
    assert SHIFTED.spans(name, AsOf.THEN) == [Span(name, None, None)]


def test_what_a_name_meant_is_a_matter_of_time() -> None:
    assert SHIFTED.now_called("1", NEW_YEAR - 1) == "2"
    assert SHIFTED.now_called("1", NEW_YEAR) == "1"
    assert SHIFTED.now_called("1") == "1"
    assert SHIFTED.thing("2", NEW_YEAR) == SHIFTED.thing("1", 0) != SHIFTED.thing("2", 0)
    assert SHIFTED.spans("2", AsOf.NOW, NEW_YEAR - 1) == [Span("2", None, NEW_YEAR)]
    assert SHIFTED.names("1", NEW_YEAR - 1) == ["1"]
    assert SHIFTED.now_called("unknown", 5) == "unknown"


def test_two_that_change_names_change_histories() -> None:
    rows = [
        Asset(id="1", valid_to_ms=10, successor="2"),
        Asset(id="2", valid_to_ms=10, successor="1"),
        Asset(id="1", valid_from_ms=10),
        Asset(id="2", valid_from_ms=10),
    ]
    assert spans(rows, "1") == [Span("1", 10, None), Span("2", None, 10)]
    assert spans(rows, "2") == [Span("2", 10, None), Span("1", None, 10)]


def test_what_was_handed_on_is_asked_for_its_own_stretch() -> None:
    rows = [
        Asset(id="1", valid_to_ms=10, successor="2"),
        Asset(id="2", valid_from_ms=10, valid_to_ms=20, successor="1"),
        Asset(id="1", valid_from_ms=20),
    ]
    assert spans(rows, "2") == [Span("2", None, 20), Span("1", None, 10)]
    assert spans(rows, "1") == [Span("1", 20, None), Span("2", None, 20), Span("1", None, 10)]
    assert spans(rows, "1", 15) == [Span("1", None, 10)]


@pytest.mark.parametrize(
    ("before", "after", "own"),
    [
        # A pause of the same thing, and a change of it.
        (Asset(id="1", valid_to_ms=5), Asset(id="1", valid_from_ms=9), [Span("1", None, None)]),
        (Asset(id="1", valid_to_ms=5), Asset(id="1", valid_from_ms=5), [Span("1", None, None)]),
        # The number of a station that is no more.
        (
            Asset(id="1", valid_to_ms=5, lifecycle=RETIRED),
            Asset(id="1", valid_from_ms=9),
            [Span("1", 9, None)],
        ),
        # It stays retired, or is retired after it was handed on.
        (
            Asset(id="1", valid_to_ms=5, lifecycle=RETIRED),
            Asset(id="1", valid_from_ms=5, lifecycle=RETIRED),
            [Span("1", None, None)],
        ),
        (
            Asset(id="1", valid_to_ms=5, successor="2"),
            Asset(id="1", valid_from_ms=5, lifecycle=RETIRED),
            [Span("1", None, 5)],
        ),
        # A successor that is known ahead, and one to which nothing can go on.
        (
            Asset(id="1", valid_to_ms=4, successor="2"),
            Asset(id="1", valid_from_ms=4, valid_to_ms=5, successor="2"),
            [Span("1", None, 5)],
        ),
        (
            Asset(id="1", valid_to_ms=4, successor="3"),
            Asset(id="1", valid_from_ms=4),
            [Span("1", None, None)],
        ),
    ],
)
def test_where_one_thing_ends_and_another_begins(
    before: Asset, after: Asset, own: list[Span]
) -> None:
    assert spans([before, after, Asset(id="2", valid_from_ms=5)], "1") == own


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Into one that is there: two become one.
        ([Asset(id="2")], [Span("2", None, None), Span("1", None, 5)]),
        # Later, and into a name that somebody else had before.
        ([Asset(id="2", valid_from_ms=7)], [Span("2", None, None), Span("1", None, 5)]),
        (
            [Asset(id="2", valid_to_ms=3), Asset(id="2", valid_from_ms=7)],
            [Span("2", 7, None), Span("1", None, 5)],
        ),
    ],
)
def test_where_a_thing_goes_on(rows: Sequence[Asset], expected: list[Span]) -> None:
    assert spans([Asset(id="1", valid_to_ms=5, successor="2"), *rows], "2") == expected


IDS = ("a", "b", "c", "d", "e")
LAST = 6
Names = tuple[str | None, ...]
"""What each thing is called during one step of time; None while it is not there."""


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Asset], list[Names]]:
    """Things that are born, renamed and given up, on few ids; and their versions.

    What is given up is retired for a step before its id is used again.
    """
    lives = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, LAST)), max_size=4))
    steps: list[Names] = [(None,) * len(lives)]
    for step in range(LAST):
        steps.append(_next(draw, lives, steps[-1], step))
    rows = [
        row for one in range(len(lives)) for row in _rows(draw, [names[one] for names in steps])
    ]
    return rows, steps[1:]


def _next(draw: st.DrawFn, lives: Sequence[tuple[int, int]], before: Names, step: int) -> Names:
    there = [begin <= step < begin + length for begin, length in lives]
    stays = [name is not None and draw(st.booleans()) for name in before]
    taken = {
        name
        for name, is_there, is_kept in zip(before, there, stays, strict=True)
        if is_kept or not is_there
    }
    free = iter(draw(st.permutations([name for name in IDS if name not in taken])))
    return tuple(
        (name if is_kept else next(free)) if is_there else None
        for name, is_there, is_kept in zip(before, there, stays, strict=True)
    )


def _rows(draw: st.DrawFn, names: Sequence[str | None]) -> Iterator[Asset]:
    """The versions of one thing, cut here and there, and that it is retired."""
    called = [*names[1:], None]
    start = 0
    for step, name in enumerate(called[:-1]):
        following = called[step + 1]
        if name is None:
            start = step + 1
        elif following != name or draw(st.booleans()):
            successor = following if following != name else None
            yield Asset(id=name, valid_from_ms=start, valid_to_ms=step + 1, successor=successor)
            start = step + 1
            if following is None:
                yield Asset(id=name, valid_from_ms=start, valid_to_ms=start + 1, lifecycle=RETIRED)


def _tells(span: Span, name: str, at_ms: int) -> bool:
    return (
        span.id == name
        and (span.from_ms is None or span.from_ms <= at_ms)
        and (span.to_ms is None or at_ms < span.to_ms)
    )


@given(towns())
def test_each_reading_is_of_one_thing_and_none_is_lost(
    town: tuple[list[Asset], list[Names]],
) -> None:
    rows, steps = town
    versions = Versions(rows)
    count = len(steps[0])
    told = {(name, step): one for step, names in enumerate(steps) for one, name in enumerate(names)}
    told = {key: one for key, one in told.items() if key[0] is not None}
    for one in range(count):
        lasts = [(names[one], step) for step, names in enumerate(steps) if names[one] is not None]
        for name, step in lasts[-1:]:
            assert name is not None
            found = versions.spans(name, AsOf.NOW, step)
            mine = {key for key in told if any(_tells(span, str(key[0]), key[1]) for span in found)}
            assert mine == {key for key, whose in told.items() if whose == one}
            assert {versions.thing(str(key[0]), key[1]) for key in mine} == {found[0]}
            for key in mine:
                counted = sum(_tells(span, str(key[0]), key[1]) for span in found)
                assert counted == 1
