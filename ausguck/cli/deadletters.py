"""`ausguck deadletters`: see what was not stored and why, send it through again, or forget it."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
import httpx
from pydantic import TypeAdapter

from api.answers.deadletter import DeadLetterAnswer, dead_letter_answer
from ausguck.cli.running import client_of, words
from ausguck.desk.desk import DeskReader, open_desk_read_only
from ausguck.desk.packs import parts_of
from ausguck.desk.port import DeadLetterRow
from ausguck.errors import StoreError
from ausguck.model import Reason
from ausguck.settings.tree import Settings

PAGE = 500
SOME_FAILED = 1
SHOWN_DETAIL = 70


Refusals = list[tuple[int, str]]

reason_option = click.option(
    "--reason",
    type=click.Choice([reason.value for reason in Reason]),
    help="Only those with this reason.",
)
all_option = click.option("--all", "take_all", is_flag=True, help="Every one on the list.")
url_option = click.option(
    "--url",
    metavar="URL",
    help="Where the running process answers; without it, from the settings' api.host and api.port.",
)
ids_argument = click.argument("ids", metavar="[ID]...", nargs=-1, type=click.IntRange(min=1))


@click.group()
def deadletters() -> None:
    """What was not stored, why, and what to do about it.

    A dead letter is one reading that was acknowledged but could not be stored, or one message
    that held none. It keeps the redacted element, where it came from, and what was found where
    something else was expected. Identical ones are one letter with a count.

    \b
    Reasons:
      undecodable  not JSON, or not of the message's form     grammar    not a topic of ours
      empty        nothing in it                              identity   not the sender's to say
      limit        too long, too deep, too many               time       cannot be, in a backlog
      too_old      older than is taken                        conflict   told otherwise before
      rejected     the store would not have it

    \b
    Usually:
      ausguck deadletters list                    what is there
      ausguck deadletters show 17                 one of them, whole
      ausguck deadletters retry --all --reason identity
                                                  after the device was made known
      ausguck deadletters purge --all --reason too_old

    list and show read the desk's file and work whether Ausguck runs or not. retry and purge
    ask the running process, for only that may write. Exit codes: 0 done, 1 some could not be
    done, 2 wrong usage, 3 the running process cannot be reached.
    """


@deadletters.command("list")
@reason_option
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1))
@click.option("--after", default=0, metavar="ID", help="Go on after this one.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")
@click.pass_obj
def list_letters(
    settings: Settings, reason: str | None, limit: int, after: int, *, as_json: bool
) -> None:
    """List them in order of id.

    The columns: id, how often, when last, reason, topic, and what was found.
    """
    with _desk(settings) as desk:
        rows = desk.dead_letters(after_id=after, limit=limit, reason=_reason(reason))
        total = desk.dead_letter_rows()
    if as_json:
        answers = [dead_letter_answer(row) for row in rows]
        click.echo(TypeAdapter(list[DeadLetterAnswer]).dump_json(answers))
        return
    for row in rows:
        answer = dead_letter_answer(row)
        click.echo(
            f"{row.id:>7}  {row.count:>6} x  {answer.last_at}  {row.reason:<11}  {row.topic}  "
            f"{row.detail[:SHOWN_DETAIL]}"
        )
    click.echo(f"{len(rows)} of {total} dead letters", err=True)


@deadletters.command()
@click.argument("letter_id", metavar="ID", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")
@click.pass_obj
def show(settings: Settings, letter_id: int, *, as_json: bool) -> None:
    """Show one of them, whole; of a row that holds many, a line for each."""
    with _desk(settings) as desk:
        row = desk.dead_letter(letter_id)
    if row is None:
        raise click.ClickException(f"there is no dead letter {letter_id}; see `list`")
    answer = dead_letter_answer(row)
    if as_json:
        click.echo(answer.model_dump_json())
        return
    for name, value in answer.model_dump(mode="json").items():
        click.echo(f"{name:<17} {value}")
    if row.pack:
        for part in parts_of(row):
            one = dead_letter_answer(part)
            click.echo(f"{one.last_at}  {part.count:>6} x  {one.detail}  {one.element}")
    where = row.last_position
    click.echo(f"{'last_position':<17} {where.segment}:{where.offset} of epoch {where.epoch}")


@deadletters.command()
@ids_argument
@all_option
@reason_option
@url_option
@click.pass_obj
def retry(
    settings: Settings, ids: tuple[int, ...], reason: str | None, url: str | None, *, take_all: bool
) -> None:
    """Send dead letters through once more, as they would come in now.

    Worth it after the cause is gone: a device was made known, a setting was mended. What
    fails again is listed again. A redacted value stays redacted.

    \b
    Examples:
      ausguck deadletters retry 17 18
      ausguck deadletters retry --all --reason identity
    """
    chosen = _chosen(settings, ids, reason, take_all=take_all)
    with client_of(settings, url) as client:
        failed = _each(chosen, lambda one: client.post(f"deadletters/{one}/retry"), "Retrying")
    _report(len(chosen) - len(failed), "on the way again", failed)


@deadletters.command()
@ids_argument
@all_option
@reason_option
@url_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def purge(
    settings: Settings,
    ids: tuple[int, ...],
    reason: str | None,
    url: str | None,
    *,
    take_all: bool,
    yes: bool,
) -> None:
    """Forget dead letters for good.

    \b
    Examples:
      ausguck deadletters purge 17
      ausguck deadletters purge --all --reason too_old --yes
    """
    chosen = _chosen(settings, ids, reason, take_all=take_all)
    if chosen and not yes:
        click.confirm(f"Forget {len(chosen)} dead letters for good?", abort=True, err=True)
    with client_of(settings, url) as client:
        failed = _each(chosen, lambda one: client.delete(f"deadletters/{one}"), "Forgetting")
    _report(len(chosen) - len(failed), "forgotten", failed)


@contextmanager
def _desk(settings: Settings) -> Iterator[DeskReader]:
    path = settings.site.data_dir / "desk.sqlite"
    try:
        with open_desk_read_only(path) as desk:
            yield desk
    except StoreError as error:
        raise click.ClickException(f"{error} (site.data_dir is {settings.site.data_dir})") from None


def _reason(name: str | None) -> Reason | None:
    return None if name is None else Reason(name)


def _chosen(
    settings: Settings, ids: Sequence[int], reason: str | None, *, take_all: bool
) -> list[int]:
    """The ids asked for; with --all, those on the list now and not what a retry lists anew."""
    if bool(ids) == take_all:
        raise click.UsageError("name the ids, or say --all")
    if ids:
        if reason is not None:
            raise click.UsageError("--reason goes with --all")
        return list(dict.fromkeys(ids))
    with _desk(settings) as desk:
        return [row.id for row in _every(desk, _reason(reason))]


def _every(desk: DeskReader, reason: Reason | None) -> Iterator[DeadLetterRow]:
    after_id = 0
    while page := desk.dead_letters(after_id=after_id, limit=PAGE, reason=reason):
        yield from page
        after_id = page[-1].id


def _each(ids: Sequence[int], ask: Callable[[int], httpx.Response], label: str) -> Refusals:
    failed: Refusals = []
    with click.progressbar(ids, label=label, file=sys.stderr) as progress:
        for one in progress:
            response = ask(one)
            if not response.is_success:
                failed.append((one, words(response)))
    return failed


def _report(done: int, what: str, failed: Refusals) -> None:
    click.echo(f"{done} {what}")
    for one, why in failed:
        click.echo(f"{one}: {why}", err=True)
    if failed:
        raise click.exceptions.Exit(SOME_FAILED)
