"""The loop of one feed: what it asks for and when, and what it makes of trouble."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from ausguck.errors import JournalError
from ausguck.journal.port import Pause
from ausguck.model import AssetId, Kind
from ausguck.settings.partners import Gbfs
from collectors.pollers.fetch import Fetches, open_door
from simulators.feed import VERSIONS, Fault, Version
from simulators.feed.documents import Document
from tests.listener.journal import MemoryJournal
from tests.pollers.scene import AT_MS, INTERVAL_S, Scene, feed_of, play, station

FILES = {"gbfs", "system_information", "station_information", "station_status"}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_feed_is_read_and_only_changes_are_told_again(version: Version) -> None:
    async def act() -> None:
        with feed_of(station(1), station(2), version=version) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                first = scene.bikes()
                scene.later()
                await scene.poll()
                feed.stations[1] = station(2, bikes=9, last_reported_s=feed.at_s + 50)
                feed.at_s += 60
                scene.later()
                await scene.poll()

                assert first == [("1", 3), ("2", 3)]
                assert scene.bikes()[2:] == [("2", 9)]
                assert scene.told()[2][1]["observed_at"] == AT_MS + 20_000
                assert len(scene.told("inventory")) == 2
                assert set(feed.counts) == FILES
                stats = scene.stats
                assert stats.messages == {"inventory": 2, "telemetry": 3}
                assert (stats.stations, stats.known, stats.unknown) == (2, 2, 0)
                assert (stats.version, stats.system_id) == (version, "simulated_bikes")
                assert stats.last_success_at_ms == stats.last_changed_at_ms == AT_MS + 120_000
                assert (stats.last_error, stats.unfit) == (None, {})
                assert stats.polls["station_status", "unchanged"] == 1

    play(act)


def test_a_message_of_a_feed_is_like_any_other() -> None:
    async def act() -> None:
        with feed_of(station(7)) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                inventory, telemetry = scene.journal.messages
        assert telemetry.topic == "v1/kiel/station/7/telemetry"
        assert inventory.topic == "v1/kiel/station/7/inventory"
        assert telemetry.source == ("gbfs", "gbfs/sim", "sim")
        assert (telemetry.received_at_ms, telemetry.flags) == (AT_MS, 0)
        assert json.loads(telemetry.payload)["observed_at"] == AT_MS - 40_000

    play(act)


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


def test_a_ttl_is_waited_for_and_the_interval_always() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.ttl_s = 300  # of which 30 s are over
            async with Scene(feed.url) as scene:
                assert await scene.poll() == 270
                scene.later(100)
                assert await scene.poll() == 170
                scene.later(170)
                # Not new yet: asked for at the interval, the others by their ttl.
                assert await scene.poll() == INTERVAL_S
                assert scene.stats.overdue_s(AT_MS + 270_000) == 0
                assert scene.stats.overdue_s(AT_MS + 330_000) == 60
        assert set(feed.counts.values()) == {2}

    play(act)


def test_a_feed_without_a_usable_ttl_is_asked_at_the_interval() -> None:
    def without_ttl(document: Document) -> None:
        del document["ttl"]

    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["station_status"] = Fault(edit=without_ttl)
            async with Scene(feed.url) as scene:
                assert await scene.poll() == INTERVAL_S
                assert scene.stats.unfit == {"no_ttl": 1}

    play(act)


def test_a_restart_repeats_each_station_byte_for_byte() -> None:
    async def act() -> None:
        with feed_of(station(1), station(2)) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                scene.later(10)
                again = scene.new_poller(scene.journal)
                await again.poll(scene.door)
                told = [(r.topic, r.payload) for r in scene.journal.messages]
                assert told[4:] == told[:4]

    play(act)


def test_a_file_that_moved_is_found_again() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.ttl_s = 3600
            async with Scene(feed.url) as scene:
                await scene.poll()
                feed.prefix = "/v2"
                feed.ttl_s = 0
                feed.stations[0] = station(bikes=8, last_reported_s=feed.at_s)
                scene.later(3600)
                feed.at_s += 3600
                wait_s = await scene.poll()
                while len(scene.bikes()) < 2:
                    scene.later(wait_s)
                    wait_s = await scene.poll()
                assert scene.bikes()[1] == ("1", 8)
                assert scene.stats.last_error is None

    play(act)


def test_a_404_has_the_list_of_files_read_again_at_once() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                feed.faults["station_status"] = Fault(status=HTTPStatus.NOT_FOUND, body=b"")
                feed.ttl_s = 86_400
                scene.later(60)
                feed.at_s += 60
                await scene.poll()  # the list is read, and good for a day
                asked = feed.counts["gbfs"]
                scene.later(120)
                await scene.poll()
                assert feed.counts["gbfs"] == asked + 1
                assert scene.stats.polls["station_status", "http_404"] == 2
                assert scene.stats.last_error is not None
                assert "station_status.json answers 404" in scene.stats.last_error

    play(act)


def test_a_list_is_read_again_once_a_day_at_least() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.ttl_s = 10**9
            async with Scene(feed.url) as scene:
                assert await scene.poll() == 86_400 - 30
                scene.later(86_400)
                await scene.poll()
        assert feed.counts["gbfs"] == 2

    play(act)


@pytest.mark.parametrize("value", ["300", "Fri, 15 Jan 2027 08:05:00 GMT"])
def test_a_rest_that_is_asked_for_is_given_to_all_files(value: str) -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["station_information"] = Fault(
                status=HTTPStatus.TOO_MANY_REQUESTS, body=b"", headers={"Retry-After": value}
            )
            async with Scene(feed.url) as scene:
                assert await scene.poll() == 300
                assert feed.counts["station_status"] == 0
                scene.later(299)
                await scene.poll()
                assert feed.counts["station_information"] == 1
                feed.faults.clear()
                scene.later(1)
                await scene.poll()
                assert scene.bikes() == [("1", 3)]

    play(act)


def test_trouble_makes_the_waits_longer_and_an_answer_ends_it() -> None:
    async def act() -> None:
        with feed_of(station()) as feed:
            feed.faults["gbfs"] = Fault(status=HTTPStatus.BAD_GATEWAY, body=b"")
            async with Scene(feed.url) as scene:
                waits = []
                for _ in range(5):
                    waits.append(await scene.poll())
                    scene.later(waits[-1])
                assert waits == [120, 240, 480, 900, 900]
                assert scene.stats.outcomes == {"http_502": 5}
                assert scene.stats.overdue_s(AT_MS + 7_000) == 7
                feed.faults.clear()
                feed.at_s = scene.clock.now_ms() // 1000
                assert await scene.poll() == INTERVAL_S
                assert scene.stats.last_error is None

    play(act)


def drop_first(document: Document) -> None:
    del document["data"]["stations"][0]


def test_an_unknown_station_is_held_and_told_when_it_is_known() -> None:
    async def act() -> None:
        with feed_of(station("new"), station(2)) as feed:
            feed.faults["station_information"] = Fault(edit=drop_first)
            feed.ttl_s = 600
            async with Scene(feed.url) as scene:
                wait_s = await scene.poll()
                assert wait_s == INTERVAL_S, "the information is asked for again at once"
                assert (scene.bikes(), scene.stats.unknown) == ([("2", 3)], 1)
                feed.faults.clear()
                scene.later(wait_s)
                await scene.poll()
                assert scene.bikes() == [("2", 3), ("new", 3)]
                assert (scene.stats.unknown, scene.stats.known) == (0, 2)
                assert feed.counts["station_status"] == 1

    play(act)


def test_a_station_that_stays_unknown_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    async def act() -> None:
        with feed_of(station("Kiel Hbf"), station(2)) as feed:
            feed.faults["station_information"] = Fault(edit=drop_first)
            async with Scene(feed.url) as scene:
                for _ in range(13):
                    await scene.poll()
                    scene.later()
                    feed.at_s += 60
                assert scene.stats.unknown_for_long == 1

    with caplog.at_level(logging.WARNING):
        play(act)
    lines = [one for one in caplog.messages if "not in station_information" in one]
    assert lines == [
        "feed sim: 1 stations have a status and are not in station_information: 'Kiel Hbf'"
    ]


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


def test_a_feed_in_files_is_watched_too(tmp_path: Path) -> None:
    async def act() -> None:
        feed = feed_of(station(1), station("ü 2"))
        with feed:
            told = {name: json.dumps(document) for name, document in feed.told().items()}
        for name, text in told.items():
            (tmp_path / f"{name}.json").write_text(text.replace(f"{feed.base_url}/", ""))
        async with Scene(str(tmp_path / "gbfs.json")) as scene:
            await scene.poll()
            scene.later(120)
            await scene.poll()
            assert [name for name, _ in scene.bikes()] == ["1", "_xfc__x20_2"]
            assert scene.stats.polls["station_status", "unchanged"] == 1
            (tmp_path / "station_status.json").unlink()
            scene.later(120)
            await scene.poll()
            assert scene.stats.polls["station_status", "no_file"] >= 1

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


def test_a_feed_speaks_for_its_stations_until_its_own_time_is_over() -> None:
    async def act() -> None:
        with feed_of(station("new"), station("Kiel Hbf")) as feed:
            feed.faults["station_information"] = Fault(edit=drop_first)
            async with Scene(feed.url, prefix="k-") as scene:
                hbf = AssetId("kiel", Kind.STATION, "k-Kiel_x20_Hbf")
                assert scene.poller.heard() == {}
                await scene.poll()
                assert scene.poller.heard() == {hbf: AT_MS}
                for _ in range(5):  # the same again and again, as a cache would give it out
                    scene.later()
                    await scene.poll()
                assert scene.poller.heard() == {hbf: AT_MS + 30_000}
                feed.at_s += 300
                scene.later()
                await scene.poll()
                assert scene.poller.heard() == {hbf: AT_MS + 330_000}

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
