"""The fast path: an element about which there is nothing to say, in about two microseconds.

It trusts nothing, and answers only where the slow path would answer the same without a word;
`tests/decode` holds the two against each other.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ausguck import catalogue
from ausguck.catalogue import Measurement, wire
from ausguck.model import AssetId, Kind, Reading
from ausguck.settings.tree import Area
from collectors.decode.digest import of_content, of_identity
from collectors.decode.moments import AHEAD_MS, FIRST_MS, Windows, epoch_ms

REMEMBERED_TEXTS: Final = 8192
_astuple = msgspec.structs.astuple


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
        self._bounds = (area.south, area.north, area.west, area.east)

    def is_sound(self, values: Sequence[Any]) -> bool:
        """Whether there is a position that can be, or none at all."""
        if not self.columns:
            return True
        lat, lon = values[self.lat], values[self.lon]
        if lat is None or lon is None:
            return lat is lon
        south, north, west, east = self._bounds
        return south <= lat <= north and west <= lon <= east and not lat == lon == 0


class Plain:
    """Decodes elements of one kind of asset that are wholly in order."""

    def __init__(self, kind: Kind, places: Places, windows: Windows) -> None:
        keys = catalogue.keys(kind)
        self._decode = msgspec.json.Decoder(wire.telemetry(kind)).decode
        texts = tuple((index, KnownTexts(pattern)) for index, pattern in wire.texts(kind))
        self._texts = tuple((index, text.known, text.learns) for index, text in texts)
        self._boot_ids = KnownTexts(re.compile(wire.whole(wire.BOOT_ID)))
        # Only a kind without positions, a station, looks at this one.
        self._types = keys.index(wire.VEHICLE_TYPES) if wire.VEHICLE_TYPES in keys else 0
        self._has_places = bool(places.columns)
        self._is_sound = places.is_sound
        oldest = (windows.position_ms, windows.acceptance_ms)
        self._age_ms = min(oldest) if places.columns else windows.acceptance_ms

    def reading(  # noqa: C901, PLR0911 - the hot path: each call saved is a tenth of a microsecond
        self, asset: AssetId, received_at_ms: int, element: bytes
    ) -> Reading | None:
        """The reading, if there is nothing to say about the element; else None."""
        try:
            message = self._decode(element)
        except (ValueError, RecursionError):
            return None
        observed = message.observed_at
        if type(observed) is not int:
            if observed is None:
                return None
            observed = epoch_ms(observed)
        age_ms = received_at_ms - observed
        if observed < FIRST_MS or not -AHEAD_MS <= age_ms <= self._age_ms:
            return None
        boot_id = message.boot_id
        if boot_id not in self._boot_ids.known and not self._boot_ids.learns(boot_id):
            return None
        values = _astuple(message)[wire.HEAD :]
        for index, known, learns in self._texts:
            if values[index] not in known and not learns(values[index]):
                return None
        if self._has_places:
            if not self._is_sound(values):
                return None
        elif values[self._types] is not None:
            values = self._with_types_text(values)
        seq = message.seq
        mark = of_identity(element) if seq is None else of_content(element)
        return Reading(
            asset,
            observed,
            received_at_ms,
            boot_id,
            seq,
            mark,
            False,  # noqa: FBT003 - by position as the rest: names cost time here
            values,
        )

    def _with_types_text(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        types = self._types
        return (*values[:types], wire.vehicle_types_text(values[types]), *values[types + 1 :])
