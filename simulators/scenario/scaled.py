"""The same scenario in a smaller city that speaks less often, where time is short."""

from dataclasses import replace

import msgspec

from simulators.scenario.concerned import check_concerned
from simulators.scenario.scenario import Scenario


def scaled(scenario: Scenario, buses: int, stations: int, slower: float) -> Scenario:
    """At most so many buses and stations, with intervals that much longer.

    Who is named keeps its name, and who is drawn is drawn from fewer. Labels stay true, yet an
    incident of many may become one of few: judge by the scenario as it is written.

    Raises:
        ConfigError: a fault concerns nobody any more.
    """
    city = msgspec.structs.replace(
        scenario.city,
        buses=min(buses, scenario.city.buses),
        stations=min(stations, scenario.city.stations),
        interval_s=scenario.city.interval_s * slower,
        station_interval_s=scenario.city.station_interval_s * slower,
    )
    check_concerned(scenario.seed, city, scenario.faults)
    return replace(scenario, city=city)
