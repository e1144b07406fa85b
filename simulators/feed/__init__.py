"""A bike feed on loopback: GBFS 3.0, 2.3 and 1.0 of stations that never were, or that are."""

from simulators.feed.documents import VERSIONS, Version, documents
from simulators.feed.living import LivingFeed, Picture
from simulators.feed.server import Fault, FeedServer
from simulators.feed.stations import FeedStation, from_csv

__all__ = [
    "VERSIONS",
    "Fault",
    "FeedServer",
    "FeedStation",
    "LivingFeed",
    "Picture",
    "Version",
    "documents",
    "from_csv",
]
