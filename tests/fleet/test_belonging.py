"""What the register adds to a row, and that no change of it doubles one."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.catalogue.state import StateMeasurement
from ausguck.model import AssetId, Kind
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Lifecycle, Line, Row, Tables, Zone
from tests.fleet.makers import (
    BUS,
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    OTHER_BUS,
    SITE,
    STATION,
    Watch,
    stands,
    told,
)

BUS_STATE, STATION_STATE = StateMeasurement.BUS_STATE, StateMeasurement.STATION_STATE
WEST = Zone(id="west", area=((54.2, 10.0), (54.2, 10.2), (54.4, 10.2), (54.4, 10.0)))
EAST = Zone(id="east", area=((54.2, 10.2), (54.2, 10.4), (54.4, 10.4), (54.4, 10.2)))
RENAMED = (
    Line(id="11", valid_to_ms=NOW_MS, successor="12"),
    Line(id="12", valid_from_ms=NOW_MS),
)


def register(*rows: Row) -> Register:
    def of(kind: type[Row]) -> tuple[Row, ...]:
        return tuple(row for row in rows if isinstance(row, kind))

    tables = Tables(
        lines=of(Line),  # type: ignore[arg-type]  # isinstance says so
        zones=of(Zone),  # type: ignore[arg-type]  # as above
        assets=of(Asset),  # type: ignore[arg-type]  # as above
        assignments=of(Assignment),  # type: ignore[arg-type]  # as above
    )
    return Register(tables, SITE)


def line(watch: Watch) -> str:
    (row,) = watch.of(BUS_STATE)
    return row.tags[2]


def zone(watch: Watch) -> str:
    (row,) = watch.of(STATION_STATE)
    return row.tags[2]


def duty(line: str | None, from_ms: int, to_ms: int | None = None) -> Assignment:
    return Assignment(id="bus/0123", line=line, valid_from_ms=from_ms, valid_to_ms=to_ms)


class TestLine:
    def test_what_the_bus_tells_goes_before_its_duty(self) -> None:
        watch = Watch().see(told(line="11"), register=register(duty("12", 0)))
        assert line(watch) == "11"

    def test_a_bus_that_tells_none_has_that_of_its_duty(self) -> None:
        watch = Watch().see(told(), register=register(duty("12", 0)))
        assert line(watch) == "12"

    @pytest.mark.parametrize("duties", [(), (duty(None, 0),)])
    def test_else_the_one_it_always_drives(self, duties: tuple[Assignment, ...]) -> None:
        known = register(Asset(id="bus/0123", line="N1"), *duties)
        assert line(Watch().see(told(), register=known)) == "N1"

    def test_without_any_it_is_told_so(self) -> None:
        assert line(Watch().see(told(), register=register())) == "-"

    def test_an_old_word_yields_to_the_duty_and_stays_without_one(self) -> None:
        old = told(at_ms=NOW_MS - HOUR_MS, line="11")
        assert line(Watch().see(old)) == "11"
        assert line(Watch().see(old, register=register(duty("12", 0)))) == "12"

    def test_the_place_has_the_same_line(self) -> None:
        watch = Watch().see(told(lat=54.3, lon=10.1), register=register(duty("12", 0)))
        (place,) = watch.of(StateMeasurement.BUS_PLACE)
        assert place.tags == (SITE, "0123", "12")

    def test_a_line_is_called_as_it_is_called_in_that_minute(self) -> None:
        watch = Watch()
        known = register(*RENAMED)
        before_ms = NOW_MS - MINUTE_MS
        watch.see(told(at_ms=before_ms - 1, line="11"), now_ms=before_ms, register=known)
        assert line(watch) == "11"
        # The sign at its front was not changed yet; the line was.
        assert line(watch.see(told(line="11"), register=known)) == "12"

    def test_a_duty_that_changes_in_mid_minute_makes_one_row_each_minute(self) -> None:
        known = register(duty("11", 0, NOW_MS + 30_000), duty("12", NOW_MS + 30_000))
        watch = Watch()
        found = []
        for minute in range(3):
            now_ms = NOW_MS + minute * MINUTE_MS
            watch.see(told(at_ms=now_ms - 1_000), now_ms=now_ms, register=known)
            found.append(line(watch))
        assert found == ["11", "12", "12"]


class TestStation:
    def test_the_register_goes_before_the_inventory(self) -> None:
        known = register(
            Asset(id="station/13", title="Holstenbrücke", lat=54.31, lon=10.11, capacity=0)
        )
        watch = Watch().see(
            told(STATION, num_vehicles_available=3), places=[stands()], register=known
        )
        found = watch.station
        assert (found["name"], found["lat"], found["lon"]) == ("Holstenbrücke", 54.31, 10.11)
        assert found["capacity"] == 0

    def test_its_gaps_are_the_inventorys(self) -> None:
        known = register(Asset(id="station/13", lat=54.31))
        found = Watch().see(told(STATION), places=[stands()], register=known).station
        assert (found["name"], found["capacity"]) == ("Hauptbahnhof", 20)
        # Half a place is none.
        assert (found["lat"], found["lon"]) == (54.3, 10.1)

    def test_a_station_that_only_the_register_describes(self) -> None:
        known = register(Asset(id="station/13", title="Wik", lat=54.35, lon=10.11), WEST)
        watch = Watch().see(told(STATION), register=known)
        assert (watch.station["name"], zone(watch)) == ("Wik", "west")
        assert "capacity" not in watch.station

    def test_a_zone_that_is_named_goes_before_the_place(self) -> None:
        known = register(Asset(id="station/13", zone="east", lat=54.3, lon=10.1), WEST, EAST)
        assert zone(Watch().see(told(STATION), register=known)) == "east"

    def test_where_the_feed_says_it_stands_is_good_enough(self) -> None:
        watch = Watch().see(told(STATION), places=[stands()], register=register(WEST))
        assert zone(watch) == "west"

    def test_outside_of_every_zone(self) -> None:
        watch = Watch().see(told(STATION), places=[stands()], register=register(EAST))
        assert zone(watch) == "-"


class TestWhatIsOver:
    @staticmethod
    def seen(*assets: Asset, heard_ms: int = NOW_MS - 5_000) -> Watch:
        return Watch().see(told(STATION, heard_ms), register=register(*assets))

    def test_a_station_goes_on_under_its_new_id_and_is_counted_once(self) -> None:
        old = Asset(id="station/13", valid_to_ms=NOW_MS, successor="station/2013")
        new = Asset(id="station/2013", valid_from_ms=NOW_MS)
        known = register(old, new)
        watch = Watch()
        before_ms = NOW_MS - MINUTE_MS
        watch.see(told(STATION, before_ms - 1), now_ms=before_ms, register=known)
        assert [row.tags[1] for row in watch.of(STATION_STATE)] == ["13"]
        renamed = AssetId(SITE, Kind.STATION, "2013")
        watch.see(told(STATION, before_ms - 1), told(renamed), register=known)
        assert [row.tags[1] for row in watch.of(STATION_STATE)] == ["2013"]
        assert watch.fleet["stations_known"] == 1

    @pytest.mark.parametrize(
        ("asset", "count"),
        [
            (Asset(id="station/13", valid_to_ms=NOW_MS), 0),
            (Asset(id="station/13", valid_to_ms=NOW_MS + 1), 1),
            (Asset(id="station/13", lifecycle=Lifecycle.RETIRED, valid_from_ms=NOW_MS), 0),
            (Asset(id="station/13", lifecycle=Lifecycle.RETIRED, valid_from_ms=NOW_MS + 1), 1),
            (Asset(id="station/13", lifecycle=Lifecycle.RETIRED), 1),
            (Asset(id="station/13", valid_from_ms=NOW_MS + HOUR_MS), 1),
        ],
    )
    def test_what_ended_has_no_row_unless_it_was_heard_since(
        self, asset: Asset, count: int
    ) -> None:
        assert len(self.seen(asset).of(STATION_STATE)) == count


class TestSwap:
    """Another router in the bus is another boot, no reboot, and no traffic."""

    def test_a_swap_is_no_reboot_and_books_nothing(self) -> None:
        watch = Watch().see(told(guest_down_bytes_total=1_000, uptime_s=9_000.0))
        later_ms = NOW_MS + MINUTE_MS
        watch.see(
            told(at_ms=later_ms, boot_id="c7#k3", guest_down_bytes_total=90_000, uptime_s=20.0),
            now_ms=later_ms,
        )
        assert watch.bus["reboots"] == 0
        assert "guest_down_bytes" not in watch.bus

    def test_behind_it_everything_goes_on(self) -> None:
        watch = Watch().see(told(boot_id="c7#k3", guest_down_bytes_total=1_000))
        for boot_id, total, booked, reboots in (
            ("c7#k3", 1_500, 500, 0),
            ("c8#k3", 10, None, 1),
            ("c8#m4", 700, None, 0),
        ):
            now_ms = watch.rows[-1].at_ms + MINUTE_MS
            watch.see(
                told(at_ms=now_ms - 1, boot_id=boot_id, guest_down_bytes_total=total),
                now_ms=now_ms,
            )
            assert watch.bus.get("guest_down_bytes") == booked
            assert watch.bus["reboots"] == reboots

    @pytest.mark.parametrize(("uptime_s", "reboots"), [(160.0, 0), (5.0, 1)])
    def test_a_device_that_tells_no_boot_has_its_mark_alone(
        self, uptime_s: float, reboots: int
    ) -> None:
        later_ms = NOW_MS + MINUTE_MS
        watch = Watch().see(told(boot_id=None, uptime_s=100.0))
        watch.see(told(at_ms=later_ms, boot_id="#k3", uptime_s=100.0), now_ms=later_ms)
        assert watch.bus["reboots"] == 0
        end_ms = later_ms + MINUTE_MS
        watch.see(told(at_ms=end_ms, boot_id="#k3", uptime_s=uptime_s), now_ms=end_ms)
        assert watch.bus["reboots"] == reboots


@st.composite
def _registers(draw: st.DrawFn) -> Register:
    """Any register of a few things, whose times are around three minutes."""
    times = st.integers(-1, 4).map(lambda half: NOW_MS + half * 30_000)

    def versions(name: str) -> list[tuple[str, int, int | None]]:
        at = sorted(draw(st.sets(times, max_size=4)))
        return [(name, *span) for span in zip(at, [*at[1:], draw(st.none())], strict=False)]

    names = st.sampled_from(["bus/0123", "bus/0456", "station/13"])
    lines = st.sampled_from(["11", "12", "-", ""])
    rows: list[Row] = []
    for name in ("bus/0123", "bus/0456", "station/13"):
        for id_, from_ms, to_ms in versions(name):
            rows.append(
                Asset(
                    id=id_,
                    valid_from_ms=from_ms,
                    valid_to_ms=to_ms,
                    line=draw(st.none() | lines),
                    zone=draw(st.none() | st.sampled_from(["west", "east"])),
                    successor=draw(st.none() | names),
                    lifecycle=draw(st.sampled_from(Lifecycle)),
                )
            )
        for id_, from_ms, to_ms in versions(name):
            rows.append(
                Assignment(id=id_, valid_from_ms=from_ms, valid_to_ms=to_ms, line=draw(lines))
            )
    for name in ("11", "12"):
        for id_, from_ms, to_ms in versions(name):
            rows.append(
                Line(
                    id=id_,
                    valid_from_ms=from_ms,
                    valid_to_ms=to_ms,
                    successor=draw(st.none() | lines),
                )
            )
    return register(*rows)


@settings(max_examples=25, deadline=None)
@given(st.lists(_registers(), min_size=3, max_size=3))
def test_each_asset_has_at_most_one_row_a_minute_whatever_the_register_becomes(
    registers: list[Register],
) -> None:
    watch = Watch()
    for minute, known in enumerate(registers):
        now_ms = NOW_MS + minute * MINUTE_MS
        readings = [
            told(BUS, now_ms - 1, line="11"),
            told(OTHER_BUS, now_ms - 1),
            told(STATION, now_ms - 1),
        ]
        watch.see(*readings, now_ms=now_ms, register=known)
        counts = Counter((row.measurement, row.tags[1]) for row in watch.rows[:-1])
        assert set(counts.values()) <= {1}
        assert watch.fleet["buses_known"] == len(watch.of(BUS_STATE))
        assert watch.fleet["stations_known"] == len(watch.of(STATION_STATE))
        assert all(all(row.tags) for row in watch.rows)
