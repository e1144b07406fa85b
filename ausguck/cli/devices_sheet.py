"""`ausguck devices add` and `rotate`: what prints the sheet to set a device up by."""

from pathlib import Path
from typing import TypedDict, Unpack

import click
import msgspec

from ausguck.cli.workshop import AssetName, clock_ms, workshop_of
from ausguck.commissioning.models import MODELS, model_of
from ausguck.commissioning.qr import qr_for_terminal, write_qr
from ausguck.commissioning.sheet import Sheet, sheet_text
from ausguck.commissioning.workshop import Wish
from ausguck.settings.tree import Settings

language_option = click.option(
    "--lang", type=click.Choice(["en", "de"]), default="en", show_default=True
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")
qr_option = click.option(
    "--qr",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the code for a set-up app there, as .svg or .png; - shows it here.",
)


class Adding(TypedDict):
    """What the options of `add` are called."""

    model_name: str
    serial: str | None
    sim_pool: str | None
    lang: str
    qr: Path | None
    as_json: bool


@click.command()
@click.argument("asset", type=AssetName())
@click.option(
    "--model",
    "model_name",
    required=True,
    type=click.Choice([model.name for model in MODELS]),
    help="Its family; `ausguck devices models` tells them apart.",
)
@click.option("--serial", help="Its serial number; without it one is made from the asset's name.")
@click.option("--sim-pool", metavar="POOL", help="The pool of its SIM, as in the register.")
@language_option
@qr_option
@json_option
@click.pass_obj
def add(settings: Settings, asset: str, **options: Unpack[Adding]) -> None:
    """Take a device into service and print the sheet to set it up by.

    The sheet has the address, the authority, user and password, the topic, the message as JSON
    and the settings that matter. The password is shown this once.
    """
    model = model_of(options["model_name"])
    if model is None:
        raise click.UsageError(f"--model {options['model_name']}")
    wish = Wish(asset, model, options["serial"], options["sim_pool"])
    with workshop_of(settings) as workshop:
        one = workshop.add(wish, clock_ms())
    show_sheet(one, options["lang"], options["qr"], as_json=options["as_json"])


@click.command()
@click.argument("serial")
@language_option
@qr_option
@json_option
@click.pass_obj
def rotate(settings: Settings, serial: str, lang: str, qr: Path | None, *, as_json: bool) -> None:
    """Give a device a new secret; the old one holds for `register.rotation_days`."""
    with workshop_of(settings) as workshop:
        one = workshop.renewed(serial, clock_ms())
    show_sheet(one, lang, qr, as_json=as_json)


def show_sheet(one: Sheet, lang: str, qr: Path | None, *, as_json: bool) -> None:
    """Print a sheet, and its code where somebody wants it."""
    if as_json:
        click.echo(msgspec.json.encode(one).decode())
    else:
        click.echo(sheet_text(one, lang))
    if qr is None:
        return
    if str(qr) == "-":
        click.echo(qr_for_terminal(one))
    else:
        write_qr(one, qr)
        click.echo(f"The code is in {qr}; it holds the password.", err=True)
