"""How long to wait before the next try: exponential with full jitter, capped."""

from collections.abc import Callable

FIRST_S = 0.5
DOUBLINGS_MAX = 16


def delay_s(failures: int, cap_s: float, random: Callable[[], float], *, slow: bool) -> float:
    """Seconds to wait after so many failures in a row (1 for the first).

    `random` is uniform in [0, 1). A slow wait is the cap itself: where another process fights
    for the session, or the password is wrong, trying sooner only does harm.
    """
    if slow:
        return cap_s
    doublings = min(max(failures, 1) - 1, DOUBLINGS_MAX)
    return random() * min(cap_s, FIRST_S * 2.0**doublings)
