"""`ausguck devices watch`: a device that was just set up, tick by tick."""

import re
import time
from typing import Any, Final

import click

from ausguck.cli.running import client_of, words
from ausguck.cli.workshop import ASSET
from ausguck.commissioning.ticks import HINTS, TITLES, TickState
from ausguck.settings.tree import Settings

EVERY_S: Final = 1.0
NOT_YET: Final = 1
OK: Final = 200
MARKS: Final = {TickState.OK: "✓", TickState.WRONG: "✗", TickState.WAITING: "·"}


@click.command()
@click.argument("asset")
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
@click.option(
    "--for",
    "for_s",
    default=900,
    show_default=True,
    type=click.IntRange(min=0),
    help="Seconds to watch at most; 0 looks once.",
)
@click.option("--json", "as_json", is_flag=True, help="Write each look as a line of JSON.")
@click.option("--url", metavar="URL", help="Where the running process answers.")
@click.pass_obj
def watch(
    settings: Settings, asset: str, lang: str, for_s: int, url: str | None, *, as_json: bool
) -> None:
    """Watch a bus or station that was just set up, until every point is ticked.

    \b
    connected          its device is connected, or was heard just now
    clock              its time is within 10 s of ours
    GPS                it has a place (buses)
    signal             it tells of its modem
    guest counter      it rises when somebody surfs (buses)
    buffered message   what it saw while it was cut off has arrived

    Asks the running process. Exit codes: 0 all ticked, 1 not yet, 3 nobody answers.
    """
    if not re.fullmatch(ASSET, asset):
        raise click.UsageError(f"found {asset!r}, expected such as bus/0123 or station/1001")
    ends_s = time.monotonic() + for_s
    shown: dict[str, str] = {}
    with client_of(settings, url) as client:
        while True:
            response = client.get(f"commissioning/{asset}")
            if response.status_code != OK:
                click.echo(f"Error: {words(response)}", err=True)
                raise click.exceptions.Exit(NOT_YET)
            if as_json:
                click.echo(response.text)
            found = response.json()["ticks"]
            if not as_json:
                _show(found, shown, lang)
            if all(tick["state"] == TickState.OK for tick in found):
                return
            if time.monotonic() >= ends_s:
                break
            time.sleep(EVERY_S)
    _say_what_is_missing(found, lang)
    raise click.exceptions.Exit(NOT_YET)


def _show(found: list[dict[str, Any]], shown: dict[str, str], lang: str) -> None:
    """Print each tick whose state has changed since it was printed."""
    for tick in found:
        state = TickState(tick["state"])
        if shown.get(tick["key"]) != state:
            shown[tick["key"]] = state
            title = TITLES[tick["key"]].in_language(lang)
            click.echo(f"{MARKS[state]} {title:<20} {tick['found']}".rstrip())


def _say_what_is_missing(found: list[dict[str, Any]], lang: str) -> None:
    for tick in found:
        if tick["state"] != TickState.OK:
            hint = HINTS[tick["key"]].in_language(lang)
            click.echo(f"{TITLES[tick['key']].in_language(lang)}: {hint}", err=True)
