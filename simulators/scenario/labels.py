"""The truth of a play that is over: who felt which fault, and whether anybody is called for it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from simulators.city.truth import Doing, Duty, Truth
from simulators.scenario.check import EVERYTHING
from simulators.scenario.expected import Actor, Cause, Expected, Severity, TruthLabel
from simulators.scenario.faults import FeedFrozen
from simulators.scenario.scenario import Planned, Scenario

EVERY_ASSET: Final = "*"
LONG_ENOUGH_MS: Final = 60_000
ONLY_IN_SERVICE: Final = frozenset(
    (Cause.BUS_SILENT, Cause.CARRIER_DOWN, Cause.NO_UPLINK, Cause.ZERO_GUESTS, Cause.UNSTABLE)
)
"""Nobody misses these of a bus that sleeps in its depot."""


class Duties:
    """What buses did, as far as it was told; asleep is what nobody is called for."""

    def __init__(self) -> None:
        self._awake: dict[str, list[tuple[int, int]]] = {}

    def hear(self, truth: Truth) -> None:
        """Keep the times at which a bus was not asleep."""
        if isinstance(truth, Duty) and truth.doing is not Doing.SLEEPING:
            self._awake.setdefault(truth.asset, []).append((truth.from_ms, truth.to_ms))

    def is_awake(self, asset: str, from_ms: int, to_ms: int) -> bool:
        """Whether the asset was awake for a while in that time; stations always are."""
        if not asset.startswith("bus/"):
            return True
        times = self._awake.get(asset, ())
        awake_ms = sum(max(0, min(to_ms, b) - max(from_ms, a)) for a, b in times)
        return awake_ms >= LONG_ENOUGH_MS


def labels(
    scenario: Scenario, hit: Mapping[tuple[str, str], str], duties: Duties, shift_ms: int = 0
) -> Iterator[TruthLabel]:
    """One label for each expectation and each asset that felt its fault; times are shifted.

    `hit` says which fault found which asset, and the serial number of its device.
    """
    planned = {each.fault.name: each for each in scenario.faults}
    for expected in scenario.expected:
        if expected.fault == EVERYTHING:
            times = (scenario.start_ms, scenario.end_ms)
            yield _label(expected, (EVERY_ASSET, ""), times, shift_ms, is_called=False)
            continue
        fault = planned[expected.fault]
        times = (expected.onset_ms, min(fault.to_ms, scenario.end_ms))
        for asset, serial in _felt(scenario, fault, hit):
            is_called = expected.cause not in ONLY_IN_SERVICE or duties.is_awake(asset, *times)
            yield _label(expected, (asset, serial), times, shift_ms, is_called=is_called)


def _felt(
    scenario: Scenario, fault: Planned, hit: Mapping[tuple[str, str], str]
) -> Iterable[tuple[str, str]]:
    if isinstance(fault.fault, FeedFrozen) and scenario.feed is not None:
        return ((f"feed/{scenario.feed.prefix}", ""),)
    return sorted(
        (asset, serial) for (name, asset), serial in hit.items() if name == fault.fault.name
    )


def _label(
    expected: Expected,
    who: tuple[str, str],
    times: tuple[int, int],
    shift_ms: int,
    *,
    is_called: bool,
) -> TruthLabel:
    asset, serial = who
    should_call = is_called and expected.should_call
    return TruthLabel(
        asset=asset,
        device=serial,
        fault=expected.fault,
        from_ms=times[0] + shift_ms,
        to_ms=times[1] + shift_ms,
        should_call=should_call,
        actor=expected.actor if should_call else Actor.NOBODY,
        incident_key=expected.incident_key(asset) if should_call else "",
        cause=expected.cause,
        severity=expected.severity if should_call else Severity.NONE,
        announced_by_ms=_moved(expected.announced_by_ms, shift_ms) if should_call else None,
        resolved_by_ms=_moved(expected.resolved_by_ms, shift_ms) if should_call else None,
    )


def _moved(at_ms: int | None, shift_ms: int) -> int | None:
    return None if at_ms is None else at_ms + shift_ms
