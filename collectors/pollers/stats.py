"""What a feed's poller counts, for health and metrics."""

from collections import Counter

import msgspec

from collectors.pollers import timing


class FeedStats(msgspec.Struct):
    """Totals since the start, except what says now.

    `polls` is by (file, outcome): `ok`, `unchanged`, `old_copy`, or why there was no answer.
    `messages` is by kind, `telemetry` or `inventory`. `unfit` counts by reason each value or
    station left out, once until it is well again.
    """

    name: str
    started_at_ms: int
    polls: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    messages: Counter[str] = msgspec.field(default_factory=Counter)
    unfit: Counter[str] = msgspec.field(default_factory=Counter)
    unfit_stations: int = 0  # now
    stations: int = 0  # now, in station_status
    known: int = 0  # now, in station_information
    unknown: int = 0  # now, in station_status and not in station_information
    unknown_for_long: int = 0  # ... for more than ten minutes
    last_success_at_ms: int | None = None
    last_changed_at_ms: int | None = None
    last_updated_ms: int | None = None  # of station_status, by the feed
    ttl_s: float | None = None  # of station_status
    version: str | None = None
    system_id: str | None = None
    timezone: str | None = None
    language: str | None = None
    last_error: str | None = None
    waits_for_journal: bool = False

    @property
    def outcomes(self) -> Counter[str]:
        """`polls` of all files together, by outcome."""
        found: Counter[str] = Counter()
        for (_, outcome), count in self.polls.items():
            found[outcome] += count
        return found

    @property
    def vouched_ms(self) -> int | None:
        """The last answer, or the end of its `ttl` where that came earlier; None before one."""
        if self.last_success_at_ms is None or self.last_updated_ms is None:
            return self.last_success_at_ms
        good_until_ms = self.last_updated_ms + round((self.ttl_s or 0.0) * 1000)
        return min(self.last_success_at_ms, good_until_ms)

    def overdue_s(self, now_ms: int) -> float:
        """Seconds past `last_updated` and `ttl` of the stations' states; 0 when in time.

        A feed that does not say when it was updated counts from its last answer, and one that
        has not answered yet from our start.
        """
        told = (self.last_updated_ms, self.last_success_at_ms)
        as_of_ms = next((at_ms for at_ms in told if at_ms is not None), self.started_at_ms)
        return timing.overdue_s(now_ms, as_of_ms, self.ttl_s)
