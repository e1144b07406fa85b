"""`ausguck keys`: who may ask the API what, and hashes for the settings file."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ausguck.cli.lengths import Length, local
from ausguck.clock import SystemClock
from ausguck.desk.access import AccessDesk, open_access
from ausguck.desk.access_port import AccessRefused
from ausguck.desk.access_rows import SCOPES, IssuedKey, Key, Narrowing, NewKey
from ausguck.desk.registry import open_registry
from ausguck.errors import StoreError
from ausguck.model import Kind
from ausguck.settings.tree import Scope, Settings
from ausguck.settings.values import IS_NAME
from collectors.listener.access import hash_password

SALT_BYTES = 16
WHO = "command line"
KINDS = (Kind.BUS.value, Kind.STATION.value)

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


class Name(click.ParamType[str]):
    """A name that goes into tables and addresses as it is."""

    name = "name"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:  # noqa: ANN401 - click's own signature
        """The name, or click's words about it."""
        try:
            return IS_NAME(str(value))
        except ValueError as error:
            self.fail(f"{value!r} is no name: {error}", param, ctx)


@contextmanager
def opened(settings: Settings) -> Iterator[AccessDesk]:
    """Keys and people in the desk's file, and what is refused there in click's words."""
    try:
        with open_access(settings.site.data_dir / "desk.sqlite") as desk:
            yield desk
    except (AccessRefused, StoreError) as error:
        raise click.ClickException(str(error)) from None


@click.group()
def keys() -> None:
    """Say who may ask the API what, and make hashes for the settings file.

    A key is shown once, when it is made; only a hash of it is kept. Whoever asks sends it in
    the header `Authorization: Bearer ak_...`; the page asks for it. Commands change the desk's
    file, also while Ausguck runs, and hold at once.

    \b
    Scopes, which do not contain each other:
      view     the live fleet, health and metrics: wall screens, operations
      operate  acts: sends dead letters through again, tells of events
      plan     stations whole, buses without usage and without what tells of a driver
      admin    people, keys, the audit log, changes of the register

    \b
    Usually:
      ausguck keys add ada --person ada --scope view --scope operate --expires 365d
      ausguck keys add wall-screen --scope view --kind bus
      ausguck keys rotate wall-screen
      ausguck keys revoke wall-screen
    """


