"""What a poller makes of a feed, a journal and a world that are not as they should be."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus

import pytest

from ausguck.errors import JournalError
from ausguck.journal.port import Pause
from ausguck.settings.partners import Gbfs
from collectors.pollers.fetch import Fetches, open_door
from simulators.feed import Fault
from simulators.feed.documents import Document
from tests.listener.journal import MemoryJournal
from tests.pollers.scene import AT_MS, INTERVAL_S, Scene, feed_of, play, station

FILES = {"gbfs", "system_information", "station_information", "station_status"}


def test_no_file_of_single_bikes_is_ever_asked_for() -> None:
    def with_bikes(document: Document) -> None:
        document["data"]["feeds"] += [
            {"name": name, "url": f"{name}.json"} for name in ("vehicle_status", "free_bike_status")
        ]

    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["gbfs"] = Fault(edit=with_bikes)
            async with Scene(feed.url) as scene:
                for _ in range(3):
                    await scene.poll()
                    scene.later(86_400)
        assert set(feed.counts) == FILES

    play(act)


def stations_edited(*edits: dict[str, object]) -> Fault:
    def edit(document: Document) -> None:
        for told, change in zip(document["data"]["stations"], edits, strict=False):
            told.update(change)

    return Fault(edit=edit)


def test_unfit_stations_are_counted_once_and_the_others_are_told() -> None:
    async def act() -> None:
        with feed_of(*map(station, range(1, 8))) as feed:
            feed.faults["station_status"] = stations_edited(
                {"num_vehicles_available": "5+"},
                {"num_vehicles_available": -1},
                {"last_reported": "2001-01-01T00:00:00Z"},
                {"station_id": "5"},
                {},
                {"station_id": None},
                {"num_docks_available": None, "is_renting": None},
            )
            async with Scene(feed.url) as scene:
                for _ in range(3):
                    await scene.poll()
                    scene.later()
                    feed.at_s += 60
                assert [name for name, _ in scene.bikes()] == ["1", "2", "3", "5", "7"]
                assert scene.bikes()[:3] == [("1", None), ("2", None), ("3", 3)]
                assert scene.told()[2][1]["observed_at"] == AT_MS - 30_000
                assert scene.stats.unfit == {
                    "wrong_type": 1,
                    "out_of_range": 1,
                    "time_impossible": 1,
                    "id_twice": 1,
                    "no_id": 1,
                }
                assert scene.stats.unfit_stations == 4
                feed.faults.clear()
                await scene.poll()
                assert scene.stats.unfit_stations == 0

    play(act)


@pytest.mark.parametrize(
    ("fault", "outcome", "words"),
    [
        (Fault(body=b"<html>Wartung</html>"), "unreadable", "found HTML or XML"),
        (Fault(cut_to=200), "unreadable", "not JSON, perhaps cut off"),
        (Fault(body=b"[]"), "unreadable", "JSON of another type"),
        (Fault(body=b" " * 2_000_000), "too_large", "larger than max_bytes"),
        (Fault(is_slow=True), "timeout", "no whole answer in 0.5 s"),
        (
            Fault(status=HTTPStatus.FOUND, headers={"Location": "http://127.0.0.2:9/x"}),
            "redirect",
            "leads to another host",
        ),
        (Fault(status=HTTPStatus.NOT_MODIFIED, body=b""), "http_304", "304 to a first question"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_and_asked_for_again(
    fault: Fault, outcome: str, words: str
) -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["station_status"] = fault
            async with Scene(feed.url, max_bytes=1_000_000, timeout_s=0.5) as scene:
                wait_s = await scene.poll()
                assert scene.stats.polls["station_status", outcome] == 1
                assert scene.stats.last_error is not None
                assert words in scene.stats.last_error
                assert len(scene.told("inventory")) == 1
                feed.faults.clear()
                scene.later(wait_s)
                await scene.poll()
                scene.later(wait_s)
                await scene.poll()
                assert scene.bikes() == [("1", 3)]
                assert scene.stats.last_error is None

    play(act)


def test_a_full_journal_is_waited_for_and_nothing_is_lost() -> None:
    async def act() -> None:
        with feed_of(*map(station, range(500))) as feed:
            async with Scene(feed.url) as scene:
                scene.journal.stop(Pause.RESERVE)
                async with asyncio.TaskGroup() as group:
                    polling = group.create_task(scene.poll())
                    await asyncio.sleep(0)
                    assert scene.stats.waits_for_journal
                    assert feed.asked == []
                    scene.journal.stop(Pause.NONE)
                    await scene.journal.until(lambda journal: len(journal.messages) >= 200)
                    scene.journal.stop(Pause.CAP)
                    scene.journal.stop(Pause.NONE)
                    await polling
                assert len(scene.told()) == len(scene.told("inventory")) == 500
                assert not scene.stats.waits_for_journal

    play(act)


class DeadJournal(MemoryJournal):
    """Takes records and never gets them onto the disk."""

    async def wait_committed(self, ticket: int) -> None:
        raise JournalError("journal", f"nothing up to {ticket} will be written")


def test_a_journal_that_is_dead_is_told_of_and_ends_nothing() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            async with Scene(feed.url, DeadJournal()) as scene:
                assert await scene.poll() == INTERVAL_S
                assert scene.stats.last_error == "journal journal: nothing up to 2 will be written"

    play(act)


def test_files_of_another_scheme_are_refused() -> None:
    def elsewhere(document: Document) -> None:
        for feed in document["data"]["feeds"]:
            feed["url"] = "file:///etc/hostname"

    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["gbfs"] = Fault(edit=elsewhere)
            async with Scene(feed.url) as scene:
                await scene.poll()
                assert scene.stats.outcomes == {"unreadable": 1}
                assert scene.stats.last_error == (
                    "gbfs: 'file:///etc/hostname' is not asked: "
                    "it is named by a file of http, which may name only its like"
                )

    play(act)


@pytest.mark.parametrize("last_updated", ["1970-01-01T00:00:00Z", "2044-01-01T00:00:00Z"])
def test_an_absurd_time_of_a_file_is_no_time(last_updated: str) -> None:
    def absurd(document: Document) -> None:
        document["last_updated"] = last_updated

    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["station_status"] = Fault(edit=absurd)
            async with Scene(feed.url) as scene:
                await scene.poll()
                assert scene.bikes() == [("1", 3)]
                assert scene.stats.unfit == {"time_impossible": 1}
                assert scene.stats.last_updated_ms is None
                # Counted from the last answer.
                assert scene.stats.overdue_s(AT_MS + 90_000) == 30

    play(act)


def test_an_old_copy_changes_nothing() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                feed.at_s -= 60
                feed.stations[0] = replace(feed.stations[0], bikes=9, last_reported_s=feed.at_s)
                scene.later()
                await scene.poll()
                assert scene.bikes() == [("1", 3)]
                assert scene.stats.polls["station_status", "old_copy"] == 1
                assert scene.stats.last_updated_ms == AT_MS - 30_000

    play(act)


class Ended(BaseException):
    """Ends a loop that has no end, as being cancelled would."""


def test_the_loop_outlives_what_nobody_foresaw(caplog: pytest.LogCaptureFixture) -> None:
    waits: list[float] = []
    failures = [RuntimeError("no proxy such as that"), ValueError("again")]

    @asynccontextmanager
    async def opens(feed: Gbfs) -> AsyncIterator[Fetches]:
        if failures:
            raise failures.pop(0)
        async with open_door(feed) as door:
            yield door

    async def act() -> None:
        with feed_of(station()) as feed:
            scene = Scene(feed.url)

            async def sleep(seconds: float) -> None:
                waits.append(seconds)
                scene.later(seconds)
                if len(waits) == 4:
                    raise Ended

            poller = scene.new_poller(scene.journal, sleep, opens)
            with pytest.raises(Ended):
                await poller.run()
            assert poller.stats.polls["feed", "broken"] == 2
            assert poller.stats.last_error is None
            assert scene.bikes() == [("1", 3)]

    with caplog.at_level(logging.CRITICAL):
        play(act)
    assert waits[:2] == [120, 240]
