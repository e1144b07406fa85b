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
from collectors.decode import digest, moments
from collectors.decode.moments import Windows

REMEMBERED_TEXTS: Final = 8192
_astuple = msgspec.structs.astuple


class KnownTexts:
    """Texts that matched a pattern before; a look-up costs a tenth of the pattern."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern
        self._known: set[str] = set()

    def learn(self, text: str) -> bool:
        """Whether a text matches; if so, it is known from now on."""
        if not self._pattern.match(text):
            return False
        if len(self._known) >= REMEMBERED_TEXTS:
            self._known.clear()
        self._known.add(text)
        return True

    def accepts(self, text: str) -> bool:
        """Whether a text matches the pattern."""
        return text in self._known or self.learn(text)


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
        self._texts = tuple((index, KnownTexts(pattern)) for index, pattern in wire.texts(kind))
        self._boot_ids = KnownTexts(re.compile(wire.whole(wire.BOOT_ID)))
        self._types = keys.index(wire.VEHICLE_TYPES) if wire.VEHICLE_TYPES in keys else None
        self._places = places
        oldest = (windows.position_ms, windows.acceptance_ms)
        self._age_ms = min(oldest) if places.columns else windows.acceptance_ms

    def reading(self, asset: AssetId, received_at_ms: int, element: bytes) -> Reading | None:
        """The reading, if there is nothing to say about the element; else None."""
        try:
            message = self._decode(element)
        except (ValueError, RecursionError):
            return None
        observed = message.observed_at
        if observed is None:
            return None
        if type(observed) is not int:
            observed = moments.epoch_ms(observed)
        values = _astuple(message)[wire.HEAD :]
        boot_id = message.boot_id
        if not self._is_timely(observed, received_at_ms) or not self._is_clean(boot_id, values):
            return None
        types = self._types
        if types is not None and values[types] is not None:
            text = wire.vehicle_types_text(values[types])
            values = (*values[:types], text, *values[types + 1 :])
        seq = message.seq
        mark = digest.of_identity(element) if seq is None else digest.of_content(element)
        return Reading(
            asset,
            observed,
            received_at_ms,
            boot_id,
            seq,
            mark,
            False,  # noqa: FBT003 - names would cost a tenth of a microsecond here
            values,
        )

    def _is_timely(self, observed_at_ms: int, received_at_ms: int) -> bool:
        age_ms = received_at_ms - observed_at_ms
        return -moments.AHEAD_MS <= age_ms <= self._age_ms and observed_at_ms >= moments.FIRST_MS

    def _is_clean(self, boot_id: str | None, values: Sequence[Any]) -> bool:
        if boot_id is not None and not self._boot_ids.accepts(boot_id):
            return False
        for index, known in self._texts:
            text = values[index]
            if text is not None and not known.accepts(text):
                return False
        return self._places.is_sound(values)
