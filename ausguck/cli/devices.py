"""`ausguck devices`: what is fitted where, its credentials, and bringing one into service."""

from datetime import datetime

import click
import msgspec

from ausguck.cli.devices_list import list_devices, show
from ausguck.cli.lazy import Later, LazyGroup
from ausguck.cli.workshop import WHO, AssetName, clock_ms, registry_of
from ausguck.clock import iso_utc
from ausguck.commissioning.models import MODELS
from ausguck.commissioning.workshop import not_to_revoke
from ausguck.register.change import Fault
from ausguck.register.keyring import EVERYTHING, Credential
from ausguck.register.port import RegisterError
from ausguck.register.rows import Device, DeviceState
from ausguck.settings.tree import Settings

LATER = (
    Later(
        "add",
        "ausguck.cli.devices_sheet:add",
        "Take a device into service and print the sheet to set it up by.",
    ),
    Later(
        "rotate",
        "ausguck.cli.devices_sheet:rotate",
        "Give a device a new secret; the old one holds for `register.rotation_days`.",
    ),
    Later(
        "watch",
        "ausguck.cli.devices_watch:watch",
        "Watch a bus or station that was just set up, until every point is ticked.",
    ),
    Later(
        "unknown",
        "ausguck.cli.devices_unknown:unknown",
        "List who speaks to us and is not in the register.",
    ),
)
"""Those that draw codes, or ask the running process and need an HTTP client for it."""


@click.group(cls=LazyGroup, commands=LATER)
def devices() -> None:
    """Devices: what is fitted where, who may connect, and bringing one into service.

    A device is known by its serial number, and is in one bus or station at a time. What it
    sends belongs to where it was when it saw it, also when it arrives after a swap.

    \b
    Into service:
      ausguck devices add bus/0123 --model teltonika-rutx    the sheet to set it up by
      ausguck devices watch bus/0123                         does it work? ticks as it does
    In the workshop:
      ausguck devices swap bus/0123 --out S1 --in S2         one step, no false traffic
      ausguck devices state S1 repair
    When a secret got out, or a router did:
      ausguck devices rotate S2          a new secret; the old one holds for some days
      ausguck devices revoke S2          every secret and certificate, now
      ausguck devices state S2 stolen    the same, and it gets no entry again

    Every command works whether Ausguck runs or not; a running one follows within a second.
    Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the running process cannot be reached.
    """


for command in (list_devices, show):
    devices.add_command(command)


@devices.command()
@click.argument("user")
@click.option("--credential", type=int, help="Only this one, by its number in `devices show`.")
@click.pass_obj
def revoke(settings: Settings, user: str, credential: int | None) -> None:
    """End a device's or gateway's secrets and certificates; a live session ends with them."""
    now_ms = clock_ms()
    with registry_of(settings) as registry:
        if fault := not_to_revoke(user, *registry.load(now_ms)):
            raise RegisterError([fault])
        ended = registry.revoke(user, WHO, now_ms, credential)
    click.echo(f"{user}: {ended} ended." if ended else f"{user}: none held any more.")


@devices.command()
@click.argument("name")
@click.option(
    "--for",
    "assets",
    multiple=True,
    type=AssetName(),
    help="A bus or station it speaks for; again for each. Without any: all of the site.",
)
@click.option("--operator", is_flag=True, help="It may send to devices' cmd topics.")
@click.pass_obj
def gateway(settings: Settings, name: str, assets: tuple[str, ...], *, operator: bool) -> None:
    """Let a gateway in, which speaks for several assets, and print its secret this once."""
    wanted = Credential(
        id=0,
        user=name,
        secret_sha256=b"",
        created_at_ms=clock_ms(),
        speaks_for=assets or (EVERYTHING,),
        is_gateway=True,
        is_operator=operator,
    )
    with registry_of(settings) as registry:
        days = settings.register.rotation_days
        issued = registry.issue(wanted, WHO, clock_ms(), rotation_days=days)
    click.echo(f"user {name}\npassword {issued.secret}")
    click.echo("The password is shown this once; only its hash is kept.", err=True)


@devices.command()
@click.argument("asset", type=AssetName())
@click.option("--out", help="The serial that comes out; left out where the asset has none.")
@click.option("--in", "into", required=True, help="The serial that goes in.")
@click.option(
    "--at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M%z"]),
    help="When, such as 2026-05-04T12:00+02:00. Default: now.",
)
@click.option("--model", "model_name", default="", help="Of a device that is new.")
@click.pass_obj
def swap(
    settings: Settings,
    asset: str,
    out: str | None,
    into: str,
    at: datetime | None,
    model_name: str,
) -> None:
    """Take one device out of a bus or station and put another in, as one step.

    No counter is differenced across it, and the asset's history goes on without a gap. What
    the old device has not sent yet still belongs to the asset.
    """
    now_ms = clock_ms()
    at_ms = now_ms if at is None else int(at.timestamp() * 1000)
    with registry_of(settings) as registry:
        known = registry.load(now_ms)
        if known[0].devices.at(into, now_ms) is None:
            if not model_name:
                expected = "a device of the register; `--model MODEL` makes it known"
                raise RegisterError([Fault("swap", "in", repr(into), expected)])
            registry.set_device(Device(id=into, model=model_name), WHO, now_ms)
        registry.swap(asset, out, into, at_ms=at_ms, who=WHO, now_ms=now_ms)
        _register, keyring = registry.load(now_ms, known)
    click.echo(
        f"{asset}: {into} is in since {iso_utc(at_ms)}" + (f", {out} is out." if out else ".")
    )
    if not keyring.of(into):
        click.echo(f"{into} has no secret yet: ausguck devices rotate {into}")


@devices.command()
@click.argument("serial")
@click.argument("state", type=click.Choice([state.value for state in DeviceState]))
@click.pass_obj
def state(settings: Settings, serial: str, state: str) -> None:
    """Say where a device is in its life; stolen and retired end its secrets at once."""
    now_ms = clock_ms()
    with registry_of(settings) as registry:
        register, _keyring = registry.load(now_ms)
        device = register.devices.at(serial, now_ms) or Device(id=serial)
        changed = msgspec.structs.replace(device, state=DeviceState(state))
        registry.set_device(changed, WHO, now_ms)
    click.echo(f"{serial} is {state}.")


@devices.command("models")
@click.option("--lang", type=click.Choice(["en", "de"]), default="en", show_default=True)
def models(lang: str) -> None:
    """Families of devices, with what must be set in each."""
    for model in MODELS:
        click.echo(f"{model.name:<18} {model.title}")
        for advice in model.advice:
            click.echo(f"    {advice.setting}: {advice.value}")
            click.echo(f"      {advice.why.in_language(lang)}")
