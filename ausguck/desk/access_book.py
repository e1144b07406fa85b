"""What is to be written down of callers, who came and who was refused, held in memory; pure.

Nobody waits for it at the door. Strangers fill it as fast as they like, so of refused attempts
there is one line an hour for each network, and for those of too many networks one together.
"""

from collections import Counter
from typing import Final, NamedTuple, TypeVar

from ausguck.register.port import AuditRow

HOUR_MS: Final = 3_600_000
PLACES_MAX: Final = 64
ELSEWHERE: Final = "elsewhere"
"""What comes from more places than there is room for."""
SHOWN_MAX: Final = 5
_Name = TypeVar("_Name", int, bytes)


class Place(NamedTuple):
    """Who was refused, and at which network."""

    who: str
    network: str


class Page(NamedTuple):
    """What is written in one transaction: last uses by key and by session, and refusals."""

    keys: dict[int, int]
    sessions: dict[bytes, int]
    refused: dict[Place, Counter[str]]

    def __bool__(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.keys or self.sessions or self.refused)

    def rows(self, now_ms: int) -> list[AuditRow]:
        """The refusals as lines of the audit log."""
        return [
            AuditRow(0, now_ms, who, "refused", network, _summed(attempts))
            for (who, network), attempts in self.refused.items()
        ]


class Book:
    """Filled while requests are answered, emptied page by page."""

    def __init__(self) -> None:
        self._page = Page({}, {}, {})
        self._told_ms: dict[Place, int] = {}

    def used(self, key_id: int, at_ms: int, session_sha256: bytes | None = None) -> None:
        """A key opened the door, or a session that was begun with it."""
        _later(self._page.keys, key_id, at_ms)
        if session_sha256 is not None:
            _later(self._page.sessions, session_sha256, at_ms)

    def refused(self, who: str, network: str, attempt: str) -> None:
        """Somebody tried what is for admins alone."""
        self._of(Place(who, network))[attempt] += 1

    def take(self, now_ms: int, *, whole: bool = False) -> Page:
        """What is to be written now; at the end it is `whole`, also what may wait its hour."""
        self._told_ms = {
            place: told_ms
            for place, told_ms in self._told_ms.items()
            if 0 <= now_ms - told_ms < HOUR_MS
        }
        held = self._page.refused
        due = {place: held[place] for place in held if whole or place not in self._told_ms}
        taken = self._page._replace(refused=due)
        self._page = Page({}, {}, {place: held[place] for place in held if place not in due})
        self._told_ms.update(dict.fromkeys(due, now_ms))
        return taken

    def put_back(self, page: Page) -> None:
        """It could not be written, and is to be tried again."""
        for key_id, at_ms in page.keys.items():
            _later(self._page.keys, key_id, at_ms)
        for sha256, at_ms in page.sessions.items():
            _later(self._page.sessions, sha256, at_ms)
        for place, attempts in page.refused.items():
            self._told_ms.pop(place, None)
            self._of(place).update(attempts)

    def _of(self, place: Place) -> Counter[str]:
        known = self._page.refused.keys() | self._told_ms.keys()
        if place not in known and len(known) >= PLACES_MAX:
            place = Place(ELSEWHERE, ELSEWHERE)
        return self._page.refused.setdefault(place, Counter())


def _later(times_ms: dict[_Name, int], name: _Name, at_ms: int) -> None:
    times_ms[name] = max(at_ms, times_ms.get(name, at_ms))


def _summed(attempts: Counter[str]) -> str:
    told = [f"{attempt}: {count}" for attempt, count in attempts.most_common(SHOWN_MAX)]
    rest = attempts.total() - sum(count for _, count in attempts.most_common(SHOWN_MAX))
    return "; ".join([*told, f"others: {rest}"] if rest else told)
