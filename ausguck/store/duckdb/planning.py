"""From a judgement to the frames that a transaction copies into the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from ausguck.model import Batch, Event, Kind, Outcome, Reading
from ausguck.store.duckdb import frames
from ausguck.store.duckdb.lookups import StoredIdentities
from ausguck.store.judging.judgement import Judgement, answered, fit_part, judge
from ausguck.store.judging.memory import Memory


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a commit needs; it can be thrown away without a trace."""

    outcome: Outcome
    judgement: Judgement
    frames: tuple[tuple[Kind, pa.Table], ...]
    events: pa.Table | None


def plan(batch: Batch, memory: Memory, stored: StoredIdentities) -> Plan:
    """Judge every member of a batch; what cannot be stored is refused with a reason."""
    try:
        return _plan(batch, memory, stored)
    except frames.UnfitError:
        part = fit_part(batch, _unfit)
        made = _plan(part.batch, memory, stored)
        told = part.told(made.outcome.refused)
        return replace(made, outcome=Outcome(made.outcome.stored, made.outcome.duplicates, told))


def _plan(batch: Batch, memory: Memory, stored: StoredIdentities) -> Plan:
    judgement = answered(judge(batch, memory), stored.answer)
    return Plan(
        judgement.outcome,
        judgement,
        _frames(judgement.readings),
        frames.events(judgement.events) if judgement.events else None,
    )


def _unfit(member: Reading | Event) -> str | None:
    try:
        if isinstance(member, Reading):
            frames.readings(member.asset.kind, [member])
        else:
            frames.events([member])
    except frames.UnfitError as error:
        return str(error)
    return None


def _frames(readings: Sequence[Reading]) -> tuple[tuple[Kind, pa.Table], ...]:
    kinds: dict[Kind, list[Reading]] = {}
    for reading in readings:
        kinds.setdefault(reading.asset.kind, []).append(reading)
    return tuple((kind, frames.readings(kind, rows)) for kind, rows in kinds.items())
