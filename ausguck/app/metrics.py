"""The figures of `/metrics`: those of the health report, and the running counts of history."""

from collections.abc import Sequence

from api import metrics as m
from api.health_metrics import health_samples
from api.ports import HealthSource
from ausguck.roles.history import HistoryStats


class Metrics:
    """The metrics source of the running process."""

    def __init__(self, health: HealthSource, history: HistoryStats) -> None:
        self._health = health
        self._history = history

    async def samples(self) -> Sequence[m.Sample]:
        """Every figure as of now."""
        samples = list(health_samples(await self._health.report()))
        for reason, count in sorted(self._history.dead_letters.items()):
            samples.append(m.Sample(m.HISTORY_DEAD_LETTERS, (reason,), count))
        for (key, reason), count in sorted(self._history.dropped_values.items()):
            samples.append(m.Sample(m.HISTORY_DROPPED_VALUES, (key, reason), count))
        for reason, count in sorted(self._history.retries.items()):
            samples.append(m.Sample(m.HISTORY_RETRIES, (reason,), count))
        return samples
