"""`ausguck replay`: a recording is sent as its devices would have sent it."""

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Unpack

import click

from ausguck.cli.target import TargetOptions, target_of, target_options
from ausguck.clock import Clock, SystemClock, iso_utc
from ausguck.settings.tree import Settings
from simulators.ledger import CountingLedger, FileLedger, Ledger, Run, read_ledger
from simulators.replay.mapping import load_mapping
from simulators.replay.play import Playing, play
from simulators.replay.recording import Recording, Timed, messages, read_recording
from simulators.send import Surroundings, Tally

FAILED = 1
MAX = "max"
NOW, END_NOW, LEDGER = "now", "end-now", "ledger"


class Options(TargetOptions):
    """The options of `replay`."""

    mapping: str
    shift_to: str
    speed: str
    as_backlog: int
    connections: int
    give_up_s: float
    ledger: Path | None


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--mapping", required=True, help="austin-buses, london-stations, or a TOML file (see above)."
)
@click.option(
    "--shift-to",
    required=True,
    metavar="T",
    help="When the first reading is to be: RFC 3339 with offset, epoch milliseconds, 'now', "
    "'end-now' (the last reading is now), or 'ledger' (as the last run in --ledger).",
)
@click.option(
    "--speed", default=MAX, show_default=True, help="Recorded seconds in a second, or 'max'."
)
@click.option(
    "--as-backlog",
    default=1,
    show_default=True,
    type=click.IntRange(1, 500),
    help="Put that many readings of an asset into one array message.",
)
@click.option("--connections", default=8, show_default=True, type=click.IntRange(1, 256))
@click.option(
    "--give-up-s",
    default=30.0,
    show_default=True,
    type=click.FloatRange(0.1),
    help="End when nothing has been acknowledged for so long.",
)
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False, writable=True),
    help="Append the shift, and what was sent and acknowledged, to this file.",
)
@target_options
@click.pass_obj
def replay(settings: Settings, file: Path, **options: Unpack[Options]) -> None:
    """Send a recorded CSV FILE (.gz too) over MQTT, all its times moved by a constant.

    The same shift gives the same bytes, so that a second replay changes nothing. Readings of
    one asset go out in the order of time. Ends with status 1 if something stayed
    unacknowledged.

    A mapping file is TOML: the topic, the time column, and a table for each key.

    \b
      topic = "v1/{site}/bus/{vehicle_id}/telemetry"   # {column}; {site} is site.id
      delimiter = ","                                  # optional, as is encoding = "utf-8"
      [time]                         # leave out for a snapshot: every row is read at T
      column = "timestamp"
      format = "rfc3339"             # "epoch_s", "epoch_ms", or like "%d.%m.%Y %H:%M"
      timezone = "Europe/Berlin"     # for times without an offset; default "UTC"
      [keys.speed_mps]               # one table for each key of the message
      column = "speed_kmh"
      type = "float"                 # "int", "bool", "text"
      factor = 0.2777778             # optional, for float and int
      skip = ["", "NA"]              # cells that give no key; default [""]

    A cell that does not convert is sent as the text it is: the collector judges.
    """
    clock = SystemClock()
    target = target_of(settings, options)
    mapping = load_mapping(options["mapping"])
    recording = read_recording(file, mapping, settings.site.id)
    shift_ms = find_shift_ms(recording, options["shift_to"], clock, options["ledger"])
    timed = messages(recording, shift_ms, options["as_backlog"])
    progress = Progress(len(timed), clock, clock.monotonic_s())
    playing = Playing(
        site=settings.site.id,
        speed=speed_of(options["speed"]),
        connections=options["connections"],
        give_up_s=options["give_up_s"],
        progress=progress.show,
    )
    with ExitStack() as stack:
        ledger: Ledger = CountingLedger()
        if options["ledger"] is not None:
            run = Run(f"replay {file.name} by {options['mapping']}", shift_ms)
            ledger = stack.enter_context(FileLedger(options["ledger"], run))
        around = Surroundings(target, clock, ledger, Tally())
        tally = asyncio.run(play(timed, playing, around))
    click.echo(_summary(recording, timed, shift_ms, tally))
    if tally.acknowledged < len(timed) or recording.skipped:
        sys.exit(FAILED)


def speed_of(text: str) -> float | None:
    """The speed-up, `None` for as fast as it goes."""
    if text == MAX:
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise click.BadParameter(f"found {text!r}, expected a number above 0 or 'max'")
    return speed


def find_shift_ms(recording: Recording, shift_to: str, clock: Clock, ledger: Path | None) -> int:
    """By how much every time is moved."""
    match shift_to:
        case "ledger":
            return _kept_shift_ms(ledger)
        case "end-now":
            return clock.now_ms() - recording.last_ms
        case "now":
            return clock.now_ms() - recording.first_ms
        case _:
            return _epoch_ms(shift_to) - recording.first_ms


def _kept_shift_ms(ledger: Path | None) -> int:
    runs = read_ledger(ledger).runs if ledger is not None and ledger.exists() else []
    if not runs:
        raise click.BadParameter("'ledger' needs a --ledger FILE that has a run in it")
    return runs[-1].shift_ms


def _epoch_ms(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        expected = "RFC 3339 with offset, epoch milliseconds, 'now', 'end-now' or 'ledger'"
        raise click.BadParameter(f"--shift-to: found {text!r}, expected {expected}")
    return round(moment.timestamp() * 1000)


@dataclass(slots=True)
class Progress:
    """One line on standard error, written over on a terminal, seldom into a file."""

    total: int
    clock: Clock
    begun_s: float
    shown_s: float = 0.0
    is_done: bool = False

    def show(self, tally: Tally) -> None:
        """Say how far it is: at most once in a while, and once at the end."""
        now_s = self.clock.monotonic_s()
        is_terminal = sys.stderr.isatty()
        is_time = now_s - self.shown_s >= (0.5 if is_terminal else 5.0)
        if self.is_done or not (is_time or tally.acknowledged >= self.total):
            return
        self.shown_s = now_s
        self.is_done = tally.acknowledged >= self.total
        line = progress_line(tally.acknowledged, self.total, now_s - self.begun_s)
        click.echo(f"\r{line:<70}" if is_terminal else line, err=True, nl=not is_terminal)
        if self.is_done and is_terminal:
            click.echo(err=True)


def progress_line(done: int, total: int, seconds: float) -> str:
    """Count, share, rate and time left."""
    share = 100 * done / total if total else 100.0
    rate = done / seconds if seconds else 0.0
    left = f"{(total - done) / rate:.0f} s left" if rate else "time left unknown"
    return f"{done:,} of {total:,} acknowledged ({share:.1f} %), {rate:,.0f}/s, {left}"


def _summary(recording: Recording, timed: list[Timed], shift_ms: int, tally: Tally) -> str:
    skipped = ", ".join(f"{count} x {why}" for why, count in recording.skipped.items())
    return (
        f"{len(recording.rows):,} readings in {len(timed):,} messages: "
        f"{tally.acknowledged:,} acknowledged, {len(timed) - tally.acknowledged:,} not, "
        f"{tally.sent_again:,} sent again; rows left out: {skipped or 'none'}\n"
        f"First reading at {iso_utc(recording.first_ms + shift_ms)}, shift {shift_ms} ms"
    )
