"""A bus in one minute: heard or not, with an uplink or not, and what it counted."""

import pytest

from ausguck.catalogue.state import ONLY, State, StateMeasurement
from ausguck.settings import tree
from tests.fleet.makers import (
    BUS,
    HOUR_MS,
    MINUTE_MS,
    NOW_MS,
    OTHER_BUS,
    Watch,
    says,
    told,
)


def test_a_bus_that_reports_is_ok_and_says_what_it_knows() -> None:
    watch = Watch().see(
        told(
            clients=7,
            clients_guest=5,
            rsrp_dbm=-97,
            rssi_dbm=-70.5,
            rtt_ms=40,
            loss_pct=0,
            temperature_c=41.5,
            supply_v=27.4,
            access_technology="4g",
            line="11",
            lat=54.3,
            lon=10.1,
        )
    )

    assert watch.bus == {
        "state": State.OK,
        "online": 1,
        "age_s": 5.0,
        "uplink": 1,
        "clients": 7,
        "clients_guest": 5,
        "rsrp_dbm": -97.0,
        "rssi_dbm": -70.5,
        "rtt_ms": 40.0,
        "loss_pct": 0.0,
        "temperature_c": 41.5,
        "supply_v": 27.4,
    }
    (row,) = watch.of(StateMeasurement.BUS_STATE)
    assert (row.at_ms, row.tags) == (NOW_MS, ("kiel", "0123", "11"))
    assert watch.one(StateMeasurement.BUS_PLACE) == {
        "state": State.OK,
        "age_s": 5.0,
        "lat": 54.3,
        "lon": 10.1,
        "clients": 7,
        "rsrp_dbm": -97.0,
    }


@pytest.mark.parametrize(("age_ms", "online"), [(300_000, 1), (300_001, 0)])
def test_silence_begins_behind_the_setting(age_ms: int, online: int) -> None:
    reading = told(at_ms=NOW_MS - age_ms, received_ms=NOW_MS - age_ms, clients=7)

    bus = Watch().see(reading).bus

    assert bus["online"] == online
    assert bus["state"] == (State.OK if online else State.SILENT)
    assert bus["age_s"] == age_ms / 1000
    assert bus.get("clients") == (7 if online else None)


def test_the_setting_decides() -> None:
    reading = told(at_ms=NOW_MS - 90_000)

    assert Watch(tree.State(silent_after_s=60)).see(reading).bus["state"] == State.SILENT
    assert Watch(tree.State(silent_after_s=120)).see(reading).bus["state"] == State.OK


def test_an_old_backlog_is_no_sign_of_life() -> None:
    backlog = told(at_ms=NOW_MS - 2 * HOUR_MS, received_ms=NOW_MS - 1_000, clients=7)

    bus = Watch().see(backlog).bus

    assert bus == {"state": State.SILENT, "online": 0, "age_s": 7_200.0}


def test_the_end_of_a_backlog_that_reaches_now_is_one() -> None:
    assert Watch().see(told(at_ms=NOW_MS - 200_000, received_ms=NOW_MS)).bus["online"] == 1


def test_a_backlog_does_not_hide_what_was_heard_before() -> None:
    live = told(at_ms=NOW_MS - 30_000, clients=7)
    backlog = told(at_ms=NOW_MS - HOUR_MS, received_ms=NOW_MS - 1_000, clients=70)

    for readings in ((live, backlog), (backlog, live)):
        bus = Watch().see(*readings).bus
        assert (bus["online"], bus["age_s"], bus["clients"]) == (1, 30.0, 7)


def test_a_clock_that_is_ahead_is_0_seconds_old() -> None:
    reading = told(at_ms=NOW_MS + 200_000, received_ms=NOW_MS - 1_000)

    assert Watch().see(reading).bus["age_s"] == 0.0


def test_a_bus_heard_of_otherwise_is_online_without_old_values() -> None:
    reading = told(at_ms=NOW_MS - HOUR_MS, clients=7)

    bus = Watch().see(reading, heard={BUS: NOW_MS - 1_000}).bus

    assert bus == {"state": State.OK, "online": 1, "age_s": 3_600.0}


@pytest.mark.parametrize(
    ("values", "uplink"),
    [
        ({"access_technology": "none"}, 0),
        ({"access_technology": "none", "rtt_ms": 20.0, "loss_pct": 0.0}, 0),
        ({"access_technology": "4g", "loss_pct": 100.0}, 0),
        ({"loss_pct": 100}, 0),
        ({"access_technology": "2g"}, 1),
        ({"access_technology": "4g", "rsrp_dbm": -135.0}, 1),
        ({"loss_pct": 99.0}, 1),
        ({"rtt_ms": 900.0}, 1),
        ({"rsrp_dbm": -80.0, "portal_ok_pct": 0.0}, None),
        ({}, None),
    ],
)
def test_the_uplink_is_judged_by_service(
    values: dict[str, str | float], uplink: int | None
) -> None:
    bus = Watch().see(told(values=values)).bus

    assert bus.get("uplink") == uplink
    assert bus["state"] == (State.DEGRADED if uplink == 0 else State.OK)


@pytest.mark.parametrize(
    ("values", "is_asleep"),
    [
        ({}, True),
        ({"supply_v": 24.1, "ignition": False}, True),
        ({"ignition": True}, False),
        ({"line": "11"}, False),
    ],
)
def test_readings_alone_wake_nobody(
    values: dict[str, bool | float | str], *, is_asleep: bool
) -> None:
    sleeping = says("sleeping", NOW_MS - 2 * HOUR_MS)
    watch = Watch().see(told(at_ms=NOW_MS - HOUR_MS, values=values), statuses=[sleeping])
    assert watch.bus["state"] == (State.PLANNED_OFF if is_asleep else State.SILENT)
    watch.see(told(), statuses=[sleeping])
    assert watch.bus["state"] == (State.PLANNED_OFF if is_asleep else State.OK)


