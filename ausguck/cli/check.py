"""`ausguck check`: is the settings file right, and what does it come to?"""

import click

from ausguck.settings.tree import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole tree as JSON, no secrets.")
@click.pass_obj
def check(settings: Settings, *, as_json: bool) -> None:
    """Check the settings and say what they come to.

    Exit status 0 when they are right, 2 when not; then each mistake is on a line of its own:
    the key, what was found and what was expected. Nothing is started.
    """
    if as_json:
        click.echo(settings.model_dump_json(indent=2))
        return
    listener = settings.listener
    where = f"{listener.host}:{listener.port}" if listener.enabled else "off"
    click.echo("The settings are right.")
    click.echo(f"  site      {settings.site.id}, days of {settings.site.timezone}")
    click.echo(f"  files     {settings.site.data_dir}")
    click.echo(f"  listener  {where}{', TLS' if listener.tls else ''}")
    click.echo(f"  store     {settings.store.kind}")
    click.echo(f"  page      http://{settings.api.host}:{settings.api.port}")
