"""`ausguck simulate`: a seeded city sends MQTT to a listener that already runs."""

import asyncio
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Unpack

import click

from ausguck.cli.target import TargetOptions, target_of, target_options
from ausguck.clock import SystemClock
from ausguck.settings.tree import Settings
from simulators.ledger import CountingLedger, FileLedger, Ledger, Run
from simulators.run import Connections, Job, run_city
from simulators.send import Surroundings, Tally

FAILED = 1


class Options(TargetOptions):
    """The options of `simulate`."""

    seed: int
    buses: int
    stations: int
    interval_s: float
    station_interval_s: float
    speed: float
    duration_s: float | None
    connections: str
    ledger: Path | None


@click.command()
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
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.01, 10_000),
    help="Simulated seconds in a second. Above 1 the city begins in the past and ends now.",
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
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Append what was sent and acknowledged to this file.",
)
@target_options
@click.pass_obj
def simulate(settings: Settings, **options: Unpack[Options]) -> None:
    """Simulate a city of buses and bike stations that sends MQTT.

    Every asset with an uplink reports within two seconds, then at its own time. Connections
    mend themselves, and what was not acknowledged is sent again. Ends with status 1 if
    something stayed unacknowledged.
    """
    if options["speed"] > 1 and options["duration_s"] is None:
        raise click.UsageError("--speed above 1 needs --duration-s: it ends at the present")
    target = target_of(settings, options)
    job = Job(
        host=target.host,
        port=target.port,
        username=target.username,
        site=settings.site.id,
        seed=options["seed"],
        buses=options["buses"],
        stations=options["stations"],
        interval_s=options["interval_s"],
        station_interval_s=options["station_interval_s"],
        speed=options["speed"],
        duration_s=options["duration_s"],
        connections=Connections(options["connections"]),
    )
    with ExitStack() as stack:
        ledger: Ledger = CountingLedger()
        if options["ledger"] is not None:
            run = Run(f"simulate seed {job.seed}")
            ledger = stack.enter_context(FileLedger(options["ledger"], run))
        around = Surroundings(target, SystemClock(), ledger, Tally())
        tally = asyncio.run(_simulate(job, around))
    click.echo(_summary(tally), err=True)
    if tally.unacknowledged:
        sys.exit(FAILED)


async def _simulate(job: Job, around: Surroundings) -> Tally:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    click.echo(f"{job.buses} buses and {job.stations} stations; Ctrl-C ends it.", err=True)
    return await run_city(job, around, stop)


def _summary(tally: Tally) -> str:
    losses = ", ".join(f"{count} x {why}" for why, count in tally.disconnected.items())
    return (
        f"{tally.sent:,} sent, {tally.acknowledged:,} acknowledged, "
        f"{tally.unacknowledged:,} unacknowledged, {tally.overflowed:,} overflowed, "
        f"{tally.sent_again:,} sent again; connections lost: {losses or 'none'}"
    )
