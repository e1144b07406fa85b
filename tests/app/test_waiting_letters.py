"""Taking in letters of yesterday is no delay: health stays ok, and minutes are written."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from api.ports import HealthReport, Status
from ausguck.app.health import Health
from ausguck.app.retry import SOURCE_NAME
from ausguck.app.run import history_lag_s
from ausguck.clock import ManualClock
from ausguck.desk.desk import open_desk
from ausguck.journal.journal import Journal
from ausguck.journal.port import RecordType, Source
from ausguck.model import Batch, Outcome, Position
from ausguck.roles.history import History, WritesHistory
from ausguck.roles.minutes import BEHIND_S, Minutes, Senses
from ausguck.settings.tree import Listener, Retention, Settings, Site, State, Store
from ausguck.steady import SteadyClock
from ausguck.store.duckdb.adapter import open_duckdb
from ausguck.store.port import RefusalSink
from collectors.decode import Decoder

NOW_MS = 1_800_000_000_000 // 60_000 * 60_000
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
PATIENCE_S = 30
TOPIC = b"v1/kiel/bus/0123/telemetry"
MESSAGE, RETRY = RecordType.MESSAGE, RecordType.RETRY


class Looked:
    """A store that has health and minutes look each time it has a batch in hand."""

    def __init__(self, store: WritesHistory, clock: ManualClock, takes_ms: int) -> None:
        self._store = store
        self._clock = clock
        self._takes_ms = takes_ms
        self.health: Health | None = None
        self.minutes: Minutes | None = None
        self.reports: list[HealthReport] = []
        self.is_written = asyncio.Event()

    async def write(self, batch: Batch, position: Position, refuse: RefusalSink) -> Outcome:
        assert self.health is not None
        assert self.minutes is not None
        self._clock.advance_ms(self._takes_ms)
        self.reports.append(await self.health.report())
        await self.minutes.look(NOW_MS)
        outcome = await self._store.write(batch, position, refuse)
        self.is_written.set()
        return outcome


async def take_in(
    path: Path, told: Sequence[tuple[RecordType, int]], takes_ms: int = 400
) -> tuple[HealthReport, Minutes]:
    """One batch of records by their types and the times they came at."""
    settings = Settings(site=Site(data_dir=path), listener=Listener(enabled=False))
    by_hand = ManualClock(NOW_MS)
    clock = SteadyClock(by_hand)
    async with AsyncExitStack() as stack:
        desk = stack.enter_context(open_desk(path / "desk.sqlite"))
        journal = await stack.enter_async_context(
            Journal.open(path / "journal", settings.journal, clock)
        )
        store = await stack.enter_async_context(
            open_duckdb(path / "history.duckdb", Store(), Retention())
        )
        tail = journal.tail(await store.position())
        for seq, (record_type, at_ms) in enumerate(told):
            element = {"observed_at": at_ms - 5_000, "boot_id": "b1", "seq": seq, "clients": 3}
            source = journal.source(Source(SOURCE_NAME, "", ""))
            payload = json.dumps(element).encode()
            ticket = journal.append(record_type, 0, at_ms, source, 0, TOPIC, payload)
        await journal.wait_committed(ticket)
        looked = Looked(store, by_hand, takes_ms)
        decoder = Decoder(settings.site, settings.retention)

        async def sleep(seconds: float) -> None:
            by_hand.advance_ms(round(seconds * 1000))
            await asyncio.sleep(0)

        history = History(tail, decoder, looked, desk, clock, settings.history, sleep=sleep)
        looked.health = Health(settings, clock, journal, history, store, desk)
        senses = Senses(lag_s=history_lag_s(history, clock))
        looked.minutes = Minutes("kiel", store, clock, State(), senses)
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            running = group.create_task(history.run())
            await looked.is_written.wait()
            await history.finish(running)
        assert history.stats.stored == len(told)
        return looked.reports[0], looked.minutes


@pytest.mark.parametrize(
    "told",
    [
        pytest.param([(RETRY, NOW_MS - DAY_MS + n) for n in range(600)], id="letters alone"),
        pytest.param(
            [(RETRY, NOW_MS - DAY_MS), (MESSAGE, NOW_MS - 300), (RETRY, NOW_MS - HOUR_MS)],
            id="letters around a message",
        ),
    ],
)
def test_letters_of_yesterday_are_no_delay(
    tmp_path: Path, told: Sequence[tuple[RecordType, int]]
) -> None:
    report, minutes = asyncio.run(take_in(tmp_path, told))

    assert (report.status, report.why) == (Status.OK, ())
    assert report.journal.lag_s < 1
    assert (minutes.stats.minutes, minutes.stats.gaps) == (1, {})


def test_a_message_of_an_hour_ago_is_one_also_behind_letters(tmp_path: Path) -> None:
    told = [(RETRY, NOW_MS - DAY_MS), (MESSAGE, NOW_MS - HOUR_MS)]
    report, minutes = asyncio.run(take_in(tmp_path, told))

    assert report.status is Status.DEGRADED
    assert report.journal.lag_s == pytest.approx(3_600, abs=1)
    assert (minutes.stats.minutes, minutes.stats.gaps) == (0, {"history_behind": 1})


def test_letters_that_the_store_does_not_take_are_a_delay_in_the_end(tmp_path: Path) -> None:
    held_ms = round(BEHIND_S * 1000) + 5_000
    report, minutes = asyncio.run(take_in(tmp_path, [(RETRY, NOW_MS - DAY_MS)], held_ms))

    assert report.journal.lag_s == pytest.approx(held_ms / 1000, abs=1)
    assert minutes.stats.gaps == {"history_behind": 1}
