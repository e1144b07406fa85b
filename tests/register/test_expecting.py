"""Whether an asset should be heard: the table of docs/explanation/expectation.md, row by row."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ausguck.model import AssetId, Kind
from ausguck.register.expecting import (
    FIX_LAG_MS,
    HOLDS_MS,
    NOTHING_TOLD,
    Expectation,
    Expected,
    Source,
    Told,
    Why,
    expect,
)
from ausguck.register.plan import REACH_MS, Plan
from ausguck.register.register import Register
from ausguck.register.rows import (
    Asset,
    Assignment,
    Depot,
    Fitting,
    Lifecycle,
    Line,
    Tables,
)

HOUR_MS = 3_600_000
NOW_MS = round(datetime(2026, 5, 5, 12, 0, tzinfo=UTC).timestamp() * 1000)
BERLIN = ZoneInfo("Europe/Berlin")
BUS = AssetId("kiel", Kind.BUS, "0123")
STATION = AssetId("kiel", Kind.STATION, "13")
WIK = Depot(id="wik", area=((54.0, 10.0), (54.0, 10.1), (54.1, 10.1), (54.1, 10.0)))
IN_WIK = Told(lat=54.05, lon=10.05, fix_ms=NOW_MS)


def plan(**tables: tuple[object, ...]) -> Plan:
    return Plan(Register(Tables(**tables), "kiel"), BERLIN, "DE")  # type: ignore[arg-type]  # each its own rows


def bus(**fields: object) -> Asset:
    return Asset(id="bus/0123", **fields)  # type: ignore[arg-type]  # as the caller says


def station(**fields: object) -> Asset:
    return Asset(id="station/13", **fields)  # type: ignore[arg-type]  # as the caller says


def duty(
    from_h: float, to_h: float | None, line: str | None = "11", bus: str = "0123"
) -> Assignment:
    return Assignment(
        id=f"bus/{bus}",
        valid_from_ms=NOW_MS + round(from_h * HOUR_MS),
        valid_to_ms=None if to_h is None else NOW_MS + round(to_h * HOUR_MS),
        line=line,
        trip="t1",
        source="duty",
    )


def asked(plan: Plan, told: Told = NOTHING_TOLD, at_ms: int = NOW_MS) -> Expectation:
    return expect(plan, BUS, at_ms, told)


def verdict(found: Expectation) -> tuple[Expected, Why, str]:
    return found.state, found.why, found.source


ON_11 = Told(line="11", trip_id="t9", line_ms=NOW_MS)


class TestBus:
    def test_with_no_source_it_is_unknown_and_says_what_could_be_given(self) -> None:
        assert asked(plan()) == Expectation(
            Expected.UNKNOWN,
            Why.MISSING,
            missing=(
                Source.IGNITION,
                Source.LINE,
                Source.DEPOTS,
                Source.DUTIES,
                Source.SERVICE_HOURS,
            ),
        )

    def test_only_what_is_missing_is_named(self) -> None:
        known = plan(depots=(WIK,), lines=(Line(id="11", service_hours="24/7"),))
        told = Told(ignition=True, line="11")
        assert asked(known, told).missing == (Source.DUTIES,)

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (bus(lifecycle=Lifecycle.RETIRED), Why.RETIRED),
            (bus(lifecycle=Lifecycle.PLANNED), Why.PLANNED),
            (bus(valid_to_ms=NOW_MS), Why.ENDED),
        ],
    )
    def test_what_is_not_in_service_is_off_whatever_it_tells(self, row: Asset, why: Why) -> None:
        assert verdict(asked(plan(assets=(row,)), ON_11)) == (Expected.OFF, why, "register")

    def test_a_bus_that_comes_tomorrow_is_not_known_yet(self) -> None:
        found = asked(plan(assets=(bus(valid_from_ms=NOW_MS + 5),)))
        assert (found.state, found.until_ms) == (Expected.UNKNOWN, NOW_MS + 5)

    def test_sleep_goes_before_duty(self) -> None:
        told = replace(ON_11, is_asleep=True, ignition=True, ignition_ms=NOW_MS)
        known = plan(assignments=(duty(-1, 1),))
        assert verdict(asked(known, told)) == (Expected.OFF, Why.ASLEEP, "telemetry")

    def test_ignition_off_goes_before_duty_and_a_line_left_on_the_sign(self) -> None:
        told = replace(ON_11, ignition=False, ignition_ms=NOW_MS)
        known = plan(assignments=(duty(-1, 1),))
        assert verdict(asked(known, told)) == (Expected.OFF, Why.IGNITION_OFF, "telemetry")

    def test_a_line_told_after_the_ignition_went_off_shows_it_under_way(self) -> None:
        told = replace(ON_11, ignition=False, ignition_ms=NOW_MS - 1)
        assert asked(plan(), told).why is Why.TELLS_LINE

    def test_in_its_depot_it_is_off_though_its_engine_runs(self) -> None:
        told = replace(IN_WIK, ignition=True, ignition_ms=NOW_MS)
        assert verdict(asked(plan(depots=(WIK,)), told)) == (
            Expected.OFF,
            Why.IN_DEPOT,
            "telemetry",
        )

    @pytest.mark.parametrize(
        ("lag_ms", "why"), [(FIX_LAG_MS, Why.IN_DEPOT), (FIX_LAG_MS + 1, Why.TELLS_LINE)]
    )
    def test_an_old_fix_in_the_depot_yields_to_a_line_told_since(
        self, lag_ms: int, why: Why
    ) -> None:
        told = replace(IN_WIK, fix_ms=NOW_MS - lag_ms, line="11", line_ms=NOW_MS)
        assert asked(plan(depots=(WIK,)), told).why is why

    def test_a_depot_counts_while_it_is_one(self) -> None:
        closing = Depot(id="wik", area=WIK.area, valid_to_ms=NOW_MS + 7)
        found = asked(plan(depots=(closing,)), IN_WIK)
        assert (found.why, found.until_ms) == (Why.IN_DEPOT, NOW_MS + 7)
        assert asked(plan(depots=(closing,)), IN_WIK, NOW_MS + 7).state is Expected.UNKNOWN

    @pytest.mark.parametrize("told", [ON_11, Told(trip_id="t9", line_ms=NOW_MS)])
    def test_a_line_or_trip_told_says_on(self, told: Told) -> None:
        found = asked(plan(), told)
        assert verdict(found) == (Expected.ON, Why.TELLS_LINE, "telemetry")
        assert (found.line, found.trip) == (told.line, "t9")
        assert found.until_ms == NOW_MS + HOLDS_MS

    @pytest.mark.parametrize(
        "told", [ON_11, Told(ignition=True, ignition_ms=NOW_MS)], ids=["line", "ignition"]
    )
    def test_what_was_told_two_hours_ago_says_nothing(self, told: Told) -> None:
        assert asked(plan(), told, NOW_MS + HOLDS_MS - 1).state is Expected.ON
        assert asked(plan(), told, NOW_MS + HOLDS_MS).state is Expected.UNKNOWN

    def test_a_trip_without_a_line_has_that_of_its_duty(self) -> None:
        found = asked(plan(assignments=(duty(-1, 1, "12"),)), Told(trip_id="t9", line_ms=NOW_MS))
        assert (found.line, found.trip, found.until_ms) == ("12", "t9", NOW_MS + HOUR_MS)

    def test_an_engine_that_runs_says_on_though_no_duty_is_planned(self) -> None:
        known = plan(assignments=(duty(-5, -4), duty(4, 5)))
        found = asked(known, Told(ignition=True, ignition_ms=NOW_MS))
        assert verdict(found) == (Expected.ON, Why.IGNITION_ON, "telemetry")
        assert (found.line, found.until_ms) == (None, NOW_MS + HOLDS_MS)

    def test_a_running_engine_takes_line_and_trip_from_the_duty(self) -> None:
        known = plan(assignments=(duty(-1, 1),))
        found = asked(known, Told(ignition=True, ignition_ms=NOW_MS))
        assert (found.line, found.trip, found.until_ms) == ("11", "t1", NOW_MS + HOUR_MS)

    def test_a_bus_whose_router_was_taken_out_cannot_be_heard(self) -> None:
        out = Fitting(id="S1", asset="bus/0123", valid_to_ms=NOW_MS)
        back = Fitting(id="S2", asset="bus/0123", valid_from_ms=NOW_MS + 9)
        known = plan(fittings=(out, back), assignments=(duty(-1, 1),))
        found = asked(known)
        assert verdict(found) == (Expected.OFF, Why.NOT_FITTED, "register")
        assert found.until_ms == NOW_MS + 9
        assert asked(known, at_ms=NOW_MS + 9).why is Why.ON_DUTY
        assert asked(known, at_ms=NOW_MS - 1).why is Why.ON_DUTY

    def test_a_bus_that_is_heard_has_a_router_whatever_the_register_says(self) -> None:
        out = Fitting(id="S1", asset="bus/0123", valid_to_ms=NOW_MS)
        assert asked(plan(fittings=(out,)), ON_11).state is Expected.ON

    def test_a_duty_says_on_from_its_beginning_until_its_end(self) -> None:
        known = plan(assignments=(duty(0, 1),))
        found = asked(known)
        assert verdict(found) == (Expected.ON, Why.ON_DUTY, "duty")
        assert (found.line, found.trip, found.until_ms) == ("11", "t1", NOW_MS + HOUR_MS)
        assert asked(known, at_ms=NOW_MS + HOUR_MS).why is Why.NO_DUTY
        assert asked(known, at_ms=NOW_MS - 1).why is Why.NO_DUTY

    def test_a_duty_without_end(self) -> None:
        found = asked(plan(assignments=(duty(-1, None),)))
        assert (found.why, found.until_ms) == (Why.ON_DUTY, None)

    def test_between_duties_it_is_off_until_the_next(self) -> None:
        found = asked(plan(assignments=(duty(-2, -1), duty(1, 2))))
        assert verdict(found) == (Expected.OFF, Why.NO_DUTY, "duty")
        assert found.until_ms == NOW_MS + HOUR_MS

    def test_a_list_of_duties_speaks_for_a_day_around_each_of_them(self) -> None:
        other = duty(-30, -1, bus="0456")
        known = plan(assignments=(duty(-50, -49), other))
        end_ms = NOW_MS - HOUR_MS + REACH_MS
        assert asked(known).until_ms == end_ms
        assert asked(known, at_ms=end_ms - 1).why is Why.NO_DUTY
        assert asked(known, at_ms=end_ms).state is Expected.UNKNOWN

    def test_before_a_list_of_duties_begins_to_speak_nobody_knows(self) -> None:
        known = plan(assignments=(duty(60, 61), duty(30, 31, bus="0456")))
        found = asked(known)
        assert (found.state, found.until_ms) == (Expected.UNKNOWN, NOW_MS + 6 * HOUR_MS)
        assert asked(known, at_ms=NOW_MS + 6 * HOUR_MS).why is Why.NO_DUTY

    def test_a_bus_that_is_in_no_list_may_be_anywhere(self) -> None:
        found = asked(plan(assignments=(duty(-1, 1, bus="0456"),)))
        assert (found.state, found.why) == (Expected.UNKNOWN, Why.MISSING)
        assert Source.DUTIES in found.missing

    def test_while_no_line_runs_no_bus_is_expected(self) -> None:
        lines = (
            Line(id="11", service_hours="Mo-Su 05:00-13:00"),
            Line(id="12", service_hours="Mo-Su 06:00-13:30"),
        )
        found = asked(plan(lines=lines))  # 14:00 in Berlin
        assert verdict(found) == (Expected.OFF, Why.LINE_RESTS, "register")
        assert found.until_ms == NOW_MS + 15 * HOUR_MS

    @pytest.mark.parametrize("hours", ["Mo-Su 05:00-24:00", "unknown", None])
    def test_while_a_line_runs_or_could_nobody_knows_which_bus(self, hours: str | None) -> None:
        lines = (
            Line(id="11", service_hours="Mo-Su 05:00-13:00"),
            Line(id="12", service_hours=hours),
        )
        assert asked(plan(lines=lines)).state is Expected.UNKNOWN

    def test_a_retired_line_keeps_nobody_out(self) -> None:
        lines = (
            Line(id="11", service_hours="Mo-Su 05:00-13:00"),
            Line(id="9", lifecycle=Lifecycle.RETIRED),
        )
        assert asked(plan(lines=lines)).why is Why.LINE_RESTS

    def test_a_line_that_begins_tomorrow_ends_the_rest(self) -> None:
        lines = (
            Line(id="11", service_hours="24/7 off"),
            Line(id="12", valid_from_ms=NOW_MS + 60_000),
        )
        found = asked(plan(lines=lines))
        assert (found.why, found.until_ms) == (Why.LINE_RESTS, NOW_MS + 60_000)

    def test_a_bus_of_one_line_rests_with_it_under_its_new_name_too(self) -> None:
        lines = (
            Line(id="11", valid_to_ms=NOW_MS, successor="12", service_hours="24/7"),
            Line(id="12", valid_from_ms=NOW_MS, service_hours="Mo-Su 05:00-13:00"),
            Line(id="13", service_hours="24/7"),
        )
        known = plan(lines=lines, assets=(bus(line="11"),))
        assert asked(known).why is Why.LINE_RESTS
        assert asked(known, at_ms=NOW_MS - 1).state is Expected.UNKNOWN

    def test_a_line_is_called_as_it_is_called_then(self) -> None:
        lines = (
            Line(id="11", valid_to_ms=NOW_MS, successor="12"),
            Line(id="12", valid_from_ms=NOW_MS),
        )
        known = plan(lines=lines)
        before = asked(known, replace(ON_11, line_ms=NOW_MS - 9), NOW_MS - 9)
        assert (before.line, before.until_ms) == ("11", NOW_MS)
        assert asked(known, ON_11).line == "12"


class TestStation:
    @staticmethod
    def asked(row: Asset | None, told: Told = NOTHING_TOLD, at_ms: int = NOW_MS) -> Expectation:
        return expect(plan(assets=() if row is None else (row,)), STATION, at_ms, told)

    @pytest.mark.parametrize("row", [None, station()])
    def test_where_nothing_is_said_it_is_unknown(self, row: Asset | None) -> None:
        found = self.asked(row)
        assert (found.state, found.why) == (Expected.UNKNOWN, Why.MISSING)
        assert found.missing == (Source.OPENING_HOURS, Source.HAS_CONTROLLER)

    def test_one_that_is_only_a_feeds_needs_hours(self) -> None:
        found = self.asked(station(has_controller=False))
        assert (found.state, found.missing) == (Expected.UNKNOWN, (Source.OPENING_HOURS,))

    @pytest.mark.parametrize(
        ("row", "told", "why"),
        [
            (station(lifecycle=Lifecycle.RETIRED), NOTHING_TOLD, Why.RETIRED),
            (station(lifecycle=Lifecycle.PLANNED), NOTHING_TOLD, Why.PLANNED),
            (station(valid_to_ms=NOW_MS), NOTHING_TOLD, Why.ENDED),
            (station(has_controller=True), Told(is_asleep=True), Why.ASLEEP),
            (station(opening_hours="24/7"), Told(is_installed=False), Why.NOT_INSTALLED),
            (station(opening_hours="Mo-Su 05:00-13:00"), NOTHING_TOLD, Why.CLOSED),
        ],
    )
    def test_off(self, row: Asset, told: Told, why: Why) -> None:
        found = self.asked(row, told)
        assert (found.state, found.why) == (Expected.OFF, why)
        assert found.source

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (station(opening_hours="Mo-Su 05:00-24:00"), Why.OPEN),
            (station(has_controller=True), Why.HAS_CONTROLLER),
            (station(has_controller=True, opening_hours="unknown"), Why.HAS_CONTROLLER),
        ],
    )
    def test_on(self, row: Asset, why: Why) -> None:
        found = self.asked(row, Told(is_installed=True))
        assert verdict(found) == (Expected.ON, why, "register")

    def test_it_closes_and_opens_by_the_clock_of_its_site(self) -> None:
        row = station(opening_hours="Mo-Su 05:00-14:30")
        found = self.asked(row)
        assert (found.why, found.until_ms) == (Why.OPEN, NOW_MS + HOUR_MS // 2)
        closed = self.asked(row, at_ms=NOW_MS + HOUR_MS // 2)
        assert (closed.why, closed.until_ms) == (Why.CLOSED, NOW_MS + 15 * HOUR_MS)


def test_a_device_that_is_nowhere_is_unknown() -> None:
    found = expect(plan(), AssetId("kiel", Kind.DEVICE, "S1"), NOW_MS)
    assert (found.state, found.missing) == (Expected.UNKNOWN, ())
