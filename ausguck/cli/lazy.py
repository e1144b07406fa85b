"""Groups that know their commands by name, and import one only when it is called.

What commands work with (the API, a store, a broker's client) takes seconds to import, and help,
a completion or another command has no use for it.
"""

from pkgutil import resolve_name

import click
from click.shell_completion import CompletionItem


class Later(click.Command):
    """Stands in a group for a command that is not imported yet.

    Args:
        name: what the command is called by.
        place: its module and its name there, such as `ausguck.cli.run:run`.
        summary: the first sentence of its help, which a test compares with the command's own.
    """

    def __init__(self, name: str, place: str, summary: str) -> None:
        super().__init__(name, help=summary)
        self.place = place

    def imported(self) -> click.Command:
        """The command itself."""
        command = resolve_name(self.place)
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.place} is no command")
        return command


class LazyGroup(click.Group):
    """A group that imports those of its commands that are `Later` when they are called."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command itself, imported if it was not yet."""
        command = super().get_command(ctx, cmd_name)
        return command.imported() if isinstance(command, Later) else command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands as a plain group does, which imports none."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands and options that begin so; importing none, since somebody waits at a prompt."""
        names = [
            CompletionItem(name, help=command.get_short_help_str())
            for name, command in sorted(self.commands.items())
            if name.startswith(incomplete) and not command.hidden
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]
