"""`ausguck devices unknown`: who speaks to us and is not in the register."""

import click

from ausguck.cli.running import client_of, words
from ausguck.settings.tree import Settings

FAILED = 1
OK = 200


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")
@click.option("--url", metavar="URL", help="Where the running process answers.")
@click.pass_obj
def unknown(settings: Settings, url: str | None, *, as_json: bool) -> None:
    """List who speaks to us and is not in the register.

    Assets that nobody registered are stored all the same. What comes for `device/SERIAL` waits
    as dead letters until the serial is fitted, and is then taken in by itself.
    """
    with client_of(settings, url) as client:
        response = client.get("arrivals")
    if response.status_code != OK:
        click.echo(f"Error: {words(response)}", err=True)
        raise click.exceptions.Exit(FAILED)
    if as_json:
        click.echo(response.text)
        return
    for one in response.json()["items"]:
        waiting = f"{one['waiting']} waiting" if one["waiting"] else ""
        click.echo(f"{one['name']:<24} last heard {one['last_received_at']}  {waiting}".rstrip())
    if not response.json()["items"]:
        click.echo("None: everybody who speaks is in the register.")
