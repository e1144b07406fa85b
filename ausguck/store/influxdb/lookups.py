"""Which identities are stored at some assets and times: one statement an asset and hour.

What an interrupted batch has left behind is not counted as stored: it will be written again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ausguck.model import AssetId, Position, Reading
from ausguck.store.influxdb.lines import signed, unsigned
from ausguck.store.influxdb.places import EVENTS, IDENTITY, NS_PER_MS, Place
from ausguck.store.influxdb.questions import Between, Row, Span, Wanted
from ausguck.store.influxdb.server import Cell, Server
from ausguck.store.influxdb.slots import Moment, Slots
from ausguck.store.influxdb.stride import Stride, read_in_strides
from ausguck.store.influxdb.text import field_out
from ausguck.store.judging.identities import Identity, stored_identity
from ausguck.store.judging.judgement import About, Question, Stored

HOUR_MS = 3_600_000
DAY_MS = 86_400_000
_READING = ("boot_id", "seq", "digest", "batch")
_EVENT = ("type", "digest", "batch")


@dataclass(slots=True)
class StoredIdentities:
    """Answers the questions of one judgement, and notes where everything stands."""

    server: Server
    consumer: str
    position: Position | None
    stride: Stride
    readings: Slots = field(default_factory=Slots)
    events: Slots = field(default_factory=Slots)

    async def answer(self, question: Question) -> Stored:
        """What is stored of those that are doubtful."""
        if question.about is About.SUSPECTS:
            return await self._suspects_like(
                [member for member in question.doubtful if isinstance(member, Reading)]
            )
        if question.about is About.EVENTS:
            self.events.look_at(question.moments)
            return await self._events_at(question.moments)
        self.readings.look_at(question.moments)
        return await self._readings_at(question.moments)

    async def _readings_at(self, moments: set[Moment]) -> Stored:
        known: dict[Identity, int] = {}
        for kind, place in IDENTITY.items():
            spans = _spans(place, (m for m in moments if m[0].kind is kind))
            for span, rows in await self._rows([Wanted(span, _READING) for span in spans]):
                for ns, (boot_id, seq, digest, batch) in rows:
                    moment = (span.asset, ns // NS_PER_MS)
                    if moment not in moments:
                        continue
                    content = unsigned(_whole(digest))
                    identity = stored_identity(*moment, _text(boot_id), _number(seq), content)
                    self.readings.found(moment, ns, identity)
                    if self._is_settled(batch):
                        known[identity] = content
        return known

    async def _suspects_like(self, readings: Sequence[Reading]) -> Stored:
        """What the same boots have said without a time in the day before."""
        known: dict[Identity, int] = {}
        by_asset: dict[AssetId, list[Reading]] = {}
        for reading in readings:
            by_asset.setdefault(reading.asset, []).append(reading)
        for kind, place in IDENTITY.items():
            wanted = [
                _like(place, asset, by_asset[asset])
                for asset in sorted(by_asset)
                if asset.kind is kind
            ]
            for span, rows in await self._rows(wanted):
                for _, (boot_id, seq, digest, batch) in rows:
                    if seq is not None and self._is_settled(batch):
                        content = unsigned(_whole(digest))
                        saying = (span.asset, _text(boot_id), unsigned(_whole(seq)), content)
                        known[saying] = content
        return known

    async def _events_at(self, moments: set[Moment]) -> Stored:
        known: dict[Identity, int] = {}
        wanted = [Wanted(span, _EVENT) for span in _spans(EVENTS, moments)]
        for span, rows in await self._rows(wanted):
            for ns, (event_type, digest, batch) in rows:
                moment = (span.asset, ns // NS_PER_MS)
                if moment not in moments:
                    continue
                content = unsigned(_whole(digest))
                identity = (*moment, _text(event_type), content)
                self.events.found(moment, ns, identity)
                if self._is_settled(batch):
                    known[identity] = content
        return known

    async def _rows(self, wanted: Sequence[Wanted]) -> Iterable[tuple[Span, list[Row]]]:
        rows = await read_in_strides(self.server, wanted, self.stride)
        return zip((one.span for one in wanted), rows, strict=True)

    def _is_settled(self, batch: Cell) -> bool:
        """Whether a point's batch was ended by its position, or is not for us to judge."""
        consumer, _, place = str(batch).rpartition(" ")
        if consumer != self.consumer:
            return True
        end = Position(*(int(part, 16) for part in place.split(".")))
        return self.position is not None and end <= self.position


def _like(place: Place, asset: AssetId, readings: Sequence[Reading]) -> Wanted:
    """An asset's suspects of the day before and after, with numbers such as these have.

    The server's numbers have a sign: those of one device may be least above ours' middle and
    greatest below it, and are all between the least and the greatest of the server's.
    """
    times = [reading.received_at_ms for reading in readings]
    numbers = [signed(reading.seq or 0) for reading in readings]
    return Wanted(
        Span(place, asset, min(times) - DAY_MS, max(times) + DAY_MS),
        _READING,
        {"clock_suspect": 1},
        between=Between("seq", min(numbers), max(numbers)),
    )


def _spans(place: Place, moments: Iterable[Moment]) -> Iterator[Span]:
    """One an asset and hour, so that one old reading does not make a month be read."""
    times: dict[tuple[AssetId, int], list[int]] = {}
    for asset, at_ms in moments:
        times.setdefault((asset, at_ms // HOUR_MS), []).append(at_ms)
    for (asset, _), hour in times.items():
        yield Span(place, asset, min(hour), max(hour) + 1)


def _whole(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _number(cell: Cell) -> int | None:
    return unsigned(cell) if isinstance(cell, int) else None


def _text(cell: Cell) -> str | None:
    return field_out(cell) if isinstance(cell, str) else None
