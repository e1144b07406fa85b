"""Scenarios: a city in which what goes wrong is written down before, with what to expect."""
