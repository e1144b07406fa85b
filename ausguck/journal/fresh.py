"""Records of the newest commits, made of what was appended instead of what was written.

A consumer that keeps up gets these. To take a record out of the file's bytes again (unpack its
head, cut source, topic and payload, look the first two up) costs 1.2 µs; to make it of the
parts that `append` was given costs 0.5, and to keep those 0.2. Tests hold the two against each
other.
Only consumers that have fallen behind, and those of a process that was started anew, read
files, where each record's CRC is looked at.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from ausguck.journal.names import Sources, Topics
from ausguck.journal.port import Record, RecordType
from ausguck.journal.segment import Segment
from ausguck.model import Position

Entry = tuple[RecordType, int, int, bytes, int, bytes, bytes, int]
"""What `append` was given, in its order, and the length of the record in the file."""

OVERHEAD_BYTES: Final = 450
"""Of memory a record takes beside its bytes: entry, record, positions, heads of objects."""


class FreshRecords:
    """The records of one commit, made when they are first asked for and then shared.

    `segment` is the one they are in as it was behind that commit, which begins at `base`.
    """

    def __init__(
        self, segment: Segment, base: int, entries: Sequence[Entry], types: Mapping[int, RecordType]
    ) -> None:
        self.number = segment.number
        self.base = base
        self.end = segment.end
        self.memory_bytes = self.end - base + OVERHEAD_BYTES * len(entries)
        self._types = types
        self._left = iter(entries)
        self._position = segment.position(base)
        self._records: list[Record] = []

    @property
    def place(self) -> tuple[int, int]:
        """By which it is found: segment and offset of its first record."""
        return self.number, self.base

    def take(self, index: int, limit: int, sources: Sources, topics: Topics) -> list[Record]:
        """Up to `limit` records from the one at `index` on; fewer only at the end."""
        missing = index + limit - len(self._records)
        if missing > 0:
            self._make(missing, sources, topics)
        return self._records[index : index + limit]

    def is_whole(self, count: int) -> bool:
        """Whether these are as many records as consumers see of this commit."""
        return self._position.offset == self.end and count == len(self._records)

    def _make(self, missing: int, sources: Sources, topics: Topics) -> None:
        """Make more records; everything is a local name here: this runs once a message."""
        types, message, place = self._types, RecordType.MESSAGE, tuple.__new__
        add = self._records.append
        position = self._position
        epoch, number, offset = position
        # Hidden records count as well: there are few, and what is too few is asked for again.
        for kind, flags, received_at_ms, source, packet_id, topic, payload, length in islice(
            self._left, missing
        ):
            offset += length
            after = place(Position, (epoch, number, offset))
            # Asking `types` costs a hash in Python.
            if kind is message or kind in types:
                add(
                    Record(
                        position,
                        after,
                        kind,
                        flags,
                        received_at_ms,
                        sources[source],
                        packet_id,
                        topics[topic],
                        payload,
                    )
                )
            position = after
        self._position = position
