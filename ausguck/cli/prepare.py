"""`ausguck check --prepare`: an InfluxDB gets the buckets and tokens that we need."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click
import msgspec
from pydantic import SecretStr

from ausguck.settings.tree import Settings
from ausguck.store.influxdb_setup.files import TokenFiles
from ausguck.store.influxdb_setup.steps import Change, Shortening, Step
from ausguck.store.influxdb_setup.wanted import Role

VARIABLE = "INFLUX_TOKEN"
EXPECTED = "the operator token or an all-access token of the InfluxDB"
TOKENS = "tokens"

prepare_option = click.option(
    "--prepare",
    is_flag=True,
    help="Make the InfluxDB of [store.influxdb] ready: organisation, buckets, mappings, tokens.",
)
tokens_dir_option = click.option(
    "--tokens-dir",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --prepare: where the tokens go, in files `writer`, `reader` and `planner`; "
    "without it the folder `tokens` of site.data_dir.",
)
yes_option = click.option(
    "--yes", is_flag=True, help="With --prepare: shorten a bucket's retention without asking."
)


def prepare_influxdb(
    settings: Settings, tokens_dir: Path | None, *, yes: bool, as_json: bool
) -> None:
    """Prepare the server and say each step; the last words are what to do with the tokens.

    Raises:
        AusguckError: it could not be done; says what was found, expected and to do.
    """
    # Its client takes half a second to import, which no other command needs to wait for.
    from ausguck.store.influxdb_setup.door import Server  # noqa: PLC0415 - as above
    from ausguck.store.influxdb_setup.prepare import prepare  # noqa: PLC0415 - as above

    influxdb = settings.store.influxdb
    folder = tokens_dir or settings.site.data_dir / TOKENS
    steps: list[Step] = []
    with Server(influxdb.url, operator_token(os.environ), influxdb.timeout_s) as server:
        for step in prepare(
            server,
            influxdb,
            settings.retention,
            TokenFiles(folder),
            lambda shorter: yes or _may_shorten(shorter),
        ):
            steps.append(step)
            if not as_json:
                click.echo(
                    f"  {step.kind:<13}{step.name:<21} {step.change}  {step.detail}".rstrip()
                )
    changed = sum(step.change is not Change.KEPT for step in steps)
    if as_json:
        answer = {
            "url": influxdb.url,
            "org": influxdb.org,
            "changed": changed,
            "tokens_dir": str(folder),
            "steps": [asdict(step) for step in steps],
        }
        click.echo(msgspec.json.encode(answer).decode())
        return
    click.echo(_verdict(settings, folder, changed))


def refuse_without_prepare(tokens_dir: Path | None, *, yes: bool) -> None:
    """Say so where an option is of no account.

    Raises:
        click.UsageError: it was given without --prepare.
    """
    if tokens_dir is not None or yes:
        raise click.UsageError("--tokens-dir and --yes go with --prepare")


def operator_token(environment: Mapping[str, str]) -> SecretStr:
    """From the environment, else asked of whoever sits there; never an argument.

    Raises:
        click.UsageError: there is none, and nobody to ask.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text and sys.stdin.isatty():
        text = click.prompt(f"Token ({EXPECTED})", hide_input=True, err=True).strip()
    if not text:
        raise click.UsageError(f"{VARIABLE}: found nothing, expected {EXPECTED} in this variable")
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise click.UsageError(
            f"{VARIABLE}: found something with other characters, expected printable ASCII "
            "without a space"
        )
    return SecretStr(text)


def _may_shorten(shorter: Sequence[Shortening]) -> bool:
    for one in shorter:
        click.echo(
            f"  bucket {one.name} is kept {one.found} and would be kept {one.wanted}: "
            "what is older is removed",
            err=True,
        )
    return sys.stdin.isatty() and click.confirm("Shorten?", err=True)


def _verdict(settings: Settings, folder: Path, changed: int) -> str:
    lines = [f"Ready: {changed} changed." if changed else "Ready: nothing had to be changed."]
    store = settings.store
    writer = folder / Role.WRITER
    if store.kind != "influxdb":
        lines.append(
            "History is still kept in DuckDB; to keep it there, set store.kind = 'influxdb' and "
            f"store.influxdb.token_file = {str(writer)!r}."
        )
    elif store.influxdb.token is None and not _is_same(store.influxdb.token_file, writer):
        lines.append(f"Now set store.influxdb.token_file = {str(writer)!r}.")
    return "\n".join(lines)


def _is_same(one: Path | None, other: Path) -> bool:
    return one is not None and one.absolute() == other.absolute()
