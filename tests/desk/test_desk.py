"""The desk counts a thing once, however often it is told, and readers never disturb it."""

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ausguck.desk.desk import SqliteDesk, open_desk, open_desk_read_only
from ausguck.desk.rows import MAX_KEYS_PER_ASSET, OTHER_KEYS
from ausguck.errors import StoreError
from ausguck.model import (
    AssetId,
    DeadLetter,
    DroppedValue,
    Inventory,
    Kind,
    Origin,
    Position,
    Reason,
)

ASSET = AssetId("kiel", Kind.BUS, "0123")
STATION = AssetId("kiel", Kind.STATION, "7")
FIRST_VERSION = Path(__file__).with_name("first_version.sql").read_text(encoding="utf-8")


def origin(offset: int, element: int = 0, segment: int = 1, epoch: int = 1) -> Origin:
    return Origin(Position(epoch, segment, offset), element)


def letter(at: Origin, content: bytes = b"{}", reason: Reason = Reason.TIME) -> DeadLetter:
    return DeadLetter(at, 1000 + at.position.offset, "v1/t", reason, f"at {at}", content)


def dropped(at: Origin, key: str = "clients", reason: str = "out_of_range") -> DroppedValue:
    return DroppedValue(at, ASSET, 1000 + at.position.offset, key, reason, "513")


