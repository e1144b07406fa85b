"""A week of a small city in a real InfluxDB, as Ausguck writes it.

The simulators' city speaks, `collectors.decode` understands, `ausguck.fleet` judges, the
adapter stores; only our own counters are made up here, and the faults: a bus that went silent,
one without uplink, connections lost, dead letters and a store that was away. To be made in
seconds, the first six days have a row every five minutes, and only the last 26 hours one a
minute.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ausguck.catalogue.state import StateRow
from ausguck.fleet.minute import minute
from ausguck.fleet.seen import Before, Seen
from ausguck.fleet.statuses import Statuses
from ausguck.fleet.vitals import Door, Flow, Machine, Vitals, pipeline
from ausguck.journal.port import Record, RecordType, Source
from ausguck.model import (
    AssetId,
    Batch,
    Event,
    Inventory,
    Kind,
    Origin,
    Position,
    Reading,
    Refusal,
)
from ausguck.settings.tree import Retention, Site, State
from ausguck.store.influxdb.adapter import open_influxdb
from ausguck.store.port import Store
from collectors.decode import Decoder
from collectors.subscriber.losses import increase
from simulators.city import City, CityPlan
from simulators.outgoing import Outgoing
from tests.influx import Influx
from tests.store.influx_room import InfluxRoom

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FIVE_MINUTES_MS = 5 * MINUTE_MS
# A Friday, half past five in Kiel: 2026-05-15T15:30:00Z.
END_MS = 1_778_859_000_000
START_MS = END_MS - 7 * 24 * HOUR_MS
EVERY_MINUTE_FROM_MS = END_MS - 26 * HOUR_MS
EVERY_TEN_SECONDS_FROM_MS = END_MS - 4 * HOUR_MS
SITE = "kiel"
PLAN = CityPlan(7, SITE, 8, 20, 2 * MINUTE_MS, 4 * MINUTE_MS)
SILENT_BUS, CUT_OFF_BUS = "0104", "0106"
SILENT_FROM_MS = END_MS - 40 * MINUTE_MS
CUT_OFF_FROM_MS = END_MS - 12 * MINUTE_MS
BROKER_FIGURES: Sequence[tuple[int, int]] = (
    (START_MS, 3),  # dropped before the week began
    (END_MS - 90 * MINUTE_MS, 640),
    (END_MS - 80 * MINUTE_MS, 1_303),
    (END_MS - 60 * MINUTE_MS, 0),  # the broker was started anew
    (END_MS - 50 * MINUTE_MS, 12),
)
"""What the broker's own counter says from when on."""
DROPPED_IN_A_DAY = 1_312
STORE_AWAY_MS = (END_MS - 100 * MINUTE_MS, END_MS - 88 * MINUTE_MS)
BATCH = 4_000
NAMES = ("Hauptbahnhof", "Reventlou", "Schreventeich", "Dreiecksplatz", "Holtenau", "Mettenhof")
NOWHERE = Position(1, 1, 1)
PLANTED: Sequence[tuple[str, int, str, str]] = (
    (SILENT_BUS, 39, "status", "lost"),
    ("0101", 150, "status", "lost"),
    ("0101", 160, "sim_switched", "slot 2"),
    ("0102", 220, "over_temperature", "86 degC"),
)


@dataclass(frozen=True, slots=True)
class Week:
    """Where it is: a server, and the start of its buckets' names."""

    server: Influx
    prefix: str


class Moment(NamedTuple):
    """What is to be stored at one moment."""

    readings: Sequence[Reading]
    events: Sequence[Event]
    rows: Sequence[StateRow]


def fill(server: Influx) -> Week:
    """Make buckets, and write the week into them."""
    room = InfluxRoom(server)
    asyncio.run(_store(room))
    return Week(server, room.prefix)


async def _store(room: InfluxRoom) -> None:
    async with open_influxdb(room.settings(timeout_s=60), Retention()) as store:
        waiting: list[Moment] = []
        for number, moment in enumerate(moments()):
            waiting.append(moment)
            if sum(len(one.readings) + len(one.rows) for one in waiting) > BATCH:
                await _write(store, waiting, number)
                waiting = []
        await _write(store, waiting, len(waiting) + 100_000)


async def _write(store: Store, moments: Sequence[Moment], number: int) -> None:
    readings = [reading for one in moments for reading in one.readings]
    events = [event for one in moments for event in one.events]
    origins = [Origin(NOWHERE, 0)] * (len(readings) + len(events))
    batch = Batch(readings, events, origins, 0)
    outcome = await store.write(batch, Position(1, 1, number + 1), _refuse)
    assert outcome.stored == len(origins)
    await store.record([row for one in moments for row in one.rows])


async def _refuse(refusals: Sequence[Refusal]) -> None:
    raise AssertionError(refusals[:3])


def moments() -> Iterator[Moment]:
    """The week, moment by moment."""
    city = City(PLAN, START_MS)
    decoder = Decoder(Site(id=SITE), Retention())
    places, statuses, before = _places(city), Statuses(), Before()
    own = _Own()
    planted = sorted(_planted(), key=_at)
    for at_ms in _times():
        readings: list[Reading] = []
        events = [event for event in planted if _at(event) <= at_ms]
        planted = planted[len(events) :]
        for message in city.advance(at_ms):
            if not _is_lost(message, at_ms):
                decoded = decoder.decode(_record(_worsened(message, at_ms), at_ms))
                readings += decoded.readings
                events += decoded.events
        statuses.note(events)
        seen = Seen(readings, places, statuses.newest)
        rows, before = minute(at_ms, SITE, seen, before, State())
        yield Moment(readings, events, (*rows, *own.rows(at_ms, len(readings))))


