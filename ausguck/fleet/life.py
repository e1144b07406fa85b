"""Whether an asset is heard, and the one number for how it is."""

from collections.abc import Mapping

from ausguck.catalogue.state import ONLY, State, StateMeasurement, StateRow, table
from ausguck.fleet.picture import Picture, latest
from ausguck.fleet.seen import Seen
from ausguck.fleet.statuses import SLEEPING
from ausguck.model import Event

Value = int | float | str | None

_FIELDS = {
    measurement: tuple(field.key for field in table(measurement).fields)
    for measurement in StateMeasurement
}


def row(
    measurement: StateMeasurement,
    at_ms: int,
    tags: tuple[str, ...],
    known: Mapping[str, Value],
) -> StateRow:
    """A row with what is known in its columns, and None in the others.

    An empty tag becomes `ONLY`.
    """
    return StateRow(
        measurement,
        at_ms,
        tuple(tag or ONLY for tag in tags),
        tuple(map(known.get, _FIELDS[measurement])),
    )


def is_heard(heard_ms: int | None, now_ms: int, within_ms: int) -> bool:
    """Whether something was received at most so long ago."""
    return heard_ms is not None and now_ms - heard_ms <= within_ms


def heard_ms(picture: Picture, received_ms: int | None, seen: Seen) -> int | None:
    """When the asset was last heard: by `received_ms`, or by what the caller has heard."""
    return latest(received_ms, seen.heard.get(picture.asset))


def is_asleep(picture: Picture, status: Event | None) -> bool:
    """Whether it said that it sleeps, and nothing has shown it awake since.

    Many devices report now and then in their sleep, so a reading alone wakes none.
    """
    return (
        status is not None
        and status.detail == SLEEPING
        and (picture.awake_ms is None or status.observed_at_ms >= picture.awake_ms)
    )


def judge(*, asleep: bool, online: bool, degraded: bool) -> State:
    """One number: sleep goes before silence, silence before everything else."""
    if asleep:
        return State.PLANNED_OFF
    if not online:
        return State.SILENT
    return State.DEGRADED if degraded else State.OK


def age_s(picture: Picture, now_ms: int) -> float:
    """Since the newest reading was observed; 0 for a clock that is ahead of ours."""
    return max(0, now_ms - picture.observed_ms) / 1000


def whole(value: Value) -> int | None:
    """A number or truth value as a whole number."""
    return None if value is None else int(value)


def real(value: Value) -> float | None:
    """A number as a float."""
    return None if value is None else float(value)
