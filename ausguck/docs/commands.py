"""The page of commands: each one's own help, as `--help` prints it."""

from collections.abc import Iterator

import click

from ausguck.cli.main import main
from ausguck.docs.markdown import page

WIDTH = 96


def program() -> click.Context:
    """The program as a person calls it, on a page of fixed width."""
    settings = {**main.context_settings, "terminal_width": WIDTH}
    return click.Context(main, info_name="ausguck", **settings)


def commands() -> str:
    """Every command and its options."""
    return page(
        "Commands",
        "`ausguck/cli`",
        "Exit status 0 is success, 1 a failure that is told in one line, 2 a wrong argument or "
        "setting.",
        *(section for each in walk(main, program()) for section in _section(*each)),
    )


def walk(
    command: click.Command, context: click.Context
) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and, when it is a group, everything in it; hidden ones are left out."""
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                within = click.Context(inner, parent=context, info_name=name, terminal_width=WIDTH)
                yield from walk(inner, within)


def _section(command: click.Command, context: click.Context) -> tuple[str, str]:
    return f"## `{context.command_path}`", f"```\n{command.get_help(context)}\n```"
