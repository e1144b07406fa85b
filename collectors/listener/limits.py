"""How fast a connection may speak, and when one that is silent is due: both pure."""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Bucket:
    """A token bucket that may be overdrawn, because what was read is never dropped."""

    __slots__ = ("_at_s", "_tokens")

    def __init__(self, burst: float, now_s: float) -> None:
        self._tokens = burst
        self._at_s = now_s

    def take(self, count: int, now_s: float, rate: float, burst: float) -> float:
        """Take tokens for `count` messages; returns for how many seconds to stop reading."""
        refilled = self._tokens + (now_s - self._at_s) * rate
        self._tokens = (min(refilled, burst)) - count
        self._at_s = now_s
        return -self._tokens / rate if self._tokens < 0 else 0.0


class Wheel(Generic[T]):
    """One timer for all: things put into slots of one second, taken out when their time came."""

    def __init__(self, now_s: float) -> None:
        self._slots: dict[int, set[T]] = {}
        self._next = int(now_s)

    def put(self, thing: T, due_s: float) -> int:
        """Have `thing` come out of `turn` once `due_s` has passed; returns its slot."""
        slot = max(int(due_s) + 1, self._next)
        self._slots.setdefault(slot, set()).add(thing)
        return slot

    def drop(self, thing: T, slot: int) -> None:
        """Take `thing` out of its slot before its time."""
        things = self._slots.get(slot)
        if things is not None:
            things.discard(thing)
            if not things:
                del self._slots[slot]

    def __len__(self) -> int:
        return sum(len(things) for things in self._slots.values())

    def turn(self, now_s: float) -> list[T]:
        """Everything that has become due since the last turn."""
        due: list[T] = []
        while self._next <= now_s:
            due.extend(self._slots.pop(self._next, ()))
            self._next += 1
        return due
