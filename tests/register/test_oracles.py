"""Four changes that towns make: yesterday's answers stay, today's are right, counted once."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ausguck.desk.registry import SqliteRegistry, open_registry
from ausguck.register.change import Offer
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Device, Fitting, Line, Ring, Zone
from ausguck.register.versions import AsOf, Versions
from tests.register.offers import DAY_MS, offer

START_MS = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)
MID_MONTH_MS = START_MS + 14 * DAY_MS
NEW_YEAR_MS = START_MS + 31 * DAY_MS
NOON_MS = START_MS + 5 * DAY_MS + DAY_MS // 2
END_MS = START_MS + 40 * DAY_MS
WHO = "command line"
Told = Sequence[tuple[str, int]]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[SqliteRegistry]:
    with open_registry(tmp_path / "desk.sqlite", "kiel") as opened:
        yield opened


def imported(registry: SqliteRegistry, told: Offer, at_ms: int) -> Register:
    registry.apply(registry.diff(told, at_ms), WHO, at_ms)
    return registry.load(END_MS)[0]


def total(versions: Versions[Line] | Versions[Asset], name: str, as_of: AsOf, told: Told) -> int:
    """How many readings count for an id."""
    return sum(
        called == span.id
        and (span.from_ms is None or span.from_ms <= at_ms)
        and (span.to_ms is None or at_ms < span.to_ms)
        for span in versions.spans(name, as_of)
        for called, at_ms in told
    )


def daily(before: str, after: str, change_ms: int) -> Told:
    days = range(START_MS, END_MS, DAY_MS)
    return [(before if day < change_ms else after, day) for day in days]


def test_line_11_becomes_12_in_the_middle_of_a_month(registry: SqliteRegistry) -> None:
    imported(registry, offer(lines=[Line(id="11", title="Wik"), Line(id="60S")]), START_MS)
    over = Line(id="11", title="Wik", successor="12", valid_to_ms=MID_MONTH_MS)
    told = offer(lines=[over, Line(id="12", title="Wik"), Line(id="60S")])
    register = imported(registry, told, MID_MONTH_MS - DAY_MS)
    assert registry.diff(told, MID_MONTH_MS + DAY_MS).changes == []

    readings = [
        *daily("11", "12", MID_MONTH_MS),
        *(("60S", day) for day in range(START_MS, END_MS, DAY_MS)),
    ]
    lines = register.lines
    assert [row.id for row in lines.all_at(MID_MONTH_MS - 2 * DAY_MS)] == ["11", "60S"]
    assert [row.id for row in lines.all_at(MID_MONTH_MS)] == ["12", "60S"]
    assert (total(lines, "11", AsOf.THEN, readings), total(lines, "12", AsOf.THEN, readings)) == (
        14,
        26,
    )
    assert lines.now_called("11") == "12"
    now = {row.id: total(lines, row.id, AsOf.NOW, readings) for row in lines.all_at(END_MS)}
    assert now == {"12": 40, "60S": 40}


def test_a_station_moves_300_metres_into_another_zone(registry: SqliteRegistry) -> None:
    def zone(name: str, west: float, east: float) -> Zone:
        ring: Ring = ((54.3, west), (54.3, east), (54.4, east), (54.4, west))
        return Zone(id=name, area=ring)

    def told(lon: float) -> Offer:
        zones = [zone("west", 10.10, 10.13), zone("east", 10.13, 10.16)]
        return offer(zones=zones, assets=[Asset(id="station/12", lat=54.32, lon=lon)])

    imported(registry, told(10.128), START_MS)
    register = imported(registry, told(10.1326), MID_MONTH_MS)

    zones = Counter(register.zone("station/12", day) for day in range(START_MS, END_MS, DAY_MS))
    assert register.zone("station/12", MID_MONTH_MS - 1) == "west"
    assert register.zone("station/12", MID_MONTH_MS) == "east"
    assert zones == {"west": 14, "east": 26}
    assert len(register.assets) == 1


def test_every_station_gets_another_foreign_id_on_new_years_day(registry: SqliteRegistry) -> None:
    def told(prefix: str) -> Offer:
        return offer(
            assets=[
                Asset(id=f"station/{n}", external_ids={"sprotte": f"{prefix}{n}"})
                for n in range(50)
            ]
        )

    imported(registry, told("old-"), START_MS)
    register = imported(registry, told("new-"), NEW_YEAR_MS)

    assert len(register.assets) == 50
    for n in range(50):
        before = register.assets.by_external("sprotte", f"old-{n}", NEW_YEAR_MS - 1)
        after = register.assets.by_external("sprotte", f"new-{n}", NEW_YEAR_MS)
        assert before is not None
        assert after is not None
        assert before.id == after.id == f"station/{n}"
        assert register.assets.by_external("sprotte", f"old-{n}", NEW_YEAR_MS) is None
        assert register.assets.by_external("sprotte", f"new-{n}", NEW_YEAR_MS - 1) is None


def test_every_station_goes_on_under_another_id_on_new_years_day(registry: SqliteRegistry) -> None:
    old = [Asset(id=f"station/a{n}") for n in range(50)]
    imported(registry, offer(assets=old), START_MS)
    over = [
        Asset(id=f"station/a{n}", successor=f"station/b{n}", valid_to_ms=NEW_YEAR_MS)
        for n in range(50)
    ]
    new = [Asset(id=f"station/b{n}") for n in range(50)]
    told = offer(assets=[*over, *new])
    register = imported(registry, told, NEW_YEAR_MS - 3 * DAY_MS)
    assert registry.diff(told, NEW_YEAR_MS + DAY_MS).changes == []

    assets = register.assets
    assert [row.id for row in assets.all_at(NEW_YEAR_MS - 1)] == sorted(row.id for row in old)
    assert [row.id for row in assets.all_at(NEW_YEAR_MS)] == sorted(row.id for row in new)
    for n in range(50):
        readings = daily(f"station/a{n}", f"station/b{n}", NEW_YEAR_MS)
        assert total(assets, f"station/b{n}", AsOf.NOW, readings) == 40
        assert total(assets, f"station/b{n}", AsOf.THEN, readings) == 9
        assert total(assets, f"station/a{n}", AsOf.THEN, readings) == 31


def test_a_router_moves_to_another_bus_at_noon(registry: SqliteRegistry) -> None:
    told = offer(
        assets=[Asset(id="bus/1"), Asset(id="bus/2")],
        devices=[Device(id="S1"), Device(id="S2"), Device(id="S3")],
        fittings=[Fitting(id="S1", asset="bus/1"), Fitting(id="S2", asset="bus/2")],
    )
    imported(registry, told, START_MS)
    later_ms = NOON_MS + 600_000
    registry.swap("bus/1", "S1", "S3", at_ms=NOON_MS, who=WHO, now_ms=later_ms)
    registry.swap("bus/2", "S2", "S1", at_ms=NOON_MS, who=WHO, now_ms=later_ms)
    register, _ = registry.load(END_MS)

    seen = Counter(
        (serial, fitting.asset)
        for hour in range(START_MS, END_MS, 3_600_000)
        for serial in ("S1", "S2", "S3")
        if (fitting := register.fitting(serial, hour)) is not None
    )
    until_noon, hours = (NOON_MS - START_MS) // 3_600_000, 40 * 24
    assert seen == {
        ("S1", "bus/1"): until_noon,
        ("S1", "bus/2"): hours - until_noon,
        ("S2", "bus/2"): until_noon,
        ("S3", "bus/1"): hours - until_noon,
    }
    # No counter is differenced across noon, and none before it by another name.
    for asset in ("bus/1", "bus/2"):
        assert register.boot_mark(asset, NOON_MS - 1) == ""
        assert register.boot_mark(asset, NOON_MS) != ""
