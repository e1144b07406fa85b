"""Scenarios played without a network: the same in any steps, each fault with its signs."""

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.model import Reason
from simulators.outgoing import Element
from simulators.scenario.expected import Actor
from simulators.scenario.load import load, read
from simulators.scenario.play import GIVEN_UP_AFTER_MS, LOOK_EVERY_MS, Play
from simulators.scenario.scaled import scaled
from simulators.scenario.way import LONGEST_MS, Delivery, What
from tests.simulators.scenes import FRAME, MINUTE_MS, QUIET, WRAP, played, scenario_of


def telemetry(deliveries: Iterable[Delivery], asset: str = "bus/0102") -> list[Element]:
    return [
        element
        for each in deliveries
        if each.what is What.MESSAGE
        and each.asset == asset
        and each.message is not None
        and each.message.topic.endswith(f"{asset}/telemetry")
        for element in each.message.elements
    ]


def during(play: Play, elements: Iterable[Element]) -> list[Element]:
    """Those observed while the fault was on."""
    fault = play.scenario.faults[0]
    return [each for each in elements if fault.from_ms <= number(each, "observed_at") < fault.to_ms]


def number(element: Element, key: str) -> float:
    value = element[key]
    assert isinstance(value, int | float)
    return value


def of(deliveries: Iterable[Delivery], what: What) -> list[Delivery]:
    return [each for each in deliveries if each.what is what]


EVERYTHING = f"""{FRAME}
[[faults]]
name = "f"
kind = "poison"
from = "08:02"
to = "08:20"
who = {{ assets = ["bus/0101"] }}

[[faults]]
name = "g"
kind = "flapping"
from = "08:04"
up_s = 40
down_s = 100
who = {{ assets = ["bus/0102"] }}

[[faults]]
name = "h"
kind = "own_restart"
from = "08:11"
to = "08:14"

[[faults]]
name = "i"
kind = "counter_wrap"
from = "08:00"

[[faults]]
name = "j"
kind = "router_swap"
from = "08:15"
gap_s = 60
who = {{ assets = ["bus/0103"] }}
{"".join(QUIET.replace('"f"', f'"{name}"') for name in "fghij")}"""


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 30 * MINUTE_MS), max_size=25))
def test_any_steps_give_the_same_bytes(moments: list[int]) -> None:
    scenario = read("all", EVERYTHING.encode())
    once, expected = played(scenario)
    steps = Play(scenario)
    found = [
        each
        for at_ms in [*sorted(moments), 30 * MINUTE_MS]
        for each in steps.advance(scenario.start_ms + at_ms)
    ]

    assert [(each, each.message and each.message.payload) for each in found] == [
        (each, each.message and each.message.payload) for each in expected
    ]
    assert steps.labels() == once.labels()


def test_what_comes_comes_in_order_after_it_was_said_and_never_ahead_of_the_clock() -> None:
    play = Play(read("all", EVERYTHING.encode()))
    last_ms = play.start_ms
    while (now_ms := play.next_ms) is not None and now_ms < play.end_ms:
        for each in play.advance(now_ms):
            assert last_ms <= each.received_at_ms <= now_ms
            last_ms = each.received_at_ms
    assert play.end_ms - last_ms < LOOK_EVERY_MS
    assert max(each.received_at_ms for each in play.advance(play.end_ms)) <= (
        play.end_ms + 10 * LONGEST_MS
    )


def test_a_shift_moves_every_time_and_nothing_else() -> None:
    scenario = read("all", EVERYTHING.encode())
    there, unmoved = played(scenario)
    here, moved = played(scenario, shift_ms=86_400_000)

    assert here.start_ms - there.start_ms == 86_400_000
    assert [each.received_at_ms - 86_400_000 for each in moved] == [
        each.received_at_ms for each in unmoved
    ]
    times = [
        (number(a, "observed_at"), number(b, "observed_at"))
        for a, b in zip(telemetry(unmoved), telemetry(moved), strict=True)
    ]
    assert {b - a for a, b in times} == {86_400_000}
    assert [label.from_ms - 86_400_000 for label in here.labels()] == [
        label.from_ms for label in there.labels()
    ]


