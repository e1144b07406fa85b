"""`ausguck store`: history moves from one kind of store to the other, and is held against it."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from ausguck.app.lock import owned
from ausguck.app.stores import DUCKDB_FILE
from ausguck.cli.progress import Line
from ausguck.clock import Clock, SystemClock
from ausguck.errors import StoreError
from ausguck.settings.tree import Settings
from ausguck.store.comparing import Comparison, compare
from ausguck.store.copying import Floors, Progress, begun, copy
from ausguck.store.duckdb.whole import open_whole_duckdb
from ausguck.store.influxdb.whole import open_whole_influxdb
from ausguck.store.whole import Stock, WholeStore

DIFFERENT = 1
INTERRUPTED = 130
DUCKDB, INFLUXDB = "duckdb", "influxdb"
PROGRESS_FILE = "copy.json"

as_json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for scripts.")


@click.group()
def store() -> None:
    """Move history between DuckDB and InfluxDB, and compare the two.

    Both are those of the settings: the file history.duckdb in site.data_dir, and the buckets
    of [store.influxdb]. Neither command runs beside `ausguck run` on the same data directory.
    """


@store.command("copy")
@click.option(
    "--from", "source", type=click.Choice([DUCKDB, INFLUXDB]), required=True, help="What is copied."
)
@click.option(
    "--to", "target", type=click.Choice([DUCKDB, INFLUXDB]), required=True, help="Where to."
)
@as_json_option
@click.pass_obj
def copy_command(settings: Settings, source: str, target: str, *, as_json: bool) -> None:
    """Copy all of history from one store to the other, and compare them row for row.

    Readings, events and rows of state come first; where the comparison finds no difference the
    target also gets the books and the place in the journal, so that `ausguck run` with the
    other store.kind goes on where the first has stopped. Rows that retention removes within
    the hour stay behind. The source is only read.

    It may be interrupted at any time; run again it goes on. The target has to be empty:

    \b
      duckdb    move history.duckdb out of the data directory
      influxdb  set another store.influxdb.bucket_prefix and run `ausguck check --prepare`,
                or delete the buckets and do the same

    \b
    Exit status:
      0    everything is in the target, compared and settled; or it was already
      1    the stores differ (the first differences are printed), or one cannot be used
      130  interrupted; run it again

    \b
    Example:
      ausguck store copy --from duckdb --to influxdb
    """
    if source == target:
        raise click.UsageError(f"--to: found {target!r}, expected the other store than --from")
    if source == DUCKDB:
        _require(settings.site.data_dir / DUCKDB_FILE)
    with owned(settings.site.data_dir):
        try:
            found = asyncio.run(_copy(settings, (source, target), SystemClock()))
        except KeyboardInterrupt:
            click.echo("\nInterrupted; what is copied stays, run it again to go on.", err=True)
            sys.exit(INTERRUPTED)
    if found is None:
        _say(as_json, {"rows": 0, "differences": 0}, "Nothing to copy: the target has it all.")
        return
    words = f"Copied: {found.rows:,} rows, compared one by one. Now set store.kind = '{target}'."
    _verdict(found, words, as_json=as_json)


@store.command("compare")
@as_json_option
@click.pass_obj
def compare_command(settings: Settings, *, as_json: bool) -> None:
    """Hold the two stores against each other, row for row.

    Every reading, event and row of state that retention keeps: who, when, and each value; then
    the books and the place in the journal. Both stores are only read.

    \b
    Exit status:
      0  they are the same
      1  they differ (the first twenty differences are printed), or one cannot be used
    """
    _require(settings.site.data_dir / DUCKDB_FILE)
    with owned(settings.site.data_dir):
        found = asyncio.run(_compare(settings, SystemClock()))
    words = f"The same: {found.rows:,} rows." if found.rows else "The same: both are empty."
    _verdict(found, words, as_json=as_json)


def _require(path: Path) -> None:
    """Refuse a file that is not there, which opening would make.

    Raises:
        StoreError: it is not there.
    """
    if not path.exists():
        raise StoreError(DUCKDB, f"{path} is not there; is site.data_dir right?")


@dataclass(frozen=True, slots=True)
class _Opened:
    """Both stores, by the names that people know them by."""

    one: WholeStore
    other: WholeStore
    names: tuple[str, str]


@asynccontextmanager
async def _open(settings: Settings, kinds: tuple[str, str]) -> AsyncIterator[_Opened]:
    async with AsyncExitStack() as stack:
        opened: dict[str, tuple[WholeStore, str]] = {}
        path = settings.site.data_dir / DUCKDB_FILE
        influxdb = settings.store.influxdb
        file = await stack.enter_async_context(open_whole_duckdb(path, settings.store))
        server = await stack.enter_async_context(open_whole_influxdb(influxdb))
        opened[DUCKDB] = (file, f"duckdb {path}")
        opened[INFLUXDB] = (server, f"influxdb {influxdb.url} {influxdb.bucket_prefix}*".rstrip())
        (one, first), (other, second) = (opened[kind] for kind in kinds)
        yield _Opened(one, other, (first, second))


async def _copy(settings: Settings, kinds: tuple[str, str], clock: Clock) -> Comparison | None:
    file = settings.site.data_dir / PROGRESS_FILE
    line = Line(clock)
    async with _open(settings, kinds) as stores:
        floors = Floors.at(clock.now_ms(), settings.retention)
        progress = await begun(stores.one, stores.other, stores.names, _read(file))
        if progress is None:
            return None
        if progress.rows:
            click.echo(f"Going on behind {progress.rows:,} rows.", err=True)
        before = progress.rows
        async for copied in copy(
            stores.one, stores.other, progress, floors, lambda made: _write(file, made)
        ):
            line.show(copied.stock, progress.rows, progress.total, progress.rows - before)
        line.end()
        found = await _compared(stores, kinds, floors, clock, progress.rows)
        if not found.differences:
            await stores.other.settle(progress.position, await stores.one.books())
            file.unlink(missing_ok=True)
        return found


async def _compare(settings: Settings, clock: Clock) -> Comparison:
    kinds = (DUCKDB, INFLUXDB)
    floors = Floors.at(clock.now_ms(), settings.retention)
    async with _open(settings, kinds) as stores:
        total = sum([await stores.one.size(stock, floors.of(stock)) for stock in Stock])
        found = await _compared(stores, kinds, floors, clock, total)
        for what, one, other in (
            ("place in the journal", await stores.one.position(), await stores.other.position()),
            ("books", await stores.one.books(), await stores.other.books()),
        ):
            if one != other:
                found.stands_apart(what, f"{one} in {kinds[0]}, {other} in {kinds[1]}")
        return found


async def _compared(
    stores: _Opened, kinds: tuple[str, str], floors: Floors, clock: Clock, total: int
) -> Comparison:
    line = Line(clock)

    def tell(found: Comparison, stock: Stock) -> None:
        line.show(f"compared {stock}", found.rows, total, found.rows)

    found = await compare(stores.one, stores.other, floors, kinds, tell)
    line.end()
    return found


def _read(file: Path) -> Progress | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Progress)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise StoreError("copy", f"{file} is not a copy's progress ({error}): remove it") from error


def _write(file: Path, progress: Progress) -> None:
    """Whole or not at all; one that is lost costs a page copied again."""
    beside = file.with_name(f".{file.name}")
    beside.write_bytes(msgspec.json.encode(progress))
    beside.replace(file)


def _verdict(found: Comparison, words: str, *, as_json: bool) -> None:
    answer = {
        "rows": found.rows,
        "differences": found.differences,
        "first": [one._asdict() for one in found.first],
    }
    if found.differences:
        lines = [f"  {one.stock}: {one.row}: {one.what}" for one in found.first]
        more = found.differences - len(found.first)
        words = "\n".join(
            (
                f"Different: {_counted(found)}.",
                *lines,
                *([f"  and {more:,} more"] if more else []),
            )
        )
    _say(as_json, answer, words)
    if found.differences:
        sys.exit(DIFFERENT)


def _counted(found: Comparison) -> str:
    rows = found.differences - len(found.apart)
    apart = " and ".join(f"the {what}" for what in found.apart)
    if not apart:
        return f"{rows:,} of {found.rows:,} rows"
    if not rows:
        return f"{apart}; all {found.rows:,} rows are the same"
    return f"{rows:,} of {found.rows:,} rows, and {apart}"


def _say(as_json: bool, answer: dict[str, object], words: str) -> None:  # noqa: FBT001 - a switch
    click.echo(msgspec.json.encode(answer).decode() if as_json else words)
