"""What a feed's stations are called, also when it changes all its ids over night."""

import json

from ausguck.model import AssetId, Kind
from ausguck.register.keyring import Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Asset, Tables
from ausguck.settings.tree import Retention, Site
from collectors.decode import Decoder
from collectors.decode.moments import Windows
from collectors.pollers.memory import Memory, News
from collectors.pollers.model import Counts, Head, Information, Station, Status, Statuses
from collectors.pollers.names import Claims
from collectors.pollers.naming import GRACE_MS, Naming
from tests.pollers.scene import AT_MS, INTERVAL_S, Scene, feed_of, play, station

HOUR_MS = 3_600_000
MIDNIGHT_MS = AT_MS + HOUR_MS
"""When the feed of these tests changes its ids."""


def asset(
    name: str, feed_id: str, from_ms: int = 0, to_ms: int | None = None, feed: str = "sim"
) -> Asset:
    return Asset(
        id=f"station/{name}",
        valid_from_ms=from_ms,
        valid_to_ms=to_ms,
        external_ids={feed: feed_id},
    )


def register(*assets: Asset) -> Register:
    return Register(Tables(assets=assets), "kiel", 1)


JANUARY = register(
    asset("hbf", "1", 0, MIDNIGHT_MS),
    asset("hbf", "n-1", MIDNIGHT_MS),
    asset("forum", "2", 0, MIDNIGHT_MS),
    asset("forum", "n-2", MIDNIGHT_MS),
)


def names(*ids: str, at_ms: int, of: Register = JANUARY) -> dict[str, str]:
    found = Naming("kiel", "sim", "x-").names(ids, of, at_ms)
    return {station_id: named.name for station_id, named in found.items()}


def test_the_register_names_and_else_the_feed() -> None:
    assert names("1", "2", "3", at_ms=AT_MS) == {"1": "hbf", "2": "forum", "3": "x-3"}
    assert names("1", at_ms=AT_MS, of=Register()) == {"1": "x-1"}


def test_an_id_may_come_a_day_early_or_late() -> None:
    assert names("n-1", at_ms=MIDNIGHT_MS - GRACE_MS) == {"n-1": "hbf"}
    assert names("1", at_ms=MIDNIGHT_MS + GRACE_MS - 1) == {"1": "hbf"}
    assert names("1", at_ms=MIDNIGHT_MS + GRACE_MS) == {"1": "x-1"}


def test_of_two_ids_of_one_station_the_one_that_holds() -> None:
    assert names("1", "n-1", at_ms=MIDNIGHT_MS) == {"n-1": "hbf"}
    assert names("1", "n-1", at_ms=MIDNIGHT_MS - 1) == {"1": "hbf"}


def test_an_id_that_another_station_gets_is_that_one() -> None:
    reused = register(
        asset("hbf", "1", 0, MIDNIGHT_MS),
        asset("hbf", "2", MIDNIGHT_MS),
        asset("forum", "2", 0, MIDNIGHT_MS),
        asset("forum", "1", MIDNIGHT_MS),
    )
    assert names("1", "2", at_ms=MIDNIGHT_MS - 1, of=reused) == {"1": "hbf", "2": "forum"}
    assert names("1", "2", at_ms=MIDNIGHT_MS, of=reused) == {"2": "hbf", "1": "forum"}


def test_an_unknown_id_takes_no_registered_name() -> None:
    named = register(asset("7", "n-7"))
    found = Naming("kiel", "sim").names(["7", "n-7"], named, AT_MS)
    assert {one: is_ours.name for one, is_ours in found.items()} == {"n-7": "7"}


def test_ids_of_another_feed_or_of_a_bus_are_not_asked() -> None:
    other = register(
        asset("hbf", "1", feed="other"), Asset(id="bus/0123", external_ids={"sim": "2"})
    )
    assert names("1", "2", at_ms=AT_MS, of=other) == {"1": "x-1", "2": "x-2"}


# What follows for what is told


def memory(feed: str = "sim", claims: Claims | None = None) -> Memory:
    return Memory(Naming("kiel", feed, "", claims or Claims()), Windows.of(Retention()))


def information(*ids: str) -> Information:
    stations = [Station(one, f"Station {one[-1]}", 54.3, 10.1, 20) for one in ids]
    return Information(Head(AT_MS), tuple(stations))


def statuses(*ids: str, at_ms: int, bikes: int = 3, reported_ms: int = AT_MS) -> Statuses:
    counts = Counts(num_vehicles_available=bikes)
    return Statuses(Head(at_ms), tuple(Status(one, counts, reported_ms) for one in ids))


def told(news: News) -> list[str]:
    return [one.topic.decode().removeprefix("v1/kiel/station/") for one in news.messages]


def faults(news: News) -> list[tuple[str, str]]:
    return [(one.station, one.fault.value) for one in news.unfit]


def test_a_new_id_is_no_new_station_and_no_news() -> None:
    feed = memory()
    first = feed.learn(information("1", "2"), AT_MS, JANUARY)
    assert told(first) == ["hbf/inventory", "forum/inventory"]
    assert b"serial" not in first.messages[0].payload
    assert told(feed.take(statuses("1", "2", at_ms=AT_MS), AT_MS, JANUARY)) == [
        "hbf/telemetry",
        "forum/telemetry",
    ]
    new_year = feed.take(statuses("n-1", "n-2", at_ms=MIDNIGHT_MS), MIDNIGHT_MS, JANUARY)
    assert told(new_year) == []
    assert not new_year.is_unasked
    assert feed.reporting == {"hbf", "forum"}
    assert told(feed.learn(information("n-1", "n-2"), MIDNIGHT_MS, JANUARY)) == []
    later = statuses("n-1", "n-2", at_ms=MIDNIGHT_MS + 9, bikes=5)
    assert told(feed.take(later, MIDNIGHT_MS + 9, JANUARY)) == ["hbf/telemetry", "forum/telemetry"]
    assert (feed.known, feed.held) == (2, 0)


