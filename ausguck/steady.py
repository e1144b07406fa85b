"""A clock that does not jump with the machine's: what intake stamps messages with.

A message is judged old or early by the time we received it. If our own clock is set wrong for
a minute, every live message would look a year old. So the time of day runs on with the
monotonic clock, follows the machine in small steps, and takes over a jump only after the
machine has stood by it for a while.
"""

from ausguck.clock import Clock

JUMP_MS = 2_000
STAND_BY_MS = 300_000


class SteadyClock:
    """A `Clock` over another one; `jumped_ms` tells of a jump that is being waited out."""

    def __init__(
        self, machine: Clock, *, jump_ms: int = JUMP_MS, stand_by_ms: int = STAND_BY_MS
    ) -> None:
        self._machine = machine
        self._jump_ms = jump_ms
        self._stand_by_ms = stand_by_ms
        self._offset_ms = machine.now_ms() - self.monotonic_ms()
        self._jumped_at_ms: int | None = None
        self._jumped_offset_ms = 0
        self.jumps = 0
        self.last_jump_at_ms: int | None = None
        self.last_jump_ms = 0

    def monotonic_ms(self) -> int:
        """Whole milliseconds of the machine's monotonic clock."""
        return int(self._machine.monotonic_s() * 1000)

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return self._machine.monotonic_s()

    @property
    def jumped_ms(self) -> int:
        """How far the machine's clock is from ours while we wait a jump out, else 0."""
        if self._jumped_at_ms is None:
            return 0
        return self._jumped_offset_ms - self._offset_ms

    def now_ms(self) -> int:
        """UTC as milliseconds since 1970, without the machine's jumps."""
        monotonic_ms = self.monotonic_ms()
        offset_ms = self._machine.now_ms() - monotonic_ms
        if abs(offset_ms - self._offset_ms) <= self._jump_ms:
            self._offset_ms = offset_ms
            self._jumped_at_ms = None
        elif self._jumped_at_ms is None or abs(offset_ms - self._jumped_offset_ms) > self._jump_ms:
            self.jumps += 1
            self.last_jump_at_ms = monotonic_ms + self._offset_ms
            self.last_jump_ms = offset_ms - self._offset_ms
            self._jumped_at_ms = monotonic_ms
            self._jumped_offset_ms = offset_ms
        elif monotonic_ms - self._jumped_at_ms >= self._stand_by_ms:
            self._offset_ms = offset_ms
            self._jumped_at_ms = None
        return monotonic_ms + self._offset_ms
