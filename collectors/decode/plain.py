"""The fast path: an element about which there is nothing to say, in about two microseconds.

It trusts nothing, and answers only where the slow path would answer the same without a word;
`tests/decode` holds the two against each other.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec
from google_crc32c import value as crc32c

from ausguck import catalogue
from ausguck.catalogue import Measurement, wire
from ausguck.model import AssetId, Kind, Reading
from ausguck.settings.tree import Area
from collectors.decode.digest import of_identity
from collectors.decode.moments import AHEAD_MS, FIRST_MS, Windows, epoch_ms

REMEMBERED_TEXTS: Final = 8192


class PlainReader(Protocol):
    """Reads an element of an asset, received at a time, if there is nothing to say about it."""

    def __call__(
        self, asset: AssetId, received_at_ms: int, element: bytes, mark: str = "", /
    ) -> Reading | None:
        """The reading, with the mark behind its boot's id; or None."""
        ...


class KnownTexts:
    """Texts that matched a pattern before, and none; a look-up costs a tenth of the pattern."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self.known: set[str | None] = {None}

    def learns(self, text: str | None) -> bool:
        """Whether a text matches; if so, it is known from now on."""
        if text is None or not self._pattern.match(text):
            return False
        if len(self.known) >= REMEMBERED_TEXTS:
            self.known.clear()  # not a new set: the loop over an element's texts holds this one
            self.known.add(None)
        self.known.add(text)
        return True


class Places:
    """What counts as a position: both coordinates, not 0/0, inside the site's area."""

    def __init__(self, kind: Kind, area: Area) -> None:
        keys = catalogue.keys(kind)
        self.columns = tuple(
            index for index, _ in catalogue.columns(kind, Measurement.BUS_POSITION)
        )
        # A kind without positions never looks at these two.
        self.lat, self.lon = (keys.index(key) if key in keys else 0 for key in ("lat", "lon"))
        self.bounds = (area.south, area.north, area.west, area.east)

    def is_sound(self, values: Sequence[Any]) -> bool:
        """Whether there is a position that can be, or none at all."""
        if not self.columns:
            return True
        lat, lon = values[self.lat], values[self.lon]
        if lat is None or lon is None:
            return lat is lon
        south, north, west, east = self.bounds
        return south <= lat <= north and west <= lon <= east and not lat == lon == 0


def plain_within(plain: PlainReader, from_ms: int, to_ms: int, boot_mark: str) -> PlainReader:
    """The same for elements observed within [from_ms, to_ms), each boot's id with a mark."""

    def reading(
        asset: AssetId, received_at_ms: int, element: bytes, _mark: str = ""
    ) -> Reading | None:
        """The reading, if it is of that time and there is nothing to say about it; else None."""
        found = plain(asset, received_at_ms, element, boot_mark)
        return found if found is not None and from_ms <= found.observed_at_ms < to_ms else None

    return reading


def plain_reader(  # noqa: C901 - counted with the function within
    kind: Kind, places: Places, windows: Windows
) -> PlainReader:
    """A function that reads elements of one kind of asset which are wholly in order."""
    # A function with names of its own and no object: an attribute of `self` costs as much as a
    # comparison, and here stood fifteen. For the same reason the common case is written out.
    keys = catalogue.keys(kind)
    decode = msgspec.json.Decoder(wire.telemetry(kind)).decode
    found = tuple((index, KnownTexts(pattern)) for index, pattern in wire.texts(kind))
    texts = tuple((index, text.known, text.learns) for index, text in found)
    boot_ids = KnownTexts(re.compile(wire.whole(wire.BOOT_ID)))
    known_boot_ids, learns_boot_id = boot_ids.known, boot_ids.learns
    # Only a kind without positions, a station, looks at this one.
    types = keys.index(wire.VEHICLE_TYPES) if wire.VEHICLE_TYPES in keys else 0
    has_places, lat_at, lon_at = bool(places.columns), places.lat, places.lon
    south, north, west, east = places.bounds
    accepted_ms = windows.acceptance_ms
    oldest_ms = min(windows.position_ms, accepted_ms) if has_places else accepted_ms
    astuple, head, ahead_ms = msgspec.structs.astuple, wire.HEAD, -AHEAD_MS

    def reading(  # noqa: C901, PLR0911, PLR0912 - the hot path: each call saved is a tenth of a microsecond
        asset: AssetId, received_at_ms: int, element: bytes, boot_mark: str = ""
    ) -> Reading | None:
        """The reading, if there is nothing to say about the element; else None."""
        try:
            message = decode(element)
        except (ValueError, RecursionError):
            return None
        observed = message.observed_at
        if type(observed) is not int:
            if observed is None:
                return None
            observed = epoch_ms(observed)
        if observed < FIRST_MS or not ahead_ms <= received_at_ms - observed <= oldest_ms:
            return None
        boot_id = message.boot_id
        if boot_id not in known_boot_ids and not learns_boot_id(boot_id):
            return None
        values = astuple(message)[head:]
        for index, known, learns in texts:
            if values[index] not in known and not learns(values[index]):
                return None
        if has_places:
            lat, lon = values[lat_at], values[lon_at]  # as `Places.is_sound` does
            if lat is None or lon is None:
                if lat is not lon:
                    return None
            elif not (south <= lat <= north and west <= lon <= east) or lat == lon == 0:
                return None
        elif values[types] is not None:
            text = wire.vehicle_types_text(values[types])
            values = (*values[:types], text, *values[types + 1 :])
        if boot_mark:
            boot_id = boot_mark if boot_id is None else boot_id + boot_mark
        seq = message.seq
        mark = of_identity(element) if seq is None else len(element) << 32 | crc32c(element)
        return Reading(asset, observed, received_at_ms, boot_id, seq, mark, False, values)  # noqa: FBT003 - names cost time

    return reading