def _times() -> Iterator[int]:
    yield from range(START_MS + FIVE_MINUTES_MS, EVERY_MINUTE_FROM_MS, FIVE_MINUTES_MS)
    yield from range(EVERY_MINUTE_FROM_MS, END_MS + 1, MINUTE_MS)


class _Own:
    """Our own counters, and what becomes of them."""

    def __init__(self) -> None:
        self._messages = self._stored = self._retries = 0
        self._before: Vitals | None = None
        self._dropped = 0
        self._figure: int | None = None

    def rows(self, at_ms: int, readings: int) -> list[StateRow]:
        """Of the minute that ends then: every ten seconds at the end of the week, else once."""
        steps = 6 if at_ms > EVERY_TEN_SECONDS_FROM_MS else 1
        found: list[StateRow] = []
        for step in range(1, steps + 1):
            moment = at_ms - MINUTE_MS + MINUTE_MS * step // steps
            is_away = STORE_AWAY_MS[0] <= moment < STORE_AWAY_MS[1]
            self._messages += readings * step // steps - readings * (step - 1) // steps
            if is_away:
                self._retries += 1
            else:
                self._stored = self._messages
            figure = [number for from_ms, number in BROKER_FIGURES if from_ms <= moment][-1]
            self._dropped += increase(self._figure, figure)
            self._figure = figure
            now = self._vitals(moment, is_away=is_away)
            found += pipeline(moment, SITE, self._before, now)
            self._before = now
        return found

    def _vitals(self, at_ms: int, *, is_away: bool) -> Vitals:
        waiting = self._messages - self._stored
        letters = (at_ms - START_MS) // (20 * MINUTE_MS)
        return Vitals(
            Flow(
                is_up=True,
                stored=self._stored,
                duplicates=letters // 3,
                dead_lettered={"identity": letters, "too_old": letters // 5},
                dropped_values={"out_of_range": letters * 3},
                retries={"unavailable": self._retries},
                backlog_bytes=waiting * 420,
                lag_s=(at_ms - STORE_AWAY_MS[0]) / 1000 if is_away else 0.4,
            ),
            Machine(
                is_journal_open=True,
                journal_bytes=40_000_000 + at_ms // 1000 % 9_000_000,
                disk_free_pct=61.0,
                rss_bytes=210_000_000 + at_ms // 100 % 4_000_000,
            ),
            Door(
                is_up=True, messages=self._messages, connected=27, last_message_at_ms=at_ms - 2000
            ),
            Door(
                is_up=True,
                messages=self._messages // 9,
                connected=1,
                last_message_at_ms=at_ms - 4000,
                dropped_at_broker=self._dropped,
            ),
            {"sprottenflotte": _feed(at_ms)},
            is_store_up=not is_away,
            store_retries=self._retries,
        )


def _feed(at_ms: int) -> Door:
    return Door(
        is_up=True, messages=at_ms // 60_000, last_message_at_ms=at_ms - 31_000, overdue_s=0.0
    )


def _record(message: Outgoing, at_ms: int) -> Record:
    observed = message.elements[-1].get("observed_at")
    received_ms = observed + 250 if isinstance(observed, int) else at_ms
    return Record(
        NOWHERE,
        NOWHERE,
        RecordType.MESSAGE,
        1,
        received_ms,
        Source("listener", "week", "week"),
        1,
        message.topic,
        message.payload,
    )


def _is_lost(message: Outgoing, at_ms: int) -> bool:
    return message.asset == f"bus/{SILENT_BUS}" and at_ms >= SILENT_FROM_MS


def _worsened(message: Outgoing, at_ms: int) -> Outgoing:
    if message.asset != f"bus/{CUT_OFF_BUS}" or at_ms < CUT_OFF_FROM_MS:
        return message
    elements = tuple(
        {**one, "access_technology": "none", "loss_pct": 100.0} if "clients" in one else one
        for one in message.elements
    )
    return Outgoing(message.topic, elements, message.is_array)


def _places(city: City) -> Mapping[AssetId, Inventory]:
    found = {}
    for at, (station, stand) in enumerate(zip(city.stations, city.fleet.stands, strict=True)):
        asset = AssetId(SITE, Kind.STATION, station.name)
        found[asset] = Inventory(
            asset=asset,
            observed_at_ms=START_MS,
            model=None,
            firmware=None,
            serial=None,
            profile=None,
            sim_count=None,
            name=f"{NAMES[at % len(NAMES)]} {at // len(NAMES) + 1}",
            lat=54.30 + 0.011 * (at % 5),
            lon=10.09 + 0.013 * (at // 5),
            capacity=stand.capacity,
        )
    return found


def _planted() -> Iterator[Event]:
    for number, (name, age_min, kind, detail) in enumerate(PLANTED):
        at_ms = END_MS - age_min * MINUTE_MS
        yield Event(AssetId(SITE, Kind.BUS, name), at_ms, at_ms, kind, detail, number)


def _at(event: Event) -> int:
    return event.observed_at_ms
