"""Whatever is offered, in whatever order: versions never overlap, and nothing that was is lost."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ausguck.register.change import Given, Offer
from ausguck.register.checking import faults, offer_faults
from ausguck.register.diff import after, diff
from ausguck.register.rows import Asset, Device, DeviceState, Fitting, Line, Row, Tables
from ausguck.register.timeline import by_id, holding
from tests.register.offers import dated, offer, undated

TIMES = st.integers(0, 12)
TITLES = st.sampled_from("xyz")
NAMES = ("a", "b", "c")
BASE = after(
    Tables(),
    diff(
        Tables(),
        offer(
            assets=[Asset(id="bus/1"), Asset(id="bus/2")],
            devices=[Device(id=name) for name in NAMES],
        ),
        0,
    ).changes,
)


@st.composite
def versions(draw: st.DrawFn, name: str) -> list[Given]:
    """Rows of one thing, each beginning once and undated at most once."""
    ends = st.one_of(st.none(), TIMES)
    rows = [
        dated(Line(id=name, title=draw(TITLES), valid_from_ms=begin, valid_to_ms=draw(ends)))
        for begin in draw(st.lists(TIMES, unique=True, max_size=2))
    ]
    if draw(st.booleans()):
        rows.append(undated(Line(id=name, title=draw(TITLES), valid_to_ms=draw(ends))))
    return rows


@st.composite
def lines(draw: st.DrawFn) -> Offer:
    """Some lines, told whole or in part."""
    rows: list[Given] = []
    for name in NAMES:
        rows += draw(versions(name))
    return Offer("files", {"lines": rows}, adds_only=draw(st.booleans()))


@st.composite
def fittings(draw: st.DrawFn) -> Offer:
    """Where some devices are, and how; both or one of the two."""
    rows: dict[str, list[Given]] = {}
    chosen = draw(st.sampled_from([("devices",), ("fittings",), ("devices", "fittings")]))
    if "devices" in chosen:
        states = st.sampled_from(list(DeviceState))
        rows["devices"] = [undated(Device(id=name, state=draw(states))) for name in NAMES]
    if "fittings" in chosen:
        assets = st.sampled_from([None, "bus/1", "bus/2"])
        told = [(name, draw(assets)) for name in NAMES]
        rows["fittings"] = [
            undated(Fitting(id=name, asset=asset)) for name, asset in told if asset is not None
        ]
    return Offer("files", rows)


STEPS = st.lists(st.tuples(st.one_of(lines(), fittings()), TIMES), max_size=6)


def content(row: Row | None) -> Row | None:
    return None if row is None else replace(row, valid_from_ms=0, valid_to_ms=None)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_what_is_applied_stands_whole_can_be_repeated_and_taken_back(
    steps: list[tuple[Offer, int]],
) -> None:
    tables = BASE
    for told, at_ms in sorted(steps, key=lambda step: step[1]):
        if offer_faults(told):
            continue
        found = diff(tables, told, at_ms)
        then = after(tables, found.changes)
        if faults(then):
            continue  # as the desk refuses it
        assert diff(then, told, at_ms).changes == []
        assert after(then, found.undone().changes) == tables
        for table in ("lines", "devices", "fittings"):
            for rows in by_id(getattr(then, table)).values():
                ends = [row.valid_to_ms for row in rows[:-1]]
                assert all(
                    end is not None and end <= row.valid_from_ms
                    for end, row in zip(ends, rows[1:], strict=True)
                )
        tables = then


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_what_nobody_dated_leaves_the_past_as_it_was(steps: list[tuple[Offer, int]]) -> None:
    tables = BASE
    for told, at_ms in sorted(steps, key=lambda step: step[1]):
        rows = {
            table: [replace_end(one) for one in given if not one.is_dated]
            for table, given in told.rows.items()
        }
        then = after(tables, diff(tables, replace(told, rows=rows), at_ms).changes)
        for table in ("lines", "devices", "fittings"):
            before, now = by_id(getattr(tables, table)), by_id(getattr(then, table))
            for name, known in before.items():
                for moment in range(at_ms):
                    was = holding(known, moment)
                    assert content(holding(now[name], moment)) == content(was)
        if not faults(then):
            tables = then


def replace_end(one: Given) -> Given:
    return undated(replace(one.row, valid_to_ms=None))
