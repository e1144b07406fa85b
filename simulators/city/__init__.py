"""A seeded city of buses and bike stations: pure, driven by simulated time alone."""

from simulators.city.city import City, CityPlan

__all__ = ["City", "CityPlan"]
