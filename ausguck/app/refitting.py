"""What a device said before anybody knew where it was: tried again once somebody does.

Such dead letters go through the journal like any message, and only those that will succeed: so
the books stay exact, each is stored once, and what stays refused is not counted anew.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Protocol

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from ausguck import topics
from ausguck.app.retry import SOURCE_NAME
from ausguck.desk.packs import parts_of
from ausguck.desk.port import DeadLetterRow, Waiting
from ausguck.errors import AusguckError
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import Decoded, Kind, Reason
from ausguck.register.directory import Directory

BATCH: Final = 100
PAUSE_S: Final = 0.1
"""Between two batches, so that devices who speak now come first."""
AGAIN_S: Final = 5.0
"""After the journal or the desk took nothing."""
MANY: Final = 50
"""From so many devices on, all letters are looked through once and not each device's."""
_OURS: Final = "device "
"""How the decoder's own details begin; what was refused on receipt is not tried again."""

log = logging.getLogger(__name__)


class FindsLetters(Protocol):
    """What this needs of the desk."""

    def dead_letters(
        self, *, after_id: int = 0, limit: int = 100, reason: Reason | None = None, under: str = ""
    ) -> Sequence[DeadLetterRow]:
        """As `ausguck.desk.port.Desk` says."""
        ...

    def waiting_by_name(self, prefix: str) -> Sequence[Waiting]:
        """As `ausguck.desk.port.Desk` says."""
        ...


class Retries(Protocol):
    """What this needs of the journal; see `ausguck.app.retry`."""

    async def retry_parts(
        self, letter: DeadLetterRow, chosen: Sequence[tuple[DeadLetterRow, str]]
    ) -> None:
        """Return once the chosen parts are on disk and off the list."""
        ...


class Judges(Protocol):
    """What this needs of the decoder."""

    def decode(self, record: Record) -> Decoded:
        """All that one record says."""
        ...


class RefittingStats(msgspec.Struct):
    """What was tried again since the process started."""

    retried: int = 0
    still_refused: int = 0
    held: Counter[str] = msgspec.field(default_factory=Counter)
    """How often journal or desk took nothing, by the kind of error."""
    waiting: int = 0
    """Devices whose letters are still to be looked at."""


class Refitting:
    """Sends dead letters of devices that were fitted through the journal again; `run` it."""

    def __init__(
        self,
        site: str,
        desk: FindsLetters,
        retry: Retries,
        decoder: Judges,
        directory: Directory,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._site = site
        self._desk = desk
        self._retry = retry
        self._decoder = decoder
        self._directory = directory
        self._sleep = sleep
        self._serials: dict[str, None] = {}
        self._told = asyncio.Event()
        self._unfitted: Sequence[Waiting] = ()
        self.stats = RefittingStats()

    async def fitted(self, serials: Sequence[str]) -> None:
        """Take note of devices of which a fitting became known; at the start, of all."""
        self._serials |= dict.fromkeys(serials)
        self.stats.waiting = len(self._serials)
        self._told.set()

    async def run(self) -> None:
        """Look through the letters of devices that were noted, until cancelled."""
        while True:
            await self._told.wait()
            self._told.clear()
            serials, self._serials = [*self._serials], {}
            await self.look(serials)
            self.stats.waiting = len(self._serials)

    async def unfitted(self) -> Sequence[Waiting]:
        """Who speaks and is fitted nowhere; the last known where the desk does not answer."""
        with suppress(SQLAlchemyError):
            self._unfitted = await asyncio.to_thread(
                self._desk.waiting_by_name, self._under(Kind.DEVICE)
            )
        return self._unfitted

    async def look(self, serials: Sequence[str]) -> int:
        """Try again what these devices said, and return how many letters went."""
        before = self.stats.retried
        for under in self._unders(serials):
            await self._look(under)
        retried = self.stats.retried - before
        if retried:
            log.info("%d dead letters of devices that were fitted are tried again", retried)
        return retried

    def _unders(self, serials: Sequence[str]) -> Sequence[str]:
        """Where in the tree of topics these devices may have spoken."""
        if len(serials) > MANY:
            return [self._under()]
        found: dict[str, None] = {}
        for serial in serials:
            found[self._under(Kind.DEVICE, serial)] = None
            for fitting in self._directory.register.fittings.of(serial):
                found[self._under(*fitting.asset.split("/"))] = None
        return [*found]

    def _under(self, *levels: str) -> str:
        return "/".join((topics.VERSION, self._site, *levels, ""))

    async def _look(self, under: str) -> None:
        after_id = 0
        while letters := await self._page(under, after_id):
            for letter in letters:
                await self._try(letter)
            after_id = letters[-1].id
            await self._sleep(PAUSE_S)

    async def _page(self, under: str, after_id: int) -> Sequence[DeadLetterRow]:
        def ask() -> Sequence[DeadLetterRow]:
            return self._desk.dead_letters(
                after_id=after_id, limit=BATCH, reason=Reason.IDENTITY, under=under
            )

        while True:
            try:
                return await asyncio.to_thread(ask)
            except (SQLAlchemyError, OSError) as error:
                await self._hold(error)

    async def _try(self, letter: DeadLetterRow) -> None:
        chosen = await self._chosen(parts_of(letter))
        while chosen:
            try:
                await self._retry.retry_parts(letter, chosen)
            except (AusguckError, SQLAlchemyError, OSError) as error:
                await self._hold(error)
            else:
                self.stats.retried += len(chosen)
                return

    async def _chosen(self, parts: Sequence[DeadLetterRow]) -> Sequence[tuple[DeadLetterRow, str]]:
        """Those of a letter's parts that will succeed, each with who sent it."""
        chosen: list[tuple[DeadLetterRow, str]] = []
        for index, part in enumerate(parts, 1):
            if not part.detail.startswith(_OURS):
                continue
            publisher = part.detail.removeprefix(_OURS).partition(" ")[0]
            is_own = part.topic.startswith(self._under(Kind.DEVICE))
            if not is_own and publisher not in self._directory.register.devices:
                continue  # who it was is no longer to be read, so nobody can say where it was
            if self._decoder.decode(_record(part, publisher)).dead_letters:
                self.stats.still_refused += 1
            else:
                chosen.append((part, publisher))
            if not index % BATCH:
                await self._sleep(PAUSE_S)
        return chosen

    async def _hold(self, error: Exception) -> None:
        self.stats.held[type(error).__name__] += 1
        log.warning("dead letters wait to be tried again: %s", error)
        await self._sleep(AGAIN_S)


def _record(letter: DeadLetterRow, publisher: str) -> Record:
    """The record that trying it again would make."""
    return Record(
        position=letter.last_position,
        after=letter.last_position,
        type=RecordType.RETRY,
        flags=0,
        received_at_ms=letter.last_at_ms,
        source=Source(SOURCE_NAME, publisher, ""),
        packet_id=0,
        topic=letter.topic,
        payload=letter.element,
    )
