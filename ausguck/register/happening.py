"""Which of people's events concern an asset, a line or a place at a time; pure.

They annotate charts, and say which days a profile of normal days leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ausguck.model import AssetId
from ausguck.register.lives import Span
from ausguck.register.places import contains
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Assignment, Event, Row

_FOREVER_MS: Final = 2**62


@dataclass(frozen=True, slots=True)
class Concern:
    """Whom an event is asked for; what is not given is not looked at, and all left out is all.

    Of an asset the register adds what it knows: the lines of its duties, and where it stands.
    `line` and `place` (lat, lon) are what telemetry tells besides.
    """

    asset: AssetId | None = None
    line: str | None = None
    place: tuple[float, float] | None = None


def events_for(register: Register, concern: Concern, from_ms: int, to_ms: int) -> Sequence[Event]:
    """Events that concern somebody at some time in [`from_ms`, `to_ms`), in order of beginning.

    An event that names no asset, line or area concerns everybody. Any other concerns whom it
    names in one of these ways; by a duty or a place of the register only where this held
    during the event. With `from_ms` = `to_ms` what counts is that moment.
    """
    to_ms = max(to_ms, from_ms + 1)
    return [
        event
        for event in register.events
        if _overlap(event, from_ms, to_ms) and _concerns(register, event, concern, from_ms, to_ms)
    ]


def _concerns(register: Register, event: Event, concern: Concern, from_ms: int, to_ms: int) -> bool:
    if not (event.assets or event.lines or event.area) or concern == Concern():
        return True
    begins_ms = max(from_ms, event.valid_from_ms)
    ends_ms = min(to_ms, _FOREVER_MS if event.valid_to_ms is None else event.valid_to_ms)
    asset = concern.asset
    return (
        (asset is not None and str(asset) in event.assets)
        or _has_line(register, event, concern, begins_ms, ends_ms)
        or _has_place(register, event, concern, begins_ms, ends_ms)
    )


def _has_line(
    register: Register, event: Event, concern: Concern, begins_ms: int, ends_ms: int
) -> bool:
    """A line is the same under all of its names."""
    if not event.lines:
        return False
    things = register.lines
    named = {things.thing(line, event.valid_from_ms) for line in event.lines}
    lines = set[Span]()
    if concern.line is not None:
        # At both ends, as the name may be another line's by the end.
        lines |= {things.thing(concern.line, at_ms) for at_ms in (begins_ms, ends_ms - 1)}
    if concern.asset is not None:
        name = str(concern.asset)
        rows: Sequence[Assignment | Asset] = (
            *register.assignments.of(name),
            *register.assets.of(name),
        )
        lines |= {
            things.thing(row.line, max(begins_ms, row.valid_from_ms))
            for row in rows
            if row.line is not None and _overlap(row, begins_ms, ends_ms)
        }
    return not named.isdisjoint(lines)


def _has_place(
    register: Register, event: Event, concern: Concern, begins_ms: int, ends_ms: int
) -> bool:
    places = [] if concern.place is None else [concern.place]
    if concern.asset is not None:
        places += [
            (row.lat, row.lon)
            for row in register.assets.of(str(concern.asset))
            if row.lat is not None and row.lon is not None and _overlap(row, begins_ms, ends_ms)
        ]
    return any(contains(event.area, lat, lon) for lat, lon in places)


def _overlap(row: Row, from_ms: int, to_ms: int) -> bool:
    return row.valid_from_ms < to_ms and (row.valid_to_ms is None or from_ms < row.valid_to_ms)