def test_a_clock_that_began_anew_knows_of_no_shift() -> None:
    play, found = played(scenario_of("wrong_clock", "reset = 1970"), shift_ms=86_400_000)
    elements = telemetry(found)
    old = [each for each in elements if number(each, "observed_at") < 86_400_000]

    assert old
    assert number(old[0], "observed_at") < MINUTE_MS
    assert len(elements) > len(old)
    assert [label.should_call for label in play.labels()] == [False]


def test_poison_says_as_what_it_ends() -> None:
    _, found = played(scenario_of("poison", "every_s = 10"))
    reasons = [each.dead_letter for each in found if each.dead_letter is not None]
    payloads = {each.message.payload for each in found if each.dead_letter and each.message}

    assert set(reasons) == {Reason.UNDECODABLE, Reason.LIMIT, Reason.IDENTITY, Reason.EMPTY}
    assert len(reasons) == 50
    assert len(payloads) == 41, "all but the empty ones are different"


def test_a_device_that_is_cut_off_leaves_its_will_and_greets_when_it_is_back() -> None:
    play, found = played(scenario_of("certificate_expired"))
    will, *others = of(found, What.WILL)
    greetings = of(found, What.GREETING)
    fault = play.scenario.faults[0]

    assert not others
    assert will.asset == "bus/0102"
    assert will.received_at_ms - fault.from_ms >= GIVEN_UP_AFTER_MS
    assert will.received_at_ms - fault.from_ms <= GIVEN_UP_AFTER_MS + 2 * LOOK_EVERY_MS
    assert {each.message and each.message.topic.split("/")[-1] for each in greetings} == {
        "status",
        "inventory",
    }
    assert all(each.received_at_ms >= fault.to_ms for each in greetings)
    assert len(during(play, telemetry(found))) >= 25, "it kept what it saw"


def test_links_say_who_is_cut_off() -> None:
    play = Play(scenario_of("certificate_expired"))
    fault = play.scenario.faults[0]
    seen = {}
    for minute in (5, 15, 25):
        list(play.advance(play.start_ms + minute * MINUTE_MS))
        seen[minute] = play.links()
        assert bool(play.wrong(play.start_ms + minute * MINUTE_MS)) == (minute == 15)

    assert fault.is_on(play.start_ms + 15 * MINUTE_MS)
    assert seen == {5: frozenset(), 15: {"bus/0102"}, 25: frozenset()}


def test_while_we_are_away_nobody_gives_up_anybody() -> None:
    play, found = played(scaled(load("own-restart"), buses=6, stations=3, slower=3.0))
    fault = play.scenario.faults[0]
    heard = [each for each in found if fault.from_ms + LONGEST_MS < each.received_at_ms]

    assert not of(found, What.WILL)
    assert heard[0].received_at_ms >= fault.to_ms
    assert {label.actor for label in play.labels()} == {Actor.NOBODY}


def test_whoever_says_goodbye_leaves_no_will() -> None:
    play, found = played(scenario_of("maintenance"))
    states = [
        element["state"]
        for each in found
        if each.asset == "bus/0102" and each.message and each.message.topic.endswith("/status")
        for element in each.message.elements
    ]

    assert not of(found, What.WILL)
    assert "disconnected" in states
    assert states[-1] != "disconnected"
    assert not during(play, telemetry(found))


def test_a_stolen_router_goes_away_and_knocks_when_it_is_revoked() -> None:
    play, found = played(scenario_of("router_stolen", 'revoked = "08:15"'))
    elements = during(play, telemetry(found))
    knocks = of(found, What.KNOCK)

    assert number(elements[-1], "lat") - number(elements[0], "lat") > 0.01
    assert all("line" not in each for each in elements)
    assert len(knocks) == 5
    assert knocks[0].received_at_ms - play.start_ms >= 15 * MINUTE_MS


def test_a_swapped_router_is_another_one() -> None:
    _, found = played(scenario_of("router_swap", "gap_s = 60"))
    serials = [
        element["serial"]
        for each in of(found, What.MESSAGE)
        if each.asset == "bus/0102" and each.message and each.message.topic.endswith("/inventory")
        for element in each.message.elements
    ]

    assert "SPARE-0001" in serials
    assert len({each["boot_id"] for each in telemetry(found)}) >= 2


def low(key: str, limit: float) -> Callable[[Element], bool]:
    return lambda element: number(element, key) <= limit


