"""A feed's ids in the grammar of topics, and which of several feeds has which name.

How an id is written is `ausguck.topics.foreign_name`, since imports of the register write it too.
"""

import re
from typing import Final

from ausguck.topics import MAX_NAME, foreign_name

__all__ = ["MAX_NAME", "Claims", "station_name", "type_name"]

MAX_TYPE: Final = 32
_FOREIGN_TYPE: Final = re.compile(r"[^a-z0-9_.-]|_(?=x)", re.ASCII)


class Claims:
    """Which feed has which name, where several feeds of one site may have the same ids."""

    def __init__(self) -> None:
        self._feeds: dict[str, str] = {}

    def grants(self, name: str, feed: str) -> bool:
        """Whether the feed is the first to have this name."""
        return self._feeds.setdefault(name, feed) == feed


def station_name(station_id: str) -> str:
    """The id as level 4 of a topic."""
    return foreign_name(station_id)


def type_name(vehicle_type_id: str) -> str:
    """The id of a type of bike as a key of `vehicle_types_available`."""
    return foreign_name(vehicle_type_id, _FOREIGN_TYPE, MAX_TYPE)
