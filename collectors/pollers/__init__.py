"""Feeds that are asked instead of telling: each answer goes through the journal as messages."""

from collectors.pollers.poller import GbfsPoller, World
from collectors.pollers.stats import FeedStats

__all__ = ["FeedStats", "GbfsPoller", "World"]
