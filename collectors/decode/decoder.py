"""One record in, everything it says out: routes by topic, then by what kind of message it is."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, TypeVar

from ausguck import topics
from ausguck.errors import TopicError
from ausguck.journal.port import Flag, Record, RecordType
from ausguck.model import (
    AssetId,
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
from ausguck.settings.tree import Retention, Site
from ausguck.topics import Message
from collectors.decode import notices
from collectors.decode.fields import MAX_PAYLOAD_BYTES, WHITE_SPACE, check_size, elements
from collectors.decode.letters import Refused, dead_letter, dropped_value
from collectors.decode.moments import Windows
from collectors.decode.plain import PlainReader
from collectors.decode.telemetry import Elements, What

_OPEN, _CLOSE = b"{}"
_ARRAY: Final = b"["
_REFUSED: Final = RecordType.REFUSED  # reading it off the class costs as much as a struct
_SET_ASIDE: Final = "set aside on receipt: malformed MQTT properties, or a fault of ours"
T = TypeVar("T")
Notice = Callable[[Record, AssetId, Windows], tuple[Event | Inventory, list[What]]]
_NOTICES: Final[dict[Message, Notice]] = {
    Message.STATUS: notices.status,
    Message.EVENT: notices.event,
    Message.INVENTORY: notices.inventory,
}


class Route(NamedTuple):
    """Where a topic leads: to elements, to a notice, or nowhere and why."""

    asset: AssetId
    plain: PlainReader | None = None
    elements: Elements | None = None
    notice: Notice | None = None
    refusal: tuple[Reason, str] | None = None


class Decoder:
    """Decodes records of one site; pure, and never raises over what a device sent."""

    def __init__(self, site: Site, retention: Retention) -> None:
        self._site = site.id
        self._windows = Windows.of(retention)
        self._elements = {
            kind: Elements(kind, site.area, self._windows) for kind in (Kind.BUS, Kind.STATION)
        }
        self._route = lru_cache(maxsize=topics.REMEMBERED)(self._find_route)

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
        add, note, route_of, new = readings.append, origins.append, self._route, tuple.__new__
        for record in records:
            route = route_of(record.topic)
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
        if self._route(record.topic).elements is not None and payload[:1] == _ARRAY:
            try:
                payload = elements(payload)[element]
            except (Refused, IndexError):
                payload = record.payload
        return dead_letter(record, element, payload, reason, detail)

    def _find_route(self, topic: str) -> Route:
        nobody = AssetId(self._site, Kind.DEVICE, "")
        try:
            parsed = topics.parse(topic)
        except TopicError as error:
            return Route(nobody, refusal=(Reason.GRAMMAR, str(error)))
        asset = AssetId(parsed.site, parsed.kind, parsed.asset_id)
        refusal = self._refusal(parsed)
        if refusal is not None:
            return Route(asset, refusal=refusal)
        if parsed.message is Message.TELEMETRY:
            elements = self._elements[parsed.kind]
            return Route(asset, plain=elements.plain, elements=elements)
        return Route(asset, notice=_NOTICES[parsed.message])

    def _refusal(self, topic: topics.Topic) -> tuple[Reason, str] | None:
        if topic.site != self._site:
            return Reason.IDENTITY, f"site: found {topic.site!r}, expected {self._site!r}"
        if topic.message is Message.CMD:
            return Reason.GRAMMAR, "cmd goes to a device and says nothing about it"
        if topic.kind is Kind.DEVICE:
            return Reason.IDENTITY, "the serial is not fitted to any asset"
        return None

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
            return _noticed(record, route.asset, *route.notice(record, route.asset, self._windows))
        if route.elements is None:
            raise Refused(Reason.GRAMMAR, "nothing is known of such a message")
        payload = record.payload.strip(WHITE_SPACE)
        if payload[:1] == _ARRAY:
            return _all(record, route.asset, route.elements, elements(payload), live=False)
        # What was a dead letter once is no sign of life when it is tried again.
        live = record.type is not RecordType.RETRY
        return _all(record, route.asset, route.elements, [payload], live=live)


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


def _noticed(
    record: Record, asset: AssetId, notice: Event | Inventory, what: list[What]
) -> Decoded:
    dropped = [dropped_value(record, 0, asset, one) for one in what]
    if isinstance(notice, Inventory):
        return Decoded(inventories=(notice,), dropped=dropped)
    return Decoded(events=(notice,), event_origins=(Origin(record.position, 0),), dropped=dropped)


def _all(
    record: Record, asset: AssetId, decoder: Elements, parts: list[bytes], *, live: bool
) -> Decoded:
    readings: list[Reading] = []
    origins: list[Origin] = []
    letters: list[DeadLetter] = []
    dropped: list[DroppedValue] = []
    received_at_ms = record.received_at_ms
    for index, element in enumerate(parts):
        reading = decoder.plain(asset, received_at_ms, element)
        if reading is None:
            try:
                reading, what = decoder.explained(asset, received_at_ms, element, live=live)
            except Refused as refused:
                letters.append(dead_letter(record, index, element, refused.reason, refused.detail))
                continue
            dropped += [dropped_value(record, index, asset, one) for one in what]
        readings.append(reading)
        origins.append(Origin(record.position, index))
    return Decoded(readings, origins, dead_letters=letters, dropped=dropped, elements=len(parts))
