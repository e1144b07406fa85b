import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from click.testing import CliRunner

from ausguck.cli.lazy import Later, LazyGroup
from ausguck.cli.main import main
from ausguck.docs.commands import program, walk

WHOLE = 1000  # characters, more than a first sentence has
HEAVY = {"duckdb", "fastapi", "grafanalib", "httpx", "paho", "pyarrow", "segno", "uvicorn"}
NEEDLESS_FOR_HELP = HEAVY | {"asyncio", "msgspec", "pydantic", "sqlalchemy"}
CALL = """
import sys
from ausguck.cli.main import entry
try:
    entry()
finally:
    print("imported", *sys.modules)
"""


def tables() -> Iterator[tuple[str, str, Later]]:
    """Each group that imports commands later, the name it has for one, and what it says of it."""
    for group, context in walk(main, program()):
        if isinstance(group, LazyGroup):
            for name, command in group.commands.items():
                if isinstance(command, Later):
                    yield context.command_path, name, command


LATER = [pytest.param(name, later, id=f"{path} {name}") for path, name, later in tables()]


def imported_by(directory: Path, *arguments: str) -> set[str]:
    """What a call of the program has imported when it ends."""
    ended = subprocess.run(
        [sys.executable, "-c", CALL, *arguments],
        cwd=directory,
        env={"AUSGUCK_SITE__DATA_DIR": str(directory), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    *_, last = ended.stdout.splitlines()
    return set(last.split()[1:])


def test_the_program_imports_its_commands_later() -> None:
    assert all(isinstance(command, Later) for command in main.commands.values())


@pytest.mark.parametrize(("name", "later"), LATER)
def test_the_table_says_of_a_command_what_it_says_itself(name: str, later: Later) -> None:
    command = later.imported()

    assert command.name == name
    assert later.help == command.get_short_help_str(WHOLE)
    assert not command.hidden
    assert not command.deprecated


def test_what_is_no_command_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^ausguck\.errors:AusguckError is no command"):
        Later("run", "ausguck.errors:AusguckError", "Run.").imported()


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_no_command(option: str, tmp_path: Path) -> None:
    imported = imported_by(tmp_path, option)

    assert not imported & NEEDLESS_FOR_HELP
    assert {module for module in imported if module.startswith("ausguck.cli")} == {
        "ausguck.cli",
        "ausguck.cli.lazy",
        "ausguck.cli.main",
    }


@pytest.mark.parametrize(
    "line",
    ["devices list", "devices revoke bus/0123", "keys list", "people list", "register show"],
)
def test_a_small_command_imports_no_heavy_library(line: str, tmp_path: Path) -> None:
    assert not imported_by(tmp_path, *line.split()) & HEAVY


def test_help_lists_every_command() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output.partition("Commands:")[2]

    assert [line.split()[0] for line in shown.splitlines() if line] == sorted(main.commands)


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    ended = CliRunner().invoke(main, ["devces"])

    assert ended.exit_code == 2
    assert "No such command 'devces'. Did you mean 'devices'?" in ended.output


@pytest.mark.parametrize(
    ("words", "begun", "expected"),
    [
        ([], "d", ["dashboards", "deadletters", "demo", "devices"]),
        ([], "--v", ["--version"]),
        (["devices"], "r", ["revoke", "rotate"]),
        (["devices", "revoke"], "--c", ["--credential"]),
        (["devices", "watch"], "--f", ["--for"]),
    ],
)
def test_it_is_completed(words: list[str], begun: str, expected: list[str]) -> None:
    completion = BashComplete(main, {}, "ausguck", "_AUSGUCK_COMPLETE")

    assert [item.value for item in completion.get_completions(words, begun)] == expected
