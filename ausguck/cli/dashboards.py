"""`ausguck dashboards`: write Grafana's files, and look at dashboards without Grafana."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click
import httpx

from ausguck.clock import SystemClock
from ausguck.errors import ConfigError, StoreError
from ausguck.settings.partners import Influxdb
from ausguck.settings.tree import Settings
from ausguck.settings.values import IS_BUCKET_PREFIX, IS_WEB_ADDRESS, Check
from dashboards.files import GENERATED, boards, generated, stale, write
from dashboards.lint import faults
from dashboards.provisioning import Grafana
from dashboards.sheet.asking import Influx
from dashboards.sheet.writing import sheets
from dashboards.words import Language

NOT_CURRENT = 1
NO_ANSWER = 1

DEFAULTS = Grafana()

language_option = click.option(
    "--lang",
    "languages",
    type=click.Choice([str(language) for language in Language]),
    multiple=True,
    help="Only this language; without it all of them.",
)


class BuildOptions(TypedDict):
    """The options of `build`."""

    out: Path | None
    languages: tuple[str, ...]
    check: bool
    influx_url: str
    bucket_prefix: str
    token_dir: str
    boards_dir: str


@click.group()
def dashboards() -> None:
    """Write Grafana's files, and look at dashboards without Grafana.

    The dashboards are generated from the catalogue, in English and German, and so are the data
    sources they ask. Grafana reads all of it at its start; nothing is clicked together.
    """


@dashboards.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to; without it the one in the repository.",
)
@language_option
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and name what differs.")
@click.option(
    "--influx-url",
    default=DEFAULTS.influx_url,
    show_default=True,
    help="InfluxDB, as Grafana reaches it.",
)
@click.option("--bucket-prefix", default="", help="As store.influxdb.bucket_prefix.")
@click.option(
    "--token-dir",
    default="/tokens",
    show_default=True,
    help="Where Grafana finds the files `reader` and `planner` with its tokens.",
)
@click.option(
    "--boards-dir",
    default=DEFAULTS.dashboards,
    show_default=True,
    help="Where Grafana finds what is written here.",
)
@click.pass_context
def build(context: click.Context, **options: Unpack[BuildOptions]) -> None:
    """Write the dashboards, data sources and providers for Grafana.

    \b
      en/*.json, de/*.json                the dashboards
      provisioning/datasources/*.yaml     InfluxDB's buckets, tokens as names of files
      provisioning/dashboards/*.yaml      where Grafana finds the dashboards

    \b
    Examples:
      ausguck dashboards build --check
      ausguck dashboards build --out /etc/ausguck/grafana --lang de --influx-url http://127.0.0.1:8086
    """
    _expect("--influx-url", options["influx_url"], IS_WEB_ADDRESS)
    _expect("--bucket-prefix", options["bucket_prefix"], IS_BUCKET_PREFIX)
    languages = _languages(options["languages"])
    found = faults([board for language in languages for board in boards(language).values()])
    for fault in found:
        click.echo(fault, err=True)
    if found:
        context.exit(NOT_CURRENT)
    grafana = Grafana(
        options["influx_url"],
        options["bucket_prefix"],
        f"{options['token_dir']}/reader",
        f"{options['token_dir']}/planner",
        options["boards_dir"],
    )
    files = generated(languages, grafana)
    folder = options["out"] or GENERATED
    if not options["check"]:
        click.echo(f"{len(files)} files, {len(write(folder, files))} written.")
        return
    names = stale(folder, files)
    for name in names:
        click.echo(f"{name} is not current: run `ausguck dashboards build`.", err=True)
    if names:
        context.exit(NOT_CURRENT)
    click.echo(f"{len(files)} files are current.")


@dashboards.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write to.",
)
@language_option
@click.option("--bus", default="", help="The bus to show on its dashboard; else the first.")
@click.option("--until-ms", type=int, help="Show up to this moment (epoch ms); else up to now.")
@click.pass_obj
def sheet(
    settings: Settings, out: Path, languages: tuple[str, ...], bus: str, until_ms: int | None
) -> None:
    """Write each dashboard as a page with what InfluxDB really answers to its queries.

    For whoever wants to judge the dashboards without Grafana: every panel with its words, its
    queries and the answers as tables and small charts. The pages need nothing else, and fetch
    nothing. `queries.md` lists every query with its time.
    """
    if settings.store.kind != "influxdb":
        raise click.UsageError(
            f"store.kind is {settings.store.kind!r}: the dashboards ask an InfluxDB"
        )
    with _influx(settings.store.influxdb) as influx:
        until = SystemClock().now_ms() if until_ms is None else until_ms
        pages = sheets(influx, until, {"bus": bus}, _languages(languages))
    _write(out, pages)
    click.echo(f"{len(pages)} files in {out}; begin with index.html.")


def _expect(option: str, value: str, check: Check[str]) -> None:
    if not check.accepts(value):
        raise click.UsageError(f"{option}: found {value!r}, expected {check.words}")


def _languages(names: tuple[str, ...]) -> tuple[Language, ...]:
    return tuple(Language(name) for name in names) or tuple(Language)


@contextmanager
def _influx(settings: Influxdb) -> Iterator[Influx]:
    headers = {"Authorization": f"Token {_token(settings)}"}
    url = str(settings.url)
    try:
        with httpx.Client(
            base_url=url, headers=headers, timeout=settings.timeout_s, trust_env=False
        ) as client:
            yield Influx(client, settings.bucket_prefix)
    except StoreError as error:
        click.echo(f"ausguck: {error}", err=True)
        raise click.exceptions.Exit(NO_ANSWER) from None


def _token(settings: Influxdb) -> str:
    if settings.token is not None:
        return settings.token.get_secret_value()
    if settings.token_file is None:
        return ""
    try:
        return settings.token_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        found = f"{settings.token_file} ({error.strerror})"
        raise ConfigError("store.influxdb.token_file", found, "a file we may read") from None


def _write(folder: Path, pages: Mapping[str, str]) -> None:
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
