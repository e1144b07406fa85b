"""Where the time comes from: the only room that may ask the machine.

Everything else is handed a `Clock`, so that a test can wind it by hand.
"""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time of day and a time that never goes back."""

    def now_ms(self) -> int:
        """UTC as milliseconds since 1970."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        """UTC as milliseconds since 1970."""
        return time.time_ns() // 1_000_000  # noqa: TID251 - the one place that may ask

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is wound."""

    def __init__(self, now_ms: int = 1_800_000_000_000) -> None:
        self._now_ms = now_ms
        self._monotonic_ms = 0

    def now_ms(self) -> int:
        """The time it was wound to, as milliseconds since 1970."""
        return self._now_ms

    def monotonic_s(self) -> float:
        """Seconds it was wound forward in all."""
        return self._monotonic_ms / 1000

    def advance_ms(self, milliseconds: int) -> None:
        """Wind both times forward."""
        self._now_ms += milliseconds
        self._monotonic_ms += milliseconds

    def jump_to_ms(self, now_ms: int) -> None:
        """Set the time of day alone, as a wrong NTP server would."""
        self._now_ms = now_ms


def iso_utc(epoch_ms: int) -> str:
    """The moment as RFC 3339 in UTC with milliseconds and a `Z`."""
    moment = datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
