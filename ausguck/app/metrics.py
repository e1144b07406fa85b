"""The figures of `/metrics`: those of the health report, and running counts of the roles."""

from collections.abc import Iterator, Sequence

from api import metrics as m
from api.health_metrics import health_samples
from api.ports import HealthSource
from ausguck.roles.history import HistoryStats
from ausguck.roles.minutes import MinuteStats


class Metrics:
    """The metrics source of the running process; `minutes` is None until that role runs."""

    def __init__(self, health: HealthSource, history: HistoryStats) -> None:
        self._health = health
        self._history = history
        self.minutes: MinuteStats | None = None

    async def samples(self) -> Sequence[m.Sample]:
        """Every figure as of now."""
        samples = list(health_samples(await self._health.report()))
        samples += _of_history(self._history)
        if self.minutes is not None:
            samples += _of_minutes(self.minutes)
        return samples


def _of_history(history: HistoryStats) -> Iterator[m.Sample]:
    for reason, count in sorted(history.dead_letters.items()):
        yield m.Sample(m.HISTORY_DEAD_LETTERS, (reason,), count)
    for (key, reason), count in sorted(history.dropped_values.items()):
        yield m.Sample(m.HISTORY_DROPPED_VALUES, (key, reason), count)
    for reason, count in sorted(history.retries.items()):
        yield m.Sample(m.HISTORY_RETRIES, (reason,), count)


def _of_minutes(minutes: MinuteStats) -> Iterator[m.Sample]:
    yield m.Sample(m.STATE_ROWS, (), minutes.rows.stored)
    for reason, count in sorted(minutes.gaps.items()):
        yield m.Sample(m.STATE_GAPS, (reason,), count)
    for reason, count in sorted(minutes.rows.given_up.items()):
        yield m.Sample(m.STATE_ROWS_GIVEN_UP, (reason,), count)
