"""What every bus and station of one city shares."""

from dataclasses import dataclass

from simulators.city.conditions import Conditions
from simulators.city.duty import Roads
from simulators.city.plan import CityPlan
from simulators.city.radio import Network
from simulators.city.truth import Tell


@dataclass(frozen=True, slots=True)
class Surface:
    """What a city's buses drive on, what all speak over, and whom the truth is told."""

    plan: CityPlan
    roads: Roads
    network: Network
    conditions: Conditions
    tell: Tell | None

    @property
    def is_calm(self) -> bool:
        """Whether nothing can be wrong, and need not be asked for."""
        return type(self.conditions) is Conditions
