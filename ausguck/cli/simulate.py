"""`ausguck simulate`: a seeded city sends MQTT to a listener that already runs."""

import asyncio
import csv
import signal
import sys
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Unpack

import click

from ausguck.cli.replay import speed_of
from ausguck.cli.simulate_scenario import (
    list_scenarios,
    play_scenario,
    show_scenario,
    write_labels,
)
from ausguck.cli.target import TargetOptions, target_of, target_options
from ausguck.clock import SystemClock
from ausguck.settings.tree import Settings
from simulators.city.rhythm import local_time
from simulators.ledger import CountingLedger, FileLedger, Ledger, Run
from simulators.register_files import write_register
from simulators.run import Connections, Job, run_city
from simulators.scenario.load import load
from simulators.scenario.perform import Staging
from simulators.send import Surroundings, Tally, Target

FAILED = 1
REGISTER_DAYS = 14
SECRETS = ["user", "secret"]


class Options(TargetOptions):
    """The options of `simulate`."""

    scenario: str | None
    labels: Path | None
    list_: bool
    show: str | None
    lang: str
    seed: int
    buses: int
    stations: int
    interval_s: float
    station_interval_s: float
    speed: str
    duration_s: float | None
    connections: str
    by_serial: bool
    register: Path | None
    credentials: Path | None
    ledger: Path | None


@click.command()
@click.option(
    "--scenario",
    metavar="NAME|FILE",
    help="Play a scenario: one of --list, or a file. It has a city and a length of its own.",
)
@click.option(
    "--labels",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Write the scenario's truth, a JSON object a line, when it is over.",
)
@click.option("--list", "list_", is_flag=True, help="Say which scenarios there are, and end.")
@click.option(
    "--show", metavar="NAME|FILE", help="Say what a scenario is and what to expect, and end."
)
@click.option(
    "--lang",
    type=click.Choice(["en", "de"]),
    default="en",
    show_default=True,
    help="In which language --list and --show tell it.",
)
@click.option("--seed", default=1, show_default=True, help="Same seed, same city.")
@click.option("--buses", default=120, show_default=True, type=click.IntRange(0, 2000))
@click.option("--stations", default=200, show_default=True, type=click.IntRange(0, 5000))
@click.option(
    "--interval-s",
    default=10.0,
    show_default=True,
    type=click.FloatRange(0.1, 3600),
    help="Between two readings of a bus in service.",
)
@click.option(
    "--station-interval-s", default=60.0, show_default=True, type=click.FloatRange(0.1, 3600)
)
@click.option(
    "--speed",
    default="1",
    show_default=True,
    help="Simulated seconds in a second. Above 1 the city begins in the past and ends now. "
    "A scenario may be played at 'max', as fast as it is acknowledged.",
)
@click.option("--duration-s", type=click.FloatRange(0.1), help="Real time; without it: Ctrl-C.")
@click.option(
    "--connections",
    type=click.Choice([each.value for each in Connections]),
    default=Connections.PER_DEVICE.value,
    show_default=True,
    help="One MQTT connection a device, with its will, or a few gateways for all.",
)
@click.option(
    "--by-serial", is_flag=True, help="Publish as device/SERIAL; the register knows the asset."
)
@click.option(
    "--register",
    type=click.Path(path_type=Path, file_okay=False),
    help="First write the city's register there, for `ausguck register import`.",
)
@click.option(
    "--credentials",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="CSV of user,secret, a user being a serial number: those devices connect as themselves.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Append what was sent and acknowledged to this file.",
)
@target_options
@click.pass_obj
def simulate(settings: Settings, **options: Unpack[Options]) -> None:
    """Simulate a city of buses and bike stations that sends MQTT.

    Every asset with an uplink reports within two seconds, then at its own time. Connections
    mend themselves, and what was not acknowledged is sent again. With --scenario something
    goes wrong, and --labels says what it was. Ends with status 1 if something stayed
    unacknowledged.

    \b
      ausguck simulate --list
      ausguck simulate --scenario carrier-down --speed 60 --labels truth.jsonl
    """
    if options["list_"] or options["show"] is not None:
        _tell(options["show"], options["lang"])
        return
    speed = speed_of(options["speed"])
    _check(options, speed)
    target = target_of(settings, options)
    with ExitStack() as stack:
        ledger: Ledger = CountingLedger()
        if options["ledger"] is not None:
            what = options["scenario"] or f"seed {options['seed']}"
            ledger = stack.enter_context(FileLedger(options["ledger"], Run(f"simulate {what}")))
        around = Surroundings(target, SystemClock(), ledger, Tally())
        if options["scenario"] is None:
            tally = asyncio.run(_simulate(_job(settings, options, target), around, options))
        else:
            tally = asyncio.run(_play(settings, around, options, speed))
    click.echo(_summary(tally), err=True)
    if tally.unacknowledged:
        sys.exit(FAILED)


