"""A journal in memory, committing when told or by itself."""

import asyncio
from collections.abc import Callable, Iterator

from ausguck.journal.port import Pause, Record, RecordType, Source, Ticket
from ausguck.model import Position


class MemoryJournal:
    """Implements `Appender`; what is in `records[:committed]` has reached the disk."""

    def __init__(self, *, by_itself: bool = True, found: tuple[Record, ...] = ()) -> None:
        self.records: list[Record] = list(found)
        self._found = found
        self._base = len(found)
        self._by_itself = by_itself
        self._committed: Ticket = 0
        self._pause = Pause.NONE
        self._on_commit: list[Callable[[Ticket], None]] = []
        self._on_resume: list[Callable[[], None]] = []
        self._waiters: list[asyncio.Event] = []
        self._sources: dict[bytes, Source] = {}
        self.take_snapshot: Callable[[], bytes] | None = None
        self._changed = asyncio.Event()
        self.calls = 0

    def source(self, source: Source) -> bytes:
        name = repr(source).encode()
        self._sources[name] = source
        return name

    def append(  # noqa: PLR0917 - the port's
        self,
        record_type: RecordType,
        flags: int,
        received_at_ms: int,
        source: bytes,
        packet_id: int,
        topic: bytes,
        payload: bytes | memoryview,
    ) -> Ticket:
        number = len(self.records)
        self.records.append(
            Record(
                Position(0, 0, number),
                Position(0, 0, number + 1),
                record_type,
                flags,
                received_at_ms,
                self._sources[source],
                packet_id,
                topic.decode(),
                bytes(payload),
            )
        )
        self._changed.set()
        if self._by_itself:
            asyncio.get_running_loop().call_soon(self.commit)
        return number + 1 - self._base

    @property
    def pause(self) -> Pause:
        return self._pause

    @property
    def committed(self) -> Ticket:
        return self._committed

    def on_commit(self, callback: Callable[[Ticket], None]) -> None:
        self._on_commit.append(callback)

    def on_resume(self, callback: Callable[[], None]) -> None:
        self._on_resume.append(callback)

    def on_snapshot(self, take: Callable[[], bytes]) -> None:
        self.take_snapshot = take

    async def wait_committed(self, ticket: Ticket) -> None:
        while self._committed < ticket:
            event = asyncio.Event()
            self._waiters.append(event)
            await event.wait()

    def session_records(self) -> Iterator[Record]:
        return iter(self._found)

    # What tests do with it

    def commit(self, ticket: Ticket | None = None) -> None:
        """Have everything, or everything up to `ticket`, reach the disk."""
        self._committed = len(self.records) - self._base if ticket is None else ticket
        for callback in self._on_commit:
            callback(self._committed)
        waiters, self._waiters = self._waiters, []
        for event in waiters:
            event.set()

    def stop(self, why: Pause) -> None:
        """Take nothing, or (NONE) take again."""
        self._pause = why
        if why is Pause.NONE:
            for callback in self._on_resume:
                callback()

    @property
    def messages(self) -> list[Record]:
        """The records that are messages or refused ones."""
        return [r for r in self.records if r.type in {RecordType.MESSAGE, RecordType.REFUSED}]

    async def until(self, enough: Callable[["MemoryJournal"], bool]) -> None:
        """Wait until the records satisfy a condition."""
        async with asyncio.timeout(10):
            while not enough(self):
                self._changed.clear()
                await self._changed.wait()

    def after_crash(self) -> "MemoryJournal":
        """The journal of the next process: what was committed, of the kinds that it is told."""
        kept = self.records[: self._base + self._committed]
        wanted = {RecordType.SESSION, RecordType.SNAPSHOT}
        return MemoryJournal(found=tuple(r for r in kept if r.type in wanted or r.flags & 2))
