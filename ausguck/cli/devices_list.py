"""`ausguck devices list` and `show`: what is in the register."""

import click
import msgspec

from ausguck.cli.workshop import clock_ms, registry_of
from ausguck.clock import iso_utc
from ausguck.register.keyring import Credential, Keyring
from ausguck.register.register import Register
from ausguck.register.rows import Device, DeviceState
from ausguck.settings.tree import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


@click.command("list")
@click.option("--state", type=click.Choice([state.value for state in DeviceState]))
@json_option
@click.pass_obj
def list_devices(settings: Settings, state: str | None, *, as_json: bool) -> None:
    """List the devices of the register; unknown ones are listed by `ausguck devices unknown`."""
    now_ms = clock_ms()
    with registry_of(settings) as registry:
        register, keyring = registry.load(now_ms)
    rows = [row for row in register.devices.all_at(now_ms) if state in {None, row.state}]
    found = [described(row, register, keyring, now_ms) for row in rows]
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for one in found:
        held = "no secret" if not one["secrets"] else f"{one['secrets']} secret(s)"
        click.echo(
            f"{one['serial']:<24} {one['state']:<8} {one['asset'] or '-':<16} "
            f"{one['model']:<18} {held}"
        )
    if not found:
        click.echo("None. `ausguck devices add` or `ausguck register import` makes them known.")


@click.command()
@click.argument("serial")
@json_option
@click.pass_obj
def show(settings: Settings, serial: str, *, as_json: bool) -> None:
    """Show a device: where it was and is, and its secrets without themselves."""
    now_ms = clock_ms()
    with registry_of(settings) as registry:
        register, keyring = registry.load(now_ms)
    row = register.devices.at(serial, now_ms)
    if row is None and not keyring.of(serial):
        raise click.UsageError(f"{serial} is not in the register; `ausguck devices list` is.")
    credentials = [credential_fields(one, now_ms) for one in keyring.of(serial)]
    fittings = [
        {"asset": one.asset, "from": since(one.valid_from_ms), "to": until(one.valid_to_ms)}
        for one in register.fittings.of(serial)
    ]
    if as_json:
        device = None if row is None else described(row, register, keyring, now_ms)
        told = {"device": device, "fittings": fittings, "credentials": credentials}
        click.echo(msgspec.json.encode(told).decode())
        return
    if row is not None:
        click.echo(f"{serial}: {row.state}, {row.model or 'of no known model'}")
    for fitting in fittings:
        click.echo(f"  {fitting['from']} to {fitting['to']}  {fitting['asset']}")
    for one in credentials:
        click.echo(f"  secret {one['id']}: {one['state']}, last used {one['last_used'] or 'never'}")


def described(
    row: Device, register: Register, keyring: Keyring, now_ms: int
) -> dict[str, str | int | None]:
    """A device as lists show it."""
    fitting = register.fitting(row.id, now_ms)
    return {
        "serial": row.id,
        "state": row.state.value,
        "model": row.model,
        "asset": None if fitting is None else fitting.asset,
        "secrets": sum(one.holds_at(now_ms) for one in keyring.of(row.id)),
    }


def credential_fields(one: Credential, now_ms: int) -> dict[str, str | int | None]:
    """A credential without its secret."""
    ends = [end for end in (one.expires_at_ms, one.revoked_at_ms) if end is not None]
    return {
        "id": one.id,
        "state": "holds" if one.holds_at(now_ms) else "over",
        "created": iso_utc(one.created_at_ms),
        "ends": iso_utc(min(ends)) if ends else None,
        "last_used": None if one.last_used_at_ms is None else iso_utc(one.last_used_at_ms),
    }


def since(at_ms: int) -> str:
    """A beginning for people."""
    return iso_utc(at_ms) if at_ms else "ever"


def until(at_ms: int | None) -> str:
    """An end for people."""
    return "now" if at_ms is None else iso_utc(at_ms)
