"""`ausguck people duty`: who is on duty when, and when nobody is."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from ausguck.cli.keys import WHO, Name, json_option, opened
from ausguck.cli.lengths import MS, local
from ausguck.clock import SystemClock
from ausguck.desk.people_duty import gaps, on_duty
from ausguck.desk.people_rows import Duty
from ausguck.importing.moments import Misfit, moment_ms
from ausguck.settings.tree import Settings

COLUMNS = ("team", "person", "from", "to")
DEPUTY = "deputy"
YES = {"": False, "no": False, "false": False, "yes": True, "true": True}
DAYS_AHEAD = 30
HAS_GAPS = 1


class Moment(click.ParamType[int]):
    """A moment in local time of the site, or with an offset."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:  # noqa: ANN401 - click's own signature
        """Milliseconds since 1970, or click's words about it."""
        if isinstance(value, int):
            return value
        try:
            return moment_ms(value, ZoneInfo(ctx.find_object(Settings).site.timezone))
        except Misfit as error:
            self.fail(_misfit(value, error), param, ctx)


@click.group()
def duty() -> None:
    """Plan who is on duty, and see when nobody is.

    Times are local to the site, or have an offset. Where several duties run at once, the one
    that began last holds. Without a duty the team's deputy is asked, then its deputy team,
    then its lead.
    """


@duty.command()
@click.argument("team", type=Name())
@click.argument("person", type=Name())
@click.argument("begins", type=Moment())
@click.argument("ends", type=Moment())
@click.option("--deputy", is_flag=True, help="Comes second, where the first cannot be had.")
@click.pass_obj
def add(
    settings: Settings, team: str, person: str, begins: int, ends: int, *, deputy: bool
) -> None:
    """Plan one duty; the same again changes nothing.

    \b
    Example:
      ausguck people duty add night ada 2027-03-28T22:00 2027-03-29T06:00
    """
    planned = Duty(team=team, person=person, from_ms=begins, to_ms=ends, is_deputy=deputy)
    with opened(settings) as desk:
        added = desk.add_duties([planned], WHO, SystemClock().now_ms())
    click.echo("planned" if added else "it was planned already")


@duty.command("list")
@click.option("--days", default=DAYS_AHEAD, show_default=True, type=click.IntRange(1, 400))
@json_option
@click.pass_obj
def list_duties(settings: Settings, days: int, *, as_json: bool) -> None:
    """List duties that run or come, and who is on duty now."""
    now_ms = SystemClock().now_ms()
    with opened(settings) as desk:
        found = desk.duties(now_ms, now_ms + days * MS["d"])
        plan = desk.plan(now_ms, now_ms + 1)
    if as_json:
        click.echo(json.dumps([_fields(one) for one in found]))
        return
    zone = settings.site.timezone
    for one in found:
        rank = "  deputy" if one.is_deputy else ""
        span = f"{local(one.from_ms, zone)} to {local(one.to_ms, zone)}"
        click.echo(f"{one.id:>6}  {one.team:<16}  {one.person:<16}  {span}{rank}")
    for team in plan.teams:
        now = on_duty(plan, team, now_ms)
        words = "nobody" if now is None else f"{now.person} ({now.how})"
        click.echo(f"now, team {team}: {words}", err=True)


@duty.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_duties(settings: Settings, file: Path) -> None:
    """Plan the duties of a CSV file, all of them or none.

    \b
    Its columns, in any order; `deputy` may be missing and is yes or no:
      team,person,from,to,deputy
      night,ada,2027-03-28T22:00,2027-03-29T06:00,no

    Semicolons and times such as 28.03.2027 22:00 are read too, as spreadsheets write them.
    """
    faults: list[str] = []
    found = list(_rows(file, settings.site.timezone, faults))
    if faults:
        raise click.ClickException("nothing was planned:\n" + "\n".join(faults))
    with opened(settings) as desk:
        added = desk.add_duties(found, WHO, SystemClock().now_ms())
    click.echo(f"{added} planned, {len(found) - added} were planned already")


