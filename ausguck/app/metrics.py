"""The figures of `/metrics`: those of the health report, and running counts of the roles."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from api import metrics as m
from api.health_metrics import health_samples
from api.ports import HealthSource
from ausguck.app.intake import Sources
from ausguck.app.knowing import Knowing
from ausguck.app.refitting import Refitting
from ausguck.register.rows import DeviceState
from ausguck.roles.history import HistoryStats
from ausguck.roles.minutes import MinuteStats
from collectors.certificates import CertificateKind, SeenCertificate

CLIENTS: Final = 100


class Metrics:
    """The metrics source of the running process.

    `knowing`, `minutes` and `sources` are None until they run.
    """

    def __init__(self, health: HealthSource, history: HistoryStats) -> None:
        self._health = health
        self._history = history
        self.knowing: Knowing | None = None
        self.minutes: MinuteStats | None = None
        self.sources: Sources | None = None

    async def samples(self) -> Sequence[m.Sample]:
        """Every figure as of now."""
        samples = list(health_samples(await self._health.report()))
        samples += _of_history(self._history)
        if self.minutes is not None:
            samples += _of_minutes(self.minutes)
        if self.knowing is not None:
            samples += _of_register(self.knowing)
            samples += await _of_refitting(self.knowing.refitting)
        if self.sources is not None:
            samples += _of_certificates(self.sources.certificates())
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


def _of_register(knowing: Knowing) -> Iterator[m.Sample]:
    stats = knowing.registering.stats
    yield m.Sample(m.REGISTER_REVISION, (), stats.revision)
    yield m.Sample(m.REGISTER_FAILURES, (), stats.failures)
    devices = knowing.kept.directory.register.devices
    states = Counter(devices.of(serial)[-1].state for serial in devices.ids())
    for state in DeviceState:
        yield m.Sample(m.REGISTER_DEVICES, (state.value,), states[state])
    yield m.Sample(m.CALLERS_FAILURES, (), knowing.booking.stats.failures)


async def _of_refitting(refitting: Refitting) -> Sequence[m.Sample]:
    stats, waiting = refitting.stats, await refitting.unfitted()
    return [
        m.Sample(m.REFITTED, (), stats.retried),
        m.Sample(m.REFITTING, (), stats.waiting),
        m.Sample(m.REFITTING_REFUSED, (), stats.still_refused),
        *(m.Sample(m.REFITTING_HELD, (error,), n) for error, n in sorted(stats.held.items())),
        m.Sample(m.WAITING_DEVICES, (), len(waiting)),
        m.Sample(m.WAITING_LETTERS, (), sum(one.count for one in waiting)),
    ]


def _of_certificates(seen: Sequence[SeenCertificate]) -> Iterator[m.Sample]:
    """When each ends; of a name that is there twice, as in a rotation, the one that ends first."""
    ends: dict[tuple[str, str], int] = {}
    for one in sorted(seen, key=lambda one: one.not_after_ms, reverse=True):
        ends[one.kind.value, one.name] = one.not_after_ms
    soonest = sorted(ends.items(), key=lambda item: item[1])
    clients = [item for item in soonest if item[0][0] == CertificateKind.CLIENT]
    others = [item for item in soonest if item[0][0] != CertificateKind.CLIENT]
    for labels, not_after_ms in (*others, *clients[:CLIENTS]):
        yield m.Sample(m.CERTIFICATE_EXPIRES, labels, not_after_ms / 1000)
