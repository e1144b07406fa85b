"""A table of duties by day of service, as the cells have it; `roster` makes times of it."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from ausguck.importing import moments
from ausguck.importing.drafts import Draft
from ausguck.importing.faults import Faults, quoted
from ausguck.importing.moments import Misfit
from ausguck.importing.roster import Duty, Plan, assignments
from ausguck.importing.timetable import Timetable


def timed(
    drafts: Sequence[Draft], zone: ZoneInfo, timetable: Timetable | None, faults: Faults
) -> list[Draft]:
    """Duties with the times that their day and the timetable give them; others as they are."""
    found = [draft for draft in drafts if not draft.duty]
    by_source: dict[str, list[Duty]] = {}
    for draft in drafts:
        duty = _duty(draft, zone, faults) if draft.duty else None
        if duty is not None:
            by_source.setdefault(_text(draft, "source"), []).append(duty)
    for source, duties in by_source.items():
        plan = Plan(timetable, source=source, faults=faults)
        found += [
            Draft("assignments", one.place, msgspec.structs.asdict(one.row))
            for one in assignments(duties, plan)
        ]
    return found


def _duty(draft: Draft, zone: ZoneInfo, faults: Faults) -> Duty | None:
    on = _day(draft, faults)
    if on is None:
        return None
    before = faults.count
    from_ms, to_ms = (_time(draft, key, on, zone, faults) for key in ("from", "to"))
    if faults.count > before:
        return None
    if from_ms is not None and to_ms is not None and to_ms <= from_ms:
        expected = f"a time after {draft.duty['from']}; after midnight count on, 24:00, 25:00"
        faults.add(draft.place, "to", quoted(draft.duty["to"]), expected)
        return None
    return Duty(
        bus=draft.id,
        place=draft.place,
        on=on,
        block=_text(draft, "block"),
        trip=_text(draft, "trip"),
        line=_text(draft, "line"),
        from_ms=from_ms,
        to_ms=to_ms,
    )


def _day(draft: Draft, faults: Faults) -> date | None:
    for key, at_ms in (("valid_from", draft.valid_from_ms), ("valid_to", draft.valid_to_ms)):
        if at_ms is not None:
            faults.add(draft.place, key, "a time beside a day of service", "one way of dating")
            return None
    text = draft.duty.get("date", "")
    try:
        return moments.day(text)
    except Misfit as misfit:
        faults.add(draft.place, "date", quoted(text), misfit.expected)
        return None


def _time(draft: Draft, key: str, on: date, zone: ZoneInfo, faults: Faults) -> int | None:
    text = draft.duty.get(key)
    if text is None:
        return None
    try:
        return moments.time_of_day_ms(on, text, zone)
    except Misfit as misfit:
        faults.add(draft.place, key, quoted(text), misfit.expected)
        return None


def _text(draft: Draft, name: str) -> str:
    return str(draft.fields.get(name) or "")
