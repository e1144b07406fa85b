from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from ausguck.errors import ConfigError, StoreError
from ausguck.settings.tree import Retention
from ausguck.store.influxdb_setup.steps import Change, Shortening
from ausguck.store.influxdb_setup.wanted import Role
from tests.influx import Influx, prefix
from tests.prepare.city import DAY_S, City, changes

pytestmark = pytest.mark.influxdb
BUCKETS = ("telemetry", "position", "station", "books", "rollup_asset", "rollup", "rollup_day")


@pytest.fixture(scope="module")
def prepared(influx: Influx, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """For tests that only look and try."""
    made = City(influx, tmp_path_factory.mktemp("prepared") / "tokens", prefix())
    made.prepare()
    made.make_bucket("foreign", 0, 0)
    made.fill()
    yield made
    made.clear()


@pytest.fixture
def place(influx: Influx, tmp_path: Path) -> Iterator[City]:
    made = City(influx, tmp_path / "tokens", prefix())
    yield made
    made.clear()


def test_buckets_are_made_with_their_retention_and_shards(prepared: City) -> None:
    assert prepared.buckets() == {
        "foreign": (0, 7 * DAY_S),
        "telemetry": (30 * DAY_S, DAY_S),
        "position": (7 * DAY_S, DAY_S // 4),
        "station": (400 * DAY_S, 7 * DAY_S),
        "books": (0, 7 * DAY_S),
        "rollup_asset": (400 * DAY_S, 90 * DAY_S),
        "rollup": (0, 90 * DAY_S),
        "rollup_day": (0, 364 * DAY_S),
    }


def test_the_second_time_nothing_changes(place: City) -> None:
    place.prepare()
    tokens = {role: place.token(role) for role in Role}
    listed = {role: place.listed(role) for role in Role}

    steps = place.prepare()

    assert {step.change for step in steps} == {Change.KEPT}
    assert {role: place.token(role) for role in Role} == tokens
    assert {role: place.listed(role) for role in Role} == listed


def test_the_writer_writes_and_reads_our_buckets_and_no_other(prepared: City) -> None:
    writer = prepared.token(Role.WRITER)

    assert [one for one in BUCKETS if not prepared.may_write(writer, one)] == []
    assert [one for one in BUCKETS if not prepared.may_read(writer, one)] == []
    assert not prepared.may_write(writer, "foreign")
    assert not prepared.may_read(writer, "foreign")


def test_no_token_makes_buckets_or_tokens(prepared: City) -> None:
    org_id = prepared.org_id()
    bucket = {"orgID": org_id, "name": prepared.name("more"), "retentionRules": []}
    everything = {"action": "read", "resource": {"type": "buckets", "orgID": org_id}}
    token = {"orgID": org_id, "description": "more", "permissions": [everything]}

    for role in Role:
        with prepared.client(prepared.token(role)) as client:
            assert client.post("/api/v2/buckets", json=bucket).status_code == 401
            assert client.post("/api/v2/authorizations", json=token).status_code == 401
            assert client.get("/api/v2/authorizations").json()["authorizations"] == []


def test_the_reader_reads_all_and_writes_nothing(prepared: City) -> None:
    reader = prepared.token(Role.READER)

    assert [one for one in BUCKETS if not prepared.may_read(reader, one)] == []
    assert [one for one in BUCKETS if prepared.may_write(reader, one)] == []


def test_the_planner_reads_what_knows_no_vehicle(prepared: City) -> None:
    planner = prepared.token(Role.PLANNER)

    assert [one for one in BUCKETS if prepared.may_read(planner, one)] == ["rollup", "rollup_day"]
    assert [one for one in BUCKETS if prepared.may_write(planner, one)] == []


def test_a_longer_retention_is_corrected_and_said(place: City) -> None:
    place.prepare()

    steps = place.prepare(Retention(telemetry_days=60))

    assert changes(steps) == {(f"bucket {place.name('telemetry')}", Change.CORRECTED)}
    assert [step.detail for step in steps if step.change is Change.CORRECTED] == [
        "kept 60 d, shards of 1 d; was kept 30 d, shards of 1 d"
    ]
    assert place.buckets()["telemetry"] == (60 * DAY_S, DAY_S)


def test_shards_are_corrected(place: City) -> None:
    place.make_bucket("rollup", 0, 7 * DAY_S)

    steps = place.prepare()

    assert (f"bucket {place.name('rollup')}", Change.CORRECTED) in changes(steps)
    assert place.buckets()["rollup"] == (0, 90 * DAY_S)


def test_a_shorter_retention_is_asked_for_before_anything_changes(place: City) -> None:
    place.make_bucket("telemetry", 0, 7 * DAY_S)
    asked: list[Sequence[Shortening]] = []

    def no(shorter: Sequence[Shortening]) -> bool:
        asked.append(shorter)
        return False

    with pytest.raises(StoreError, match=r"nothing was changed: .*kept for ever .* kept 30 d"):
        place.prepare(may_shorten=no)

    assert asked == [[Shortening(place.name("telemetry"), "for ever", "30 d")]]
    assert place.buckets() == {"telemetry": (0, 7 * DAY_S)}
    assert not place.folder.exists()


def test_after_a_yes_a_retention_is_shortened(place: City) -> None:
    place.make_bucket("telemetry", 0, 7 * DAY_S)

    steps = place.prepare(may_shorten=lambda _shorter: True)

    assert (f"bucket {place.name('telemetry')}", Change.CORRECTED) in changes(steps)
    assert place.buckets()["telemetry"] == (30 * DAY_S, DAY_S)


def test_influxql_knows_each_bucket_by_a_mapping_of_its_own(prepared: City) -> None:
    with prepared.client() as client:
        found = client.get("/api/v2/dbrps", params={"orgID": prepared.org_id()}).json()["content"]

    ours = {
        (one["database"], one["retention_policy"], one["default"])
        for one in found
        if not one["virtual"] and one["database"].startswith(prepared.prefix)
    }
    assert ours == {(prepared.name(bucket), "autogen", True) for bucket in BUCKETS}


def test_a_database_that_stands_for_another_bucket_is_named(place: City) -> None:
    other = place.make_bucket("other", 0, 0)
    explicit = {
        "orgID": place.org_id(),
        "bucketID": other,
        "database": place.name("telemetry"),
        "retention_policy": "autogen",
        "default": True,
    }
    with place.client() as client:
        client.post("/api/v2/dbrps", json=explicit).raise_for_status()

    with pytest.raises(StoreError, match=rf"stands for the bucket {other}.*influx v1 dbrp delete"):
        place.prepare()


def test_files_are_for_their_owner_alone(prepared: City) -> None:
    assert prepared.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in prepared.folder.iterdir()} == {"writer", "reader", "planner"}
    assert {path.stat().st_mode & 0o777 for path in prepared.folder.iterdir()} == {0o600}


def test_a_file_that_others_can_read_is_closed(place: City) -> None:
    place.prepare()
    (place.folder / "reader").chmod(0o644)

    steps = place.prepare()

    assert changes(steps) == {("token reader", Change.CORRECTED)}
    assert (place.folder / "reader").stat().st_mode & 0o777 == 0o600


def test_a_revoked_token_is_made_anew(place: City) -> None:
    place.prepare()
    before = place.token(Role.WRITER)
    with place.client() as client:
        client.delete(f"/api/v2/authorizations/{place.listed(Role.WRITER)[0]}")

    steps = place.prepare()

    assert changes(steps) == {("token writer", Change.MADE)}
    assert place.token(Role.WRITER) != before
    assert place.may_write(place.token(Role.WRITER), "telemetry")


def test_a_token_without_its_file_is_made_anew_and_the_old_one_deleted(place: City) -> None:
    place.prepare()
    before = place.token(Role.PLANNER)
    (place.folder / "planner").unlink()

    steps = place.prepare()
    place.fill()

    assert changes(steps) == {("token planner", Change.MADE), ("token planner", Change.REMOVED)}
    assert len(place.listed(Role.PLANNER)) == 1
    assert not place.may_read(before, "rollup")
    assert place.may_read(place.token(Role.PLANNER), "rollup")


def test_a_file_with_a_token_that_may_more_is_replaced(place: City) -> None:
    place.prepare()
    (place.folder / "reader").write_text(place.token(Role.WRITER), encoding="ascii")

    steps = place.prepare()

    assert ("token reader", Change.MADE) in changes(steps)
    assert not place.may_write(place.token(Role.READER), "telemetry")
    assert place.may_write(place.token(Role.WRITER), "telemetry")


def test_a_token_made_for_buckets_that_were_replaced_is_made_anew(place: City) -> None:
    place.prepare()
    place.delete_bucket("rollup")

    steps = place.prepare()
    place.fill()

    assert {("token planner", Change.MADE), ("token writer", Change.MADE)} <= changes(steps)
    assert place.may_read(place.token(Role.PLANNER), "rollup")
    assert [len(place.listed(role)) for role in Role] == [1, 1, 1]


def test_a_server_that_shows_no_tokens_changes_nothing_the_second_time(place: City) -> None:
    place.prepare(server=place.secretive())

    steps = place.prepare(server=place.secretive())

    assert changes(steps) == set()


@pytest.mark.parametrize("content", ["nonsense", "", "two\nlines", "\u00e4"])
def test_a_server_that_shows_no_tokens_has_them_tried(place: City, content: str) -> None:
    place.prepare(server=place.secretive())
    (place.folder / "reader").write_text(content, encoding="utf-8")

    steps = place.prepare(server=place.secretive())
    place.fill()

    assert changes(steps) == {("token reader", Change.MADE), ("token reader", Change.REMOVED)}
    assert place.may_read(place.token(Role.READER), "telemetry")
    assert len(place.listed(Role.READER)) == 1


def test_the_operator_makes_the_organisation(place: City) -> None:
    name = f"{place.prefix}org"

    steps = place.prepare(org=name)

    assert (f"organisation {name}", Change.MADE) in changes(steps)
    assert changes(place.prepare(org=name)) == set()


def test_a_token_without_rights_says_what_it_may_not(place: City) -> None:
    place.prepare()
    writer = place.token(Role.WRITER)

    with pytest.raises(StoreError, match=r"may not make the organisation .*--all-acc") as caught:
        place.prepare(server=place.server(writer))

    assert writer not in str(caught.value)


def test_an_unknown_token_is_told_and_not_shown(place: City) -> None:
    with pytest.raises(StoreError, match="INFLUX_TOKEN that this server does not know") as caught:
        place.prepare(server=place.server("no-such-token"))

    assert "no-such-token" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_named(place: City) -> None:
    place.folder.write_text("a file", encoding="utf-8")

    with pytest.raises(ConfigError, match="--tokens-dir: found"):
        place.prepare()
