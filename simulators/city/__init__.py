"""A seeded city of buses and bike stations: pure, driven by simulated time alone."""

from simulators.city.city import City
from simulators.city.plan import NOTHING_ODD, CityPlan, Oddities

__all__ = ["NOTHING_ODD", "City", "CityPlan", "Oddities"]
