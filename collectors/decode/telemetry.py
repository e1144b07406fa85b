"""One element of telemetry, taken apart value by value where the fast path gave up."""

import msgspec

from ausguck import catalogue
from ausguck.catalogue import wire
from ausguck.clock import iso_utc
from ausguck.model import Kind, Reading, Reason, Scalar
from ausguck.settings.tree import Area
from collectors.decode import digest, moments
from collectors.decode.explain import Dropped, head_value, metric_value
from collectors.decode.fields import Fields, take_apart
from collectors.decode.letters import Drop, Refused, example, name
from collectors.decode.moments import Verdict, Windows
from collectors.decode.plain import Places, plain_reader
from collectors.decode.seats import Seat

What = tuple[str, Drop, str]
"""A value left out: its key, why, and a redacted example."""
_ABSENT = msgspec.Raw(b"null")


class Explained(msgspec.Struct):
    """What the slow path found in one element."""

    observed_at_ms: int | None = None
    boot_id: str | None = None
    seq: int | None = None
    values: list[Scalar | None] = msgspec.field(default_factory=list)
    dropped: list[What] = msgspec.field(default_factory=list)


class Elements:
    """Decodes the elements of one kind of asset."""

    def __init__(self, kind: Kind, area: Area, windows: Windows) -> None:
        self._kind = kind
        self._windows = windows
        self._metrics = catalogue.metrics(kind)
        self._index = {key: index for index, key in enumerate(catalogue.keys(kind))}
        self._places = Places(kind, area)
        self.plain = plain_reader(kind, self._places, windows)

    def explained(
        self, seat: Seat, received_at_ms: int, element: bytes, *, live: bool
    ) -> tuple[Reading, list[What]]:
        """The reading with what had to be left out of it.

        Raises:
            Refused: there is no reading in it.
        """
        fields = take_apart(element)
        found = self._values(fields)
        if found.observed_at_ms is None and not any(value is not None for value in found.values):
            raise Refused(Reason.EMPTY, "found neither a time nor a value of the catalogue")
        observed_at_ms, suspect = self._time(
            fields, found.observed_at_ms, received_at_ms, live=live
        )
        self._check_position(found, received_at_ms - observed_at_ms)
        mark = digest.of_content if found.seq is not None else digest.of_identity
        reading = Reading(
            asset=seat.asset,
            observed_at_ms=observed_at_ms,
            received_at_ms=received_at_ms,
            boot_id=f"{found.boot_id or ''}{seat.mark}" if seat.mark else found.boot_id,
            seq=found.seq,
            digest=mark(element),
            clock_suspect=suspect,
            values=tuple(found.values),
        )
        return reading, found.dropped

    def observed_at_ms(self, received_at_ms: int, element: bytes, *, live: bool) -> int:
        """The time the element's reading would get, whoever's it is.

        Raises:
            Refused: there is no reading in it.
        """
        fields = take_apart(element)
        try:
            moment = head_value(self._kind, "observed_at", fields.get("observed_at", _ABSENT))
        except Dropped:
            moment = None
        told_ms = None if moment is None else moments.epoch_ms(moment)
        return self._time(fields, told_ms, received_at_ms, live=live)[0]

    def _values(self, fields: Fields) -> Explained:
        found = Explained(values=[None] * len(self._metrics))
        for key, raw in fields.items():
            try:
                self._place(found, key, raw)
            except Dropped as dropped:
                found.dropped.append(_what(key, dropped.reason, raw))
        return found

    def _place(self, found: Explained, key: str, raw: msgspec.Raw) -> None:
        index = self._index.get(key)
        if index is not None:
            found.values[index] = metric_value(self._kind, self._metrics[index], raw)
            return
        if key not in wire.HEAD_KEYS:
            raise Dropped(Drop.UNKNOWN_KEY)
        value = head_value(self._kind, key, raw)
        if key == "observed_at":
            found.observed_at_ms = None if value is None else moments.epoch_ms(value)
        elif key == "boot_id":
            found.boot_id = value
        else:
            found.seq = value

    def _time(
        self, fields: Fields, observed_at_ms: int | None, received_at_ms: int, *, live: bool
    ) -> tuple[int, bool]:
        """When it was observed, and whether that is only the time of receipt."""
        verdict = (
            Verdict.IMPOSSIBLE
            if observed_at_ms is None
            else moments.judge(observed_at_ms, received_at_ms, self._windows)
        )
        if verdict is Verdict.SOUND and observed_at_ms is not None:
            return observed_at_ms, False
        if verdict is Verdict.IMPOSSIBLE and live:
            return received_at_ms, True
        shown = example(bytes(fields["observed_at"])) if "observed_at" in fields else "nothing"
        if verdict is Verdict.IMPOSSIBLE:
            latest = iso_utc(received_at_ms + moments.AHEAD_MS)
            detail = f"observed_at: found {shown}, expected 2020-01-01 to {latest} in a backlog"
            raise Refused(Reason.TIME, detail)
        first = iso_utc(received_at_ms - self._windows.acceptance_ms)
        raise Refused(Reason.TOO_OLD, f"observed_at: found {shown}, expected {first} or later")

    def _check_position(self, found: Explained, age_ms: int) -> None:
        places = self._places
        if age_ms > self._windows.position_ms:
            for index in places.columns:
                _leave_out(found, self._metrics[index].key, index, Drop.TOO_OLD)
            return
        if places.is_sound(found.values):
            return
        lat, lon = found.values[places.lat], found.values[places.lon]
        reason = Drop.OUTSIDE_AREA
        if lat is None or lon is None:
            reason = Drop.HALF_A_POSITION
        elif lat == lon == 0:
            reason = Drop.NO_FIX
        _leave_out(found, "lat", places.lat, reason)
        _leave_out(found, "lon", places.lon, reason)


def _leave_out(found: Explained, key: str, index: int, reason: Drop) -> None:
    value = found.values[index]
    if value is None:
        return
    found.values[index] = None
    # Where a driver was is kept a week; a whole degree is enough to see what went wrong.
    shown = f"{value:.0f}" if isinstance(value, float) and reason is not Drop.TOO_OLD else ""
    found.dropped.append((key, reason, shown))


def _what(key: str, reason: Drop, raw: msgspec.Raw) -> What:
    if reason is Drop.UNKNOWN_KEY:
        return name(key), reason, example(bytes(raw), key)
    return key, reason, example(bytes(raw), key)