@pytest.mark.parametrize("kept_ms", [HOUR_MS, HOUR_MS - 1])
def test_sleep_begins_when_it_is_said(kept_ms: int) -> None:
    in_service = told(at_ms=NOW_MS - HOUR_MS, line="11")

    asleep = Watch().see(in_service, statuses=[says("sleeping", NOW_MS - kept_ms)]).bus
    awake = Watch().see(in_service, statuses=[says("sleeping", NOW_MS - HOUR_MS - 1)]).bus
    ready = Watch().see(in_service, statuses=[says("ready", NOW_MS - kept_ms)]).bus

    assert (asleep["state"], asleep["online"]) == (State.PLANNED_OFF, 0)
    assert awake["state"] == ready["state"] == State.SILENT


def test_a_bus_that_just_fell_asleep_is_planned_off_at_once() -> None:
    bus = Watch().see(told(), statuses=[says("sleeping", NOW_MS - 1_000)]).bus

    assert (bus["state"], bus["online"]) == (State.PLANNED_OFF, 1)


def test_values_told_in_several_messages_make_one_row() -> None:
    watch = Watch().see(told(at_ms=NOW_MS - 90_000, clients=7, line="11"))
    watch.see(told(at_ms=NOW_MS - 30_000, rtt_ms=40.0), now_ms=NOW_MS + MINUTE_MS)

    assert (watch.bus["clients"], watch.bus["rtt_ms"]) == (7, 40.0)
    watch.see(told(at_ms=NOW_MS + 220_000, rtt_ms=41.0), now_ms=NOW_MS + 4 * MINUTE_MS)
    assert "clients" not in watch.bus


def test_the_order_of_readings_does_not_matter() -> None:
    readings = [
        told(at_ms=NOW_MS - 90_000, clients=7, lat=54.0, lon=10.0, boot_id="b1"),
        told(at_ms=NOW_MS - 60_000, rtt_ms=40.0, line="11"),
        told(at_ms=NOW_MS - 30_000, clients=8, boot_id="b2"),
    ]

    forth, back = Watch().see(*readings), Watch().see(*reversed(readings))

    assert forth.rows == back.rows
    assert forth.before == back.before
    assert forth.bus["clients"] == 8


def test_the_line_is_what_the_bus_said_last() -> None:
    def line_of(watch: Watch) -> str:
        (row,) = watch.of(StateMeasurement.BUS_STATE)
        return row.tags[2]

    watch = Watch().see(told(line="11"))
    assert line_of(watch) == "11"
    # Silent for hours, it is still the bus that fell silent on line 11.
    assert line_of(watch.see(now_ms=NOW_MS + 5 * HOUR_MS)) == "11"
    now_ms = NOW_MS + 6 * HOUR_MS
    assert line_of(watch.see(told(at_ms=now_ms - 1_000), now_ms=now_ms)) == ONLY


class TestPlace:
    def test_a_fix_counts_while_it_is_young(self) -> None:
        watch = Watch().see(told(at_ms=NOW_MS - 1_000, lat=54.3, lon=10.1))
        later = told(at_ms=NOW_MS + 299_000, clients=1)

        watch.see(later, now_ms=NOW_MS + 299_000)
        place = watch.one(StateMeasurement.BUS_PLACE)
        assert (place["lat"], place["lon"], place["age_s"]) == (54.3, 10.1, 0.0)
        assert watch.see(later, now_ms=NOW_MS + 300_000).of(StateMeasurement.BUS_PLACE) == []

    def test_half_a_fix_is_none(self) -> None:
        watch = Watch().see(told(at_ms=NOW_MS - 60_000, lat=54.3), told(lon=10.1))

        assert watch.of(StateMeasurement.BUS_PLACE) == []

    def test_a_silent_bus_has_no_place(self) -> None:
        watch = Watch().see(told(at_ms=NOW_MS - HOUR_MS, lat=54.3, lon=10.1))

        assert watch.of(StateMeasurement.BUS_PLACE) == []


class TestKnown:
    def test_a_bus_has_rows_for_as_long_as_the_setting_says(self) -> None:
        day_ms = 24 * HOUR_MS
        watch = Watch(tree.State(known_days=2)).see(told(at_ms=NOW_MS - 200, received_ms=NOW_MS))

        for days in (1, 2):
            assert watch.see(now_ms=NOW_MS + days * day_ms).bus["state"] == State.SILENT
        assert watch.see(now_ms=NOW_MS + 2 * day_ms + 1).of(StateMeasurement.BUS_STATE) == []
        assert watch.before.pictures == watch.before.booked == {}
        assert watch.fleet["buses_known"] == 0

    def test_other_sites_and_devices_without_a_vehicle_are_left_alone(self) -> None:
        elsewhere = told(BUS._replace(site="ulm"))

        assert Watch().see(elsewhere).of(StateMeasurement.BUS_STATE) == []

    def test_rows_come_by_name(self) -> None:
        watch = Watch().see(told(OTHER_BUS, lat=54.0, lon=10.0), told(BUS, lat=54.0, lon=10.0))

        assert [(row.measurement.value, row.tags[1:2]) for row in watch.rows] == [
            ("bus_place", ("0123",)),
            ("bus_place", ("0456",)),
            ("bus_state", ("0123",)),
            ("bus_state", ("0456",)),
            ("fleet", ()),
        ]
