"""Where each class of what is kept ends: one reckoning for every store."""

from typing import NamedTuple

from ausguck.catalogue.state import Bucket
from ausguck.settings.tree import Retention

DAY_MS = 86_400_000


class Cuts(NamedTuple):
    """Where each class ends."""

    telemetry_ms: int
    position_ms: int
    station_ms: int

    @classmethod
    def at(cls, now_ms: int, days: Retention) -> "Cuts":
        """As they are now."""
        return cls(
            now_ms - days.telemetry_days * DAY_MS,
            now_ms - days.position_days * DAY_MS,
            now_ms - days.station_days * DAY_MS,
        )

    def of(self, bucket: Bucket) -> int:
        """The one that a bucket's points have."""
        if bucket is Bucket.POSITION:
            return self.position_ms
        return self.station_ms if bucket is Bucket.STATION else self.telemetry_ms
