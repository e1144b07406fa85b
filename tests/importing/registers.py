"""Registers that hypothesis makes up: any texts, times and shapes that a register can hold."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from ausguck.register.rows import (
    ROW_TYPES,
    Asset,
    Assignment,
    Depot,
    Device,
    DeviceState,
    Event,
    EventKind,
    Fitting,
    Lifecycle,
    Line,
    Party,
    Role,
    Row,
    SimPool,
    Tables,
    Zone,
)

NAMES = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
IDS = st.text(min_size=1, max_size=8).filter(
    lambda text: text == text.strip() and text.isprintable()
)
TEXTS = st.text(max_size=12)
ASSETS = st.builds("{}/{}".format, st.sampled_from(["bus", "station"]), NAMES)
TIMES = st.integers(0, 4_102_444_800_000)
RINGS = st.one_of(
    st.just(()),
    st.lists(
        st.tuples(st.floats(-90, 90), st.floats(-180, 180)), min_size=3, max_size=5, unique=True
    ).map(tuple),
)
EXTERNAL = st.dictionaries(st.sampled_from(["gtfs", "kvg", "Feed 1"]), TEXTS, max_size=2)


def optional(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


KINDS: Mapping[type[Row], Mapping[str, st.SearchStrategy[Any]]] = {
    Party: {"role": st.sampled_from(Role), "title": TEXTS},
    Line: {"title": TEXTS, "service_hours": optional(st.just("Mo-Sa 04:30-24:00"))},
    Zone: {"title": TEXTS, "area": RINGS},
    Depot: {"title": TEXTS, "area": RINGS},
    SimPool: {
        "operator": optional(TEXTS),
        "cap_bytes": optional(st.integers(0, 10**15) | st.just(50 * 10**9)),
        "billing_day": st.integers(1, 28),
    },
    Asset: {
        "title": TEXTS,
        "lat": optional(st.floats(-90, 90)),
        "lon": optional(st.floats(-180, 180)),
        "capacity": optional(st.integers(0, 500)),
        "opening_hours": optional(st.just("Mo-Su 05:00-24:00")),
        "has_controller": optional(st.booleans()),
    },
    Device: {"model": TEXTS, "state": st.sampled_from(DeviceState)},
    Fitting: {},
    Assignment: {
        "trip": optional(TEXTS),
        "block": optional(TEXTS),
        "source": st.sampled_from(["csv", "gtfs", " odd "]),
    },
    Event: {
        "kind": st.sampled_from(EventKind),
        "title": TEXTS,
        "area": RINGS,
        "source": st.sampled_from(["csv", "api"]),
    },
}
REFERENCES = {
    "lines": {"party": "parties"},
    "depots": {"party": "parties"},
    "sim_pools": {"party": "parties"},
    "assets": {"party": "parties", "depot": "depots", "line": "lines", "zone": "zones"},
    "devices": {"sim_pool": "sim_pools", "sim_pool_2": "sim_pools"},
    "fittings": {"asset": "assets"},
    "assignments": {"line": "lines"},
    "events": {"lines": "lines", "assets": "assets"},
}
MANY = {"events"}


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    """Up to a few things in each table, each with up to three versions, all references known."""
    made: dict[str, tuple[Row, ...]] = {}
    for table in ROW_TYPES:
        rows: list[Row] = []
        for name in _ids(draw, table, made):
            for from_ms, to_ms in _spans(draw):
                rows.append(
                    _row(draw, table, made, id=name, valid_from_ms=from_ms, valid_to_ms=to_ms)
                )
        made[table] = tuple(rows)
    return Tables(**made)  # type: ignore[arg-type]  # each table's rows are of its own type


def _ids(draw: st.DrawFn, table: str, made: Mapping[str, Sequence[Row]]) -> list[str]:
    if table in {"fittings", "assignments"}:
        others = sorted({row.id for row in made["devices" if table == "fittings" else "assets"]})
        if table == "fittings" and not made["assets"]:
            return []
        return draw(st.lists(st.sampled_from(others), unique=True, max_size=2)) if others else []
    ids = {"assets": ASSETS, "devices": NAMES}.get(table, IDS)
    return draw(st.lists(ids, unique=True, max_size=3))


def _spans(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    times = sorted(draw(st.lists(TIMES, min_size=1, max_size=4, unique=True)))
    spans: list[tuple[int, int | None]] = list(pairwise(times))
    if not spans or draw(st.booleans()):
        spans.append((times[-1], None))
    kept = draw(st.integers(0, len(spans) - 1))
    return spans[kept:]


def _row(draw: st.DrawFn, table: str, made: Mapping[str, Sequence[Row]], **fields: object) -> Row:
    kind = ROW_TYPES[table]
    for name, strategy in KINDS[kind].items():
        fields[name] = draw(strategy)
    for name, other in REFERENCES.get(table, {}).items():
        known = sorted({row.id for row in made[other]})
        if table in MANY:
            one = st.lists(st.sampled_from(known), max_size=2) if known else st.just([])
            fields[name] = tuple(draw(one))
        elif name == "asset":
            fields[name] = draw(st.sampled_from(known))
        else:
            fields[name] = draw(optional(st.sampled_from(known)) if known else st.none())
    fields["external_ids"] = draw(EXTERNAL)
    fields["lifecycle"] = draw(st.sampled_from(Lifecycle))
    make: Any = kind
    row: Row = make(**fields)
    return row
