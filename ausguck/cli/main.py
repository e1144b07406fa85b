"""The table of commands, and the two options they share."""

import os
import sys
from pathlib import Path

import click

from ausguck import __version__
from ausguck.cli.check import check
from ausguck.cli.dashboards import dashboards
from ausguck.cli.deadletters import deadletters
from ausguck.cli.demo import demo
from ausguck.cli.devices import devices
from ausguck.cli.journal import journal
from ausguck.cli.keys import keys
from ausguck.cli.people import people
from ausguck.cli.prepare import TOKEN_KEYS
from ausguck.cli.register import register
from ausguck.cli.replay import replay
from ausguck.cli.run import run
from ausguck.cli.simulate import simulate
from ausguck.cli.store import store
from ausguck.errors import AusguckError, ConfigError
from ausguck.settings.load import load

CONFIG_ERROR = 2
FAILED = 1

COMMANDS: tuple[click.Command, ...] = (
    run,
    demo,
    check,
    simulate,
    replay,
    journal,
    devices,
    register,
    deadletters,
    keys,
    people,
    store,
    dashboards,
)


@click.group(context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="ausguck")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file. Without it: $AUSGUCK_CONFIG, ./ausguck.toml, /etc/ausguck/ausguck.toml, "
    "else the defaults. AUSGUCK_SECTION__KEY in the environment goes over the file.",
)
@click.pass_context
def main(context: click.Context, config: Path | None) -> None:
    """Ausguck: the lookout over a city's bus Wi-Fi and its bikesharing stations.

    Devices send MQTT; what they send is on disk before it is acknowledged, then in the store,
    then on the page and in the API.

    \b
    First steps:
      ausguck demo                 a simulated city on http://127.0.0.1:8080
      ausguck check                is my settings file right?
      ausguck run                  the real thing, by the settings file
    """
    if context.resilient_parsing or "--help" in sys.argv:
        return
    try:
        needs_no_token = {"--prepare", "--broker"} & set(sys.argv)
        made_later = TOKEN_KEYS if needs_no_token else ()
        context.obj = load(config, os.environ, made_later=made_later)
    except ConfigError as error:
        click.echo(f"The settings are not right:\n{error}", err=True)
        click.echo("Every setting is in ausguck.example.toml and docs/reference.", err=True)
        context.exit(CONFIG_ERROR)


for command in COMMANDS:
    main.add_command(command)


def entry() -> None:
    """What the `ausguck` program runs: errors of ours in one line, others as they are."""
    try:
        main(prog_name="ausguck")
    except AusguckError as error:
        _say(error)
    except ExceptionGroup as group:
        # Parts that run side by side fail as a group, even one by itself.
        ours, others = group.split(AusguckError)
        if ours is None or others is not None:
            raise
        _say(ours)
    else:
        return
    sys.exit(FAILED)


def _say(error: Exception) -> None:
    if isinstance(error, ExceptionGroup):
        for one in error.exceptions:
            _say(one)
    else:
        click.echo(f"ausguck: {error}", err=True)
