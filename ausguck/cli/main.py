"""The table of commands, and the two options they share."""

import os
import sys
from pathlib import Path

import click

from ausguck import __version__
from ausguck.cli.lazy import Later, LazyGroup
from ausguck.errors import AusguckError, ConfigError

CONFIG_ERROR = 2
FAILED = 1

TOKEN_KEYS = ("store.influxdb.token", "store.influxdb.token_file")
"""Settings that may be wrong as yet when preparing: it makes what they want."""

COMMANDS = (
    Later("run", "ausguck.cli.run:run", "Run Ausguck by the settings: take in, keep, answer."),
    Later("demo", "ausguck.cli.demo:demo", "Show a simulated city on http://127.0.0.1:8080."),
    Later("check", "ausguck.cli.check:check", "Check the settings and say what they come to."),
    Later(
        "simulate",
        "ausguck.cli.simulate:simulate",
        "Simulate a city of buses and bike stations that sends MQTT.",
    ),
    Later(
        "replay",
        "ausguck.cli.replay:replay",
        "Send a recorded CSV FILE (.gz too) over MQTT, all its times moved by a constant.",
    ),
    Later(
        "journal",
        "ausguck.cli.journal:journal",
        "Look into the journal, and see whether it is sound.",
    ),
    Later(
        "devices",
        "ausguck.cli.devices:devices",
        "Devices: what is fitted where, who may connect, and bringing one into service.",
    ),
    Later(
        "register",
        "ausguck.cli.register:register",
        "What is out there: assets, devices, lines, zones, depots, duties, each with its time.",
    ),
    Later(
        "deadletters",
        "ausguck.cli.deadletters:deadletters",
        "What was not stored, why, and what to do about it.",
    ),
    Later(
        "keys",
        "ausguck.cli.keys:keys",
        "Say who may ask the API what, and make hashes for the settings file.",
    ),
    Later(
        "people",
        "ausguck.cli.people:people",
        "Say who works with this, who is on duty, and what becomes of it when somebody leaves.",
    ),
    Later(
        "store",
        "ausguck.cli.store:store",
        "Move history between DuckDB and InfluxDB, and compare the two.",
    ),
    Later(
        "dashboards",
        "ausguck.cli.dashboards:dashboards",
        "Write Grafana's files, and look at dashboards without Grafana.",
    ),
)


@click.group(cls=LazyGroup, commands=COMMANDS, context_settings={"max_content_width": 100})
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
    # The tree of settings takes a quarter of a second to import, which no help waits for.
    from ausguck.settings.load import load  # noqa: PLC0415 - as above

    try:
        needs_no_token = {"--prepare", "--broker"} & set(sys.argv)
        made_later = TOKEN_KEYS if needs_no_token else ()
        context.obj = load(config, os.environ, made_later=made_later)
    except ConfigError as error:
        click.echo(f"The settings are not right:\n{error}", err=True)
        click.echo("Every setting is in ausguck.example.toml and docs/reference.", err=True)
        context.exit(CONFIG_ERROR)


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
