"""A dead letter's second chance: through the journal again, like any message."""

import asyncio

from ausguck.desk.port import DeadLetterRow, Desk
from ausguck.errors import JournalError
from ausguck.journal.port import Appender, Pause, RecordType, Source

SOURCE_NAME = "retry"


class JournalRetry:
    """Puts the element of a dead letter into the journal and takes the letter off the list."""

    def __init__(self, journal: Appender, desk: Desk) -> None:
        self._journal = journal
        self._desk = desk

    async def retry(self, letter: DeadLetterRow, publisher: str = "") -> None:
        """Return once the element is on disk and the letter off the list.

        The element keeps the time it was last received, by which it is judged again. If it
        has become a dead letter anew in between, the row stays. Who sent it is no longer known
        and so not judged, unless the caller knows: then it is `publisher`.

        Raises:
            JournalError: the journal takes nothing just now; the letter stays.
        """
        if self._journal.pause is not Pause.NONE:
            raise JournalError("retry", f"takes nothing just now: {self._journal.pause}")
        ticket = self._journal.append(
            RecordType.RETRY,
            0,
            letter.last_at_ms,
            self._journal.source(Source(SOURCE_NAME, publisher, "")),
            0,
            letter.topic.encode(),
            letter.element,
        )
        await self._journal.wait_committed(ticket)
        await asyncio.to_thread(self._desk.remove_unchanged, letter.id, letter.last_position)
