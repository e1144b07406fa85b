"""Feeds that are asked instead of telling: each answer goes through the journal as messages."""

from collectors.pollers.poller import GbfsPoller
from collectors.pollers.stats import FeedStats

__all__ = ["FeedStats", "GbfsPoller"]
