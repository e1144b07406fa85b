"""What the commands about devices share: the register's file, and where devices connect."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from ausguck.app.door import door_of
from ausguck.clock import Clock, SystemClock
from ausguck.commissioning.workshop import Workshop
from ausguck.desk.registry import open_registry
from ausguck.register.port import RegisterError, Registry
from ausguck.settings.tree import Settings

WHO = "command line"
REFUSED = 1
ASSET = r"(bus|station)/[A-Za-z0-9_-]{1,64}"


class AssetName(click.ParamType[str]):
    """An asset such as `bus/0123`."""

    name = "asset"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself, when it is one."""
        if not re.fullmatch(ASSET, value):
            self.fail(f"found {value!r}, expected such as bus/0123 or station/1001", param, ctx)
        return value


@contextmanager
def registry_of(settings: Settings) -> Iterator[Registry]:
    """The register's file, also while a process runs; a refusal is said and ends the command."""
    with open_registry(settings.site.data_dir / "desk.sqlite", settings.site.id) as registry:
        try:
            yield registry
        except RegisterError as error:
            refuse(error)


@contextmanager
def workshop_of(settings: Settings) -> Iterator[Workshop]:
    """The workshop of the command line."""
    with registry_of(settings) as registry:
        days = settings.register.rotation_days
        yield Workshop(registry, settings.site.id, door_of(settings), WHO, days)


def refuse(error: RegisterError) -> NoReturn:
    """Say each fault and end the command."""
    for fault in error.faults:
        click.echo(f"Error: {fault}", err=True)
    raise click.exceptions.Exit(REFUSED)


def clock_ms(clock: Clock | None = None) -> int:
    """Now, in UTC milliseconds."""
    return (clock or SystemClock()).now_ms()
