"""`ausguck people`: who works with this, in which team, and until when."""

import json

import click

from ausguck.cli.keys import WHO, Name, json_option, opened
from ausguck.cli.lengths import local
from ausguck.cli.people_duty import duty
from ausguck.clock import SystemClock
from ausguck.desk.access_port import AccessUnknown
from ausguck.desk.people_rows import Person, Team
from ausguck.settings.tree import Settings

AUDIT_DEFAULT = 50


@click.group()
def people() -> None:
    """Say who works with this, who is on duty, and what becomes of it when somebody leaves.

    Commands change the desk's file, also while Ausguck runs. Every change is in the audit log.

    \b
    Usually:
      ausguck people team set night --title "Night shift"
      ausguck people add ada --display "Ada Holm" --phone "+49 431 5551" --team night
      ausguck people duty add night ada 2027-03-28T22:00 2027-03-29T06:00
      ausguck people duty check
      ausguck people leave ada --to ben
    """


@people.command()
@click.argument("name", type=Name())
@click.option("--display", help="As people write it, such as 'Ada Holm'.")
@click.option("--email", help="Where messages go.")
@click.option("--phone", help="Where calls go.")
@click.option("--language", "languages", multiple=True, help="Such as de; the first is preferred.")
@click.option("--team", "teams", multiple=True, type=Name(), help="Repeatable.")
@click.pass_obj
def add(  # noqa: PLR0913 - a person has as many sides
    settings: Settings,
    name: str,
    *,
    display: str | None,
    email: str | None,
    phone: str | None,
    languages: tuple[str, ...],
    teams: tuple[str, ...],
) -> None:
    """Add somebody, or change what is told of them; what is not told stays.

    \b
    Example:
      ausguck people add ada --display "Ada Holm" --email ada@city.example --team night
    """
    with opened(settings) as desk:
        before = desk.person(name) or Person(name=name)
        told = Person(
            name=name,
            display=before.display if display is None else display,
            email=before.email if email is None else email,
            phone=before.phone if phone is None else phone,
            languages=languages or before.languages,
            teams=teams or before.teams,
        )
        desk.set_person(told, WHO, SystemClock().now_ms())
    click.echo(f"{name} is known")


@people.command("list")
@click.option("--all", "show_all", is_flag=True, help="Also those who left.")
@json_option
@click.pass_obj
def list_people(settings: Settings, *, show_all: bool, as_json: bool) -> None:
    """List everybody by name, with their teams."""
    with opened(settings) as desk:
        found = [one for one in desk.people() if show_all or one.is_here]
    if as_json:
        click.echo(json.dumps([_person_fields(one) for one in found]))
        return
    for one in found:
        left = "" if one.is_here else f"  left {local(one.left_at_ms, settings.site.timezone)}"
        click.echo(f"{one.name:<16}  {one.display:<24}  {','.join(one.teams)}{left}")
    click.echo(f"{len(found)} people", err=True)


@people.command()
@click.argument("name", type=Name())
@json_option
@click.pass_obj
def show(settings: Settings, name: str, *, as_json: bool) -> None:
    """Show what is known of somebody, with the keys they answer for."""
    now_ms = SystemClock().now_ms()
    with opened(settings) as desk:
        one = desk.person(name)
        if one is None:
            raise AccessUnknown(f"there is no person {name!r}; see `ausguck people list`")
        held = [key for key in desk.all_keys() if key.person == name and key.holds_at(now_ms)]
    fields = {**_person_fields(one), "keys": [key.name for key in held]}
    if as_json:
        click.echo(json.dumps(fields))
        return
    for key, value in fields.items():
        words = " ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{key:<14} {'-' if words in {None, ''} else words}")