def inventory(observed_at_ms: int, model: str) -> Inventory:
    return Inventory(ASSET, observed_at_ms, model, "00.07.06.10", None, None, 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a desk #1" / "desk.sqlite"


@pytest.fixture
def desk(path: Path) -> Iterator[SqliteDesk]:
    with open_desk(path) as opened:
        yield opened


def test_identical_letters_share_a_row(desk: SqliteDesk) -> None:
    desk.record([letter(origin(30)), letter(origin(10)), letter(origin(20))], [], [])
    (row,) = desk.dead_letters()
    assert (row.count, row.first_at_ms, row.last_at_ms) == (3, 1010, 1030)
    assert row.last_position == Position(1, 1, 30)
    assert (row.topic, row.reason, row.element) == ("v1/t", Reason.TIME, b"{}")
    assert row.detail == f"at {origin(30)}"


def test_letters_that_differ_in_element_or_reason_have_rows_of_their_own(desk: SqliteDesk) -> None:
    desk.record(
        [
            letter(origin(1)),
            letter(origin(1, 1), b"[]"),
            letter(origin(1, 2), b"{}", Reason.LIMIT),
        ],
        [],
        [],
    )
    assert desk.dead_letter_rows() == 3
    assert [row.reason for row in desk.dead_letters(reason=Reason.LIMIT)] == [Reason.LIMIT]


def test_telling_the_same_again_changes_nothing(desk: SqliteDesk) -> None:
    told = (
        [letter(origin(10)), letter(origin(10, 1)), letter(origin(20), b"x")],
        [dropped(origin(10)), dropped(origin(30)), dropped(origin(30), "line")],
        [inventory(5, "RUTX50")],
    )
    desk.record(*told)
    before = (desk.dead_letters(), desk.dropped_values(), desk.inventory(ASSET))
    desk.record(*told)
    assert (desk.dead_letters(), desk.dropped_values(), desk.inventory(ASSET)) == before


def test_what_lies_behind_is_counted_by_epoch_segment_offset_and_element(desk: SqliteDesk) -> None:
    ordered = [
        origin(90, 9, 9, 1),
        origin(1, 0, 1, 2),
        origin(1, 1, 1, 2),
        origin(2, 0, 1, 2),
        origin(1, 0, 2, 2),
    ]
    for count, at in enumerate(ordered, 1):
        desk.record([letter(at)], [dropped(at)], [])
        assert desk.dead_letters()[0].count == count
        assert desk.dropped_values()[0].count == count


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_a_replay_in_other_batches_counts_the_same(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[int], crash: int, again: int
) -> None:
    letters = [letter(origin(10 * at), bytes([kind])) for at, kind in enumerate(kinds)]
    values = [dropped(origin(10 * at), f"k{kind}") for at, kind in enumerate(kinds)]
    start = min(crash, again)
    with open_desk(tmp_path_factory.mktemp("desk") / "desk.sqlite") as desk:
        desk.record(letters[:crash], values[:crash], [])
        desk.record(letters[start:], values[start:], [])
        assert sum(row.count for row in desk.dead_letters()) == len(kinds)
        assert sum(row.count for row in desk.dropped_values()) == len(kinds)


def test_pages_and_single_letters(desk: SqliteDesk) -> None:
    desk.record([letter(origin(at), bytes([at])) for at in range(5)], [], [])
    first = desk.dead_letters(limit=2)
    rest = desk.dead_letters(after_id=first[-1].id)
    assert [row.element[0] for row in (*first, *rest)] == [0, 1, 2, 3, 4]
    assert desk.dead_letter(first[0].id) == first[0]
    assert desk.dead_letter(10**9) is None


def test_a_removed_letters_id_is_not_given_again(desk: SqliteDesk) -> None:
    desk.record([letter(origin(1))], [], [])
    (row,) = desk.dead_letters()
    assert desk.remove([row.id, row.id + 1000]) == 1
    assert desk.remove([row.id]) == 0
    assert desk.remove([]) == 0
    desk.record([letter(origin(2))], [], [])
    assert desk.dead_letters()[0].id > row.id


def test_many_letters_are_removed_at_once(desk: SqliteDesk) -> None:
    letters = [letter(origin(at)) for at in range(1200)]
    desk.record([msgspec.structs.replace(one, topic=str(one.origin)) for one in letters], [], [])
    assert desk.remove([row.id for row in desk.dead_letters(limit=2000)]) == 1200
    assert desk.dead_letter_rows() == 0


def test_values_left_out_come_the_most_frequent_first(desk: SqliteDesk) -> None:
    desk.record([], [dropped(origin(1), "line"), dropped(origin(1)), dropped(origin(2))], [])
    rows = desk.dropped_values()
    assert [(row.asset, row.key, row.count) for row in rows] == [
        (ASSET, "clients", 2),
        (ASSET, "line", 1),
    ]
    assert (rows[0].first_at_ms, rows[0].last_at_ms, rows[0].example) == (1001, 1002, "513")
    assert len(desk.dropped_values(limit=1)) == 1


def test_two_keys_redacted_alike_in_one_element_count_twice(desk: SqliteDesk) -> None:
    desk.record([], [dropped(origin(1), "[redacted:mac]")] * 2, [])
    assert desk.dropped_values()[0].count == 2


def test_invented_keys_cannot_fill_the_disk(path: Path) -> None:
    def told(start: int) -> list[DroppedValue]:
        return [dropped(origin(at), f"key{at}", "unknown_key") for at in range(start, start + 200)]

    with open_desk(path) as desk:
        desk.record([], told(0), [])
    with open_desk(path) as desk:
        for start in (0, 200, 200, 400):
            desk.record([], told(start), [])
        rows = desk.dropped_values()
    assert len(rows) == MAX_KEYS_PER_ASSET + 1
    assert sum(row.count for row in rows) == 600
    assert rows[0].key == OTHER_KEYS


def test_the_newest_inventory_holds(desk: SqliteDesk) -> None:
    assert desk.inventory(ASSET) is None
    desk.record([], [], [inventory(20, "new"), inventory(10, "old")])
    desk.record([], [], [inventory(15, "older")])
    assert desk.inventory(ASSET) == inventory(20, "new")


def place(observed_at_ms: int, name: str, capacity: int | None = 20) -> Inventory:
    nothing = (None,) * 5
    return Inventory(STATION, observed_at_ms, *nothing, name, 54.32, 10.13, capacity)


def test_a_feeds_words_and_a_controllers_do_not_replace_each_other(desk: SqliteDesk) -> None:
    controller = Inventory(STATION, 50, "SC-2", "2.4.1", "SC77", "native", 1)
    desk.record([], [], [place(20, "Hbf"), controller, place(30, "Hauptbahnhof", None)])
    desk.record([], [], [place(10, "Bahnhof"), place(25, "Bhf")])

    assert desk.inventory(STATION) == msgspec.structs.replace(
        controller, name="Hauptbahnhof", lat=54.32, lon=10.13
    )


def test_a_place_alone_is_an_inventory(desk: SqliteDesk) -> None:
    desk.record([], [], [place(20, "Hbf")])
    assert desk.inventory(STATION) == place(20, "Hbf")

    older = Inventory(STATION, 5, "SC-2", None, None, None, None)
    desk.record([], [], [older])
    kept = desk.inventory(STATION)
    assert kept is not None
    assert (kept.model, kept.name, kept.observed_at_ms) == ("SC-2", "Hbf", 20)


def test_a_file_of_the_first_version_gets_the_new_columns(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(FIRST_VERSION)
    connection.close()

    with (
        pytest.raises(StoreError, match="found 1, expected 4; `ausguck run` brings"),
        open_desk_read_only(path),
    ):
        pass
    for _ in range(2):
        with open_desk(path) as desk:
            assert desk.inventory(ASSET) == inventory(7, "RUTX50")
            desk.record([], [], [place(20, "Hbf")])
    with open_desk_read_only(path) as reader:
        assert reader.inventory(STATION) == place(20, "Hbf")
        assert reader.dead_letter_rows() == 1


def test_all_or_nothing(desk: SqliteDesk) -> None:
    # No such integer fits the column, so the last of the three statements fails.
    with pytest.raises(OverflowError):
        desk.record([letter(origin(1))], [dropped(origin(1))], [inventory(2**70, "m")])
    assert desk.dead_letter_rows() == 0
    desk.record([letter(origin(1))], [], [])
    assert desk.dead_letter_rows() == 1


def test_another_reader_sees_what_is_committed_while_one_writes(
    desk: SqliteDesk, path: Path
) -> None:
    with open_desk_read_only(path) as reader:
        assert reader.dead_letter_rows() == 0
        desk.record([letter(origin(1))], [], [])
        assert reader.dead_letter_rows() == 1


def test_a_reader_works_when_nobody_writes(path: Path) -> None:
    with open_desk(path) as desk:
        desk.record([letter(origin(1))], [], [inventory(1, "m")])
    with open_desk_read_only(path) as reader:
        assert len(reader.dead_letters()) == 1
        assert reader.inventory(ASSET) is not None


def test_what_was_recorded_is_there_after_opening_again(path: Path) -> None:
    with open_desk(path) as desk:
        desk.record([letter(origin(1))], [dropped(origin(1))], [])
    with open_desk(path) as desk:
        desk.record([letter(origin(1)), letter(origin(2))], [dropped(origin(1))], [])
        assert desk.dead_letters()[0].count == 2
        assert desk.dropped_values()[0].count == 1


def test_any_thread_may_call(desk: SqliteDesk) -> None:
    def work(start: int) -> None:
        for at in range(start, start + 10):
            desk.record([letter(origin(at), str(at).encode())], [], [])
            desk.dead_letters()

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert desk.dead_letter_rows() == 30


def test_the_file_is_the_owners_alone_and_durable(desk: SqliteDesk, path: Path) -> None:
    assert desk.dead_letter_rows() == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    finally:
        connection.close()


@pytest.mark.parametrize("opened", [open_desk, open_desk_read_only])
def test_another_versions_file_is_refused(path: Path, opened: type) -> None:
    with open_desk(path):
        pass
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match="schema version: found 99, expected 4"), opened(path):
        pass


@pytest.mark.parametrize("opened", [open_desk, open_desk_read_only])
def test_a_file_that_is_no_database_is_refused(tmp_path: Path, opened: type) -> None:
    path = tmp_path / "desk.sqlite"
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match=r"desk\.sqlite cannot be"), opened(path):
        pass


