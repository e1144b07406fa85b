"""The site's own row, and what passes from one minute to the next."""

from ausguck.catalogue.state import StateMeasurement
from ausguck.fleet.statuses import Statuses
from tests.fleet.makers import BUS, HOUR_MS, NOW_MS, OTHER_BUS, STATION, Watch, says, stands, told


def test_a_site_without_assets_has_a_row_of_no_assets() -> None:
    fleet = Watch().see().fleet

    assert {key for key, value in fleet.items() if value == 0} == set(fleet)
    assert not {"clients", "guest_down_bytes", "bikes", "docks"} & set(fleet)


def test_the_site_adds_up_what_is_online() -> None:
    sleeper = BUS._replace(name="0789")
    watch = Watch().see(
        told(BUS, clients=7, clients_guest=5),
        told(OTHER_BUS, clients=2, access_technology="none"),
        told(sleeper, NOW_MS - HOUR_MS, clients=70),
        told(BUS._replace(name="0999"), NOW_MS - HOUR_MS, clients=700),
        told(
            STATION,
            num_vehicles_available=0,
            num_docks_available=9,
            is_renting=True,
            is_returning=True,
        ),
        told(STATION._replace(name="14"), num_vehicles_available=4, is_renting=False),
        told(STATION._replace(name="15"), NOW_MS - HOUR_MS, num_vehicles_available=40),
        statuses=[says("sleeping", NOW_MS - HOUR_MS, sleeper)],
        places=[stands()],
    )

    assert watch.fleet == {
        "buses_known": 4,
        "buses_online": 2,
        "buses_degraded": 1,
        "buses_planned_off": 1,
        "buses_silent": 1,
        "clients": 9,
        "clients_guest": 5,
        "stations_known": 3,
        "stations_online": 2,
        "stations_silent": 1,
        "stations_empty": 1,
        "stations_full": 0,
        "stations_closed": 1,
        "bikes": 4,
        "docks": 9,
    }
    (row,) = watch.of(StateMeasurement.FLEET)
    assert row.tags == ("kiel",)


class TestStatuses:
    def test_the_one_observed_last_holds_however_they_come(self) -> None:
        statuses = Statuses()
        for event in (says("ready", 20), says("sleeping", 10), says("sleeping", 5, OTHER_BUS)):
            statuses.note([event])

        assert {asset: event.detail for asset, event in statuses.newest.items()} == {
            BUS: "ready",
            OTHER_BUS: "sleeping",
        }

    def test_a_connection_that_ends_wakes_nobody(self) -> None:
        statuses = Statuses()
        statuses.note([says("sleeping", 10), says("disconnected", 11), says("lost", 12)])

        assert statuses.newest[BUS].detail == "sleeping"
