"""`ausguck check`: is the settings file right, and what does it come to?"""

from pathlib import Path

import click

from ausguck.cli.check_broker import broker_option, examine_broker
from ausguck.cli.prepare import (
    prepare_influxdb,
    prepare_option,
    refuse_without_prepare,
    tokens_dir_option,
    yes_option,
)
from ausguck.settings.tree import Settings


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole tree as JSON, no secrets.")
@broker_option
@prepare_option
@tokens_dir_option
@yes_option
@click.pass_obj
def check(
    settings: Settings,
    *,
    as_json: bool,
    broker: bool,
    prepare: bool,
    tokens_dir: Path | None,
    yes: bool,
) -> None:
    """Check the settings and say what they come to.

    Exit status 0 when they are right, 2 when not; then each mistake is on a line of its own:
    the key, what was found and what was expected. Nothing is started.

    With --prepare the InfluxDB of [store.influxdb] gets what Ausguck needs: the organisation if
    the token may make it, its buckets with their retention, InfluxQL's mappings, and three
    tokens: `writer` for Ausguck, `reader` for operations' Grafana, `planner` for the planners'
    (rollups without vehicles). The operator's token comes from the variable INFLUX_TOKEN or is
    asked for, and is not kept. Run again it changes only what differs; a retention is shortened,
    which removes readings, only after a yes. Exit status 1 when the server refused.

    With --broker the broker of [subscriber] is tried out by behaviour, with client ids of our own:
    does it let us in, grant QoS 1, hand our canary back, keep our session, and more than 1,000
    messages while we are away? Each finding that is not right names the setting to change in
    Mosquitto and EMQX. Takes some ten seconds. Exit status 1 when something is not right.

    \b
    Examples:
      ausguck check
      ausguck check --broker
      ausguck check --prepare --tokens-dir /etc/ausguck/tokens
    """
    if prepare:
        prepare_influxdb(settings, tokens_dir, yes=yes, as_json=as_json)
        return
    refuse_without_prepare(tokens_dir, yes=yes)
    if broker:
        examine_broker(settings, as_json=as_json)
        return
    if as_json:
        click.echo(settings.model_dump_json(indent=2))
        return
    listener = settings.listener
    where = f"{listener.host}:{listener.port}" if listener.enabled else "off"
    click.echo("The settings are right.")
    click.echo(f"  site      {settings.site.id}, days of {settings.site.timezone}")
    click.echo(f"  files     {settings.site.data_dir}")
    click.echo(f"  listener  {where}{', TLS' if listener.tls else ''}")
    away = settings.subscriber
    if away.enabled:
        user = f" as {away.user}" if away.user else ""
        tls = ", TLS" if away.tls else ""
        click.echo(f"  broker    {away.host}:{away.port}{user}{tls}; try it with --broker")
    for feed in settings.gbfs:
        click.echo(f"  feed      {feed.name}: {feed.address}")
    place = f" at {settings.store.influxdb.url}" if settings.store.kind == "influxdb" else ""
    click.echo(f"  store     {settings.store.kind}{place}")
    click.echo(f"  page      http://{settings.api.host}:{settings.api.port}")
    click.echo("Nothing was connected to.")
