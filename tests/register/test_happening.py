"""Which events concern whom."""

import pytest

from ausguck.model import AssetId, Kind
from ausguck.register.happening import Concern, events_for
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Event, EventKind, Line, Tables

BUS = AssetId("kiel", Kind.BUS, "1")
STATION = AssetId("kiel", Kind.STATION, "13")
AREA = ((54.0, 10.0), (54.0, 10.1), (54.1, 10.1), (54.1, 10.0))


def event(name: str, from_ms: int = 100, to_ms: int | None = 200, **fields: object) -> Event:
    return Event(
        id=name,
        kind=EventKind.OTHER,
        title=name,
        valid_from_ms=from_ms,
        valid_to_ms=to_ms,
        **fields,  # type: ignore[arg-type]  # as the caller says
    )


ALL = event("all")
LINE_11 = event("line 11", lines=("11",))
BUS_1 = event("bus 1", assets=("bus/1",))
PLACE = event("place", area=AREA)
REGISTER = Register(
    Tables(
        assets=(
            Asset(id="station/13", lat=54.05, lon=10.05, valid_to_ms=150),
            Asset(id="station/13", lat=55.0, lon=10.05, valid_from_ms=150),
        ),
        assignments=(
            Assignment(id="bus/1", line="11", valid_from_ms=50, valid_to_ms=120),
            Assignment(id="bus/1", line="12", valid_from_ms=120),
        ),
        events=(PLACE, BUS_1, LINE_11, ALL),
    ),
    "kiel",
)


def names(concern: Concern, from_ms: int = 0, to_ms: int = 1000) -> set[str]:
    return {one.id for one in events_for(REGISTER, concern, from_ms, to_ms)}


@pytest.mark.parametrize(
    ("concern", "expected"),
    [
        (Concern(), {"all", "line 11", "bus 1", "place"}),
        (Concern(BUS), {"all", "line 11", "bus 1"}),
        (Concern(BUS._replace(name="2")), {"all"}),
        (Concern(BUS._replace(name="2"), line="11"), {"all", "line 11"}),
        (Concern(BUS._replace(name="2"), place=(54.05, 10.05)), {"all", "place"}),
        (Concern(STATION), {"all", "place"}),
        (Concern(line="11"), {"all", "line 11"}),
        (Concern(line="12"), {"all"}),
        (Concern(place=(54.05, 10.05)), {"all", "place"}),
        (Concern(place=(55.0, 10.05)), {"all"}),
    ],
)
def test_an_event_concerns_whom_it_names(concern: Concern, expected: set[str]) -> None:
    assert names(concern) == expected


@pytest.mark.parametrize(
    ("from_ms", "to_ms", "is_there"),
    [(0, 100, False), (99, 101, True), (199, 300, True), (200, 300, False), (100, 100, True)],
)
def test_an_event_holds_from_its_beginning_and_not_at_its_end(
    from_ms: int, to_ms: int, *, is_there: bool
) -> None:
    assert ("all" in names(Concern(), from_ms, to_ms)) is is_there


def test_a_duty_counts_while_it_lasts() -> None:
    assert "line 11" in names(Concern(BUS), 100, 120)
    assert "line 11" not in names(Concern(BUS), 120, 200)


def test_a_place_counts_while_the_station_is_there() -> None:
    assert "place" in names(Concern(STATION), 149, 200)
    assert "place" not in names(Concern(STATION), 150, 200)


def test_a_duty_before_the_event_concerns_nothing() -> None:
    early = Register(
        Tables(
            assignments=(Assignment(id="bus/1", line="11", valid_from_ms=0, valid_to_ms=100),),
            events=(LINE_11,),
        )
    )
    assert not events_for(early, Concern(BUS), 0, 1000)


def test_a_line_is_the_same_under_its_new_name() -> None:
    lines = (
        Line(id="11", valid_to_ms=150, successor="12"),
        Line(id="12", valid_from_ms=150),
    )
    register = Register(Tables(lines=lines, events=(LINE_11,)))
    assert events_for(register, Concern(line="12"), 0, 1000) == [LINE_11]


def test_a_bus_of_one_line_all_its_life() -> None:
    register = Register(Tables(assets=(Asset(id="bus/1", line="11"),), events=(LINE_11,)))
    assert events_for(register, Concern(BUS), 0, 1000) == [LINE_11]


def test_they_come_in_order_of_beginning_and_may_have_no_end() -> None:
    open_ = event("open", 10, None)
    register = Register(Tables(events=(ALL, open_)))
    assert events_for(register, Concern(), 150, 10_000) == [open_, ALL]
    assert events_for(register, Concern(), 900, 10_000) == [open_]
