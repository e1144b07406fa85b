from collections import Counter, defaultdict
from collections.abc import Iterable

import pytest

from ausguck import catalogue
from ausguck.catalogue import Metric
from ausguck.model import Kind
from ausguck.topics import Message, parse
from simulators.city import City, CityPlan
from simulators.city.bus import Bus
from simulators.city.geography import Place
from simulators.city.station import Station
from simulators.outgoing import Element, Outgoing, Value

MORNING_MS = 1_772_434_800_000  # Monday, 2 March 2026, 08:00 in Kiel
NIGHT_MS = MORNING_MS - 5 * 3_600_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
ENVELOPE = {"observed_at", "boot_id", "seq"}
SOUTH_WEST, NORTH_EAST = Place(54.24, 10.02), Place(54.46, 10.26)
SMALL = CityPlan(seed=7, buses=12, stations=10)


def told(plan: CityPlan, start_ms: int, minutes: int) -> list[Outgoing]:
    return list(City(plan, start_ms).advance(start_ms + minutes * MINUTE_MS))


def of(messages: Iterable[Outgoing], kind: Message) -> list[Outgoing]:
    return [message for message in messages if parse(message.topic).message is kind]


def elements(messages: Iterable[Outgoing]) -> list[Element]:
    return [element for message in messages for element in message.elements]


def test_the_same_seed_gives_the_same_messages_whatever_the_steps() -> None:
    once = told(SMALL, MORNING_MS, 20)
    city = City(SMALL, MORNING_MS)
    stepwise = [
        message
        for at_ms in range(MORNING_MS, MORNING_MS + 20 * MINUTE_MS + 1, 700)
        for message in city.advance(at_ms)
    ]
    stepwise += city.advance(MORNING_MS + 20 * MINUTE_MS)

    assert [(m.topic, m.payload) for m in once] == [(m.topic, m.payload) for m in stepwise]


def test_another_seed_is_another_city() -> None:
    other = CityPlan(seed=8, buses=12, stations=10)

    assert [m.payload for m in told(SMALL, MORNING_MS, 1)] != [
        m.payload for m in told(other, MORNING_MS, 1)
    ]


def test_a_bus_does_not_depend_on_how_many_there_are() -> None:
    more = CityPlan(seed=7, buses=24, stations=0)
    topic = "v1/kiel/bus/0103/inventory"

    def first(plan: CityPlan) -> Element:
        (message,) = [m for m in told(plan, MORNING_MS, 1) if m.topic == topic]
        return {key: value for key, value in message.elements[0].items() if key != "observed_at"}

    assert first(SMALL) == first(more)


def test_every_asset_introduces_itself_and_reports_within_two_seconds() -> None:
    plan = CityPlan()
    city = City(plan, MORNING_MS)
    messages = list(city.advance(MORNING_MS + 2_000))

    for kind in (Message.INVENTORY, Message.STATUS):
        assert len({m.asset for m in of(messages, kind)}) == plan.buses + plan.stations
    cut_off = 12  # in a tunnel at that moment, or without uplink
    speaking = {m.asset for m in of(messages, Message.TELEMETRY)}
    assert len(speaking) >= plan.buses + plan.stations - cut_off


def test_reports_are_spread_evenly_after_the_first_round() -> None:
    city = City(CityPlan(), MORNING_MS)
    list(city.advance(MORNING_MS + 5 * MINUTE_MS))
    seconds = Counter(
        int(str(element["observed_at"])) // 1000
        for element in elements(of(city.advance(MORNING_MS + 6 * MINUTE_MS), Message.TELEMETRY))
    )

    assert len(seconds) >= 60
    assert max(seconds.values()) < 30


def complaint(metric: Metric, value: Value) -> str:
    """Why a value is not of the catalogue, or nothing."""
    if metric.key == "vehicle_types_available":
        return "" if isinstance(value, dict) else "not an object"
    if metric.type is float and type(value) is int:
        value = float(value)
    if type(value) is not metric.type:
        return f"{type(value)}"
    if isinstance(value, str):
        is_known = not metric.choices or value in metric.choices
        return "" if is_known else "not a choice"
    if metric.sentinels and value in metric.sentinels:
        return "a sentinel"
    low, high = metric.minimum, metric.maximum
    is_within = low is None or high is None or low <= float(str(float(value))) <= high
    return "" if is_within else f"not in {low} .. {high}"


@pytest.mark.parametrize("start_ms", [MORNING_MS, NIGHT_MS])
def test_every_value_is_of_the_catalogue(start_ms: int) -> None:
    wrong: Counter[tuple[str, str]] = Counter()
    seen: dict[Kind, set[str]] = defaultdict(set)
    for message in of(told(CityPlan(seed=3), start_ms, 12), Message.TELEMETRY):
        kind = parse(message.topic).kind
        metrics = catalogue.by_key(kind)
        for element in message.elements:
            for key in element.keys() - ENVELOPE:
                seen[kind].add(key)
                if why := complaint(metrics[key], element[key]):
                    wrong[key, why] += 1

    assert not wrong
    if start_ms == MORNING_MS:
        assert seen[Kind.BUS] == set(catalogue.keys(Kind.BUS)), "each metric is simulated"
        assert seen[Kind.STATION] == set(catalogue.keys(Kind.STATION)) - {"error_code"}


