"""Which bus is on which line, from when to when: a list of duties, with a timetable or without."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from ausguck.importing.faults import Faults, quoted
from ausguck.importing.timetable import Run, Timetable, Trip
from ausguck.register.change import Given
from ausguck.register.rows import Assignment

LONGEST_LAYOVER_MS: Final = 3_600_000
"""A longer pause in a block is none of its duty: the bus is taken to be parked."""
NO_TIME: Final = "a time, for no timetable says when it runs"
_BEGINNING_MS: Final = -(2**62)
_FOREVER_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Duty:
    """One row of the list: a bus on a day's block, trip or line, or from one time until another.

    `place` is where it stands, such as `duties.csv, line 7`. Where `from_ms` or `to_ms` is given
    with a block, trip or line of the timetable, it cuts off what lies outside.
    """

    bus: str
    place: str
    on: date | None = None
    block: str = ""
    trip: str = ""
    line: str = ""
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What duties are read against; without `buses` any bus will do."""

    timetable: Timetable | None = None
    buses: Container[str] | None = None
    source: str = "duty"
    faults: Faults = field(default_factory=Faults)


class _Leg(NamedTuple):
    from_ms: int
    to_ms: int
    line: str
    trip: str


def assignments(duties: Iterable[Duty], plan: Plan) -> list[Given]:
    """The rows that a list of duties makes; what cannot be goes to `plan.faults`.

    Trips of one line that follow one another become one row, which names no trip. Between two
    lines of a block the bus counts as on duty under the later one from the end of the earlier,
    unless the pause is longer than `LONGEST_LAYOVER_MS`.
    """
    rows: list[tuple[Assignment, str]] = []
    for duty in duties:
        if plan.buses is not None and duty.bus not in plan.buses:
            plan.faults.add(duty.place, "bus", quoted(duty.bus), "a bus of the register")
            continue
        rows += [
            (
                Assignment(
                    id=duty.bus,
                    valid_from_ms=leg.from_ms,
                    valid_to_ms=leg.to_ms,
                    line=leg.line or None,
                    trip=leg.trip or None,
                    block=duty.block or None,
                    source=plan.source,
                ),
                duty.place,
            )
            for leg in _legs(duty, plan)
        ]
    rows.sort(key=lambda one: (one[0].id, one[0].valid_from_ms, one[0].valid_to_ms))
    for (before, before_place), (after, place) in pairwise(rows):
        if before.id == after.id and after.valid_from_ms < (before.valid_to_ms or 0):
            found = f"a duty of {after.id} during that of {before_place}"
            plan.faults.add(place, "from", found, "one duty at a time")
    return [Given(row, is_dated=True, place=place) for row, place in rows]


def legs(runs: Sequence[Run]) -> list[_Leg]:
    """Runs of one bus, in order of time, as stretches of one line each that never overlap."""
    found: list[_Leg] = []
    for run in runs:
        last = found[-1] if found else None
        if run.from_ms >= run.to_ms or (last is not None and run.to_ms <= last.to_ms):
            continue
        if last is None or run.from_ms - last.to_ms > LONGEST_LAYOVER_MS:
            found.append(_Leg(run.from_ms, run.to_ms, run.line, run.trip))
        elif run.line == last.line:
            trip = last.trip if run.trip == last.trip else ""
            found[-1] = _Leg(last.from_ms, run.to_ms, run.line, trip)
        else:
            found.append(_Leg(last.to_ms, run.to_ms, run.line, run.trip))
    return found


def _legs(duty: Duty, plan: Plan) -> list[_Leg]:
    begun = _BEGINNING_MS if duty.from_ms is None else duty.from_ms
    ended = _FOREVER_MS if duty.to_ms is None else duty.to_ms
    if begun >= ended:
        plan.faults.add(duty.place, "to", "a time not after the beginning", "a later one")
        return []
    whole = _whole(duty, plan)
    cut = [
        leg._replace(from_ms=max(leg.from_ms, begun), to_ms=min(leg.to_ms, ended)) for leg in whole
    ]
    kept = [leg for leg in cut if leg.from_ms < leg.to_ms]
    if whole and not kept:
        plan.faults.add(duty.place, "from", "a time outside of the duty", "one within it")
    return kept


def _whole(duty: Duty, plan: Plan) -> list[_Leg]:
    """All of a duty before anything is cut off; none, with a fault, where it cannot be known."""
    timetable = plan.timetable
    has_times = duty.from_ms is not None and duty.to_ms is not None
    is_timed = not (duty.block or duty.trip) and has_times
    if timetable is None or is_timed or not (duty.block or duty.trip or duty.line):
        return _as_given(duty, plan)
    if duty.on is None:
        plan.faults.add(duty.place, "date", "nothing", "a day of service")
        return []
    key, name, trips = _trips(duty, timetable)
    if not trips:
        plan.faults.add(duty.place, key, quoted(name), f"a {key} of {timetable.source}")
        return []
    runs = timetable.runs(trips, duty.on)
    if not runs:
        found = f"{duty.on}, on which {key} {quoted(name)} does not run"
        plan.faults.add(duty.place, "date", found, "a day on which it does")
        return []
    if key == "line":
        return [_Leg(runs[0].from_ms, max(run.to_ms for run in runs), name, "")]
    return legs(runs)


def _as_given(duty: Duty, plan: Plan) -> list[_Leg]:
    for key, at_ms in (("from", duty.from_ms), ("to", duty.to_ms)):
        if at_ms is None:
            plan.faults.add(duty.place, key, "nothing", NO_TIME)
    if duty.from_ms is None or duty.to_ms is None:
        return []
    return [_Leg(duty.from_ms, duty.to_ms, duty.line, duty.trip)]


def _trips(duty: Duty, timetable: Timetable) -> tuple[str, str, Sequence[Trip]]:
    """What a duty names, and the trips that it is: a trip goes before its block and its line."""
    if duty.trip:
        trip = timetable.trips.get(duty.trip)
        return "trip", duty.trip, () if trip is None else (trip,)
    if duty.block:
        return "block", duty.block, timetable.blocks.get(duty.block, ())
    of_line = [trip for trip in timetable.trips.values() if trip.line == duty.line]
    return "line", duty.line, of_line
