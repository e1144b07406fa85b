"""The register in the desk: whole changes, taken back exactly, and seen by whoever loads."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ausguck.desk.registry import LOADED_MS, SqliteRegistry, open_registry
from ausguck.errors import StoreError
from ausguck.register.change import Offer
from ausguck.register.port import RegisterError, Registry
from ausguck.register.rows import (
    Asset,
    Assignment,
    Depot,
    Device,
    DeviceState,
    Event,
    EventKind,
    Fitting,
    Lifecycle,
    Line,
    Party,
    Role,
    SimPool,
    Tables,
    Zone,
)
from tests.register.offers import DAY_MS, NOW_MS, dated, offer

WHO = "command line"
RING = ((54.3, 10.1), (54.3, 10.2), (54.4, 10.2))
FOREIGN = {"gtfs": "de:1", "city": "ä"}
EVERYTHING = offer(
    source="everything",
    parties=[Party(id="kvg", role=Role.BUS_COMPANY, title="KVG")],
    lines=[Line(id="11", title="Wik", party="kvg", external_ids=FOREIGN)],
    zones=[Zone(id="mitte", title="Mitte", area=RING)],
    depots=[Depot(id="werft", area=RING, party="kvg")],
    sim_pools=[SimPool(id="d1", operator="262-01", cap_bytes=2**40, billing_day=28)],
    assets=[
        Asset(id="bus/1", party="kvg", depot="werft", line="11", has_controller=True),
        Asset(id="bus/2", lifecycle=Lifecycle.PLANNED),
        Asset(id="station/1", zone="mitte", lat=54.32, lon=10.13, capacity=20),
    ],
    devices=[
        Device(id="S1", model="teltonika-rutx", sim_pool="d1"),
        Device(id="S2"),
        Device(id="S3"),
    ],
    fittings=[Fitting(id="S1", asset="bus/1")],
    assignments=[
        dated(
            Assignment(
                id="bus/1", line="11", trip="t", valid_from_ms=NOW_MS, valid_to_ms=NOW_MS + 9
            )
        )
    ],
    events=[
        dated(
            Event(
                id="kiwo",
                kind=EventKind.FESTIVAL,
                title="Kieler Woche",
                area=RING,
                lines=("11",),
                assets=("bus/1", "station/1"),
                valid_from_ms=NOW_MS,
                valid_to_ms=NOW_MS + 9 * DAY_MS,
            )
        )
    ],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


@pytest.fixture
def registry(path: Path) -> Iterator[SqliteRegistry]:
    with open_registry(path, "kiel") as opened:
        apply(opened, EVERYTHING)
        yield opened


def apply(registry: Registry, told: Offer, now_ms: int = NOW_MS) -> None:
    registry.apply(registry.diff(told, now_ms), WHO, now_ms)


def tables(registry: Registry, now_ms: int = NOW_MS) -> Tables:
    return registry.load(now_ms)[0].tables


def test_what_was_told_is_what_is_loaded(registry: SqliteRegistry) -> None:
    register, keyring = registry.load(NOW_MS)

    for table, given_rows in EVERYTHING.rows.items():
        expected = [one.row for one in given_rows]
        if table in {"assignments", "events"}:
            expected = [replace(row, source="everything") for row in expected]
        if table == "devices":
            expected[0] = replace(expected[0], state=DeviceState.FITTED)
        assert list(getattr(register.tables, table)) == expected
    assert register.site == "kiel"
    assert register.revision == registry.revision() == 1
    assert keyring.is_device("S1")
    assert not keyring.is_device("S4")


def test_only_what_changed_is_loaded_again(registry: SqliteRegistry) -> None:
    known = registry.load(NOW_MS)

    assert registry.load(NOW_MS, known) == known
    registry.note(WHO, "look", "bus/1", "", NOW_MS)
    assert registry.load(NOW_MS, known) == known
    apply(registry, offer(lines=[Line(id="12")], adds_only=True))
    register, keyring = registry.load(NOW_MS, known)

    assert keyring is known[1]
    assert register.tables.assets is known[0].tables.assets
    assert register.assets is known[0].assets
    assert register.lines.ids() == ["11", "12"]
    assert register.revision > known[0].revision


def test_duties_of_long_ago_are_kept_but_not_loaded(registry: SqliteRegistry) -> None:
    apply(registry, offer(assignments=[]))
    later_ms = NOW_MS + 9 + LOADED_MS

    assert len(tables(registry, later_ms - 1).assignments) == 1
    assert tables(registry, later_ms).assignments == ()
    assert registry.load(later_ms)[0].assets.ids() == ["bus/1", "bus/2", "station/1"]


def test_a_contradiction_is_refused_before_anything_is_written(registry: SqliteRegistry) -> None:
    before = tables(registry)

    with pytest.raises(RegisterError, match="line: found '13', expected a line") as caught:
        registry.diff(offer(assets=[Asset(id="bus/3", line="13")], adds_only=True), NOW_MS)

    assert len(caught.value.faults) == 1
    assert tables(registry) == before
    assert registry.revision() == 1


def test_a_change_reckoned_from_what_is_no_more_is_refused(registry: SqliteRegistry) -> None:
    one = registry.diff(offer(lines=[Line(id="11", title="a")], adds_only=True), NOW_MS)
    other = registry.diff(offer(lines=[Line(id="11", title="b")], adds_only=True), NOW_MS)
    registry.apply(one, WHO, NOW_MS)

    with pytest.raises(RegisterError, match="'11', changed meanwhile"):
        registry.apply(other, WHO, NOW_MS)
    with pytest.raises(RegisterError, match="changed meanwhile"):
        registry.apply(one, WHO, NOW_MS)


def test_two_changes_that_only_together_contradict(registry: SqliteRegistry) -> None:
    one = registry.diff(offer(fittings=[Fitting(id="S2", asset="bus/2")], adds_only=True), NOW_MS)
    other = registry.diff(offer(fittings=[Fitting(id="S3", asset="bus/2")], adds_only=True), NOW_MS)
    registry.apply(one, WHO, NOW_MS)

    with pytest.raises(RegisterError, match="an asset without a device then; S2 is in it"):
        registry.apply(other, WHO, NOW_MS)


def test_nothing_to_change_leaves_nothing_behind(registry: SqliteRegistry) -> None:
    found = registry.diff(EVERYTHING, NOW_MS)

    assert registry.apply(found, WHO, NOW_MS).id == 0
    assert len(registry.applied()) == 1
    assert registry.revision() == 1


def test_undo_takes_back_the_last_change_exactly(registry: SqliteRegistry) -> None:
    before = tables(registry)
    apply(registry, offer(lines=[], zones=[Zone(id="west")]), NOW_MS + 1)
    apply(registry, offer(assets=[Asset(id="bus/1")]), NOW_MS + 2)

    undone = registry.undo(None, "ada", NOW_MS + 3)
    assert undone.source == "undo of files"
    registry.undo(None, "ada", NOW_MS + 4)

    assert tables(registry) == before
    assert [row.undone_at_ms for row in registry.applied()] == [
        None,
        None,
        NOW_MS + 3,
        NOW_MS + 4,
        None,
    ]
    with pytest.raises(RegisterError, match="which was undone before"):
        registry.undo(2, "ada", NOW_MS)
    with pytest.raises(RegisterError, match="change 99"):
        registry.undo(99, "ada", NOW_MS)
    registry.undo(undone.id, "ada", NOW_MS + 5)  # and so is made again
    assert tables(registry) != before


def test_undo_is_refused_when_something_was_built_on_it(registry: SqliteRegistry) -> None:
    apply(registry, offer(assets=[Asset(id="bus/7")], adds_only=True))
    duty = Assignment(id="bus/7", valid_from_ms=NOW_MS - 99 * DAY_MS, valid_to_ms=NOW_MS)
    apply(registry, offer(source="csv", assignments=[dated(duty)]))

    with pytest.raises(RegisterError, match="'bus/7', expected an asset"):
        registry.undo(2, WHO, NOW_MS)

    registry.undo(3, WHO, NOW_MS)
    registry.undo(2, WHO, NOW_MS)
    assert "bus/7" not in registry.load(NOW_MS)[0].assets


def test_a_swap_is_one_change(registry: SqliteRegistry) -> None:
    before = tables(registry)
    noon_ms, now_ms = NOW_MS - 3_600_000, NOW_MS

    row = registry.swap("bus/1", "S1", "S2", at_ms=noon_ms, who=WHO, now_ms=now_ms)

    register, _ = registry.load(now_ms)
    assert (row.source, row.changes) == ("swap bus/1: S1 out, S2 in", 6)
    fitted = [register.fitted("bus/1", at_ms) for at_ms in (noon_ms - 1, noon_ms)]
    assert [one and one.id for one in fitted] == ["S1", "S2"]
    devices = [register.devices.at(serial, now_ms) for serial in ("S1", "S2")]
    assert [one and one.state for one in devices] == [DeviceState.SPARE, DeviceState.FITTED]
    registry.undo(None, WHO, now_ms)
    assert tables(registry) == before


@pytest.mark.parametrize(
    ("asset", "out", "into", "at_ms", "words"),
    [
        ("bus/1", "S2", "S3", NOW_MS, "out: found S2, expected S1, which is in bus/1"),
        ("bus/1", None, "S3", NOW_MS, "out: found nothing, expected S1, which is in bus/1"),
        ("bus/2", "S1", "S3", NOW_MS, "out: found S1, expected nothing, for bus/2 is empty"),
        ("bus/2", None, "S1", NOW_MS, "in: found S1, which is in bus/1"),
        ("bus/2", None, "S9", NOW_MS, "in: found 'S9', expected a device of the register"),
        ("bus/9", None, "S2", NOW_MS, "asset: found 'bus/9', expected an asset of the register"),
        ("bus/1", "S1", "S2", 0, "expected a time after the asset's last swap at 1970-01-01"),
    ],
)
def test_a_swap_that_cannot_be(
    registry: SqliteRegistry, asset: str, out: str | None, into: str, at_ms: int, words: str
) -> None:
    with pytest.raises(RegisterError, match=words):
        registry.swap(asset, out, into, at_ms=at_ms, who=WHO, now_ms=NOW_MS)


def test_no_swap_before_the_last_and_none_of_a_stolen_device(registry: SqliteRegistry) -> None:
    registry.swap("bus/1", "S1", "S2", at_ms=NOW_MS, who=WHO, now_ms=NOW_MS)
    with pytest.raises(RegisterError, match="a time after the asset's last swap"):
        registry.swap("bus/1", "S1", "S3", at_ms=NOW_MS - 1, who=WHO, now_ms=NOW_MS)
    registry.set_device(Device(id="S3", state=DeviceState.STOLEN), WHO, NOW_MS)
    with pytest.raises(RegisterError, match="S3, which is stolen"):
        registry.swap("bus/1", "S2", "S3", at_ms=NOW_MS + 1, who=WHO, now_ms=NOW_MS + 1)


def test_what_is_in_repair_stays_there_when_it_is_taken_out(registry: SqliteRegistry) -> None:
    registry.set_device(Device(id="S1", state=DeviceState.REPAIR), WHO, NOW_MS)
    registry.swap("bus/1", "S1", "S2", at_ms=NOW_MS + 5, who=WHO, now_ms=NOW_MS + 5)
    registry.swap("bus/2", None, "S1", at_ms=NOW_MS + 9, who=WHO, now_ms=NOW_MS + 9)

    devices = registry.load(NOW_MS + 9)[0].devices
    states = [one.state for one in devices.of("S1")]
    assert states == [DeviceState.FITTED, DeviceState.REPAIR, DeviceState.FITTED]


def test_a_device_is_added_and_changed(registry: SqliteRegistry) -> None:
    registry.set_device(Device(id="S4", model="a", state=DeviceState.FITTED), WHO, NOW_MS)
    registry.set_device(Device(id="S4", model="b"), WHO, NOW_MS + 5)

    devices = registry.load(NOW_MS + 5)[0].devices
    assert [(one.model, one.state, one.valid_from_ms) for one in devices.of("S4")] == [
        ("a", DeviceState.SPARE, 0),
        ("b", DeviceState.SPARE, NOW_MS + 5),
    ]
    with pytest.raises(RegisterError, match="a SIM pool of the register"):
        registry.set_device(Device(id="S4", sim_pool="x"), WHO, NOW_MS)
    with pytest.raises(RegisterError, match="a serial of"):
        registry.set_device(Device(id="S 5"), WHO, NOW_MS)


def test_every_change_is_in_the_audit_log(registry: SqliteRegistry) -> None:
    registry.swap("bus/1", "S1", "S2", at_ms=NOW_MS, who="ada", now_ms=NOW_MS + 5)
    registry.note("ada", "look", "bus/1", "twice", NOW_MS + 6)

    newest, swap, first = registry.audit()

    assert (newest.who, newest.action, newest.object, newest.detail) == (
        "ada",
        "look",
        "bus/1",
        "twice",
    )
    assert (swap.who, swap.action, swap.at_ms) == ("ada", "swap", NOW_MS + 5)
    assert "2 fittings" in swap.detail
    assert (first.action, first.object) == ("apply", "everything")
    assert list(registry.audit(before_id=swap.id)) == [first]
    assert list(registry.audit(limit=1)) == [newest]


TITLES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), max_size=3)


@given(steps=st.lists(TITLES, max_size=4))
@settings(max_examples=20, deadline=None)
def test_all_undone_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, steps: list[list[tuple[str, str]]]
) -> None:
    with open_registry(tmp_path_factory.mktemp("undo") / "desk.sqlite") as registry:
        before = []
        for at_ms, step in enumerate(steps):
            told = offer(lines=[Line(id=name, title=title) for name, title in dict(step).items()])
            found = registry.diff(told, at_ms)
            if found.changes:
                before.append(tables(registry))
                registry.apply(found, WHO, at_ms)
            assert registry.diff(told, at_ms).changes == []
        for was in reversed(before):
            registry.undo(None, WHO, NOW_MS)
            assert tables(registry) == was


ADDING = """
import os, signal, sys
from pathlib import Path
from ausguck.desk.registry import open_registry
from ausguck.register.rows import Device

