"""What the register plans, made ready to be asked each minute: duties, line hours, and until when.

Built once for a state of the register. It is asked about one moment after the other, so what
holds for all buses of a moment is worked out once.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from ausguck.register.hours import Hours, Opening, hours_at
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Lifecycle, Row
from ausguck.register.versions import R, Versions

REACH_MS: Final = 86_400_000
"""How far a list of duties speaks beyond each of its duties: that there is none, too."""
_FOREVER_MS: Final = 2**62


class Covered(NamedTuple):
    """Whether a list of duties speaks of a moment, which one, and until when this holds."""

    source: str | None
    until_ms: int | None


class Plan:
    """The register with the clock of its site; `country` is where public holidays are from."""

    def __init__(self, register: Register, zone: ZoneInfo, country: str | None = None) -> None:
        self.register = register
        self._zone = zone
        self._country = country
        spans: dict[str, list[tuple[int, int]]] = {}
        sources: dict[str, dict[str, None]] = {}
        for row in register.tables.assignments:
            end_ms = _FOREVER_MS if row.valid_to_ms is None else row.valid_to_ms
            spans.setdefault(row.source, []).append((row.valid_from_ms, end_ms))
            sources.setdefault(row.id, {})[row.source] = None
        self._sources = {bus: sorted(names) for bus, names in sources.items()}
        self._covered = {source: _joined(one) for source, one in spans.items()}
        self._network: tuple[int, Hours | None, int | None] | None = None

    def covered(self, bus: str, at_ms: int) -> Covered:
        """Whether a list of duties that knows the bus speaks of a moment."""
        until_ms: int | None = None
        for source in self._sources.get(bus, ()):
            spans = self._covered[source]
            index = bisect_right(spans, (at_ms, _FOREVER_MS)) - 1
            if index >= 0 and at_ms < spans[index][1]:
                return Covered(source, earliest(until_ms, _finite(spans[index][1])))
            if index + 1 < len(spans):
                until_ms = earliest(until_ms, spans[index + 1][0])
        return Covered(None, until_ms)

    def opening(self, row: Asset, at_ms: int) -> Hours | None:
        """What a station's opening hours say; None where it has none."""
        return self._hours(row.opening_hours, at_ms)

    def line_runs(self, line: str, at_ms: int) -> Hours | None:
        """Whether some bus of a line is out; None where no timetable says."""
        row = self.register.lines.at(line, at_ms)
        return None if row is None else self._hours(row.service_hours, at_ms)

    def any_line_runs(self, at_ms: int) -> tuple[Hours | None, int | None]:
        """The same of all lines together, and when there are other lines than these.

        Closed is only said when each line has hours: one without could run.
        """
        if self._network is None or self._network[0] != at_ms:
            begins_ms = edges(self.register.tables.lines, at_ms)
            self._network = (at_ms, self._any_line(at_ms), begins_ms)
        return self._network[1:]

    def _any_line(self, at_ms: int) -> Hours | None:
        found = [
            self._hours(row.service_hours, at_ms)
            for row in self.register.lines.all_at(at_ms)
            if row.lifecycle is Lifecycle.ACTIVE
        ]
        known = [hours for hours in found if hours is not None]
        if not known:
            return None
        until_ms = min(hours.until_ms for hours in known)
        openings = {hours.opening for hours in known}
        if Opening.OPEN in openings:
            return Hours(Opening.OPEN, until_ms)
        is_whole = len(known) == len(found) and openings == {Opening.CLOSED}
        return Hours(Opening.CLOSED if is_whole else Opening.UNKNOWN, until_ms)

    def _hours(self, text: str | None, at_ms: int) -> Hours | None:
        return None if text is None else hours_at(text, at_ms, self._zone, self._country)


def edge(versions: Versions[R], name: str, at_ms: int) -> int | None:
    """When another version of a thing begins to hold, or this one ends."""
    rows = versions.of(name)
    index = bisect_right(rows, at_ms, key=_begins)
    following = rows[index].valid_from_ms if index < len(rows) else None
    return earliest(following, _ends(rows[index - 1], at_ms) if index else None)


def edges(rows: Iterable[Row], at_ms: int) -> int | None:
    """When any of the rows begins or ends next."""
    times = [_ends(row, at_ms) for row in rows]
    times += [row.valid_from_ms if row.valid_from_ms > at_ms else None for row in rows]
    return earliest(*times)


def earliest(*times: int | None) -> int | None:
    """The first of the times that are known."""
    return min((at for at in times if at is not None), default=None)


def _begins(row: Row) -> int:
    return row.valid_from_ms


def _ends(row: Row, at_ms: int) -> int | None:
    return row.valid_to_ms if row.valid_to_ms is not None and row.valid_to_ms > at_ms else None


def _finite(at_ms: int) -> int | None:
    return at_ms if at_ms < _FOREVER_MS else None


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What a list speaks of: its duties with what lies near them."""
    joined: list[tuple[int, int]] = []
    for begun_ms, ended_ms in sorted(spans):
        begins_ms = begun_ms - REACH_MS
        ends_ms = min(_FOREVER_MS, ended_ms + REACH_MS)
        if joined and begins_ms <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(ends_ms, joined[-1][1]))
        else:
            joined.append((begins_ms, ends_ms))
    return joined