def test_a_reader_says_that_there_is_no_desk_yet(path: Path) -> None:
    with pytest.raises(StoreError, match="does not exist"), open_desk_read_only(path):
        pass


def test_messages_of_devices_that_nobody_knows_are_told_by_device(tmp_path: Path) -> None:
    def of(topic: str, element: bytes, reason: Reason = Reason.IDENTITY) -> DeadLetter:
        return DeadLetter(
            Origin(Position(1, 1, len(element)), 0), 1_800_000_000_000, topic, reason, "", element
        )

    with open_desk(tmp_path / "desk.sqlite") as desk:
        desk.record(
            [
                of("v1/kiel/device/SN_7/telemetry", b"1"),
                of("v1/kiel/device/SN_7/status", b"12"),
                of("v1/kiel/device/SN17/telemetry", b"123"),
                of("v1/kiel/device/SN17/telemetry", b"1234", Reason.TIME),
                of("v1/kiel/bus/SN17/telemetry", b"12345"),
            ],
            [],
            [],
        )
        found = desk.waiting_by_name("v1/kiel/device/")
    assert [(one.name, one.count) for one in found] == [("SN17", 1), ("SN_7", 2)]


def test_letters_are_found_by_how_their_topic_begins(desk: SqliteDesk) -> None:
    topics = ["v1/kiel/device/SN77/telemetry", "v1/kiel/device/SN77/status"]
    others = ["v1/kiel/device/sn77/status", "v1/kiel/device/SN777/status", "v1/kiel/device/SN7"]
    letters = [
        msgspec.structs.replace(letter(origin(10 + n)), topic=topic)
        for n, topic in enumerate([*topics, *others])
    ]
    desk.record(letters, [], [])
    found = desk.dead_letters(under="v1/kiel/device/SN77/")
    assert [row.topic for row in found] == topics
    rest = desk.dead_letters(under="v1/kiel/device/SN77/", after_id=found[0].id)
    assert [row.topic for row in rest] == topics[1:]
    assert not desk.dead_letters(under="v1/kiel/device/SN77/", reason=Reason.IDENTITY)
    assert len(desk.dead_letters()) == 5
