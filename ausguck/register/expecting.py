"""Whether an asset should be heard of at a moment, by what is known of it, and why; pure.

The order of the steps is the order of trust: what a device says of itself goes before what
people planned. `docs/explanation/expectation.md` has them as a table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ausguck.model import AssetId, Kind
from ausguck.register.hours import Hours, Opening
from ausguck.register.lines import line_names
from ausguck.register.plan import Plan, earliest, edge, edges
from ausguck.register.rows import Assignment, Lifecycle

HOLDS_MS: Final = 7_200_000
"""For how long a line, a trip or a running engine counts after it was told: a long trip."""
FIX_LAG_MS: Final = 600_000
"""A fix in a depot counts no longer once the bus told so much later that it was under way."""
TELEMETRY: Final = "telemetry"
REGISTER: Final = "register"


class Expected(StrEnum):
    """Whether something should be heard."""

    ON = "on"
    OFF = "off"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """What decided."""

    ENDED = "ended"
    RETIRED = "retired"
    PLANNED = "planned"
    ASLEEP = "asleep"
    IGNITION_OFF = "ignition_off"
    IN_DEPOT = "in_depot"
    TELLS_LINE = "tells_line"
    IGNITION_ON = "ignition_on"
    NOT_FITTED = "not_fitted"
    ON_DUTY = "on_duty"
    NO_DUTY = "no_duty"
    LINE_RESTS = "line_rests"
    NOT_INSTALLED = "not_installed"
    OPEN = "open"
    CLOSED = "closed"
    HAS_CONTROLLER = "has_controller"
    MISSING = "missing"


class Source(StrEnum):
    """What would tell more, if it were given."""

    IGNITION = "ignition"
    LINE = "line"
    DEPOTS = "depots"
    DUTIES = "duties"
    SERVICE_HOURS = "service_hours"
    OPENING_HOURS = "opening_hours"
    HAS_CONTROLLER = "has_controller"


@dataclass(frozen=True, slots=True)
class Told:
    """What an asset's telemetry says, and when each was told; None where it never did.

    `is_asleep` is that it said `sleeping`, and nothing has shown it awake since.
    """

    is_asleep: bool = False
    ignition: bool | None = None
    ignition_ms: int = 0
    line: str | None = None
    trip_id: str | None = None
    line_ms: int = 0
    lat: float | None = None
    lon: float | None = None
    fix_ms: int = 0
    is_installed: bool | None = None


NOTHING_TOLD: Final = Told()


@dataclass(frozen=True, slots=True)
class Expectation:
    """Whether an asset should be heard, why, by which source, and until when this holds.

    Nothing changes before `until_ms` while the same is told and the register stays; None is for
    ever, as far as can be seen. `missing` says with `Why.MISSING` what could be given.
    """

    state: Expected
    why: Why
    source: str = ""
    line: str | None = None
    trip: str | None = None
    missing: tuple[Source, ...] = ()
    until_ms: int | None = None


class _Question:
    """One asset at one moment; each step that looks at something notes until when it holds."""

    def __init__(self, plan: Plan, asset: AssetId, at_ms: int, told: Told) -> None:
        self.plan = plan
        self.register = plan.register
        self.name = str(asset)
        self.at_ms = at_ms
        self.told = told
        self.row = plan.register.assets.at(self.name, at_ms)
        self.until_ms: int | None = None

    def holds_until(self, *times: int | None) -> None:
        later = (at for at in times if at is not None and at > self.at_ms)
        self.until_ms = earliest(self.until_ms, *later)

    def off(self, why: Why, source: str) -> Expectation:
        return Expectation(Expected.OFF, why, source, until_ms=self.until_ms)

    def on(
        self, why: Why, source: str, line: str | None = None, trip: str | None = None
    ) -> Expectation:
        called = None if line is None else self.called(line)
        return Expectation(Expected.ON, why, source, called, trip, until_ms=self.until_ms)

    def unknown(self, *missing: Source | None) -> Expectation:
        named = tuple(one for one in missing if one is not None)
        return Expectation(Expected.UNKNOWN, Why.MISSING, missing=named, until_ms=self.until_ms)

    def duty(self) -> Assignment | None:
        self.holds_until(edge(self.register.assignments, self.name, self.at_ms))
        return self.register.assignment(self.name, self.at_ms)

    def own_line(self) -> str | None:
        """The line by plan."""
        duty = self.duty()
        if duty is not None and duty.line is not None:
            return duty.line
        return None if self.row is None else self.row.line

    def called(self, line: str) -> str:
        """The name of a line at this moment."""
        names = line_names(self.register, line, self.at_ms)
        self.holds_until(*(edge(self.register.lines, one, self.at_ms) for one in names))
        return names[-1]

    def is_recent(self, told_ms: int) -> bool:
        self.holds_until(told_ms + HOLDS_MS)
        return self.at_ms - told_ms < HOLDS_MS


def expect(plan: Plan, asset: AssetId, at_ms: int, told: Told = NOTHING_TOLD) -> Expectation:
    """Whether an asset should be heard at a moment; `unknown` where nothing can tell."""
    question = _Question(plan, asset, at_ms, told)
    for step in STEPS.get(asset.kind, ()):
        found = step(question)
        if found is not None:
            return found
    return question.unknown()


def _by_life(question: _Question) -> Expectation | None:
    rows = question.register.assets.of(question.name)
    question.holds_until(edge(question.register.assets, question.name, question.at_ms))
    if question.row is None:
        is_over = bool(rows) and rows[-1].valid_from_ms <= question.at_ms
        return question.off(Why.ENDED, REGISTER) if is_over else None
    if question.row.lifecycle is Lifecycle.RETIRED:
        return question.off(Why.RETIRED, REGISTER)
    if question.row.lifecycle is Lifecycle.PLANNED:
        return question.off(Why.PLANNED, REGISTER)
    return None


def _by_sleep(question: _Question) -> Expectation | None:
    return question.off(Why.ASLEEP, TELEMETRY) if question.told.is_asleep else None


def _by_ignition_off(question: _Question) -> Expectation | None:
    told = question.told
    is_later = _is_under_way(told) and told.line_ms > told.ignition_ms
    if told.ignition is False and not is_later:
        return question.off(Why.IGNITION_OFF, TELEMETRY)
    return None


def _by_depot(question: _Question) -> Expectation | None:
    told, register = question.told, question.register
    if told.lat is None or told.lon is None:
        return None
    moved_ms = max(
        told.line_ms if _is_under_way(told) else 0, told.ignition_ms if told.ignition else 0
    )
    if moved_ms > told.fix_ms + FIX_LAG_MS:
        return None
    question.holds_until(edges(register.tables.depots, question.at_ms))
    if register.depot_at(told.lat, told.lon, question.at_ms) is None:
        return None
    return question.off(Why.IN_DEPOT, TELEMETRY)


def _by_told_line(question: _Question) -> Expectation | None:
    told = question.told
    if not _is_under_way(told) or not question.is_recent(told.line_ms):
        return None
    line = told.line if told.line is not None else question.own_line()
    return question.on(Why.TELLS_LINE, TELEMETRY, line, told.trip_id)


def _by_ignition_on(question: _Question) -> Expectation | None:
    if not question.told.ignition or not question.is_recent(question.told.ignition_ms):
        return None
    duty = question.duty()
    trip = None if duty is None else duty.trip
    return question.on(Why.IGNITION_ON, TELEMETRY, question.own_line(), trip)


def _by_fitting(question: _Question) -> Expectation | None:
    """A bus whose device was taken out, and got no other, cannot be heard."""
    fittings = question.register.fittings_of(question.name)
    question.holds_until(edges(fittings, question.at_ms))
    had_one = any(one.valid_from_ms <= question.at_ms for one in fittings)
    if had_one and question.register.fitted(question.name, question.at_ms) is None:
        return question.off(Why.NOT_FITTED, REGISTER)
    return None


def _by_duty(question: _Question) -> Expectation | None:
    duty = question.duty()
    if duty is not None:
        return question.on(Why.ON_DUTY, duty.source, question.own_line(), duty.trip)
    covered = question.plan.covered(question.name, question.at_ms)
    question.holds_until(covered.until_ms)
    return None if covered.source is None else question.off(Why.NO_DUTY, covered.source)


def _by_service_hours(question: _Question) -> Expectation:
    hours = _line_hours(question)
    if hours is not None:
        question.holds_until(hours.until_ms)
        if hours.opening is Opening.CLOSED:
            return question.off(Why.LINE_RESTS, REGISTER)
    told = question.told
    return question.unknown(
        Source.IGNITION if told.ignition is None else None,
        None if _is_under_way(told) else Source.LINE,
        None if len(question.register.depots) else Source.DEPOTS,
        Source.DUTIES,
        Source.SERVICE_HOURS if hours is None or hours.opening is Opening.UNKNOWN else None,
    )


def _line_hours(question: _Question) -> Hours | None:
    """Those of the one line that the bus always drives, else of all lines together."""
    if question.row is not None and question.row.line is not None:
        return question.plan.line_runs(question.called(question.row.line), question.at_ms)
    hours, until_ms = question.plan.any_line_runs(question.at_ms)
    question.holds_until(until_ms)
    return hours


def _by_installed(question: _Question) -> Expectation | None:
    if question.told.is_installed is False:
        return question.off(Why.NOT_INSTALLED, TELEMETRY)
    return None


def _by_opening_hours(question: _Question) -> Expectation | None:
    hours = None if question.row is None else question.plan.opening(question.row, question.at_ms)
    if hours is None:
        return None
    question.holds_until(hours.until_ms)
    if hours.opening is Opening.CLOSED:
        return question.off(Why.CLOSED, REGISTER)
    return question.on(Why.OPEN, REGISTER) if hours.opening is Opening.OPEN else None


def _by_controller(question: _Question) -> Expectation:
    row = question.row
    if row is not None and row.has_controller:
        return question.on(Why.HAS_CONTROLLER, REGISTER)
    has_said = row is not None and row.has_controller is not None
    return question.unknown(Source.OPENING_HOURS, None if has_said else Source.HAS_CONTROLLER)


def _is_under_way(told: Told) -> bool:
    return told.line is not None or told.trip_id is not None


STEPS: Final[Mapping[Kind, tuple[Callable[[_Question], Expectation | None], ...]]] = {
    Kind.BUS: (
        _by_life,
        _by_sleep,
        _by_ignition_off,
        _by_depot,
        _by_told_line,
        _by_ignition_on,
        _by_fitting,
        _by_duty,
        _by_service_hours,
    ),
    Kind.STATION: (_by_life, _by_sleep, _by_installed, _by_opening_hours, _by_controller),
}
"""What is asked, in this order, until one has an answer."""