@people.command()
@click.argument("name", type=Name())
@click.option("--to", type=Name(), help="Who takes over what is open.")
@click.option("--dry-run", is_flag=True, help="Only say what would be.")
@click.pass_obj
def leave(settings: Settings, name: str, to: str | None, *, dry_run: bool) -> None:
    """Have somebody leave: their keys and sessions end, what is open is handed over.

    Duties that run or come, leads of teams, and keys of programs go to --to. A duty that others
    cover needs nobody. Where something would be left to nobody this says what, and does nothing.
    All of it is one step: it is done whole, or not at all.

    \b
    Examples:
      ausguck people leave ada --to ben --dry-run
      ausguck people leave ada --to ben
    """
    with opened(settings) as desk:
        found = desk.leave(name, to, who=WHO, now_ms=SystemClock().now_ms(), dry_run=dry_run)
    for words in found.ended:
        click.echo(f"ends: {words}")
    for words in found.handed_over:
        click.echo(f"goes to {found.to}: {words}")
    click.echo(f"{name} would leave; nothing was done" if dry_run else f"{name} has left")


@people.command()
@click.option("--limit", default=AUDIT_DEFAULT, show_default=True, type=click.IntRange(1, 10_000))
@json_option
@click.pass_obj
def audit(settings: Settings, limit: int, *, as_json: bool) -> None:
    """Show who did what, the newest first: keys, people, register, and refused attempts."""
    with opened(settings) as desk:
        rows = desk.audit(limit=limit)
    if as_json:
        names = ("id", "at_ms", "who", "action", "object", "detail")
        click.echo(json.dumps([{name: getattr(row, name) for name in names} for row in rows]))
        return
    for row in rows:
        at = local(row.at_ms, settings.site.timezone)
        click.echo(f"{at}  {row.who:<16}  {row.action:<14}  {row.object}  {row.detail}")


@people.group()
def team() -> None:
    """Say which teams there are, who leads them, and who stands in."""


@team.command("set")
@click.argument("name", type=Name())
@click.option("--title", help="For people.")
@click.option("--lead", type=Name(), help="Asked last, where nobody else is to be had.")
@click.option("--deputy", type=Name(), help="Asked where nobody of the plan is on duty.")
@click.option("--deputy-team", type=Name(), help="Asked after the deputy.")
@click.pass_obj
def set_team(
    settings: Settings,
    name: str,
    *,
    title: str | None,
    lead: str | None,
    deputy: str | None,
    deputy_team: str | None,
) -> None:
    """Make a team, or change what is told of it; what is not told stays.

    \b
    Example:
      ausguck people team set night --title "Night shift" --lead ada --deputy-team day
    """
    with opened(settings) as desk:
        known = {one.name: one for one in desk.teams()}
        before = known.get(name, Team(name=name))
        told = Team(
            name=name,
            title=before.title if title is None else title,
            lead=lead or before.lead,
            deputy=deputy or before.deputy,
            deputy_team=deputy_team or before.deputy_team,
            members=before.members,
        )
        desk.set_team(told, WHO, SystemClock().now_ms())
    click.echo(f"team {name} is known")


@team.command("list")
@json_option
@click.pass_obj
def list_teams(settings: Settings, *, as_json: bool) -> None:
    """List teams by name, with lead, deputies and members."""
    with opened(settings) as desk:
        found = desk.teams()
    if as_json:
        click.echo(json.dumps([_team_fields(one) for one in found]))
        return
    for one in found:
        roles = f"lead {one.lead or '-'}  deputy {one.deputy or one.deputy_team or '-'}"
        click.echo(f"{one.name:<16}  {roles}  {','.join(one.members)}  {one.title}")


def _person_fields(one: Person) -> dict[str, object]:
    return {
        "name": one.name,
        "display": one.display,
        "email": one.email,
        "phone": one.phone,
        "languages": list(one.languages),
        "teams": list(one.teams),
        "left_at_ms": one.left_at_ms,
    }


def _team_fields(one: Team) -> dict[str, object]:
    return {
        "name": one.name,
        "title": one.title,
        "lead": one.lead,
        "deputy": one.deputy,
        "deputy_team": one.deputy_team,
        "members": list(one.members),
    }


people.add_command(duty)