def high(key: str, limit: float) -> Callable[[Element], bool]:
    return lambda element: number(element, key) >= limit


SIGNS: list[tuple[str, str, str, Callable[[Element], bool]]] = [
    ("zero_guests", "", "bus/0102", low("clients_guest", 0)),
    ("zero_guests", "portal_ok_pct = 7.0", "bus/0102", low("portal_ok_pct", 7)),
    ("no_uplink", "", "bus/0102", high("loss_pct", 100)),
    ("supply_low", "volts = 20.0", "bus/0102", low("supply_v", 20.3)),
    ("station_closed", "", "station/1001", lambda element: element["is_renting"] is False),
    (
        "station_closed",
        "removed = true",
        "station/1001",
        lambda element: element["is_installed"] is False,
    ),
]


@pytest.mark.parametrize(("kind", "keys", "who", "sign"), SIGNS, ids=lambda each: str(each)[:20])
def test_a_fault_has_its_sign_while_it_is_on_and_only_then(
    kind: str, keys: str, who: str, sign: Callable[[Element], bool]
) -> None:
    play, found = played(scenario_of(kind, keys, who))
    elements = telemetry(found, who)
    inside = during(play, elements)

    assert inside
    assert all(sign(each) for each in inside)
    assert any(not sign(each) for each in elements if each not in inside)
    assert [label.asset for label in play.labels()] == [who]


def test_no_bytes_flow_without_an_uplink_and_none_are_made_up_for_it() -> None:
    play, found = played(scenario_of("no_uplink"))
    _, calm = played(scenario_of("modem_hot"))
    key = "guest_down_bytes_total"
    said, plain = ([number(each, key) for each in telemetry(some)] for some in (found, calm))

    assert len({number(each, key) for each in during(play, telemetry(found))}) == 1
    assert all(a <= b for a, b in pairwise(said))
    assert said[-1] - said[-2] == pytest.approx(plain[-1] - plain[-2], abs=2)


def test_counters_of_32_bits_start_over_once() -> None:
    play, found = played(scenario_of("counter_wrap", "after_mb = 1"))
    values = [number(each, "wan_rx_bytes_total") for each in during(play, telemetry(found))]

    assert max(values) < WRAP
    assert sum(a > b for a, b in pairwise(values)) == 1


def test_heat_and_a_battery_move_slowly() -> None:
    play, found = played(scenario_of("modem_hot", "peak_c = 95.0\nrise_min = 5"))
    heat = [number(each, "temperature_c") for each in during(play, telemetry(found))]
    play, found = played(scenario_of("battery_low", "pct = 5.0", "station/1001"))
    left = [number(each, "battery_pct") for each in during(play, telemetry(found, "station/1001"))]

    assert heat[0] < 60
    assert heat[-1] == pytest.approx(95, abs=1)
    assert left == sorted(left, reverse=True)
    assert left[-1] < 20


def test_a_crowd_is_bounded_and_all_radios_agree() -> None:
    play, found = played(scenario_of("festival", "factor = 9.0\nmost = 70"))
    crowd = during(play, telemetry(found))

    assert max(number(each, "clients_guest") for each in crowd) == 70
    for each in crowd:
        radios = number(each, "clients_2g4") + number(each, "clients_5g")
        assert radios == number(each, "clients")
        assert number(each, "clients") == number(each, "clients_guest") + number(
            each, "clients_staff"
        )


def test_a_frozen_feed_stands_still_and_then_is_where_it_would_be() -> None:
    text = f"""{FRAME}
[[faults]]
name = "f"
kind = "feed_frozen"
from = "08:10"
to = "08:20"
{QUIET}"""
    scenario = read("feed", text.encode())
    play, other = Play(scenario), Play(scenario)
    told = {}
    for minute in (5, 12, 18, 25):
        told[minute] = play.feed(play.start_ms + minute * MINUTE_MS)

    at_s = {minute: picture.at_s for minute, picture in told.items() if picture}
    assert at_s[12] == at_s[18] == play.start_ms // 1000 + 9 * 60
    assert told[12] == told[18]
    assert at_s[25] == play.start_ms // 1000 + 25 * 60
    assert other.feed(play.start_ms + 25 * MINUTE_MS) == told[25]