@duty.command()
@click.argument("duty_id", metavar="ID", type=click.IntRange(min=1))
@click.pass_obj
def remove(settings: Settings, duty_id: int) -> None:
    """Take a duty off the plan; one that runs ends now."""
    with opened(settings) as desk:
        desk.remove_duty(duty_id, WHO, SystemClock().now_ms())
    click.echo("removed")


@duty.command()
@click.option("--days", default=DAYS_AHEAD, show_default=True, type=click.IntRange(1, 400))
@json_option
@click.pass_obj
def check(settings: Settings, days: int, *, as_json: bool) -> None:
    """Say when nobody of the plan is on duty in the days to come.

    Exit status 0 when every team has somebody all the time, 1 when not.
    """
    now_ms = SystemClock().now_ms()
    until_ms = now_ms + days * MS["d"]
    with opened(settings) as desk:
        plan = desk.plan(now_ms, until_ms)
    found = [gap for team in plan.teams for gap in gaps(plan, team, now_ms, until_ms)]
    if as_json:
        click.echo(json.dumps([gap._asdict() for gap in found]))
    zone = settings.site.timezone
    for gap in [] if as_json else found:
        hours = (gap.to_ms - gap.from_ms) / MS["h"]
        instead = on_duty(plan, gap.team, gap.from_ms)
        words = "nobody" if instead is None else f"{instead.person} instead"
        span = f"{local(gap.from_ms, zone)} to {local(gap.to_ms, zone)}"
        click.echo(f"{gap.team:<16}  {span}  {hours:.1f} h  {words}")
    if found:
        raise click.exceptions.Exit(HAS_GAPS)
    if not as_json:
        click.echo(f"{len(plan.teams)} teams have somebody all the time")


def _rows(file: Path, zone: str, faults: list[str]) -> Iterator[Duty]:
    """The file's duties; what cannot be one goes to `faults`, with line and column."""
    with file.open(encoding="utf-8-sig", newline="") as text:
        header = text.readline()
        text.seek(0)
        delimiter = ";" if header.count(";") > header.count(",") else ","
        reader = csv.DictReader(text, delimiter=delimiter)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            faults.append(f"{file.name}, line 1: found no column {', '.join(missing)}")
            return
        for row in reader:
            place = f"{file.name}, line {reader.line_num}"
            cells = {name: (row.get(name) or "").strip() for name in (*COLUMNS, DEPUTY)}
            duty_found = _duty(cells, zone, place, faults)
            if duty_found is not None:
                yield duty_found


def _duty(cells: dict[str, str], zone: str, place: str, faults: list[str]) -> Duty | None:
    before = len(faults)
    times = {}
    for name in ("from", "to"):
        try:
            times[name] = moment_ms(cells[name], ZoneInfo(zone))
        except Misfit as error:
            faults.append(f"{place}: {name}: {_misfit(cells[name], error)}")
    empty = [name for name in ("team", "person") if not cells[name]]
    faults += [f"{place}: {name}: found nothing, expected a name" for name in empty]
    is_deputy = YES.get(cells[DEPUTY].lower())
    if is_deputy is None:
        faults.append(f"{place}: deputy: found {cells[DEPUTY]!r}, expected yes or no")
    if len(times) == len(("from", "to")) and times["from"] >= times["to"]:
        faults.append(f"{place}: to: found {cells['to']!r}, expected a time after `from`")
    if len(faults) > before:
        return None
    return Duty(
        team=cells["team"],
        person=cells["person"],
        from_ms=times["from"],
        to_ms=times["to"],
        is_deputy=bool(is_deputy),
    )


def _misfit(text: str, error: Misfit) -> str:
    return f"found {error.found or repr(text)}, expected {error.expected}"


def _fields(one: Duty) -> dict[str, object]:
    return {
        "id": one.id,
        "team": one.team,
        "person": one.person,
        "from_ms": one.from_ms,
        "to_ms": one.to_ms,
        "is_deputy": one.is_deputy,
    }
