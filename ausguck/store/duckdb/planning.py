"""What is to become of a batch, decided before anything is written; pure but for two look-ups."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, TypeVar

import pyarrow as pa

from ausguck.model import AssetId, Batch, Event, Kind, Outcome, Reading, Reason, Refusal
from ausguck.store.duckdb import frames, suspects
from ausguck.store.duckdb.identities import (
    Identity,
    Member,
    conflict_detail,
    decide,
    event_identity,
    reading_identity,
    split,
)
from ausguck.store.duckdb.memory import Memory

Moments = Iterable[tuple[AssetId, int]]
LookUp = Callable[[Moments], Mapping[Identity, int]]
"""From assets and times to the digest of every identity that is stored there."""
M = TypeVar("M", bound=Member)


class LookUps(NamedTuple):
    """How to ask what is stored."""

    readings: LookUp
    suspects: suspects.LookUp
    events: LookUp


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a commit needs; it can be thrown away without a trace."""

    outcome: Outcome
    readings: Sequence[Reading]
    frames: tuple[tuple[Kind, pa.Table], ...]
    events: pa.Table | None
    newest_readings: dict[AssetId, int]
    newest_suspects: dict[suspects.Boot, int]
    newest_events: dict[AssetId, int]
    checked: int
    basis: Memory


def plan(batch: Batch, memory: Memory, look_ups: LookUps) -> Plan:
    """Judge every member of a batch; what cannot be stored is refused with a reason."""
    try:
        return _plan(batch, memory, look_ups)
    except frames.UnfitError:
        return _plan_without_unfit(batch, memory, look_ups)


def _plan(batch: Batch, memory: Memory, look_ups: LookUps) -> Plan:
    timed = suspects.sift(batch.readings, memory.newest_suspects, look_ups.suspects)
    again = len(batch.readings) - len(timed.going_on)
    going_on = [batch.readings[index] for index in timed.going_on] if again else batch.readings
    readings = _sift(going_on, memory.newest_readings, reading_identity, look_ups.readings)
    events = _sift(batch.events, memory.newest_events, event_identity, look_ups.events)
    refused = tuple(
        Refusal(timed.going_on[index], Reason.CONFLICT, conflict_detail(going_on[index]))
        for index in readings.conflicts
    )
    return Plan(
        Outcome(
            len(readings.new) + len(events.new),
            readings.duplicates + events.duplicates + again,
            refused,
        ),
        readings.new,
        _frames(readings.new),
        frames.events(events.new) if events.new else None,
        readings.reached,
        timed.reached,
        events.reached,
        readings.checked + events.checked,
        memory,
    )


def _plan_without_unfit(batch: Batch, memory: Memory, look_ups: LookUps) -> Plan:
    """The rare case that something passed the decoder that no column takes: find it, go on."""
    refused: list[Refusal] = []
    places: list[int] = []
    members: list[Reading | Event] = [*batch.readings, *batch.events]
    for index, member in enumerate(members):
        detail = _unfit(member)
        if detail is None:
            places.append(index)
        else:
            refused.append(Refusal(index, Reason.REJECTED, detail))
    size = len(batch.readings)
    fit = Batch(
        [batch.readings[index] for index in places if index < size],
        [batch.events[index - size] for index in places if index >= size],
        (),
        batch.dead_lettered,
    )
    made = _plan(fit, memory, look_ups)
    moved = [Refusal(places[r.index], r.reason, r.detail) for r in made.outcome.refused]
    outcome = Outcome(made.outcome.stored, made.outcome.duplicates, (*refused, *moved))
    return replace(made, outcome=outcome)


def _unfit(member: Reading | Event) -> str | None:
    try:
        if isinstance(member, Reading):
            frames.readings(member.asset.kind, [member])
        else:
            frames.events([member])
    except frames.UnfitError as error:
        return f"{member.asset}: {error}"
    return None


def _frames(readings: Sequence[Reading]) -> tuple[tuple[Kind, pa.Table], ...]:
    kinds: dict[Kind, list[Reading]] = {}
    for reading in readings:
        kinds.setdefault(reading.asset.kind, []).append(reading)
    return tuple((kind, frames.readings(kind, rows)) for kind, rows in kinds.items())


@dataclass(frozen=True, slots=True)
class _Sifted(Generic[M]):
    new: Sequence[M]
    duplicates: int
    conflicts: Sequence[int]
    reached: dict[AssetId, int]
    checked: int


def _sift(
    members: Sequence[M],
    newest: Mapping[AssetId, int],
    identity: Callable[[M], Identity],
    look_up: LookUp,
) -> _Sifted[M]:
    reached, doubtful = split(members, newest)
    if not doubtful:
        return _Sifted(members, 0, (), reached, 0)
    moments = ((members[index].asset, members[index].observed_at_ms) for index in doubtful)
    verdict = decide(members, doubtful, identity, look_up(moments))
    new = [members[index] for index in verdict.new]
    return _Sifted(new, verdict.duplicates, verdict.conflicts, reached, len(doubtful))
