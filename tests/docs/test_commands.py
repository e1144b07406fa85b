import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import click
import pytest

from ausguck.cli.main import main
from ausguck.docs.commands import commands, program, walk
from ausguck.docs.http import document
from ausguck.topics import NAME, parse

ROOT = Path(__file__).parents[2]
BY_HAND = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference"),
]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
PROGRAM = ".venv/bin/ausguck"


def blocks(page: Path, language: str) -> Iterator[str]:
    for found, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if found == language:
            yield text


LINES = [
    pytest.param(line, id=f"{page.stem}-{number}")
    for page in BY_HAND
    for number, line in enumerate("".join(blocks(page, "sh")).splitlines(), start=1)
    if line.strip()
]


def test_there_are_commands() -> None:
    assert LINES


def test_the_readme_begins_with_make_demo_and_make_test() -> None:
    lines = [line for block in blocks(ROOT / "README.md", "sh") for line in block.splitlines()]

    assert [shlex.split(line, comments=True) for line in lines[:2]] == [
        ["make", "demo"],
        ["make", "test"],
    ]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("line", LINES)
def test_a_command_in_the_docs_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[0].startswith("now=") or words[0] == "sleep":
        return
    checks = {
        "make": is_target,
        PROGRAM: is_command,
        "mosquitto_pub": is_publish,
        "curl": is_route,
    }

    assert checks[words[0]](words[1:])


def is_target(words: list[str]) -> bool:
    return len(words) == 1 and words[0] in TARGETS


def is_command(words: list[str]) -> bool:
    command: click.Command = main
    context = program()
    while isinstance(command, click.Group):
        name, *words = words
        called = command.get_command(context, name)
        assert called is not None, name
        command = called
        context = click.Context(command, parent=context, info_name=name)
    parser = command.make_parser(context)
    _, left, _ = parser.parse_args(list(words))
    return not left


def is_publish(words: list[str]) -> bool:
    options = dict(zip(words[::2], words[1::2], strict=True))
    return (
        set(options) == {"-p", "-q", "-t", "-m"}
        and NAME.fullmatch(parse(options["-t"]).asset_id) is not None
    )


def is_route(words: list[str]) -> bool:
    method = words[words.index("-X") + 1].lower() if "-X" in words else "get"
    path = urlsplit(words[-1]).path
    api = document().paths
    for route, operations in api.items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", route)
        if re.fullmatch(pattern, path) and method in operations:
            return True
    return False


@pytest.mark.parametrize("page", BY_HAND, ids=lambda page: page.name)
def test_python_in_the_docs_compiles(page: Path) -> None:
    for block in blocks(page, "python"):
        compile(block, page.name, "exec")


def test_every_command_is_in_the_reference() -> None:
    page = commands()

    for _, context in walk(main, program()):
        assert f"## `{context.command_path}`" in page
    assert "\\b" not in page


def test_an_adr_is_short_and_says_what_it_costs() -> None:
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))

    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 60
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "What we give up",
            "What else we looked at",
        ]
        assert "\nStatus: " in text
