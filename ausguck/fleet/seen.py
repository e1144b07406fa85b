"""What a minute is judged by: what was heard until now, and what the minute before left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ausguck.fleet.picture import Picture
from ausguck.model import AssetId, Event, Inventory, Reading
from ausguck.register.register import Register


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of a site's assets at a moment.

    `readings` holds at least each asset's newest by event time; more of them fill the gaps of a
    device that tells its values in several messages. `places` is what is known of stations
    besides. `statuses` is each asset's newest status that is `ready` or `sleeping`; that a
    connection was lost says nothing of sleep. `heard` is when we last received a sign of life
    that left no new reading, such as a feed that said the same again. `register` says what the
    assets are, and where; it may be empty.
    """

    readings: Sequence[Reading]
    places: Mapping[AssetId, Inventory] = field(default_factory=dict)
    statuses: Mapping[AssetId, Event] = field(default_factory=dict)
    heard: Mapping[AssetId, int] = field(default_factory=dict)
    register: Register = field(default_factory=Register)


@dataclass(frozen=True, slots=True)
class Before:
    """What one minute leaves to the next; empty after a start, so that no difference is made up.

    `booked` is each bus as it was in its last row with values, whose counters are booked.
    """

    pictures: Mapping[AssetId, Picture] = field(default_factory=dict)
    booked: Mapping[AssetId, Picture] = field(default_factory=dict)
