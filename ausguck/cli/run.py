"""`ausguck run`: the real thing, until it is told to stop."""

import asyncio
import os
import signal

import click
import uvloop

from ausguck.app.run import Ready, run_app
from ausguck.app.say import configure_logging
from ausguck.probe import Probe, armed, ignore
from ausguck.settings.tree import Settings

CRASH_AT = "AUSGUCK_CRASH_AT"


def kill_self() -> None:
    """End this process as a power cut would."""
    os.kill(os.getpid(), signal.SIGKILL)


def probe_of(environ: dict[str, str]) -> Probe:
    """The probe that the environment asks for; a test's way to kill at a named place."""
    return armed(environ[CRASH_AT], kill_self) if CRASH_AT in environ else ignore


def say_ready(ready: Ready) -> None:
    """One line that a person and a script can read."""
    click.echo(f"Ausguck is ready: page {ready.page_url} devices {ready.devices_url or 'off'}")


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run Ausguck by the settings: take in, keep, answer.

    Prints a line with its addresses once it is ready. SIGINT (Ctrl-C) or SIGTERM end it in
    order: intake stops, what is on disk goes on to the store, files are closed. Killing it
    loses nothing that was acknowledged.
    """
    configure_logging(settings.log)
    probe = probe_of(dict(os.environ))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run_app(settings, on_ready=say_ready, probe=probe))
