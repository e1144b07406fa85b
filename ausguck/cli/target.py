"""The options by which `simulate` and `replay` find the receiver."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict, TypeVar

import click

from ausguck.settings.tree import Settings
from simulators.send import Target

ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to recognise it, not to bind to it
Command = TypeVar("Command", bound=Callable[..., Any])


class TargetOptions(TypedDict):
    """What the options below are called in a command."""

    host: str | None
    port: int | None
    user: str | None
    password_env: str | None
    ca: Path | None


def target_options(command: Command) -> Command:
    """Add `--host`, `--port`, `--ca`, `--user` and `--password-env` to a command."""
    for option in (
        click.option("--password-env", help="Environment variable that holds the password."),
        click.option("--user", help="MQTT user name."),
        click.option(
            "--ca",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Connect by TLS and believe this authority's PEM file. Without it: in the clear.",
        ),
        click.option(
            "--port",
            type=click.IntRange(1, 65_535),
            help="Default: listener.port, or the broker's where the listener is off.",
        ),
        click.option("--host", help="Default: listener.host, or the broker's, as above."),
    ):
        command = option(command)
    return command


def target_of(settings: Settings, options: TargetOptions) -> Target:
    """Where to send: the options, else where the settings say that devices connect.

    Raises:
        click.UsageError: the settings take any free port, or the variable is not set.
    """
    is_listener = settings.listener.enabled or not settings.subscriber.enabled
    place = settings.listener if is_listener else settings.subscriber
    host = options["host"] or place.host
    port = options["port"] or place.port
    if not port:
        raise click.UsageError("listener.port is 0 (any free port); say which with --port")
    password = None
    if variable := options["password_env"]:
        password = os.environ.get(variable)
        if password is None:
            raise click.UsageError(f"--password-env: the variable {variable} is not set")
    reached = "127.0.0.1" if host in ANY_ADDRESS else host
    return Target(reached, port, options["user"], password, options["ca"])
