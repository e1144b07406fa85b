"""What history has in its hands: the records of one batch, decoded."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from ausguck.journal.port import Record, RecordType
from ausguck.model import (
    Batch,
    DeadLetter,
    Decoded,
    DroppedValue,
    Event,
    Inventory,
    Origin,
    Position,
    Reading,
    Reason,
)


class Decoder(Protocol):
    """Bytes to readings; pure, and wired in by `ausguck.app`."""

    def decode_all(self, records: Sequence[Record]) -> Decoded:
        """What records hold, in their order; whatever their bytes are, this does not raise."""
        ...

    def dead_letter(self, record: Record, element: int, reason: Reason, detail: str) -> DeadLetter:
        """The dead letter, redacted, for one element of a record."""
        ...


def in_parts(records: Sequence[Record], part_bytes: int) -> Iterator[Sequence[Record]]:
    """The records in order, a new part begun whenever one has so many bytes of payload."""
    begin = size = 0
    for index, record in enumerate(records):
        if size >= part_bytes:
            yield records[begin:index]
            begin, size = index, 0
        size += len(record.payload)
    yield records[begin:] if begin else records


class Gathered:
    """Records of one batch on their way to the store."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self.records: list[Record] = []
        self.dead_letters: list[DeadLetter] = []
        self.dropped: list[DroppedValue] = []
        self.inventories: list[Inventory] = []
        self._readings: list[Reading] = []
        self._reading_origins: list[Origin] = []
        self._events: list[Event] = []
        self._event_origins: list[Origin] = []
        self._elements = 0
        self.oldest_ms: int | None = None
        """When the first record came; a retry says when it came once, which is no age of ours."""

    def add(self, records: Sequence[Record], decoder: Decoder) -> None:
        """Decode records and count them in."""
        found = decoder.decode_all(records)
        self._readings += found.readings
        self._reading_origins += found.reading_origins
        self._elements += found.elements
        if not found.is_plain:
            self._events += found.events
            self._event_origins += found.event_origins
            self.inventories += found.inventories
            self.dead_letters += found.dead_letters
            self.dropped += found.dropped
        self.records += records
        self.position = records[-1].after
        if self.oldest_ms is None:
            self.oldest_ms = next(
                (one.received_at_ms for one in records if one.type is not RecordType.RETRY), None
            )

    @property
    def size(self) -> int:
        """Records or elements in hand, whichever are more: what a batch is limited by."""
        return max(len(self.records), self._elements)

    @property
    def batch(self) -> Batch:
        """What the store gets."""
        return Batch(
            readings=self._readings,
            events=self._events,
            origins=[*self._reading_origins, *self._event_origins],
            inventories=len(self.inventories),
            dead_lettered=len(self.dead_letters),
            decoded=self._elements,
        )

    def record_of(self, origin: Origin) -> Record:
        """The record an element came from."""
        return next(record for record in self.records if record.position == origin.position)
