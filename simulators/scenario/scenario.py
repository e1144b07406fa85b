"""A scenario that was checked: times in milliseconds, and expectations that name its faults."""

from dataclasses import dataclass

from simulators.scenario.expected import Expected, Words
from simulators.scenario.faults import AnyFault
from simulators.scenario.file import CityFile, FeedFile


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault and when it is on; `to_ms` is not part of it. Other times stand by their keys."""

    fault: AnyFault
    from_ms: int
    to_ms: int
    seed: str
    at_ms: int | None = None
    """The moment between, where the fault has one: when a stolen router is shut out."""

    def is_on(self, at_ms: int) -> bool:
        """Whether it is on at the moment."""
        return self.from_ms <= at_ms < self.to_ms


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is played; `name` is that of the file."""

    name: str
    title: Words
    description: Words
    seed: int
    start_ms: int
    end_ms: int
    city: CityFile
    feed: FeedFile | None
    faults: tuple[Planned, ...]
    expected: tuple[Expected, ...]

    @property
    def duration_ms(self) -> int:
        """From the first moment to the last."""
        return self.end_ms - self.start_ms
