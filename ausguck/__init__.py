"""Ausguck: the lookout over a city's bus Wi-Fi and its bikesharing stations."""

__version__ = "0.1.0"
