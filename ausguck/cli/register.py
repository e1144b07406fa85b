"""`ausguck register`: what is out there, brought in from files, shown, written out, taken back."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn, TypedDict, Unpack
from zoneinfo import ZoneInfo

import click
import msgspec

from ausguck.cli.progress import Line
from ausguck.cli.register_show import changes, expect, export, show, undo
from ausguck.cli.workshop import WHO, clock_ms, refuse, registry_of
from ausguck.clock import SystemClock
from ausguck.desk.origins import origins_of
from ausguck.importing.faults import WrongInput
from ausguck.importing.folder import Imported
from ausguck.importing.making import Scene
from ausguck.importing.moments import Misfit, moment_ms
from ausguck.importing.sources import Bike, Kind, Manner, kind_of, read
from ausguck.importing.words import Thing, in_local_time, many_ends, summary, things
from ausguck.register.change import Diff
from ausguck.register.port import RegisterError, Registry
from ausguck.settings.tree import Settings

WRONG = 1
WOULD_CHANGE = 3
AUTO = "auto"


class Asked(TypedDict):
    """What the options of `import` and `check` are called."""

    kind: str
    source: str | None
    timetable: Path | None
    from_: str | None
    adds_only: bool


class Told(msgspec.Struct, frozen=True):
    """An import as JSON."""

    source: str
    notes: Sequence[str]
    things: Sequence[Thing]
    applied: int | None


@click.group()
def register() -> None:
    """What is out there: assets, devices, lines, zones, depots, duties, each with its time.

    It is kept in the desk's file in site.data_dir and filled from files: a folder of CSV or TOML
    files, a GTFS feed, or a bike feed's station_information. Nothing that was true is ever
    overwritten: what changes ends, and goes on anew, so that answers about last year stay.

    \b
    First steps:
      ausguck register check fleet/              is it right? every fault, nothing changed
      ausguck register import fleet/             what would change, and then changes it
      ausguck register import gtfs.zip           lines and agencies of a timetable
      ausguck register show assets               what is known now
    Later:
      ausguck register export backup/            CSV that imports to no difference
      ausguck register changes                   who changed what, and when
      ausguck register expect bus/0123           should it be heard, and who says so?
      ausguck register undo                      takes the last change back

    Every command works whether Ausguck runs or not; a running one follows within a second.
    Tables, columns and examples: docs/reference/register.md.
    """


def _with_options(command: click.decorators.FC) -> click.decorators.FC:
    options = (
        click.argument("path", type=click.Path(path_type=Path)),
        click.option(
            "--kind",
            type=click.Choice([AUTO, *Kind]),
            default=AUTO,
            show_default=True,
            help="What PATH is: a folder of CSV or TOML files, a GTFS feed, a GBFS file.",
        ),
        click.option(
            "--source",
            metavar="NAME",
            help="Under which name duties, events and external ids are kept: csv for a folder, "
            "for a bike feed its name in the settings.",
        ),
        click.option(
            "--timetable",
            type=click.Path(path_type=Path),
            help="A GTFS feed, in which duties that name only a block or a trip are looked up.",
        ),
        click.option(
            "--from",
            "from_",
            metavar="DATE",
            help="From when on it is so, for rows without a valid_from; else from now.",
        ),
        click.option("--adds-only", is_flag=True, help="What is not in it stays; else it is over."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@register.command("import")
@_with_options
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--ends-many",
    is_flag=True,
    help="With --yes: also where more than a fifth of a table would be over.",
)
@click.option(
    "--json", "as_json", is_flag=True, help="Write JSON, for scripts; with --yes or --dry-run."
)
@click.pass_obj
def import_command(
    settings: Settings,
    path: Path,
    *,
    dry_run: bool,
    yes: bool,
    ends_many: bool,
    as_json: bool,
    **asked: Unpack[Asked],
) -> None:
    """Bring in PATH: show what would change, ask, and change it in one step.

    A folder's files are called after tables: assets.csv, devices.csv, fittings.csv, lines.csv,
    zones.csv, depots.csv, sim_pools.csv, parties.csv, assignments.csv (duties), events.csv; or
    .toml. One alone will do. A table that is there is taken whole: what is not in it is over,
    unless --adds-only, or unless a feed, `ausguck devices` or another --source told of it. A
    column that is not there leaves what is known.

    Where anything is wrong, every fault is told with file, line and column, and nothing is
    changed.

    \b
    Examples:
      ausguck register import fleet/ --dry-run
      ausguck register import fleet/ --from 2026-12-13        the new timetable's first day
      ausguck register import june.csv/ --timetable gtfs.zip  duties that name blocks
      ausguck register import station_information.json --source nextbike --yes

    Exit codes: 0 changed, or nothing to change; 1 refused, or declined; 2 wrong usage;
    3 with --dry-run, something would change.
    """
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json cannot ask; say --yes or --dry-run")
    with registry_of(settings) as registry:
        now_ms = _moment(settings, asked["from_"])
        imported = _read(settings, registry, path, now_ms, asked)
        diff = _diff(settings, registry, imported, now_ms)
        zone = ZoneInfo(settings.site.timezone)
        if not as_json:
            _show(imported, diff, zone)
        applied = None
        if diff.changes and not dry_run:
            known, _ = registry.load(now_ms)
            _agree(many_ends(diff, known.tables, now_ms), yes=yes, ends_many=ends_many)
            applied = registry.apply(diff, WHO, clock_ms()).id
    if as_json:
        told = Told(diff.source, imported.notes, things(diff, zone), applied)
        click.echo(msgspec.json.encode(told))
    elif applied is not None:
        click.echo(f"Changed. `ausguck register undo {applied}` takes it back.")
    if dry_run and diff.changes:
        raise click.exceptions.Exit(WOULD_CHANGE)


def _agree(many: Sequence[str], *, yes: bool, ends_many: bool) -> None:
    """Ask, or be content that somebody said yes; half a file must not end a fleet at night."""
    told = ", ".join(many)
    if not yes:
        click.confirm(
            f"{told} will be over. Change it?" if many else "Change it?", abort=True, err=True
        )
    elif many and not ends_many:
        click.echo(
            f"Error: found an end of {told}, expected at most a fifth of a table with --yes: "
            "look with --dry-run, then say --ends-many too, or --adds-only",
            err=True,
        )
        raise click.exceptions.Exit(WRONG)


@register.command()
@_with_options
@click.pass_obj
def check(settings: Settings, path: Path, **asked: Unpack[Asked]) -> None:
    """Say whether PATH could be imported, with every fault; nothing is changed.

    \b
    Example:
      ausguck register check fleet/

    Exit codes: 0 right; 1 something is wrong; 2 wrong usage.
    """
    with registry_of(settings) as registry:
        now_ms = _moment(settings, asked["from_"])
        imported = _read(settings, registry, path, now_ms, asked)
        diff = _diff(settings, registry, imported, now_ms)
    for note in imported.notes:
        click.echo(f"note: {note}", err=True)
    rows = {table: len(given) for table, given in imported.offer.rows.items()}
    click.echo(f"Right: {', '.join(f'{count} {table}' for table, count in rows.items())}")
    count = len(things(diff, ZoneInfo(settings.site.timezone)))
    click.echo(f"{count} things would change; see `import --dry-run`")


for _command in (show, expect, export, changes, undo):
    register.add_command(_command)


def _moment(settings: Settings, text: str | None) -> int:
    if text is None:
        return clock_ms()
    try:
        return moment_ms(text, ZoneInfo(settings.site.timezone))
    except Misfit as misfit:
        found = misfit.found or repr(text)
        raise click.BadParameter(f"found {found}, expected {misfit.expected}") from None


def _read(
    settings: Settings, registry: Registry, path: Path, now_ms: int, asked: Asked
) -> Imported:
    try:
        kind = kind_of(path) if asked["kind"] == AUTO else Kind(asked["kind"])
        known, _ = registry.load(now_ms)
        origins = origins_of(settings.site.data_dir / "desk.sqlite")
        zone, source = ZoneInfo(settings.site.timezone), asked["source"] or "csv"
        scene = Scene(known, zone, now_ms, source, origins)
        line = Line(SystemClock())
        bike = _bike(settings, asked["source"]) if kind is Kind.GBFS else Bike()
        manner = Manner(
            bike,
            lambda name, done, size: line.show(name, done, size, done),
            asked["timetable"],
            asked["adds_only"],
        )
        try:
            return read(path, kind, scene, manner)
        finally:
            line.end()
    except WrongInput as wrong:
        _refuse(wrong)


def _bike(settings: Settings, source: str | None) -> Bike:
    """The feed that stations are of: the one named, or the only one of the settings."""
    feeds = {feed.name: Bike(feed.name, feed.prefix or "", feed.language) for feed in settings.gbfs}
    if source is not None:
        return feeds.get(source, replace(Bike(), name=source))
    if len(feeds) > 1:
        raise click.UsageError(f"name the feed with --source: {', '.join(feeds)}")
    return next(iter(feeds.values()), Bike())


def _diff(settings: Settings, registry: Registry, imported: Imported, now_ms: int) -> Diff:
    """What would change; why it cannot is told in the time of the site."""
    try:
        return registry.diff(imported.offer, now_ms)
    except RegisterError as error:
        zone = ZoneInfo(settings.site.timezone)
        raise RegisterError([in_local_time(fault, zone) for fault in error.faults]) from None


def _show(imported: Imported, diff: Diff, zone: ZoneInfo) -> None:
    for note in imported.notes:
        click.echo(f"note: {note}", err=True)
    for line in summary(diff, zone):
        click.echo(line)
    if not diff.changes:
        click.echo("Nothing to change.")
    sys.stdout.flush()


def _refuse(wrong: RegisterError) -> NoReturn:
    """Say the faults, and how many there are beyond those shown."""
    if isinstance(wrong, WrongInput) and wrong.more:
        click.echo(f"Error: {wrong.more + len(wrong.faults)} faults; the first:", err=True)
    refuse(wrong)
