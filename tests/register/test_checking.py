"""What cannot be is told by place, column, what was found and what was expected."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from ausguck.register.change import Change, Fault, Offer
from ausguck.register.checking import faults, offer_faults, source_faults
from ausguck.register.diff import after, diff
from ausguck.register.rows import (
    Asset,
    Assignment,
    Depot,
    Device,
    DeviceState,
    Event,
    EventKind,
    Fitting,
    Line,
    Row,
    SimPool,
    Tables,
    Zone,
)
from tests.register.offers import dated, offer, undated

BASE = Tables(
    lines=(Line(id="11"),),
    assets=(Asset(id="bus/1"), Asset(id="bus/2")),
    devices=(Device(id="S1"), Device(id="S2"), Device(id="S3", state=DeviceState.RETIRED)),
)
WORKS = EventKind.WORKS


def told(table: str, *rows: Row) -> list[str]:
    """The faults of some rows beside the base, without their place."""
    changes = [Change(table, None, row) for row in rows]
    return [f"{one.key}: {one.found}, {one.expected}" for one in faults(after(BASE, changes))]


WRONG: Sequence[tuple[str, Sequence[Row], str]] = [
    ("lines", [Line(id="12", party="kvg")], "party: 'kvg', a party of the register"),
    ("assets", [Asset(id="bus/3", line="12")], "line: '12', a line of the register"),
    ("assets", [Asset(id="bus/3", zone="west")], "zone: 'west', a zone of the register"),
    ("assets", [Asset(id="bus/3", depot="wik")], "depot: 'wik', a depot of the register"),
    ("devices", [Device(id="S4", sim_pool_2="d1")], "sim_pool_2: 'd1', a SIM pool of the register"),
    ("fittings", [Fitting(id="S4", asset="bus/1")], "id: 'S4', a device of the register"),
    ("fittings", [Fitting(id="S1", asset="bus/3")], "asset: 'bus/3', an asset of the register"),
    ("assignments", [Assignment(id="bus/3")], "id: 'bus/3', an asset of the register"),
    (
        "events",
        [Event(id="e", kind=WORKS, title="t", lines=("11", "12"))],
        "lines: '12', a line of the register",
    ),
    (
        "fittings",
        [Fitting(id="S1", asset="bus/1"), Fitting(id="S2", asset="bus/1", valid_from_ms=5)],
        "asset: 'bus/1', an asset without a device then; S1 is in it",
    ),
    (
        "fittings",
        [Fitting(id="S1", asset="bus/1"), Fitting(id="S1", asset="bus/2", valid_from_ms=5)],
        "valid_from: 1970-01-01T00:00:00.005Z, at or after no end, where the one before it ends",
    ),
    (
        "fittings",
        [Fitting(id="S3", asset="bus/1")],
        "state: retired, fitted in bus/1, a device that is in no asset",
    ),
    (
        "lines",
        [Line(id="12", valid_from_ms=1000, valid_to_ms=1000)],
        (
            "valid_to: 1970-01-01T00:00:01.000Z, "
            "a time after valid_from, which is 1970-01-01T00:00:01.000Z"
        ),
    ),
    ("sim_pools", [SimPool(id="d1", billing_day=29)], "billing_day: 29, a day from 1 to 28"),
    ("sim_pools", [SimPool(id="d1", billing_day=0)], "billing_day: 0, a day from 1 to 28"),
    ("sim_pools", [SimPool(id="d1", cap_bytes=-1)], "cap_bytes: -1, 0 or more"),
    ("sim_pools", [SimPool(id="d1", operator="26201")], "operator: '26201', such as '262-01'"),
    ("assets", [Asset(id="station/1", lat=91.0, lon=10.0)], "lat: 91.0, degrees from -90 to 90"),
    ("assets", [Asset(id="station/1", lat=9.0, lon=-181)], "lon: -181, degrees from -180 to 180"),
    ("assets", [Asset(id="station/1", lat=9.0)], "lon: nothing, both lat and lon, or neither"),
    ("assets", [Asset(id="station/1", capacity=-1)], "capacity: -1, 0 or more"),
    ("zones", [Zone(id="w", area=((1, 2), (3, 4)))], "area: 2 corners, 3 corners or more"),
    (
        "depots",
        [Depot(id="w", area=((1, 2), (3, 4), (99, 0)))],
        "area: (99, 0), corners as (lat, lon) in degrees",
    ),
    ("assets", [Asset(id="tram/1")], "id: 'tram/1', an asset such as 'bus/0123' or 'station/12'"),
    (
        "devices",
        [Device(id="S 1")],
        "id: 'S 1', a serial of 1 to 64 of A-Z a-z 0-9 _ -",
    ),
    (
        "lines",
        [Line(id=" 12")],
        "id: ' 12', 1 to 64 printable characters, none of them a space at an end",
    ),
    ("lines", [Line(id="12", successor="13")], "successor: '13', an id of lines"),
    (
        "lines",
        [Line(id="12", successor="12")],
        "successor: '12', an id that does not lead back here",
    ),
    (
        "assets",
        [
            Asset(id="station/1", external_ids={"gbfs": "7"}, valid_to_ms=9),
            Asset(id="station/2", external_ids={"gbfs": "7"}, valid_from_ms=5),
        ],
        "external_ids.gbfs: '7', a name that gbfs does not call 'station/1' then",
    ),
    ("events", [Event(id="e", kind=WORKS, title=" ")], "title: ' ', words for people"),
]


@pytest.mark.parametrize(("table", "rows", "expected"), WRONG, ids=[one[2][:30] for one in WRONG])
def test_what_cannot_be(table: str, rows: Sequence[Row], expected: str) -> None:
    assert told(table, *rows) == [expected]


def test_a_circle_of_successors_is_told_of_each() -> None:
    rows = [Line(id="a", successor="b"), Line(id="b", successor="c"), Line(id="c", successor="a")]

    assert len(told("lines", *rows)) == 3


def test_what_follows_at_once_is_no_contradiction() -> None:
    assert (
        told(
            "fittings",
            Fitting(id="S1", asset="bus/1", valid_to_ms=5),
            Fitting(id="S2", asset="bus/1", valid_from_ms=5),
            Fitting(id="S1", asset="bus/2", valid_from_ms=5),
        )
        == []
    )
    assert (
        told(
            "assets",
            Asset(id="station/1", external_ids={"gbfs": "7"}, valid_to_ms=5),
            Asset(id="station/2", external_ids={"gbfs": "7", "city": "7"}, valid_from_ms=5),
        )
        == []
    )


def test_a_fault_says_where_people_wrote_it() -> None:
    given = undated(Line(id="12", party="kvg"), "lines.csv, line 3")
    found = diff(BASE, offer(lines=[given], adds_only=True), 1)
    places = {(one.table, "12", 0): one.place for one in found.changes}

    told = faults(after(BASE, found.changes), places)

    assert told == [Fault("lines.csv, line 3", "party", "'kvg'", "a party of the register")]
    assert str(told[0]) == (
        "lines.csv, line 3: party: found 'kvg', expected a party of the register"
    )


def test_a_fault_that_follows_from_what_is_there_says_what_was_written() -> None:
    again = Change("fittings", None, Fitting(id="S3", asset="bus/1"), "fittings.csv, line 2")

    told = faults(after(BASE, [again]), {("fittings", "S3", 0): again.place})

    assert list(map(str, told)) == [
        "fittings.csv, line 2: id: found 'S3', which is retired, expected a device that is in use"
    ]
    both = after(
        BASE, [Change("fittings", None, Fitting(id=name, asset="bus/1")) for name in ("S1", "S2")]
    )
    places = {("fittings", "S1", 0): "fittings.csv, line 2"}
    assert list(map(str, faults(both, places))) == [
        (
            "fittings.csv, line 2: asset: found 'bus/1', "
            "expected an asset without a device then; S2 is in it"
        )
    ]
    assert str(faults(both, {**places, ("fittings", "S2", 0): "fittings.csv, line 9"})[0]) == (
        "fittings.csv, line 9: asset: found 'bus/1', "
        "expected an asset without a device then; S1 is in it; see fittings.csv, line 2"
    )


def test_what_an_offer_says_twice() -> None:
    rows = [undated(Line(id="12"), "a.csv, line 2"), undated(Line(id="12"), "a.csv, line 9")]

    assert offer_faults(offer(lines=rows)) == [
        Fault("a.csv, line 9", "id", "'12'", "one row of it; another is a.csv, line 2")
    ]
    twice = [dated(Line(id="12", valid_from_ms=5)), dated(Line(id="12", valid_from_ms=6))]
    assert offer_faults(offer(lines=[undated(Line(id="12")), *twice])) == []


def test_what_lies_outside_the_stretch_that_is_replaced() -> None:
    row = dated(Assignment(id="bus/1", valid_from_ms=20), "duties.csv, line 2")

    found = offer_faults(Offer("csv", {"assignments": [row]}, 0, 20))

    assert [(one.place, one.key) for one in found] == [("duties.csv, line 2", "valid_from")]


def test_no_source_takes_what_another_told() -> None:
    mine = Assignment(id="bus/1", valid_from_ms=5, valid_to_ms=9, source="csv")
    tables = after(BASE, [Change("assignments", None, mine)])
    theirs = replace(mine, source="")
    found = diff(tables, offer(source="gtfs", assignments=[dated(theirs, "gtfs")]), 1)

    assert source_faults(found.changes) == [
        Fault("gtfs", "source", "'gtfs'", "'csv', which told the same before")
    ]
