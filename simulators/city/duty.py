"""When a bus works: one duty a service day, drawn from the seed, also across midnight."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from simulators.city.rhythm import HOUR_MS, SATURDAY, SUNDAY, local_time, midnight_ms

WAKE_BEFORE_MS = 600_000
IDLE_AFTER_MS = 300_000
NIGHT_BUS_EVERY = 20
OUT_ON_WORKDAY, OUT_ON_SATURDAY, OUT_ON_SUNDAY = 0.93, 0.7, 0.55


@dataclass(frozen=True, slots=True)
class Duty:
    """From leaving the depot to being back in it, with ignition on before and after."""

    out_ms: int
    back_ms: int

    @property
    def wake_ms(self) -> int:
        """Ignition on."""
        return self.out_ms - WAKE_BEFORE_MS

    @property
    def sleep_ms(self) -> int:
        """Ignition off."""
        return self.back_ms + IDLE_AFTER_MS


def duties(seed: int, number: int, from_ms: int) -> Iterator[Duty]:
    """The duties of one bus that are not over at `from_ms`, in order and without end."""
    days = -1
    while True:
        midnight = midnight_ms(from_ms, days)
        days += 1
        duty = _on(seed, number, midnight)
        if duty is not None and duty.sleep_ms > from_ms:
            yield duty


def _on(seed: int, number: int, midnight: int) -> Duty | None:
    rng = random.Random(f"{seed}/duty/{number}/{midnight}")  # noqa: S311 - a simulation
    weekday = local_time(midnight).weekday()
    share = {SATURDAY: OUT_ON_SATURDAY, SUNDAY: OUT_ON_SUNDAY}.get(weekday, OUT_ON_WORKDAY)
    if number % NIGHT_BUS_EVERY == NIGHT_BUS_EVERY - 1:
        out, back = rng.uniform(19.0, 21.0), rng.uniform(28.0, 29.5)
    elif rng.random() > share:
        return None
    else:
        out, back = rng.triangular(4.3, 8.0, 5.2), rng.triangular(17.0, 25.5, 20.0)
    return Duty(midnight + int(out * HOUR_MS), midnight + int(back * HOUR_MS))
