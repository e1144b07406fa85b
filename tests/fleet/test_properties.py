"""What holds of every minute, whatever devices say and in whatever order."""

import math
from collections import Counter
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.catalogue.state import State, StateMeasurement, StateRow, table
from ausguck.model import AssetId, Event, Inventory, Kind, Reading, Scalar
from tests.fleet.makers import (
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    SITE,
    Value,
    Watch,
    known,
    says,
    stands,
)

FLAGS = {"online", "uplink", "empty", "full", "renting", "returning", "reboots"}
ASSETS = [AssetId(SITE, kind, name) for kind in (Kind.BUS, Kind.STATION) for name in "123"]


def _scalars(metric: Metric) -> st.SearchStrategy[Scalar]:
    if metric.type is bool:
        return st.booleans()
    if metric.choices:
        return st.sampled_from(metric.choices)
    if metric.type is str:
        return st.sampled_from(["11", "12 N", "N1/2"])
    high = 2**63 - 1 if metric.maximum is None else metric.maximum
    low = metric.minimum or 0
    if metric.type is int:
        return st.integers(int(low), int(high))
    return st.floats(low, high, allow_nan=False) | st.just(int(high))


_VALUES = {
    kind: st.tuples(*(st.none() | _scalars(metric) for metric in catalogue.metrics(kind)))
    for kind in (Kind.BUS, Kind.STATION)
}


@st.composite
def _readings(draw: st.DrawFn) -> Reading:
    asset = draw(st.sampled_from(ASSETS))
    observed_ms = draw(st.integers(NOW_MS - 26 * HOUR_MS, NOW_MS + 5 * MINUTE_MS))
    return Reading(
        asset=asset,
        observed_at_ms=observed_ms,
        received_at_ms=max(observed_ms, NOW_MS) - draw(st.integers(0, 600_000)),
        boot_id=draw(st.sampled_from([None, "b1", "b2"])),
        seq=draw(st.none() | st.integers(0, 9)),
        digest=0,
        clock_suspect=draw(st.booleans()),
        values=draw(_VALUES[asset.kind]),
    )


_EVENTS = st.builds(
    says,
    st.sampled_from(["ready", "sleeping"]),
    st.integers(NOW_MS - HOUR_MS, NOW_MS),
    st.sampled_from(ASSETS),
)
_PLACES = st.builds(
    stands,
    st.sampled_from(ASSETS[3:]),
    st.none() | st.integers(0, 50),
    st.none() | st.text(max_size=4),
    st.none() | st.floats(-90, 90),
)
_MINUTES = st.lists(
    st.tuples(
        st.lists(_readings(), max_size=5),
        st.lists(_EVENTS, max_size=2),
        st.lists(_PLACES, max_size=2),
    ),
    min_size=1,
    max_size=4,
)
Minute = tuple[list[Reading], list[Event], list[Inventory]]


def _play(minutes: Sequence[Minute]) -> Watch:
    watch = Watch()
    for number, (readings, events, places) in enumerate(minutes):
        now_ms = NOW_MS + (number - len(minutes) + 1) * MINUTE_MS
        watch.see(*readings, now_ms=now_ms, statuses=events, places=places)
    return watch


@settings(max_examples=60, deadline=None)
@given(_MINUTES)
def test_every_value_is_of_its_column(minutes: list[Minute]) -> None:
    for row in _play(minutes).rows:
        of = table(row.measurement)
        assert len(row.tags) == len(of.tags)
        assert all(row.tags)
        for field, value in zip(of.fields, row.values, strict=True):
            assert value is None or type(value) is field.type
            assert not isinstance(value, float) or math.isfinite(value)
            if field.key in FLAGS:
                assert value in {0, 1, None}


@settings(max_examples=60, deadline=None)
@given(_MINUTES)
def test_the_sites_row_is_what_its_assets_add_up_to(minutes: list[Minute]) -> None:
    watch = _play(minutes)
    fleet = watch.fleet
    buses = [known(row) for row in watch.of(StateMeasurement.BUS_STATE)]
    stations = [known(row) for row in watch.of(StateMeasurement.STATION_STATE)]

    states = Counter(bus["state"] for bus in buses)
    assert states[State.SILENT] == fleet["buses_silent"]
    assert states[State.DEGRADED] == fleet["buses_degraded"]
    assert states[State.PLANNED_OFF] == fleet["buses_planned_off"]
    assert sum(states.values()) == fleet["buses_known"]
    assert _sum(buses, "online") == fleet["buses_online"]
    assert _sum(stations, "online") == fleet["stations_online"]
    for key, column in (
        ("stations_empty", "empty"),
        ("stations_full", "full"),
    ):
        assert _sum(stations, column) == fleet[key]
    for rows, key in (
        (buses, "clients"),
        (buses, "clients_guest"),
        (buses, "guest_down_bytes"),
        (buses, "guest_up_bytes"),
        (stations, "bikes"),
        (stations, "docks"),
    ):
        told = [row for row in rows if key in row]
        assert fleet.get(key) == (_sum(told, key) if told else None)


@settings(max_examples=60, deadline=None)
@given(_MINUTES)
def test_nothing_is_counted_that_the_counters_did_not_rise_by(minutes: list[Minute]) -> None:
    index = catalogue.keys(Kind.BUS).index("guest_down_bytes_total")
    totals: dict[str, list[int]] = {}
    watch = Watch()
    booked: Counter[str] = Counter()
    for number, (readings, events, places) in enumerate(minutes):
        for reading in readings:
            total = reading.values[index]
            if reading.asset.kind is Kind.BUS and total is not None:
                totals.setdefault(reading.asset.name, []).append(int(total))
        now_ms = NOW_MS + (number - len(minutes) + 1) * MINUTE_MS
        watch.see(*readings, now_ms=now_ms, statuses=events, places=places)
        for row in watch.of(StateMeasurement.BUS_STATE):
            rise = known(row).get("guest_down_bytes")
            if rise is not None:
                assert int(rise) >= 0
                booked[row.tags[1]] += int(rise)
    for name, rise in booked.items():
        assert rise <= (max(totals[name]) - min(totals[name])) * len(totals[name])


@settings(max_examples=60, deadline=None)
@given(_MINUTES)
def test_a_silent_asset_has_no_values(minutes: list[Minute]) -> None:
    watch = _play(minutes)
    for row in watch.of(StateMeasurement.BUS_STATE):
        if known(row)["online"] == 0:
            assert set(known(row)) == {"state", "online", "age_s"}
    for row in watch.of(StateMeasurement.STATION_STATE):
        if known(row)["online"] == 0:
            assert set(known(row)) <= {
                *("state", "online", "age_s"),
                *("capacity", "lat", "lon", "name"),
            }


@settings(max_examples=40, deadline=None)
@given(_MINUTES)
def test_the_same_again_changes_no_state(minutes: list[Minute]) -> None:
    readings, events, places = minutes[-1]
    watch = _play(minutes)
    first = {_key(row): known(row) for row in watch.rows}
    watch.see(*readings, statuses=events, places=places)

    again = {_key(row): known(row) for row in watch.rows}
    assert first.keys() == again.keys()
    for key, values in first.items():
        since = {"guest_down_bytes", "guest_up_bytes", "reboots"}
        assert {k: v for k, v in values.items() if k not in since} == {
            k: v for k, v in again[key].items() if k not in since
        }


def _key(row: StateRow) -> tuple[str, tuple[str, ...]]:
    return row.measurement, row.tags


def _sum(rows: Sequence[dict[str, Value]], key: str) -> int:
    return sum(int(row[key] or 0) for row in rows if key in row)
