"""A dead letter's second chance: through the journal again, like any message."""

import asyncio
from collections.abc import Sequence
from typing import Final

from ausguck.desk.packs import parts_of
from ausguck.desk.port import DeadLetterRow, Desk
from ausguck.errors import JournalError
from ausguck.journal.port import Appender, Pause, RecordType, Source

SOURCE_NAME = "retry"
AT_ONCE: Final = 100
"""So many are on disk before more are taken in memory."""


class JournalRetry:
    """Puts the element of a dead letter into the journal and takes the letter off the list."""

    def __init__(self, journal: Appender, desk: Desk) -> None:
        self._journal = journal
        self._desk = desk

    async def retry(self, letter: DeadLetterRow, publisher: str = "") -> None:
        """Return once all that the letter holds is on disk and the letter off the list.

        Each element keeps the time it was last received, by which it is judged again. If it
        has become a dead letter anew in between, the row stays. Who sent it is no longer known
        and so not judged, unless the caller knows: then it is `publisher`.

        Raises:
            JournalError: the journal takes nothing just now; the letter stays.
        """
        await self.retry_parts(letter, [(part, publisher) for part in parts_of(letter)])

    async def retry_parts(
        self, letter: DeadLetterRow, chosen: Sequence[tuple[DeadLetterRow, str]]
    ) -> None:
        """As `retry`, for some of what a letter holds, each with who sent it; the rest stays.

        Raises:
            JournalError: the journal takes nothing just now; the letter stays as it is.
        """
        for start in range(0, len(chosen), AT_ONCE):
            await self._to_journal(chosen[start : start + AT_ONCE])
        parts = [part for part, _publisher in chosen]
        await asyncio.to_thread(self._desk.remove_parts, letter, parts)

    async def _to_journal(self, chosen: Sequence[tuple[DeadLetterRow, str]]) -> None:
        if self._journal.pause is not Pause.NONE:
            raise JournalError("retry", f"takes nothing just now: {self._journal.pause}")
        for part, publisher in chosen:
            ticket = self._journal.append(
                RecordType.RETRY,
                0,
                part.last_at_ms,
                self._journal.source(Source(SOURCE_NAME, publisher, "")),
                0,
                part.topic.encode(),
                part.element,
            )
        await self._journal.wait_committed(ticket)
