"""What the desk keeps for people: dead letters, values left out, inventories."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ausguck.model import AssetId, DeadLetter, DroppedValue, Inventory, Position, Reason


class DeadLetterRow(msgspec.Struct, frozen=True):
    """Identical dead letters (topic, reason, element) collapsed into one row.

    Or many different ones of one topic and reason, of which `detail` and `element` are the
    newest's; `ausguck.desk.packs.parts_of` tells all of them.
    """

    id: int
    topic: str
    reason: Reason
    detail: str
    element: bytes
    count: int
    first_at_ms: int
    last_at_ms: int
    last_position: Position
    elements: int = 1
    """How many different ones the row holds."""
    pack: bytes = b""
    """All of them, where there are more than a row of its own holds."""


class DroppedValueRow(msgspec.Struct, frozen=True):
    """Values of one asset and key left out for one reason."""

    asset: AssetId
    key: str
    reason: str
    example: str
    count: int
    first_at_ms: int
    last_at_ms: int


class Waiting(msgspec.Struct, frozen=True):
    """Messages of one device that are dead letters, for nobody knows where it is fitted."""

    name: str
    count: int
    last_at_ms: int


class Desk(Protocol):
    """Operational SQL; every call is short and may be made from any thread."""

    def record(
        self,
        letters: Sequence[DeadLetter],
        dropped: Sequence[DroppedValue],
        inventories: Sequence[Inventory],
    ) -> None:
        """Write in one transaction; the same call after a crash changes nothing.

        Each row keeps the origin it has counted up to and ignores what is not behind it.
        """
        ...

    def dead_letters(
        self, *, after_id: int = 0, limit: int = 100, reason: Reason | None = None, under: str = ""
    ) -> Sequence[DeadLetterRow]:
        """Dead letters in order of id, after the one named; `under` is how a topic begins."""
        ...

    def waiting_by_name(self, prefix: str) -> Sequence[Waiting]:
        """Dead letters for `identity` whose topic begins so, by the level behind it."""
        ...

    def dead_letter(self, letter_id: int) -> DeadLetterRow | None:
        """One dead letter, or None."""
        ...

    def remove(self, letter_ids: Sequence[int]) -> int:
        """Forget dead letters (retried or purged) and return how many there were."""
        ...

    def remove_unchanged(self, letter_id: int, last_position: Position) -> bool:
        """Forget a dead letter unless something was counted onto it since; whether it went."""
        ...

    def remove_parts(self, letter: DeadLetterRow, parts: Sequence[DeadLetterRow]) -> None:
        """Forget these parts of a letter; what was counted onto it since stays."""
        ...

    def dead_letter_rows(self) -> int:
        """How many rows there are, for the quota."""
        ...

    def dropped_values(self, *, limit: int = 1000) -> Sequence[DroppedValueRow]:
        """What was left out, the most frequent first."""
        ...

    def inventory(self, asset: AssetId) -> Inventory | None:
        """What was last told of the device in an asset, or of a station, or None.

        Of either the newest holds, whatever was told of the other.
        """
        ...
