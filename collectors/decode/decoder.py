"""One record in, everything it says out: routes by topic, then by what kind of message it is."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Final, TypeVar

from ausguck.journal.port import Flag, Record, RecordType
from ausguck.model import (
    DeadLetter,
    Decoded,
    DroppedValue,
    Event,
    Inventory,
    Kind,
    Origin,
    Reading,
    Reason,
)
from ausguck.register.directory import Directory
from ausguck.settings.tree import Retention, Site
from collectors.decode.fields import MAX_PAYLOAD_BYTES, WHITE_SPACE, check_size, elements
from collectors.decode.letters import Refused, dead_letter, dropped_value
from collectors.decode.moments import Windows
from collectors.decode.routes import Route, Routes
from collectors.decode.seats import Seat
from collectors.decode.telemetry import Elements, What

_OPEN, _CLOSE = b"{}"
_ARRAY: Final = b"["
_REFUSED: Final = RecordType.REFUSED  # reading it off the class costs as much as a struct
_SET_ASIDE: Final = "set aside on receipt: malformed MQTT properties, or a fault of ours"
T = TypeVar("T")


class Decoder:
    """Decodes records of one site; pure, and never raises over what a device sent."""

    def __init__(
        self, site: Site, retention: Retention, directory: Directory | None = None
    ) -> None:
        self._site = site.id
        self._windows = Windows.of(retention)
        self._elements = {
            kind: Elements(kind, site.area, self._windows) for kind in (Kind.BUS, Kind.STATION)
        }
        self._directory = directory or Directory()
        self._learn()
        self._directory.on_change(self._learn)

    def decode(self, record: Record) -> Decoded:
        """All that one record says."""
        return self.decode_all((record,))

    def decode_all(self, records: Sequence[Record]) -> Decoded:
        """All that records say; each element once, as one of the kinds `Decoded` has.

        A row of records at a time: with a call and a `Decoded` for each, taking the parts
        together again cost as much as half of the decoding.
        """
        readings: list[Reading] = []
        origins: list[Origin] = []
        unusual: list[Decoded] = []
        add, note, new = readings.append, origins.append, tuple.__new__
        routes = self._routes  # one state of the register for all of them
        route_of, find = routes.last.get, routes.find
        for record in records:
            route, publisher = route_of(record.topic), record.source[1]
            if route is None or route[2] != publisher:
                route = find(record.topic, publisher)
            asset, plain = route[0], route[1]  # as named fields they cost three times as much
            payload = record.payload
            # The way of nearly every message; whatever is unusual goes on below.
            if (
                plain is not None
                and payload
                and payload[0] == _OPEN
                and payload[-1] == _CLOSE
                and record.type is not _REFUSED
                and len(payload) <= MAX_PAYLOAD_BYTES
            ):
                reading = plain(asset, record.received_at_ms, payload)
                if reading is not None:
                    add(reading)
                    note(new(Origin, (record.position, 0)))
                    continue
            part = self._carefully(record, route)
            readings += part.readings
            origins += part.reading_origins
            unusual.append(part)
        if not unusual:
            return Decoded(readings, origins, elements=len(records))
        return _together(readings, origins, unusual, len(records))

    def dead_letter(self, record: Record, element: int, reason: Reason, detail: str) -> DeadLetter:
        """The dead letter, redacted, for one element of a record."""
        payload = record.payload.strip(WHITE_SPACE)
        route = self._routes.find(record.topic, record.source.identity)
        if route.is_telemetry and payload[:1] == _ARRAY:
            try:
                payload = elements(payload)[element]
            except (Refused, IndexError):
                payload = record.payload
        return dead_letter(record, element, payload, reason, detail)

    def _learn(self) -> None:
        """Begin anew with the register as it is now; whoever decodes keeps the state it took."""
        self._routes = Routes(self._site, self._elements, self._directory.register)

    def _carefully(self, record: Record, route: Route) -> Decoded:
        try:
            return self._judged(record, route)
        except Refused as refused:
            letter = dead_letter(record, 0, record.payload, refused.reason, refused.detail)
            return Decoded(dead_letters=(letter,))

    def _judged(self, record: Record, route: Route) -> Decoded:
        if route.refusal is not None:
            raise Refused(*route.refusal)
        if record.type is _REFUSED:
            if record.flags & Flag.SET_ASIDE:
                raise Refused(Reason.GRAMMAR, _SET_ASIDE)
            raise Refused(Reason.IDENTITY, "the publisher may not speak for this topic")
        check_size(record.payload)
        if route.notice is not None:
            notice, what = route.notice(record, route.whose, self._windows)
            return _noticed(record, notice, what)
        payload = record.payload.strip(WHITE_SPACE)
        if payload[:1] == _ARRAY:
            return self._all(record, route, elements(payload), live=False)
        # What was a dead letter once is no sign of life when it is tried again.
        return self._all(record, route, [payload], live=record.type is not RecordType.RETRY)

    def _all(self, record: Record, route: Route, parts: list[bytes], *, live: bool) -> Decoded:
        readings: list[Reading] = []
        origins: list[Origin] = []
        letters: list[DeadLetter] = []
        dropped: list[DroppedValue] = []
        received_at_ms, plain = record.received_at_ms, route.plain
        for index, element in enumerate(parts):
            reading = None if plain is None else plain(route.asset, received_at_ms, element)
            if reading is None:
                try:
                    reading, what = self._explained(route, received_at_ms, element, live=live)
                except Refused as refused:
                    letter = dead_letter(record, index, element, refused.reason, refused.detail)
                    letters.append(letter)
                    continue
                dropped += [dropped_value(record, index, reading.asset, one) for one in what]
            readings.append(reading)
            origins.append(Origin(record.position, index))
        return Decoded(
            readings, origins, dead_letters=letters, dropped=dropped, elements=len(parts)
        )

    def _explained(
        self, route: Route, received_at_ms: int, element: bytes, *, live: bool
    ) -> tuple[Reading, list[What]]:
        if route.seats is None:
            seat = Seat(route.asset)
        else:
            # Any kind's will do: when something was is written alike for all.
            any_kind = self._elements[Kind.BUS]
            at_ms = any_kind.observed_at_ms(received_at_ms, element, live=live)
            seat = route.seats.at(at_ms)
            reading = self._elements[seat.asset.kind].plain(
                seat.asset, received_at_ms, element, seat.mark
            )
            if reading is not None:
                return reading, []
        return self._elements[seat.asset.kind].explained(seat, received_at_ms, element, live=live)


def _together(
    readings: list[Reading], origins: list[Origin], unusual: Sequence[Decoded], records: int
) -> Decoded:
    """What a row of records says; all but the readings, which are in order, from the unusual."""

    def every(found: Callable[[Decoded], Sequence[T]]) -> list[T]:
        return list(chain.from_iterable(map(found, unusual)))

    return Decoded(
        readings,
        origins,
        events=every(lambda part: part.events),
        event_origins=every(lambda part: part.event_origins),
        inventories=every(lambda part: part.inventories),
        dead_letters=every(lambda part: part.dead_letters),
        dropped=every(lambda part: part.dropped),
        elements=records - len(unusual) + sum(part.elements for part in unusual),
    )


def _noticed(record: Record, notice: Event | Inventory, what: list[What]) -> Decoded:
    dropped = [dropped_value(record, 0, notice.asset, one) for one in what]
    if isinstance(notice, Inventory):
        return Decoded(inventories=(notice,), dropped=dropped)
    return Decoded(events=(notice,), event_origins=(Origin(record.position, 0),), dropped=dropped)
