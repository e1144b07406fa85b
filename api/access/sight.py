"""What a caller gets to see of assets: those within their narrowing, without hidden values."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import msgspec

from api.access.caller import Admitted
from api.access.table import Part
from ausguck import catalogue
from ausguck.catalogue import DataClass, Metric
from ausguck.model import AssetId, Kind, Reading
from ausguck.register.register import Register

_OF_BUSES = {
    DataClass.TECHNICAL: Part.TECHNICAL,
    DataClass.USAGE: Part.USAGE,
    DataClass.EMPLOYEE_RELATED: Part.EMPLOYEE_RELATED,
}
_BY_KEY = {"cell_id": Part.EMPLOYEE_RELATED}
"""What is more than its class says: where a bus was is where its driver was, also by radio cell.

Its class stays, for the class says that a value is kept in the table of positions, for a week;
operations look for the cells in which buses fall silent over a longer time.
"""


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees at one moment of one register."""

    asking: Admitted
    register: Register
    now_ms: int

    def sees(self, asset: AssetId) -> bool:
        """Whether there is such an asset, as far as they may know."""
        narrowing = self.asking.caller.narrowing
        if narrowing.kinds and asset.kind not in narrowing.kinds:
            return False
        if not narrowing.zones:
            return True
        return self.register.zone(str(asset), self.now_ms) in narrowing.zones

    def hidden(self, kind: Kind) -> frozenset[str]:
        """The metrics of a kind that are not for them."""
        parts = frozenset(part for part in Part if self.asking.gets(part))
        return _hidden(kind, parts)

    def of(self, readings: Iterable[Reading]) -> list[Reading]:
        """The readings of what they see, without what is hidden."""
        return [self._without(reading) for reading in readings if self.sees(reading.asset)]

    def tag(self) -> tuple[object, ...]:
        """What goes into an entity tag, so that it tells nobody of what another sees."""
        narrowing = self.asking.caller.narrowing
        parts = sorted(part.value for part in Part if self.asking.gets(part))
        return (*parts, narrowing.kinds, narrowing.zones)

    def _without(self, reading: Reading) -> Reading:
        hidden = self.hidden(reading.asset.kind)
        if not hidden:
            return reading
        keys = catalogue.keys(reading.asset.kind)
        values = tuple(
            None if key in hidden else value
            for key, value in zip(keys, reading.values, strict=True)
        )
        return msgspec.structs.replace(reading, values=values)


def part_of(kind: Kind, metric: Metric) -> Part:
    """Which part of an answer a metric belongs to."""
    if kind is Kind.STATION:
        return Part.STATIONS
    return _BY_KEY.get(metric.key, _OF_BUSES[metric.data_class])


@cache
def _hidden(kind: Kind, parts: frozenset[Part]) -> frozenset[str]:
    metrics = catalogue.metrics(kind)
    return frozenset(metric.key for metric in metrics if part_of(kind, metric) not in parts)