def test_buses_stay_on_the_map_and_under_the_speed_of_a_city() -> None:
    readings = elements(of(told(CityPlan(stations=0), MORNING_MS, 10), Message.TELEMETRY))

    for reading in readings:
        lat, lon, speed = (float(str(reading[key])) for key in ("lat", "lon", "speed_mps"))
        assert SOUTH_WEST.lat < lat < NORTH_EAST.lat
        assert SOUTH_WEST.lon < lon < NORTH_EAST.lon
        assert speed < 20
    assert sum(float(str(reading["speed_mps"])) > 3 for reading in readings) > len(readings) / 3


def test_a_tunnel_or_an_outage_ends_with_a_backlog_and_loses_no_number() -> None:
    messages = of(told(CityPlan(stations=0), MORNING_MS, 20), Message.TELEMETRY)
    backlogs = [message for message in messages if message.is_array]
    numbers: dict[tuple[str, object], list[int]] = defaultdict(list)
    for message in messages:
        for element in message.elements:
            numbers[message.asset, element["boot_id"]].append(int(str(element["seq"])))

    assert len(backlogs) > 10
    assert all(len(message.elements) <= 500 for message in backlogs)
    tunnel = [e for e in elements(backlogs) if e.get("access_technology") == "none"]
    assert tunnel
    assert all("rsrp_dbm" not in element for element in tunnel), "unknown stays unknown"
    for found in numbers.values():
        assert found == list(range(found[0], found[0] + len(found)))


def test_counters_only_grow_within_one_boot() -> None:
    counters = [key for key in catalogue.keys(Kind.BUS) if key.endswith("_total")]
    before: dict[tuple[object, str], int] = {}
    for element in elements(
        of(told(CityPlan(buses=20, stations=0), MORNING_MS, 30), Message.TELEMETRY)
    ):
        for key in counters:
            value = int(str(element[key]))
            assert value >= before.get((element["boot_id"], key), 0)
            before[element["boot_id"], key] = value
        carried = sum(int(str(element[f"wan_{way}_bytes_total"])) for way in ("rx", "tx"))
        assert carried == sum(int(str(element[f"sim{sim}_bytes_total"])) for sim in (1, 2))


def test_buses_sleep_at_night_and_boot_anew_in_the_morning() -> None:
    plan = CityPlan(buses=40, stations=0, interval_ms=60_000)
    city = City(plan, NIGHT_MS)
    night = list(city.advance(NIGHT_MS + 5 * MINUTE_MS))
    asleep = {m.asset for m in of(night, Message.STATUS) if m.elements[0]["state"] == "sleeping"}
    boots = {m.asset: m.elements[0]["boot_id"] for m in of(night, Message.TELEMETRY)}
    morning = list(city.advance(NIGHT_MS + 6 * HOUR_MS))
    statuses = {m.asset: m for m in of(morning, Message.STATUS)}
    latest = {m.asset: m.elements[-1] for m in of(morning, Message.TELEMETRY)}

    assert len(asleep) > 30
    for message in of(night, Message.TELEMETRY):
        if message.asset in asleep:
            assert message.elements[0]["ignition"] is False
            assert message.elements[0]["speed_mps"] == 0
    woken = {a for a in asleep if a in statuses and statuses[a].elements[0]["state"] == "ready"}
    assert len(woken) > 20
    for asset in woken:
        assert latest[asset]["boot_id"] != boots.get(asset)


def test_passengers_follow_the_day() -> None:
    def guests(start_ms: int) -> int:
        messages = of(told(CityPlan(stations=0), start_ms, 3), Message.TELEMETRY)
        return sum(int(str(element["clients_guest"])) for element in elements(messages))

    assert guests(MORNING_MS) > 5 * guests(NIGHT_MS)


def test_a_station_says_what_the_fleet_holds() -> None:
    plan = CityPlan(buses=0, station_interval_ms=HOUR_MS)
    city = City(plan, MORNING_MS)
    latest: dict[str, Element] = {}
    for message in of(city.advance(MORNING_MS + 26 * HOUR_MS), Message.TELEMETRY):
        latest[message.asset] = message.elements[0]
    pairs = zip(city.stations, city.fleet.stands, strict=True)
    gaps = 0
    for station, stand in pairs:
        said = latest[f"station/{station.name}"]
        parked = sum(int(str(said[f"num_vehicles_{state}"])) for state in ("available", "disabled"))
        assert said["num_docks_available"] == max(0, stand.capacity - parked)
        gaps += abs(parked - stand.bikes)
    assert gaps < 80, "only what moved since each one's last report"


def test_a_will_and_a_farewell_are_kept_for_whoever_comes_later() -> None:
    city = City(SMALL, MORNING_MS)
    devices: list[Bus | Station] = [*city.buses, *city.stations]
    for device in devices:
        assert device.will.elements == ({"state": "lost"},)
        assert device.farewell(5).elements == ({"state": "disconnected", "observed_at": 5},)
        assert device.will.retain
        assert device.farewell(5).retain


def test_a_skip_moves_everything_and_says_nothing_of_the_time_between() -> None:
    city = City(SMALL, MORNING_MS)
    list(city.advance(MORNING_MS + MINUTE_MS))
    city.skip(8 * HOUR_MS)
    later_ms = MORNING_MS + 8 * HOUR_MS + MINUTE_MS

    assert not list(city.advance(later_ms))
    following = elements(of(city.advance(later_ms + MINUTE_MS), Message.TELEMETRY))
    assert following
    assert all(int(str(element["observed_at"])) > later_ms for element in following)
