"""`ausguck register show, export, changes, undo`: what the register holds, and how it came."""

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import click
import msgspec

from ausguck.cli.workshop import ASSET, WHO, clock_ms, registry_of
from ausguck.clock import iso_utc
from ausguck.importing.export import csv_files
from ausguck.importing.making import versions
from ausguck.importing.moments import Misfit, moment_ms
from ausguck.importing.words import cells
from ausguck.register import expecting
from ausguck.register.plan import Plan
from ausguck.register.register import Register
from ausguck.register.rows import BEGINNING_MS, ROW_TYPES, Row
from ausguck.settings.tree import Settings

NOT_FOUND = 1
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


@click.command()
@click.argument("table", required=False, type=click.Choice(list(ROW_TYPES)))
@click.argument("name", metavar="[ID]", required=False)
@click.option("--at", metavar="TIME", help="As it was then; without it, as it is now.")
@json_option
@click.pass_obj
def show(
    settings: Settings, table: str | None, name: str | None, at: str | None, *, as_json: bool
) -> None:
    """Show what is known: of every table, of one, or of one thing with its history.

    \b
    Examples:
      ausguck register show
      ausguck register show assets --at 2026-01-01
      ausguck register show assets bus/0123
    """
    with registry_of(settings) as registry:
        at_ms = clock_ms() if at is None else _moment(settings, at)
        known, _ = registry.load(0 if table in {"assignments", None} else at_ms)
    if table is None:
        _counts(known, at_ms, as_json=as_json)
        return
    rows = _rows(known, table, name, at_ms, has_time=at is not None)
    if as_json:
        click.echo(msgspec.json.encode(rows))
    for row in () if as_json else rows:
        click.echo(_line(table, row, with_times=name is not None))
    if name is not None and not rows:
        click.echo(f"Error: {table} know no {name!r}", err=True)
        raise click.exceptions.Exit(NOT_FOUND)


@click.command()
@click.argument("asset")
@click.option("--at", metavar="TIME", help="At that moment; without it, now.")
@json_option
@click.pass_obj
def expect(settings: Settings, asset: str, at: str | None, *, as_json: bool) -> None:
    """Say whether a bus or station should be heard, by what the register knows.

    What it tells itself goes before that; `/api/v1/expectations/bus/0123` takes it in.

    \b
    Examples:
      ausguck register expect bus/0123
      ausguck register expect station/1001 --at 2026-05-04T23:30
    """
    if not re.fullmatch(ASSET, asset):
        raise click.BadParameter(f"found {asset!r}, expected such as bus/0123 or station/1001")
    at_ms = clock_ms() if at is None else _moment(settings, at)
    with registry_of(settings) as registry:
        known, _ = registry.load(at_ms)
    plan = Plan(known, ZoneInfo(settings.site.timezone), settings.site.country)
    found = expecting.expect(plan, known.asset_id(asset), at_ms)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    line = f", line {found.line}" if found.line else ""
    source = f", says {found.source}" if found.source else ""
    until = "" if found.until_ms is None else f"; until {iso_utc(found.until_ms)}"
    click.echo(f"{asset}: {found.state} ({found.why}{line}{source}){until}")
    if found.missing:
        click.echo(f"To know more, give: {', '.join(found.missing)}")


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False))
@click.option("--force", is_flag=True, help="Write over files that are there.")
@click.pass_obj
def export(settings: Settings, directory: Path, *, force: bool) -> None:
    """Write all of the register to DIRECTORY as CSV files, with its whole history.

    They open in any table calculation, and import to no difference.

    \b
    Example:
      ausguck register export backup/
    """
    with registry_of(settings) as registry:
        known, _ = registry.load(0)
    texts = csv_files(known.tables)
    there = sorted(name for name in texts if (directory / name).exists())
    if there and not force:
        raise click.ClickException(f"{', '.join(there)} in {directory} already; see --force")
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8", newline="")
        click.echo(directory / name)
    if not texts:
        click.echo("The register is empty.", err=True)


@click.command()
@click.option("--limit", default=20, show_default=True, type=click.IntRange(min=1))
@json_option
@click.pass_obj
def changes(settings: Settings, limit: int, *, as_json: bool) -> None:
    """List the changes that were made, the newest first: id, time, by whom, from what, how many."""
    with registry_of(settings) as registry:
        rows = registry.applied(limit=limit)
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    for row in rows:
        undone = f"  taken back {iso_utc(row.undone_at_ms)}" if row.undone_at_ms else ""
        what = f"{row.source}: {row.changes} rows"
        click.echo(f"{row.id:>5}  {iso_utc(row.at_ms)}  {row.who}  {what}{undone}")


@click.command()
@click.argument("change", metavar="[ID]", required=False, type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def undo(settings: Settings, change: int | None, *, yes: bool) -> None:
    """Take back a change, the last one without ID; refused if something later was built on it.

    \b
    Examples:
      ausguck register undo
      ausguck register undo 17 --yes
    """
    with registry_of(settings) as registry:
        if not yes:
            which = f"change {change}" if change else "the last change"
            click.confirm(f"Take back {which}?", abort=True, err=True)
        made = registry.undo(change, WHO, clock_ms())
    click.echo(f"{made.source}: {made.changes} rows")


def _moment(settings: Settings, text: str) -> int:
    try:
        return moment_ms(text, ZoneInfo(settings.site.timezone))
    except Misfit as misfit:
        raise click.BadParameter(f"found {text!r}, expected {misfit.expected}") from None


def _counts(known: Register, at_ms: int, *, as_json: bool) -> None:
    counts = {table: len(versions(known, table).all_at(at_ms)) for table in ROW_TYPES}
    if as_json:
        click.echo(msgspec.json.encode(counts))
        return
    for table, count in counts.items():
        click.echo(f"{table:<12} {count:>7}")


def _rows(
    known: Register, table: str, name: str | None, at_ms: int, *, has_time: bool
) -> list[Row]:
    found = versions(known, table)
    if name is None:
        return list(found.all_at(at_ms))
    rows = found.of(name)
    return [row for row in rows if row.holds_at(at_ms)] if has_time else list(rows)


def _line(table: str, row: Row, *, with_times: bool) -> str:
    told = ", ".join(f"{name} {text}" for name, text in cells(table, row).items())
    if not with_times:
        return f"{row.id}  {told}"
    begins = (
        "ever since" if row.valid_from_ms == BEGINNING_MS else f"from {iso_utc(row.valid_from_ms)}"
    )
    ends = "" if row.valid_to_ms is None else f" until {iso_utc(row.valid_to_ms)}"
    return f"{row.id}  {begins}{ends}: {told}"
