"""When a file is asked for again: its ttl, our own interval, and what trouble asks for; pure."""

from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from collectors.decode.moments import epoch_ms

DAY_S: Final = 86_400.0
BACK_OFF_MAX_S: Final = 900.0
MAX_DOUBLINGS: Final = 10


class Turn(msgspec.Struct):
    """One file's place in the order of questions, in seconds of the monotonic clock."""

    due_s: float = 0.0
    asked_s: float | None = None
    failures: int = 0

    def asked(self, now_s: float) -> None:
        """A question goes out now."""
        self.asked_s = now_s

    def hurry(self, now_s: float, interval_s: float) -> None:
        """Ask as soon as the interval allows."""
        first_s = now_s if self.asked_s is None else max(now_s, self.asked_s + interval_s)
        self.due_s = min(self.due_s, first_s)


def wait_after_success(
    interval_s: float, ttl_s: float | None, age_s: float | None, *, is_live: bool
) -> float:
    """Seconds until a file is worth asking for again.

    A file of a known age is new again when its ttl is over, counted from `last_updated`. One
    that should be new and is not is asked for at the interval if it is live, else by its ttl.
    """
    ttl_s = min(ttl_s or 0.0, DAY_S)
    if age_s is None or age_s < 0:
        return max(interval_s, ttl_s)
    left_s = ttl_s - age_s
    if left_s > 0:
        return max(interval_s, left_s)
    return interval_s if is_live else max(interval_s, ttl_s)


def wait_after_failure(interval_s: float, failures: int, random: Callable[[], float]) -> float:
    """Seconds until the next try: twice as long each time, somewhere in its upper half."""
    step_s = interval_s * float(2 ** min(failures, MAX_DOUBLINGS))
    longest_s = max(interval_s, min(step_s, BACK_OFF_MAX_S))
    return max(interval_s, longest_s * (0.5 + 0.5 * random()))


def retry_after_s(value: str | None, now_ms: int) -> float | None:
    """The seconds a Retry-After header asks for, a day at most; None where it says nothing."""
    if value is None:
        return None
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:9]), DAY_S))
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(0.0, (epoch_ms(moment) - now_ms) / 1000), DAY_S)


def overdue_s(now_ms: int, last_updated_ms: int, ttl_s: float | None) -> float:
    """Seconds since a file should have been new, 0 while it need not."""
    return max(0.0, (now_ms - last_updated_ms) / 1000 - (ttl_s or 0.0))
