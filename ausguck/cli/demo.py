"""`ausguck demo`: a city in one command, and nothing left running after it."""

import asyncio
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec
import uvloop

from ausguck.app.run import DESK, Ready, run_app
from ausguck.app.say import configure_logging
from ausguck.cli.demo_register import register_city
from ausguck.clock import SystemClock
from ausguck.settings.tree import Settings
from simulators.run import Job
from simulators.scenario.load import load

MQTT_PORT = 1883
PAGE_PORT = 8080
STOP_S = 5
CITY_RESERVE_PERCENT = 1.0
"""A demo keeps little; a laptop's full disk should not stop it from showing itself."""


def free_or_any(port: int) -> int:
    """The port if nobody listens on it on loopback, else 0, which takes a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            click.echo(f"Port {port} is taken; using a free one.", err=True)
            return 0
    return port


def demo_settings(settings: Settings, data_dir: Path, page_port: int) -> Settings:
    """The settings of a demo: loopback, files of its own, both ports free."""
    return Settings(
        site=settings.site.model_copy(update={"data_dir": data_dir}),
        journal=settings.journal.model_copy(update={"reserve_percent": CITY_RESERVE_PERCENT}),
        listener=settings.listener.model_copy(
            update={
                "enabled": True,
                "host": "127.0.0.1",
                "port": free_or_any(MQTT_PORT),
                "anonymous": True,
                "tls": None,
            }
        ),
        api=settings.api.model_copy(
            update={"host": "127.0.0.1", "port": free_or_any(page_port) if page_port else 0}
        ),
        log=settings.log.model_copy(update={"level": "warning"}),
    )


@contextmanager
def city(job: Job) -> Iterator[None]:
    """The simulated city as a child; it also ends by itself when we are gone.

    It holds the other end of a pipe, and takes the pipe's closing as its order to stop.
    """
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "simulators", msgspec.json.encode(job).decode()],
        stdin=subprocess.PIPE,
        start_new_session=True,  # so that Ctrl-C reaches us alone, and we end it in order
    )
    try:
        yield
    finally:
        if child.stdin is not None:
            child.stdin.close()
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Options(TypedDict):
    """The options of `demo`, but for the folder."""

    port: int
    buses: int
    stations: int
    seed: int
    scenario: str | None


@click.command()
@click.option(
    "--port",
    default=PAGE_PORT,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port of the page; 0: any.",
)
@click.option("--buses", default=120, show_default=True, type=click.IntRange(0, 2000))
@click.option("--stations", default=200, show_default=True, type=click.IntRange(0, 5000))
@click.option("--seed", default=1, show_default=True, help="Another seed is another city.")
@click.option(
    "--scenario",
    metavar="NAME|FILE",
    help="Let something go wrong: one of `ausguck simulate --list`, at its own size and speed 1.",
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Keep the files there. Without it they are removed at the end.",
)
@click.pass_obj
def demo(settings: Settings, data_dir: Path | None, **options: Unpack[Options]) -> None:
    """Show a simulated city on http://127.0.0.1:8080.

    Starts everything in one go: buses and stations that send MQTT, the listener, the store, the
    page and the API, all on loopback. Ctrl-C ends all of it and leaves nothing running.

    While it runs, send something of your own:

    \b
      mosquitto_pub -p 1883 -q 1 -t v1/kiel/bus/mine/telemetry -m '{"clients": 3}'
      curl http://127.0.0.1:8080/api/v1/buses/mine
    """
    scenario = None if options["scenario"] is None else load(options["scenario"])
    with ExitStack() as stack:
        if data_dir is None:
            data_dir = Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="ausguck-demo-"))
            )
        ours = demo_settings(settings, data_dir, options["port"])
        configure_logging(ours.log)
        first = Job(
            site=ours.site.id,
            buses=options["buses"],
            stations=options["stations"],
            seed=options["seed"],
            scenario=options["scenario"],
        )
        if scenario is None:
            register_city(first, data_dir / DESK, SystemClock())

        living = stack.enter_context(ExitStack())

        def stop() -> None:
            click.echo("Stopping: the city says goodbye, then the files are closed ...")
            living.close()

        def ready(where: Ready) -> None:
            job = msgspec.structs.replace(first, port=where.listener_port or 0)
            living.enter_context(city(job))
            click.echo(f"Ausguck is ready: page {where.page_url} devices {where.devices_url}")
            what = scenario.city if scenario else job
            click.echo(
                f"{what.buses} buses and {what.stations} stations are simulated; Ctrl-C ends it."
            )
            if scenario:
                click.echo(f"{scenario.title.en}. {scenario.description.en}")

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run_app(ours, on_ready=ready, on_stop=stop))
    click.echo("Everything has ended.")
