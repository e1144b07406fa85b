"""What history has in its hands: the records of one batch, decoded."""

from collections.abc import Sequence
from typing import Protocol

from ausguck.journal.port import Record
from ausguck.model import (
    Batch,
    DeadLetter,
    Decoded,
    DroppedValue,
    Inventory,
    Origin,
    Position,
    Reason,
)


class Decoder(Protocol):
    """Bytes to readings; pure, and wired in by `ausguck.app`."""

    def decode(self, record: Record) -> Decoded:
        """What a record holds; whatever its bytes are, this does not raise."""
        ...

    def dead_letter(self, record: Record, element: int, reason: Reason, detail: str) -> DeadLetter:
        """The dead letter, redacted, for one element of a record."""
        ...


class Gathered:
    """Records of one batch on their way to the store."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self.records: list[Record] = []
        self.decoded: list[Decoded] = []

    def add(self, records: Sequence[Record], decoder: Decoder) -> None:
        """Decode records and count them in."""
        decode = decoder.decode
        self.records += records
        self.decoded += [decode(record) for record in records]
        self.position = records[-1].after

    @property
    def batch(self) -> Batch:
        """What the store gets."""
        readings = [item for part in self.decoded for item in part.readings]
        events = [item for part in self.decoded for item in part.events]
        origins = [item for part in self.decoded for item in part.reading_origins]
        origins += [item for part in self.decoded for item in part.event_origins]
        return Batch(
            readings=readings,
            events=events,
            origins=origins,
            inventories=len(self.inventories),
            dead_lettered=len(self.dead_letters),
            decoded=sum(part.elements for part in self.decoded),
        )

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """What could not become a reading."""
        return [item for part in self.decoded for item in part.dead_letters]

    @property
    def dropped(self) -> list[DroppedValue]:
        """Values that were left out of readings."""
        return [item for part in self.decoded for item in part.dropped]

    @property
    def inventories(self) -> list[Inventory]:
        """What devices said they are."""
        return [item for part in self.decoded for item in part.inventories]

    def record_of(self, origin: Origin) -> Record:
        """The record an element came from."""
        return next(record for record in self.records if record.position == origin.position)
