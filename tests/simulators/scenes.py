"""A small scenario with one fault, and the play of any."""

from simulators.scenario.load import read
from simulators.scenario.play import Play
from simulators.scenario.scenario import Scenario
from simulators.scenario.way import Delivery

MINUTE_MS = 60_000
WRAP = 1 << 32
FRAME = """\
seed = 7
start = 2026-06-16T08:00:00
duration = "30min"
title = { en = "t", de = "t" }
description = { en = "d", de = "d" }
city = { buses = 4, stations = 2, interval_s = 20.0 }
feed = { stations = 3 }
"""
QUIET = """
[[expect]]
fault = "f"
cause = "none"
quiet = true
why = { en = "w", de = "w" }
"""


def scenario_of(kind: str, keys: str = "", who: str = "bus/0102") -> Scenario:
    """One fault from 08:10 to 08:20."""
    text = f"""{FRAME}
[[faults]]
name = "f"
kind = "{kind}"
from = "08:10"
to = "08:20"
who = {{ assets = ["{who}"] }}
{keys}
{QUIET}"""
    return read("one", text.encode())


def played(scenario: Scenario, shift_ms: int = 0) -> tuple[Play, list[Delivery]]:
    play = Play(scenario, shift_ms=shift_ms)
    return play, list(play.advance(play.end_ms))
