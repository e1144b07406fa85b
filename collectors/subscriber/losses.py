"""Counts what the broker dropped by its own counter, over our restarts and over its own."""

import logging
from pathlib import Path

import msgspec

from ausguck.clock import Clock
from ausguck.settings.partners import Subscriber as Settings
from collectors.subscriber.stats import SubscriberStats

log = logging.getLogger(__name__)

SUFFIX = ".dropped"  # of a file beside the session's marker
DIGITS_MAX = 18  # what the store's integers hold
NO_FIGURE = "the broker's counter of dropped messages is not a number that we can use"


class Kept(msgspec.Struct, frozen=True):
    """What is remembered of a broker over our restarts."""

    broker: str
    figure: int  # the last that it told
    learned_at_ms: int | None  # when an increase was last learned of


def increase(last: int | None, told: int) -> int:
    """How many messages were dropped between two figures of a broker.

    It begins at 0 when the broker starts; with no figure to compare with, nothing is known.
    """
    if last is None:
        return 0
    return told - last if told >= last else told


class Losses:
    """Adds up the increases; without a path nothing is remembered over a restart."""

    def __init__(
        self, marker: Path | None, settings: Settings, stats: SubscriberStats, clock: Clock
    ) -> None:
        self._path = None if marker is None else marker.with_suffix(SUFFIX)
        self._broker = f"{settings.host}:{settings.port}"
        self._stats = stats
        self._clock = clock
        kept = self._read()
        self._last = None if kept is None else kept.figure
        stats.dropped_at_ms = None if kept is None else kept.learned_at_ms

    def told(self, payload: bytes) -> bool:
        """Take the broker's counter; whether it was a number."""
        if not payload.isdigit() or len(payload) > DIGITS_MAX:
            return False
        figure = int(payload)
        stats = self._stats
        stats.dropped_at_broker = figure
        added = increase(self._last, figure)
        if added:
            stats.dropped += added
            stats.dropped_at_ms = self._clock.now_ms()
        if figure != self._last:
            self._last = figure
            self._write(Kept(self._broker, figure, stats.dropped_at_ms))
        return True

    def _read(self) -> Kept | None:
        if self._path is None:
            return None
        try:
            kept = msgspec.json.decode(self._path.read_bytes(), type=Kept)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("subscriber: cannot read %s: %s", self._path.name, type(error).__name__)
            return None
        return kept if kept.broker == self._broker else None

    def _write(self, kept: Kept) -> None:
        """Whole or not at all; not synced, for after a power cut a loss may be told twice."""
        if self._path is None:
            return
        beside = self._path.with_suffix(f"{SUFFIX}.new")
        try:
            beside.write_bytes(msgspec.json.encode(kept))
            beside.replace(self._path)
        except OSError as error:
            # A full disk must not end the connection; after a restart it would be told again.
            log.warning("subscriber: cannot write %s: %s", self._path.name, error.strerror)
