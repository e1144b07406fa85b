"""How the stations of a feed are called in topics: as the register says, else by the feed's id.

A feed may change all its ids over night, as some do on 1 January. Where the register knows both,
the stations stay what they were.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import msgspec

from ausguck.model import Kind
from ausguck.register.register import Register
from collectors.pollers.names import Claims, station_name

GRACE_MS: Final = 86_400_000
"""A feed may change its ids so much before or after the register says that it does."""
_STATION: Final = f"{Kind.STATION}/"


class Named(NamedTuple):
    """A station's name in topics, and whether it comes from the register."""

    name: str
    is_registered: bool


class Naming(msgspec.Struct, frozen=True):
    """How the stations of one feed are called."""

    site: str
    feed: str
    prefix: str = ""
    claims: Claims = msgspec.field(default_factory=Claims)

    def names(self, ids: Iterable[str], register: Register, at_ms: int) -> dict[str, Named]:
        """The name of each id of one file; one that would be a second of a station has none.

        Of two ids of one station the one that holds at the time comes first, then one that held
        or will hold within the grace. An id that the register does not know comes last.
        """
        station_ids = list(ids)
        found: dict[str, Named] = {}
        if len(register.assets):
            for moment in (at_ms, at_ms - GRACE_MS, at_ms + GRACE_MS):
                self._ask(station_ids, register, moment, found)
        owners: dict[str, str] = {}
        for station_id, named in found.items():
            owners.setdefault(named.name, station_id)
        for station_id in station_ids:
            if station_id not in found:
                name = station_name(self.prefix + station_id)
                found[station_id] = Named(name, is_registered=False)
                owners.setdefault(name, station_id)
        return {one: named for one, named in found.items() if owners[named.name] == one}

    def _ask(
        self, ids: Iterable[str], register: Register, at_ms: int, found: dict[str, Named]
    ) -> None:
        for station_id in ids:
            if station_id in found:
                continue
            row = register.assets.by_external(self.feed, station_id, at_ms)
            if row is not None and row.id.startswith(_STATION):
                found[station_id] = Named(row.id.removeprefix(_STATION), is_registered=True)
