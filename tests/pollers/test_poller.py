"""The loop of one feed: what it asks for and when, and what it makes of trouble."""

import json
import logging
from http import HTTPStatus
from pathlib import Path

import pytest

from ausguck.model import AssetId, Kind
from simulators.feed import VERSIONS, Fault, Version
from simulators.feed.documents import Document
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
