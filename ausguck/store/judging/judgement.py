"""What is to become of a batch, decided before anything is written; pure.

The decision asks what the store holds, and does not know how that is found: `judge` is a
generator that yields questions and is sent the answers, in a thread or awaited as the adapter
likes.
"""

from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

from ausguck.model import AssetId, Batch, Event, Outcome, Reading, Reason, Refusal
from ausguck.store.judging import suspects
from ausguck.store.judging.identities import (
    Identity,
    conflict_detail,
    decide,
    event_identity,
    reading_identity,
    split,
)
from ausguck.store.judging.memory import Memory

Stored = Mapping[Identity, int]
"""The digest of each identity that is stored at the assets and times asked for.

For suspects, of each saying that their boots have stored in the day before.
"""
M = TypeVar("M", bound=Reading | Event)


class About(Enum):
    """What a question is about."""

    READINGS = auto()
    SUSPECTS = auto()
    EVENTS = auto()


class Question(NamedTuple):
    """Which members of the batch may be stored already."""

    about: About
    doubtful: Sequence[Reading | Event]

    @property
    def moments(self) -> set[tuple[AssetId, int]]:
        """Their assets and times."""
        return {(member.asset, member.observed_at_ms) for member in self.doubtful}


Judging = Generator[Question, Stored, "Judgement"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a commit has to write; it can be thrown away without a trace.

    `reading_places` and `event_places` say where in the batch each stood.
    """

    outcome: Outcome
    readings: Sequence[Reading]
    reading_places: Sequence[int]
    events: Sequence[Event]
    event_places: Sequence[int]
    newest_readings: dict[AssetId, int]
    newest_suspects: Mapping[suspects.Boot, int]
    newest_events: dict[AssetId, int]
    checked: int
    basis: Memory


def judge(batch: Batch, memory: Memory) -> Judging:
    """Judge every member of a batch against what the store is known, or says, to hold."""
    timed = yield from _without_known_suspects(batch.readings, memory)
    again = len(batch.readings) - len(timed.going_on)
    going_on = [batch.readings[index] for index in timed.going_on] if again else batch.readings
    readings = yield from _sift(going_on, memory.newest_readings, reading_identity, About.READINGS)
    events = yield from _sift(batch.events, memory.newest_events, event_identity, About.EVENTS)
    refused = tuple(
        Refusal(timed.going_on[index], Reason.CONFLICT, conflict_detail(going_on[index]))
        for index in readings.conflicts
    )
    return Judgement(
        Outcome(
            len(readings.new) + len(events.new),
            readings.duplicates + events.duplicates + again,
            refused,
        ),
        readings.new,
        [timed.going_on[index] for index in readings.places] if again else readings.places,
        events.new,
        events.places,
        readings.reached,
        timed.reached,
        events.reached,
        readings.checked + events.checked,
        memory,
    )


def answered(judging: Judging, answer: Callable[[Question], Stored]) -> Judgement:
    """The judgement, with each question answered at once."""
    try:
        question = next(judging)
        while True:
            question = judging.send(answer(question))
    except StopIteration as decided:
        judgement: Judgement = decided.value
        return judgement


async def awaited(judging: Judging, answer: Callable[[Question], Awaitable[Stored]]) -> Judgement:
    """The judgement, with each question awaited."""
    try:
        question = next(judging)
        while True:
            question = judging.send(await answer(question))
    except StopIteration as decided:
        judgement: Judgement = decided.value
        return judgement


@dataclass(frozen=True, slots=True)
class FitPart:
    """A batch without the members that the store cannot hold, which are refused."""

    batch: Batch
    places: Sequence[int]
    refused: Sequence[Refusal]

    def told(self, refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
        """Refusals of the part and of the rest, by their places in the whole batch."""
        moved = (Refusal(self.places[r.index], r.reason, r.detail) for r in refusals)
        return (*self.refused, *moved)


def fit_part(batch: Batch, unfit: Callable[[Reading | Event], str | None]) -> FitPart:
    """The rare case that something passed the decoder that no column takes: find it, go on.

    `unfit` says what is wrong with a member, or nothing.
    """
    refused: list[Refusal] = []
    places: list[int] = []
    members: list[Reading | Event] = [*batch.readings, *batch.events]
    for index, member in enumerate(members):
        detail = unfit(member)
        if detail is None:
            places.append(index)
        else:
            refused.append(Refusal(index, Reason.REJECTED, f"{member.asset}: {detail}"))
    size = len(batch.readings)
    fit = Batch(
        [batch.readings[index] for index in places if index < size],
        [batch.events[index - size] for index in places if index >= size],
        (),
        batch.dead_lettered,
    )
    return FitPart(fit, places, refused)


@dataclass(frozen=True, slots=True)
class _Sifted(Generic[M]):
    new: Sequence[M]
    places: Sequence[int]
    duplicates: int
    conflicts: Sequence[int]
    reached: dict[AssetId, int]
    checked: int


def _without_known_suspects(
    readings: Sequence[Reading], memory: Memory
) -> Generator[Question, Stored, suspects.Sifted]:
    doubts = suspects.doubt(readings, memory.newest_suspects)
    stored = (yield Question(About.SUSPECTS, doubts.doubtful)) if doubts.doubtful else {}
    return suspects.sift(readings, doubts, stored)


def _sift(
    members: Sequence[M],
    newest: Mapping[AssetId, int],
    identity: Callable[[M], Identity],
    about: About,
) -> Generator[Question, Stored, _Sifted[M]]:
    reached, doubtful = split(members, newest)
    if not doubtful:
        return _Sifted(members, range(len(members)), 0, (), reached, 0)
    stored = yield Question(about, [members[index] for index in doubtful])
    verdict = decide(members, doubtful, identity, stored)
    new = [members[index] for index in verdict.new]
    return _Sifted(new, verdict.new, verdict.duplicates, verdict.conflicts, reached, len(doubtful))
