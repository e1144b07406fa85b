"""What the city makes of each thing that may be wrong."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache

import msgspec
import pytest

from ausguck.topics import Message, parse
from simulators.city import NOTHING_ODD, City, CityPlan, Oddities
from simulators.city.conditions import Conditions, Corruption, Device, Together
from simulators.city.geography import Place, metres
from simulators.city.truth import Gap, Happened, Mishap, Truth, Why
from simulators.outgoing import Element, Outgoing

MORNING_MS = 1_772_434_800_000  # Monday, 2 March 2026, 08:00 in Kiel
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
PLAN = CityPlan(seed=7, buses=6, stations=4, oddities=NOTHING_ODD)
BUS, STATION = "bus/0101", "station/1001"
FROM_MS, TO_MS = MORNING_MS + 10 * MINUTE_MS, MORNING_MS + 25 * MINUTE_MS


class Fault(Conditions):
    """A fault of one asset for a quarter of an hour."""

    def __init__(self, asset: str = BUS, from_ms: int = FROM_MS, to_ms: int = TO_MS) -> None:
        self._asset = asset
        self._from_ms = from_ms
        self._to_ms = to_ms

    def hits(self, asset: str, at_ms: int) -> bool:
        return asset == self._asset and self._from_ms <= at_ms < self._to_ms


class Unreachable(Fault):
    def is_reachable(self, device: Device, at_ms: int) -> bool:
        return not self.hits(device.asset, at_ms)


class WithoutPower(Fault):
    def has_power(self, device: Device, at_ms: int) -> bool:
        return not self.hits(device.asset, at_ms)


class Loop(Fault):
    def firmware_boots_every_s(self, device: Device, at_ms: int) -> float | None:
        return 180.0 if self.hits(device.asset, at_ms) else None


class Slow(Fault):
    def uplink_technology(self, device: Device, at_ms: int) -> str | None:
        return "2g" if self.hits(device.asset, at_ms) else None


class Poison(Fault):
    how = Corruption.NOT_JSON

    def payload_corruption(self, device: Device, at_ms: int) -> Corruption | None:
        return self.how if self.hits(device.asset, at_ms) else None


class Flood(Fault):
    def rate_factor(self, device: Device, at_ms: int) -> float:
        return 20.0 if self.hits(device.asset, at_ms) else 1.0


class Ahead(Fault):
    def clock_shift_ms(self, device: Device, at_ms: int) -> int:
        return HOUR_MS if self.hits(device.asset, at_ms) else 0


class Crowd(Fault):
    def guest_factor(self, device: Device, at_ms: int) -> float:
        return 4.0 if self.hits(device.asset, at_ms) else 1.0


class Stopped(Fault):
    def carried_share(self, device: Device, at_ms: int) -> float:
        return 0.0 if self.hits(device.asset, at_ms) else 1.0


class Frozen(Fault):
    def is_frozen(self, device: Device, at_ms: int) -> bool:
        return self.hits(device.asset, at_ms)


class Stuck(Fault):
    def stuck(self, device: Device, at_ms: int) -> frozenset[str]:
        return frozenset({"battery_v"} if self.hits(device.asset, at_ms) else ())


class Swapped(Fault):
    def fitted_serial(self, asset: str, at_ms: int) -> str | None:
        return "SPARE-1" if self.hits(asset, at_ms) else None


class Stolen(Fault):
    def is_elsewhere(self, device: Device, at_ms: int) -> bool:
        return self.hits(device.asset, at_ms)


EVERY: tuple[Callable[[str], Fault], ...] = (
    *(Unreachable, WithoutPower, Loop, Slow, Poison, Flood, Ahead, Crowd),
    *(Stopped, Frozen, Stuck, Swapped, Stolen),
)


SIGNS = {
    Corruption.WRONG_TYPE: {"many", "full"},
    Corruption.OUT_OF_RANGE: {"999", "-400"},
    Corruption.UNKNOWN_KEYS: {"warp_factor"},
}


@dataclass
class Lived:
    """A city's messages by asset, and its truth."""

    said: dict[str, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    truth: list[Truth] = field(default_factory=list)

    def telemetry(self, asset: str = BUS) -> list[Outgoing]:
        told = self.said[asset]
        return [message for message in told if parse(message.topic).message is Message.TELEMETRY]

    def readings(
        self, asset: str = BUS, from_ms: int = FROM_MS, to_ms: int = TO_MS
    ) -> list[Element]:
        return [
            element
            for message in self.telemetry(asset)
            for element in message.elements
            if from_ms <= int(str(element["observed_at"])) < to_ms
        ]

    def happened(self, what: Mishap) -> list[Happened]:
        return [one for one in self.truth if isinstance(one, Happened) and one.what is what]


def live(conditions: Conditions | None, plan: CityPlan = PLAN, minutes: int = 40) -> Lived:
    lived = Lived()
    city = City(plan, MORNING_MS, conditions, lived.truth.append)
    for message in city.advance(MORNING_MS + minutes * MINUTE_MS):
        lived.said[message.asset].append(message)
    city.conclude(MORNING_MS + minutes * MINUTE_MS)
    return lived


@cache
def plain() -> Lived:
    return live(None)


def test_nothing_wrong_is_the_same_however_it_is_said() -> None:
    for conditions in (Conditions(), Together(), Together(Conditions(), Unreachable("bus/9999"))):
        other = live(conditions)
        for asset, messages in plain().said.items():
            assert [m.payload for m in messages] == [m.payload for m in other.said[asset]]
        assert other.truth == plain().truth


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_faults_and_oddities_give_the_same_bytes_in_any_steps(asset: str) -> None:
    plan = replace(PLAN, oddities=Oddities.all(0.5), swap_every_days=1)
    faults = Together(*(fault(asset) for fault in EVERY if fault is not Poison))
    truths: tuple[list[Truth], list[Truth]] = ([], [])
    whole, parts = (City(plan, MORNING_MS, faults, truth.append) for truth in truths)
    end_ms = MORNING_MS + 30 * MINUTE_MS

    once = [(m.topic, m.payload) for m in whole.advance(end_ms)]
    stepwise = [
        (m.topic, m.payload)
        for at_ms in range(MORNING_MS, end_ms + 1, 1_300)
        for m in parts.advance(at_ms)
    ]
    stepwise += [(m.topic, m.payload) for m in parts.advance(end_ms)]
    assert once == stepwise
    assert truths[0] == truths[1]


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_one_assets_fault_is_nobody_elses(asset: str) -> None:
    for fault in EVERY:
        other = live(fault(asset), minutes=20)
        for each, messages in plain().said.items():
            said = [message.payload for message in other.said[each]]
            if each != asset:
                assert said == [message.payload for message in messages[: len(said)]]


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_who_is_not_reachable_keeps_everything_and_drains_it_later(asset: str) -> None:
    lived = live(Unreachable(asset))
    backlogs = [message for message in lived.telemetry(asset) if message.is_array]
    numbers = [int(str(e["seq"])) for e in lived.readings(asset, 0, TO_MS + 9 * MINUTE_MS)]

    assert len(max(backlogs, key=lambda m: len(m.elements)).elements) >= 15
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    gaps = [one for one in lived.truth if isinstance(one, Gap) and one.why is Why.UNREACHABLE]
    assert len(gaps) == 1
    assert abs(gaps[0].from_ms - FROM_MS) <= MINUTE_MS
    assert 0 <= gaps[0].to_ms - TO_MS <= MINUTE_MS


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_without_power_it_is_silent_and_then_boots(asset: str) -> None:
    lived = live(WithoutPower(asset))
    after = lived.readings(asset, TO_MS, TO_MS + 10 * MINUTE_MS)

    assert not lived.readings(asset)
    assert float(str(after[0]["uptime_s"])) == 0
    assert after[0]["seq"] == 1
    assert after[0]["boot_id"] != lived.readings(asset, 0, FROM_MS)[-1]["boot_id"]
    (back,) = lived.happened(Mishap.POWER_BACK)
    assert (back.asset, back.boot_id) == (asset, after[0]["boot_id"])
    assert {one.why for one in lived.truth if isinstance(one, Gap) and one.asset == asset} >= {
        Why.POWER
    }


@pytest.mark.parametrize(
    ("fault", "is_connected"),
    [(Unreachable, False), (WithoutPower, False), (Slow, True), (Stolen, True)],
)
@pytest.mark.parametrize("asset", [BUS, STATION])
def test_a_connection_lasts_unless_the_device_is_off_or_kept_away(
    asset: str,
    fault: Callable[[str], Fault],
    is_connected: bool,  # noqa: FBT001 - a case
) -> None:
    city = City(PLAN, MORNING_MS, fault(asset))
    list(city.advance(FROM_MS + MINUTE_MS))

    assert city.is_connected(asset, FROM_MS + MINUTE_MS) is is_connected
    assert city.is_connected("bus/0102", FROM_MS + MINUTE_MS)
    list(city.advance(TO_MS + MINUTE_MS))
    assert city.is_connected(asset, TO_MS + MINUTE_MS)


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_a_firmware_that_falls_over_boots_again_and_again(asset: str) -> None:
    lived = live(Loop(asset))
    boots = {reading["boot_id"] for reading in lived.readings(asset)}

    assert len(boots) >= 3
    assert len(lived.happened(Mishap.FIRMWARE)) >= 3
    assert all(float(str(r["uptime_s"])) <= 200 for r in lived.readings(asset)[30:])


def test_a_throttled_uplink_is_slow_and_hardly_carries() -> None:
    slow, usual = live(Slow()).readings(), plain().readings()

    assert {r["access_technology"] for r in slow} <= {"2g", "none"}
    assert min(float(str(r["rtt_ms"])) for r in slow if "rtt_ms" in r) > 300
    assert grown(slow) < grown(usual) / 10


def grown(readings: list[Element]) -> int:
    first, last = readings[0], readings[-1]
    return int(str(last["guest_down_bytes_total"])) - int(str(first["guest_down_bytes_total"]))


def test_a_crowd_is_counted_and_a_network_that_carries_nothing_too() -> None:
    crowd, stopped = (live(each).readings() for each in (Crowd(), Stopped()))
    usual = plain().readings()

    assert int(str(crowd[-1]["clients_guest"])) > 2 * int(str(usual[-1]["clients_guest"]))
    assert grown(stopped) == 0
    assert int(str(stopped[-1]["wan_rx_bytes_total"])) > int(str(stopped[0]["wan_rx_bytes_total"]))


@pytest.mark.parametrize("asset", [BUS, STATION])
@pytest.mark.parametrize("how", list(Corruption))
def test_poison_is_as_asked_for(asset: str, how: Corruption) -> None:
    fault = Poison(asset)
    fault.how = how
    spoilt = live(fault).telemetry(asset)[len(plain().readings(asset, 0, FROM_MS)) :]

    if how in {Corruption.NOT_JSON, Corruption.CUT_OFF}:
        raw = [message for message in spoilt if message.raw is not None]
        assert len(raw) >= 15
        for message in raw:
            assert not message.identities()
            with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
                msgspec.json.decode(message.payload)
        return
    found = {str(each) for m in spoilt for e in m.elements for item in e.items() for each in item}
    assert found & SIGNS[how]


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_a_flood_is_so_much_more(asset: str) -> None:
    flood, usual = len(live(Flood(asset)).readings(asset)), len(plain().readings(asset))

    assert 15 * usual < flood < 22 * usual


@pytest.mark.parametrize("asset", [BUS, STATION])
def test_a_clock_may_be_set_wrong_for_a_while(asset: str) -> None:
    lived = live(Ahead(asset))

    assert len(lived.readings(asset, FROM_MS + HOUR_MS, TO_MS + HOUR_MS)) >= 15
    assert not lived.readings(asset, FROM_MS + MINUTE_MS, TO_MS - MINUTE_MS)


def test_a_frozen_station_says_its_last_reading_again() -> None:
    lived = live(Frozen(STATION))
    messages = lived.telemetry(STATION)

    assert len(messages) == len(plain().telemetry(STATION))
    assert len({message.payload for message in messages}) == len(messages) - 15


def test_a_stuck_value_stands_still_while_the_rest_goes_on() -> None:
    readings = live(Stuck(STATION)).readings(STATION)

    assert len({r["battery_v"] for r in readings}) == 1
    assert len({r["seq"] for r in readings}) == len(readings)
    assert len({r["snr_db"] for r in readings}) > 5


@pytest.mark.parametrize("asset", [BUS, STATION])
@pytest.mark.parametrize("by_serial", [False, True])
def test_another_device_introduces_itself(asset: str, by_serial: bool) -> None:  # noqa: FBT001 - a case
    lived = live(Swapped(asset), replace(PLAN, by_serial=by_serial))
    spare = lived.said["device/SPARE-1" if by_serial else asset]
    inventories = [m.elements[0] for m in spare if parse(m.topic).message is Message.INVENTORY]
    serials = [element["serial"] for element in inventories]

    assert serials.count("SPARE-1") == 1
    assert len(lived.happened(Mishap.SWAP)) == 2
    assert lived.happened(Mishap.SWAP)[0].serial == "SPARE-1"
    assert (len(set(serials)) == 1) is by_serial


def test_a_stolen_router_drives_out_of_town_and_says_no_line() -> None:
    lived = live(Stolen(to_ms=MORNING_MS + 90 * MINUTE_MS), minutes=90)
    readings = lived.readings(BUS, FROM_MS, MORNING_MS + 90 * MINUTE_MS)

    assert all("line" not in reading for reading in readings)
    assert all(reading["ignition"] is False for reading in readings)
    ends = [place(readings[index]) for index in (0, -1)]
    assert metres(*ends) > 25_000
    assert len(lived.happened(Mishap.STOLEN)) == 1


def place(reading: Element) -> Place:
    return Place(float(str(reading["lat"])), float(str(reading["lon"])))


def test_several_faults_are_as_bad_as_each() -> None:
    both = Together(Unreachable(), Crowd(), Loop(), Ahead(), Stuck(), Swapped(), Stolen(), Poison())
    device = Device(BUS, "S", "M", "F", "262-01", Place(54.3, 10.1))
    calm = Together(Conditions(), Conditions())

    assert not both.is_reachable(device, FROM_MS)
    assert both.has_power(device, FROM_MS)
    assert both.guest_factor(device, FROM_MS) == 4
    assert both.firmware_boots_every_s(device, FROM_MS) == 180
    assert both.clock_shift_ms(device, FROM_MS) == HOUR_MS
    assert both.stuck(device, FROM_MS) == {"battery_v"}
    assert both.fitted_serial(BUS, FROM_MS) == "SPARE-1"
    assert both.is_elsewhere(device, FROM_MS)
    assert both.payload_corruption(device, FROM_MS) is Corruption.NOT_JSON
    assert calm.firmware_boots_every_s(device, FROM_MS) is None
    assert calm.uplink_technology(device, FROM_MS) is None
    assert calm.rate_factor(device, FROM_MS) == calm.carried_share(device, FROM_MS) == 1
    assert not calm.is_frozen(device, FROM_MS)
