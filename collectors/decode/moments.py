"""When something was observed, and whether that can be; judged by the time of receipt alone."""

from datetime import UTC, datetime
from enum import Enum
from typing import Final

import msgspec

from ausguck.settings.tree import Retention

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MS: Final = 1_577_836_800_000
"""2020-01-01, before which no device of ours was made."""
AHEAD_MS: Final = 300_000
"""How far a device's clock may be ahead of ours."""
DAY_MS: Final = 86_400_000
ACCEPTANCE_MARGIN_DAYS: Final = 3
"""So that a window's rows are all still held when its rollup is computed anew."""


class Windows(msgspec.Struct, frozen=True):
    """How old an element, and a position in it, may be when it is received."""

    acceptance_ms: int
    position_ms: int

    @classmethod
    def of(cls, retention: Retention) -> "Windows":
        """The windows that follow from what the store keeps."""
        return cls(
            (retention.telemetry_days - ACCEPTANCE_MARGIN_DAYS) * DAY_MS,
            retention.position_days * DAY_MS,
        )


class Verdict(Enum):
    """What a time is worth."""

    SOUND = "sound"
    IMPOSSIBLE = "impossible"
    TOO_OLD = "too old"


def epoch_ms(moment: int | datetime) -> int:
    """The moment in whole milliseconds since 1970, rounded down."""
    if isinstance(moment, int):
        return moment
    since = moment - EPOCH
    return since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000


def judge(observed_at_ms: int, received_at_ms: int, windows: Windows) -> Verdict:
    """Whether something received then can have been observed at that time."""
    if not FIRST_MS <= observed_at_ms <= received_at_ms + AHEAD_MS:
        return Verdict.IMPOSSIBLE
    if received_at_ms - observed_at_ms > windows.acceptance_ms:
        return Verdict.TOO_OLD
    return Verdict.SOUND
