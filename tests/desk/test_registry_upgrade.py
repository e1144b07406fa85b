"""A desk's file of any age comes to the same shape, whoever opens it first."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ausguck.desk.desk import open_desk, open_desk_read_only
from ausguck.desk.registry import open_registry
from ausguck.errors import StoreError

OLD = [Path(__file__).with_name(f"{name}_version.sql") for name in ("first", "second", "third")]
Shape = dict[str, object]


def shape(path: Path) -> Shape:
    """Every table with its columns, every index with its columns, every trigger with its words."""
    connection = sqlite3.connect(path)
    try:
        found = connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        ).fetchall()
        shape: Shape = {}
        for kind, name, table, sql in found:
            if kind == "table":
                columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
                # The order in which columns were added is nobody's business.
                shape[name] = (
                    sorted(column[1:] for column in columns),
                    "WITHOUT ROWID" in sql,
                    "AUTOINCREMENT" in sql,
                    connection.execute(f"PRAGMA foreign_key_list({name})").fetchall(),
                )
            elif kind == "index":
                columns = connection.execute(f"PRAGMA index_info({name})").fetchall()
                shape[name] = (table, [column[2] for column in columns])
            else:
                shape[name] = sql
        return shape
    finally:
        connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.sqlite"


def make_old(path: Path, statements: Path) -> None:
    connection = sqlite3.connect(path)
    connection.executescript(statements.read_text(encoding="utf-8"))
    connection.close()


@pytest.mark.parametrize("statements", OLD, ids=lambda path: str(path.stem))
def test_an_old_file_comes_to_the_shape_of_a_new_one(
    path: Path, tmp_path: Path, statements: Path
) -> None:
    make_old(path, statements)
    with open_registry(path) as registry:
        assert registry.revision() == 0
    with open_registry(tmp_path / "new.sqlite"):
        pass

    new = shape(tmp_path / "new.sqlite")

    assert shape(path) == new, "write what a new file has into ausguck/desk/upgrades.py"
    with open_desk_read_only(path) as reader:
        assert reader.dead_letter_rows() == 1
    assert {"parties", "assignments", "credentials", "audit", "people"} <= new.keys()


def test_a_reader_says_what_an_old_file_needs(path: Path) -> None:
    make_old(path, OLD[1])
    with (
        pytest.raises(StoreError, match="found 2, expected 4; `ausguck run` brings"),
        open_desk_read_only(path),
    ):
        pass


def test_a_command_may_make_the_file_for_its_owner_alone(path: Path) -> None:
    with open_registry(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with open_desk(path) as desk:
        assert desk.dead_letter_rows() == 0


OPENING = """
import sys
from pathlib import Path
from ausguck.desk.registry import open_registry

with open_registry(Path(sys.argv[1])) as registry:
    registry.note("somebody", "open", "the file", "", 1)
"""


def test_many_processes_may_open_a_file_that_is_not_there(path: Path) -> None:
    openers = [subprocess.Popen([sys.executable, "-c", OPENING, str(path)]) for _ in range(4)]

    assert [opener.wait(40) for opener in openers] == [0] * 4
    with open_registry(path) as registry:
        assert len(registry.audit()) == 4


def test_the_audit_log_takes_no_change(path: Path) -> None:
    with open_registry(path) as registry:
        registry.note("somebody", "look", "bus/0123", "", 1)
    connection = sqlite3.connect(path)
    try:
        for statement in ("UPDATE audit SET who = 'nobody'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="the audit log is only added to"):
                connection.execute(statement)
    finally:
        connection.close()
