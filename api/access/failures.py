"""Counts what goes wrong by whom; after too many in a minute there is something to say.

A key cannot be guessed, so this is no lock: who shows a key that holds gets in all the same.
It tells a program with a wrong key to slow down, and keeps the log of refusals readable.
"""

from collections import OrderedDict
from ipaddress import ip_address, ip_network
from typing import Final

MOST: Final = 10
WINDOW_S: Final = 60.0
KNOWN_MAX: Final = 4096
V4: Final = 4
V6_NETWORK: Final = 64


class Failures:
    """Failures of the last minute, of so many at most as there is room for."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, whose: str, now_s: float) -> int:
        """Count one; returns for how many seconds there are too many, 0 where there are not."""
        since_s, count = self._seen.pop(whose, (now_s, 0))
        if now_s - since_s >= WINDOW_S:
            since_s, count = now_s, 0
        self._seen[whose] = since_s, count + 1
        if len(self._seen) > KNOWN_MAX:
            self._seen.popitem(last=False)
        return 0 if count < MOST else max(1, round(since_s + WINDOW_S - now_s))

    def __len__(self) -> int:
        return len(self._seen)


def network(address: str) -> str:
    """Whose address it is: itself, and of IPv6 the network that one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if found.version == V4:
        return str(found)
    return str(ip_network((int(found), V6_NETWORK), strict=False))
