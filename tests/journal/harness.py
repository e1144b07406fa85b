"""What the journal's tests share: a place, small settings, and reading all there is."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from ausguck.journal.disk import Disk
from ausguck.journal.inspection import entries
from ausguck.journal.journal import Journal
from ausguck.journal.port import Record, RecordType, Source
from ausguck.journal.tail import JournalTail
from ausguck.settings import tree

PLACE = Path("/journal")
SOURCE = Source("listener", "bus/0123", "bus-0123")
TOPIC = "v1/kiel/bus/0123/telemetry"
DEADLINE_S = 20.0


def small(**values: float) -> tree.Journal:
    """Settings below what a settings file may say, so that little is needed to roll over."""
    usual: dict[str, float] = {
        "commit_interval_ms": 0,
        "segment_bytes": 1000,
        "reserve_percent": 10,
    }
    return tree.Journal().model_copy(update={**usual, **values})


def append(
    journal: Journal, payload: bytes, kind: RecordType = RecordType.MESSAGE, flags: int = 1
) -> int:
    source = journal.source(SOURCE)
    return journal.append(kind, flags, 1_800_000_000_000, source, 7, TOPIC.encode(), payload)


async def append_all(journal: Journal, payloads: Sequence[bytes]) -> None:
    """Append and commit, each in a commit of its own."""
    for payload in payloads:
        await journal.wait_committed(append(journal, payload))


async def read_all(tail: JournalTail, max_records: int = 1000) -> list[Record]:
    records: list[Record] = []
    while tail.available():
        records += await asyncio.wait_for(tail.read(max_records), DEADLINE_S)
    return records


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)


def payloads(records: Sequence[Record]) -> list[bytes]:
    return [record.payload for record in records]


def all_records(disk: Disk, place: Path = PLACE) -> list[Record]:
    """Every record of every type that can be read, as `inspect` sees it."""
    if not disk.names(place):
        return []
    return [entry for entry in entries(disk, place, None) if isinstance(entry, Record)]