def test_both_ids_in_one_file_are_one_station() -> None:
    feed = memory()
    both = feed.learn(information("1", "n-1"), AT_MS, JANUARY)
    assert told(both) == ["hbf/inventory"]
    assert faults(both) == [("n-1", "station_twice")]
    news = feed.take(statuses("1", "n-1", at_ms=AT_MS), AT_MS, JANUARY)
    assert told(news) == ["hbf/telemetry"]
    assert faults(news) == [("n-1", "station_twice")]


def test_a_name_belongs_to_the_feed_that_had_it_first() -> None:
    shared = register(asset("hbf", "1"), asset("hbf", "A", feed="b"))
    claims = Claims()
    first, second = memory("sim", claims), memory("b", claims)
    assert told(first.learn(information("1"), AT_MS, shared)) == ["hbf/inventory"]
    assert faults(second.learn(information("A"), AT_MS, shared)) == [("A", "id_of_another_feed")]
    assert told(second.take(statuses("A", at_ms=AT_MS), AT_MS, shared)) == []


def test_a_station_that_is_registered_meanwhile_asks_for_its_information() -> None:
    feed = memory()
    feed.learn(information("1"), AT_MS)
    feed.take(statuses("1", at_ms=AT_MS), AT_MS)
    news = feed.take(statuses("1", at_ms=AT_MS + 1), AT_MS, JANUARY)
    assert (told(news), news.is_renamed) == ([], True)
    assert told(feed.learn(information("1"), AT_MS, JANUARY)) == ["hbf/inventory", "hbf/telemetry"]
    back = feed.take(statuses("1", at_ms=AT_MS + 2), AT_MS)
    assert (back.is_renamed, feed.held_since(AT_MS)) == (True, ["1"])
    feed.take(statuses("1", at_ms=AT_MS + 3), AT_MS, JANUARY)
    assert feed.held == 0


# Through the poller


def test_every_id_changes_on_1_january() -> None:
    async def act() -> None:
        with feed_of(station(1), station(2)) as feed:
            async with Scene(feed.url) as scene:
                scene.directory.replace(JANUARY, Keyring())
                await scene.poll()
                while scene.clock.now_ms() < MIDNIGHT_MS:
                    scene.later(600)
                    feed.at_s += 600
                    await scene.poll()
                before = len(scene.journal.messages)
                heard = scene.poller.heard()
                feed.stations = [station(1, station_id="n-1"), station(2, station_id="n-2")]
                scene.later(3600)
                feed.at_s += 3600
                await scene.poll()
                assert len(scene.journal.messages) == before
                assert scene.poller.heard().keys() == heard.keys()
                assert set(heard) == {
                    AssetId("kiel", Kind.STATION, name) for name in ("hbf", "forum")
                }
                feed.stations[0] = station(1, 7, station_id="n-1", last_reported_s=feed.at_s)
                scene.later(INTERVAL_S)
                feed.at_s += int(INTERVAL_S)
                await scene.poll()
                assert scene.bikes() == [("hbf", 3), ("forum", 3), ("hbf", 7)]
                assert [name for name, _ in scene.told("inventory")] == ["hbf", "forum"]
                stats = scene.stats
                assert (stats.stations, stats.known, stats.unknown) == (2, 2, 0)
                assert stats.unfit == {}
        decoder = Decoder(Site(), Retention())
        readings = [
            reading
            for record in scene.journal.messages
            for reading in decoder.decode(record).readings
        ]
        identities = {(one.asset, one.observed_at_ms, one.digest) for one in readings}
        assert len(identities) == len(readings) == 3

    play(act)


def test_a_restart_in_the_new_year_repeats_the_old_one() -> None:
    async def act() -> None:
        with feed_of(station(1)) as feed:
            async with Scene(feed.url) as scene:
                scene.directory.replace(JANUARY, Keyring())
                await scene.poll()
                feed.stations = [station(1, station_id="n-1")]
                scene.clock.advance_ms(MIDNIGHT_MS - AT_MS)
                again = scene.new_poller(scene.journal)
                await again.poll(scene.door)
                rows = [(one.topic, one.payload) for one in scene.journal.messages]
                assert [topic for topic, _ in rows] == [
                    "v1/kiel/station/hbf/inventory",
                    "v1/kiel/station/hbf/telemetry",
                ] * 2
                assert rows[1] == rows[3]

    play(act)


def test_what_is_registered_while_we_run_is_asked_for_anew() -> None:
    async def act() -> None:
        with feed_of(station(1)) as feed:
            async with Scene(feed.url) as scene:
                await scene.poll()
                scene.directory.replace(JANUARY, Keyring())
                scene.later()
                feed.stations[0] = station(1, 4, last_reported_s=feed.at_s)
                feed.at_s += 1
                await scene.poll()
                scene.later()
                await scene.poll()
                assert scene.bikes() == [("1", 3), ("hbf", 4)]
                assert [json.dumps(said.get("name")) for _, said in scene.told("inventory")] == [
                    '"Station 1"'
                ] * 2

    play(act)