path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_registry(path) as registry:
    for n in range(count):
        registry.set_device(Device(id=f"{name}{n}"), name, 1)
    print("done", flush=True)
    if name == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", ADDING, str(path), name, str(count)], stdout=subprocess.PIPE
    )


def test_processes_that_write_at_once_lose_nothing(path: Path, registry: SqliteRegistry) -> None:
    children = [start(path, name, 20) for name in ("a", "b")]
    for n in range(10):
        registry.set_device(Device(id=f"c{n}"), WHO, NOW_MS)
    for child in children:
        child.communicate(timeout=50)

    assert [child.returncode for child in children] == [0, 0]
    assert len(registry.load(NOW_MS)[0].devices) == 3 + 20 + 20 + 10
    assert registry.revision() == 1 + 50
    assert len(registry.audit()) == 1 + 50


def test_what_was_written_outlives_a_kill(path: Path, registry: SqliteRegistry) -> None:
    child = start(path, "killed", 5)
    child.communicate(timeout=50)

    assert child.returncode == -9
    assert len(registry.load(NOW_MS)[0].devices) == 3 + 5
    registry.set_device(Device(id="S4"), WHO, NOW_MS)


def test_a_file_that_somebody_holds_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ausguck.desk.engine.BUSY_TIMEOUT_S", 0.05)
    with open_registry(path) as registry:
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(StoreError, match="database is locked"):
                registry.note(WHO, "look", "bus/1", "", NOW_MS)
            with pytest.raises(StoreError, match="database is locked"), open_registry(path):
                pass
            assert registry.load(NOW_MS)[0].revision == 0
        finally:
            holder.close()
        registry.note(WHO, "look", "bus/1", "", NOW_MS)