def _tell(show: str | None, language: str) -> None:
    lines = list_scenarios(language) if show is None else show_scenario(load(show), language)
    for line in lines:
        click.echo(line)


def _check(options: Options, speed: float | None) -> None:
    """Refuse what does not go together."""
    if options["scenario"] is not None:
        if options["duration_s"] is not None:
            raise click.UsageError("--duration-s: a scenario has a length of its own")
        return
    if options["labels"] is not None:
        raise click.UsageError("--labels needs a --scenario, whose truth it is")
    if speed is None:
        raise click.UsageError("--speed max needs a --scenario")
    if speed > 1 and options["duration_s"] is None:
        raise click.UsageError("--speed above 1 needs --duration-s: it ends at the present")


def _job(settings: Settings, options: Options, target: Target) -> Job:
    return Job(
        host=target.host,
        port=target.port,
        username=target.username,
        site=settings.site.id,
        seed=options["seed"],
        buses=options["buses"],
        stations=options["stations"],
        interval_s=options["interval_s"],
        station_interval_s=options["station_interval_s"],
        speed=float(options["speed"]),
        duration_s=options["duration_s"],
        connections=Connections(options["connections"]),
        by_serial=options["by_serial"],
    )


def secrets_of(path: Path | None) -> dict[str, str]:
    """Secrets by user, of a CSV file with those two columns.

    Raises:
        click.UsageError: it has other columns.
    """
    if path is None:
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    if not rows or rows[0] != SECRETS or any(len(row) != len(SECRETS) for row in rows):
        # What was found instead may be somebody's secret.
        raise click.UsageError("--credentials: found other columns, expected user,secret")
    return {row[0]: row[1] for row in rows[1:]}


def _stop_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    return stop


async def _simulate(job: Job, around: Surroundings, options: Options) -> Tally:
    stop = _stop_by_signal()
    if (folder := options["register"]) is not None:
        yesterday = local_time(job.start_ms(around.clock.now_ms())).date() - timedelta(days=1)
        files = write_register(job.plan, folder, yesterday, REGISTER_DAYS)
        click.echo(f"{len(files)} register files in {folder}", err=True)
    click.echo(f"{job.buses} buses and {job.stations} stations; Ctrl-C ends it.", err=True)
    return await run_city(job, around, stop, credentials=secrets_of(options["credentials"]))


async def _play(
    settings: Settings, around: Surroundings, options: Options, speed: float | None
) -> Tally:
    staging = Staging(
        load(options["scenario"] or ""),
        settings.site.id,
        Connections(options["connections"]),
        speed,
        options["by_serial"],
        secrets_of(options["credentials"]),
    )
    step, labels = await play_scenario(staging, around, _stop_by_signal(), options["register"])
    if options["labels"] is not None:
        write_labels(options["labels"], labels)
    if step.let_in or step.turned_away:
        click.echo(f"knocks: {step.turned_away} turned away, {step.let_in} let in", err=True)
    return step.tally


def _summary(tally: Tally) -> str:
    losses = ", ".join(f"{count} x {why}" for why, count in tally.disconnected.items())
    return (
        f"{tally.sent:,} sent, {tally.acknowledged:,} acknowledged, "
        f"{tally.unacknowledged:,} unacknowledged, {tally.overflowed:,} overflowed, "
        f"{tally.sent_again:,} sent again; connections lost: {losses or 'none'}"
    )
