"""What holds of every expectation: no `off` without a source, and `until_ms` is true."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.model import AssetId, Kind
from ausguck.register.expecting import HOLDS_MS, Expectation, Expected, Told, Why, expect
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

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
# A few hours before the clocks go back, so that an hour is shown twice within the horizon.
BEGIN_MS = round(datetime(2026, 10, 24, 18, 0, tzinfo=UTC).timestamp() * 1000)
BERLIN = ZoneInfo("Europe/Berlin")
ASSETS = (AssetId("kiel", Kind.BUS, "1"), AssetId("kiel", Kind.STATION, "1"))
AREA = ((54.0, 10.0), (54.0, 10.1), (54.1, 10.1), (54.1, 10.0))
HOURS = (None, "24/7", "24/7 off", "Mo-Su 05:00-02:30", "Mo-Su 02:15-02:45", "Su off", "unknown")

moments = st.integers(0, 40).map(lambda quarter: BEGIN_MS + quarter * 15 * MINUTE_MS)
lines = st.sampled_from(["11", "12"])


@st.composite
def _spans(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    """Times in a row that do not overlap."""
    times = sorted(draw(st.sets(moments, max_size=6)))
    spans: list[tuple[int, int | None]] = list(zip(times[::2], times[1::2], strict=False))
    if len(times) % 2:
        spans.append((times[-1], None))
    return spans


@st.composite
def _tables(draw: st.DrawFn) -> Tables:
    def spans() -> list[tuple[int, int | None]]:
        return draw(_spans())

    return Tables(
        assets=tuple(
            Asset(
                id=str(asset),
                valid_from_ms=begun,
                valid_to_ms=ended,
                lifecycle=draw(st.sampled_from(Lifecycle)),
                line=draw(st.none() | lines),
                opening_hours=draw(st.sampled_from(HOURS)),
                has_controller=draw(st.none() | st.booleans()),
            )
            for asset in ASSETS
            for begun, ended in spans()
        ),
        lines=tuple(
            Line(
                id=line,
                valid_from_ms=begun,
                valid_to_ms=ended,
                successor=draw(st.none() | lines),
                service_hours=draw(st.sampled_from(HOURS)),
            )
            for line in ("11", "12")
            for begun, ended in spans()
        ),
        depots=tuple(
            Depot(id="wik", valid_from_ms=begun, valid_to_ms=ended, area=AREA)
            for begun, ended in spans()
        ),
        fittings=tuple(
            Fitting(id="S1", valid_from_ms=begun, valid_to_ms=ended, asset="bus/1")
            for begun, ended in spans()
        ),
        assignments=tuple(
            Assignment(
                id=f"bus/{bus}",
                # Some a day before, so that the reach of a list ends within the horizon.
                valid_from_ms=begun - shift,
                valid_to_ms=None if ended is None else ended - shift,
                line=draw(st.none() | lines),
                source=source,
            )
            for bus, source in (("1", "a"), ("2", "a"), ("2", "b"))
            for shift in (draw(st.sampled_from([0, REACH_MS])),)
            for begun, ended in spans()
        ),
    )


@st.composite
def _told(draw: st.DrawFn) -> Told:
    times = st.integers(-10, 40).map(lambda quarter: BEGIN_MS + quarter * 15 * MINUTE_MS)
    is_fixed = draw(st.booleans())
    return Told(
        is_asleep=draw(st.sampled_from([False, False, False, True])),
        ignition=draw(st.sampled_from([None, None, True, False])),
        ignition_ms=draw(times),
        line=draw(st.none() | lines),
        trip_id=draw(st.none() | st.just("t")),
        line_ms=draw(times),
        lat=54.05 if is_fixed else None,
        lon=draw(st.sampled_from([10.05, 11.0])) if is_fixed else None,
        fix_ms=draw(times),
        is_installed=draw(st.none() | st.booleans()),
    )


def _same(one: Expectation, other: Expectation) -> bool:
    return (one.state, one.why, one.source, one.line, one.trip, one.missing) == (
        other.state,
        other.why,
        other.source,
        other.line,
        other.trip,
        other.missing,
    )


@settings(max_examples=70, deadline=None)
@given(_tables(), _told(), st.sampled_from(ASSETS), moments, st.integers(1, 500))
def test_nothing_changes_before_its_end(
    tables: Tables, told: Told, asset: AssetId, at_ms: int, part: int
) -> None:
    plan = Plan(Register(tables, "kiel"), BERLIN, "DE")
    found = expect(plan, asset, at_ms, told)

    end_ms = at_ms + 2 * REACH_MS if found.until_ms is None else found.until_ms
    assert end_ms > at_ms
    between = {at_ms + (end_ms - at_ms) * part // 501, end_ms - 1}
    quarters = range(at_ms, min(end_ms, at_ms + 12 * HOUR_MS), 15 * MINUTE_MS)
    for later_ms in sorted(between | set(quarters)):
        assert _same(expect(plan, asset, later_ms, told), found), later_ms - at_ms


@settings(max_examples=70, deadline=None)
@given(_tables(), _told(), st.sampled_from(ASSETS), moments)
def test_nothing_is_said_without_a_source(
    tables: Tables, told: Told, asset: AssetId, at_ms: int
) -> None:
    found = expect(Plan(Register(tables, "kiel"), BERLIN), asset, at_ms, told)

    assert bool(found.source) == (found.state is not Expected.UNKNOWN)
    assert (found.why is Why.MISSING) == (found.state is Expected.UNKNOWN)
    assert bool(found.missing) == (found.state is Expected.UNKNOWN)
    if found.source == "telemetry":
        assert told != Told(ignition_ms=told.ignition_ms, line_ms=told.line_ms, fix_ms=told.fix_ms)
    if found.source == "register":
        assert any(row.id == str(asset) for row in (*tables.assets, *tables.fittings)) or (
            tables.lines or tables.fittings
        )


@settings(max_examples=30, deadline=None)
@given(_tables(), _told(), st.sampled_from(ASSETS), st.lists(moments, min_size=2, max_size=4))
def test_the_answer_depends_on_what_is_asked_alone(
    tables: Tables, told: Told, asset: AssetId, asked_ms: list[int]
) -> None:
    plan = Plan(Register(tables, "kiel"), BERLIN)
    for at_ms in asked_ms:
        anew = Plan(Register(tables, "kiel"), BERLIN)
        assert expect(plan, asset, at_ms, told) == expect(anew, asset, at_ms, told)


@given(_told(), st.sampled_from(ASSETS), moments)
def test_an_empty_register_expects_what_telemetry_alone_says(
    told: Told, asset: AssetId, at_ms: int
) -> None:
    found = expect(Plan(Register(), BERLIN), asset, at_ms, told)

    is_recent = at_ms - max(told.line_ms, told.ignition_ms) < HOLDS_MS
    if found.state is Expected.ON:
        assert asset.kind is Kind.BUS
        assert is_recent
    if found.state is Expected.OFF:
        assert found.source == "telemetry"