@keys.command()
@click.argument("name", type=Name())
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(SCOPES), help="Repeatable."
)
@click.option("--person", type=Name(), help="Who answers for it; it ends when they leave.")
@click.option("--service", is_flag=True, help="A program uses it; it outlives --person's leaving.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(KINDS), help="Only this kind.")
@click.option("--zone", "zones", multiple=True, type=Name(), help="Only this zone of the register.")
@click.option("--site", "sites", multiple=True, type=Name(), help="Only where site.id is this.")
@click.option("--expires", type=Length(), help="Such as 12h, 90d or 4w; without it never.")
@json_option
@click.pass_obj
def add(  # noqa: PLR0913 - a key has as many sides
    settings: Settings,
    *,
    name: str,
    scopes: tuple[Scope, ...],
    person: str | None,
    service: bool,
    kinds: tuple[str, ...],
    zones: tuple[str, ...],
    sites: tuple[str, ...],
    expires: int | None,
    as_json: bool,
) -> None:
    """Make a key and show it, this once.

    \b
    Examples:
      ausguck keys add ada --person ada --scope view --scope operate --expires 365d
      ausguck keys add prometheus --service --person ada --scope view
      ausguck keys add west-bikes --scope plan --kind station --zone west
    """
    now_ms = SystemClock().now_ms()
    new = NewKey(
        name=name,
        scopes=tuple(dict.fromkeys(scopes)),
        narrowing=Narrowing(sites, tuple(map(Kind, kinds)), zones),
        person=person,
        is_service=service,
        expires_at_ms=None if expires is None else now_ms + expires,
    )
    with opened(settings) as desk:
        issued = desk.add_key(new, WHO, now_ms)
    _show(issued, as_json=as_json)
    _warn_of_zones(settings, zones, now_ms)


def _warn_of_zones(settings: Settings, zones: tuple[str, ...], now_ms: int) -> None:
    """Such a key sees nothing yet; a zone may come after its keys, so this is no refusal."""
    if not zones:
        return
    with open_registry(settings.site.data_dir / "desk.sqlite", settings.site.id) as registry:
        register, _ = registry.load(now_ms)
    known = [zone.id for zone in register.zones.all_at(now_ms)]
    for zone in zones:
        if zone not in known:
            words = ", ".join(known) or "none yet"
            click.echo(f"warning: the register has no zone {zone!r}; it has {words}", err=True)


@keys.command("list")
@click.option("--all", "show_all", is_flag=True, help="Also those that are over.")
@json_option
@click.pass_obj
def list_keys(settings: Settings, *, show_all: bool, as_json: bool) -> None:
    """List keys by name: what may be shown of them, scopes, whose, until when, last use."""
    now_ms = SystemClock().now_ms()
    with opened(settings) as desk:
        found = [key for key in desk.all_keys() if show_all or key.holds_at(now_ms)]
    if as_json:
        click.echo(json.dumps([_fields(key) for key in found]))
        return
    zone = settings.site.timezone
    for key in found:
        over = "" if key.holds_at(now_ms) else "  over"
        click.echo(
            f"{key.prefix}  {key.name:<20}  {','.join(key.scopes):<24}  {key.person or '-':<12}  "
            f"until {local(key.expires_at_ms, zone)}  used {local(key.last_used_at_ms, zone)}"
            f"{_narrowed(key)}{over}"
        )
    click.echo(f"{len(found)} keys", err=True)


@keys.command()
@click.argument("name", type=Name())
@click.option("--prefix", help="Only this one of the two that hold.")
@click.pass_obj
def revoke(settings: Settings, name: str, prefix: str | None) -> None:
    """End a key at once, with the sessions that were begun with it.

    \b
    Examples:
      ausguck keys revoke wall-screen
      ausguck keys revoke wall-screen --prefix k3v7qm2x
    """
    with opened(settings) as desk:
        ended = desk.end_keys(name, WHO, SystemClock().now_ms(), prefix)
    if not ended:
        raise click.ClickException(f"no such key named {name!r} holds; see `ausguck keys list`")
    click.echo(f"{ended} ended")


@keys.command()
@click.argument("name", type=Name())
@click.option(
    "--keep", type=Length(), default="14d", show_default=True, help="How long the old one holds."
)
@click.option("--expires", type=Length(), help="Of the new one; without it never.")
@json_option
@click.pass_obj
def rotate(settings: Settings, name: str, keep: int, expires: int | None, *, as_json: bool) -> None:
    """Make a second key like the first, so that programs can change over one by one.

    The old one holds for --keep, or until `ausguck keys revoke NAME --prefix ...` ends it.
    """
    now_ms = SystemClock().now_ms()
    with opened(settings) as desk:
        issued = desk.rotate_key(
            name,
            old_until_ms=now_ms + keep,
            expires_at_ms=None if expires is None else now_ms + expires,
            who=WHO,
            now_ms=now_ms,
        )
    _show(issued, as_json=as_json)


@keys.command("hash-password")
@click.password_option(help="Asked for twice when not given.")
def hash_a_password(password: str) -> None:
    """Print the hash of a password for `listener.users`.

    \b
    [[listener.users]]
    name = "bus-0123"
    password_hash = "scrypt$..."
    assets = ["bus/0123"]
    """
    if not password:
        raise click.UsageError("The password is empty; give one that nobody guesses.")
    click.echo(hash_password(password, os.urandom(SALT_BYTES)))


def _show(issued: IssuedKey, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({**_fields(issued.key), "secret": issued.secret}))
        return
    click.echo(issued.secret)
    click.echo("It is shown this once. Send it as `Authorization: Bearer ak_...`.", err=True)


def _fields(key: Key) -> dict[str, object]:
    return {
        "prefix": key.prefix,
        "name": key.name,
        "scopes": list(key.scopes),
        "sites": list(key.narrowing.sites),
        "kinds": list(key.narrowing.kinds),
        "zones": list(key.narrowing.zones),
        "person": key.person,
        "is_service": key.is_service,
        "created_at_ms": key.created_at_ms,
        "expires_at_ms": key.expires_at_ms,
        "last_used_at_ms": key.last_used_at_ms,
        "revoked_at_ms": key.revoked_at_ms,
    }


def _narrowed(key: Key) -> str:
    parts = (*key.narrowing.sites, *key.narrowing.kinds, *key.narrowing.zones)
    return f"  only {','.join(parts)}" if parts else ""
