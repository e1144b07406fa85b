"""The part of `ausguck simulate` that plays scenarios: lists them, shows one, says how it goes."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from ausguck.clock import Clock, iso_utc
from simulators.city.rhythm import local_time
from simulators.feed import FeedServer
from simulators.scenario.expected import Expected, TruthLabel
from simulators.scenario.load import library, load
from simulators.scenario.perform import Staging, Step, perform
from simulators.scenario.play import Play
from simulators.scenario.register import write_scenario_register
from simulators.scenario.scenario import Scenario
from simulators.send import Surroundings

EVERY_TERMINAL_S = 0.5
EVERY_FILE_S = 5.0
WIDTH = 100
NAME_WIDTH = 28


class Progress:
    """One line on standard error: simulated time, what was sent, and what is wrong now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._shown_s = clock.monotonic_s()
        self._wrong = ""
        self._is_open = False

    def show(self, step: Step) -> None:
        """Say it when something begins or ends, else once in a while."""
        now_s = self._clock.monotonic_s()
        is_terminal = sys.stderr.isatty()
        every_s = EVERY_TERMINAL_S if is_terminal else EVERY_FILE_S
        wrong = wrong_now(step)
        if wrong == self._wrong and now_s - self._shown_s < every_s:
            return
        self._shown_s, self._wrong = now_s, wrong
        line = progress_line(step)
        click.echo(f"\r{line:<{WIDTH}}" if is_terminal else line, err=True, nl=not is_terminal)
        self._is_open = is_terminal

    def end(self) -> None:
        """Leave the line as it is."""
        if self._is_open:
            click.echo(err=True)


def progress_line(step: Step) -> str:
    """How far a play has come, in words."""
    tally = step.tally
    return (
        f"{iso_utc(step.now_ms)[:19]}Z  {tally.sent:,} sent, {tally.acknowledged:,} acknowledged; "
        f"{wrong_now(step) or 'nothing is wrong'}"
    )


def wrong_now(step: Step) -> str:
    """The faults that are on."""
    return ", ".join(
        f"{planned.fault.name} ({planned.fault.__struct_config__.tag})" for planned in step.wrong
    )


def list_scenarios(language: str) -> Iterator[str]:
    """A line for each scenario of the library."""
    for name in library():
        yield f"{name:<{NAME_WIDTH}} {load(name).title.in_language(language)}"


def show_scenario(scenario: Scenario, language: str) -> Iterator[str]:
    """What a scenario is, and what a person would expect of it."""
    yield scenario.title.in_language(language)
    yield scenario.description.in_language(language)
    city = scenario.city
    begins, ends = (_local(at_ms) for at_ms in (scenario.start_ms, scenario.end_ms))
    yield f"{city.buses} buses and {city.stations} stations, {begins} to {ends}"
    for planned in scenario.faults:
        times = f"{_local(planned.from_ms)} to {_local(min(planned.to_ms, scenario.end_ms))}"
        yield f"- {planned.fault.name} ({planned.fault.__struct_config__.tag}), {times}"
    for expected in scenario.expected:
        yield f"= {_told(expected)}"
        yield f"  {expected.why.in_language(language)}"


def _told(expected: Expected) -> str:
    if expected.quiet or expected.announced_by_ms is None:
        return "nobody is called"
    number = "one for each" if expected.incidents == "each" else f"{expected.incidents}"
    over = f", over by {_local(expected.resolved_by_ms)}" if expected.resolved_by_ms else ""
    return (
        f"{expected.cause} ({expected.severity}), incidents: {number}, to {expected.actor} by "
        f"{_local(expected.announced_by_ms)}, naming {', '.join(expected.names) or 'nobody'}{over}"
    )


def _local(at_ms: int) -> str:
    return local_time(at_ms).strftime("%Y-%m-%d %H:%M")


async def play_scenario(
    staging: Staging, around: Surroundings, stop: asyncio.Event, register: Path | None
) -> tuple[Step, Sequence[TruthLabel]]:
    """Play it to its end; the register's files, if asked for, are there before it begins."""
    play = staging.play(around.clock.now_ms())
    if register is not None:
        write_register_of(play, register)
    click.echo(
        f"{staging.scenario.title.en}: {len(play.assets)} assets, simulated time "
        f"{iso_utc(play.start_ms)[:19]}Z to {iso_utc(play.end_ms)[:19]}Z; Ctrl-C ends it.",
        err=True,
    )
    progress = Progress(around.clock)
    with _feed(play) as tell:

        def on_step(step: Step) -> None:
            progress.show(step)
            tell(step.now_ms)

        step = await perform(play, staging, around, stop, on_step=on_step)
    progress.end()
    return step, play.labels()


@contextmanager
def _feed(play: Play) -> Iterator[Callable[[int], None]]:
    """The scenario's bike feed on loopback; yields what brings it to a moment."""
    first = play.feed(play.start_ms)
    if first is None or play.scenario.feed is None:
        yield lambda _: None
        return
    with FeedServer(list(first.stations), first.at_s) as server:
        server.ttl_s = play.scenario.feed.ttl_s
        click.echo(
            f'The bike feed is at {server.url}: [[gbfs]] address = "{server.url}", '
            f'prefix = "{play.scenario.feed.prefix}"',
            err=True,
        )

        def tell(at_ms: int) -> None:
            if (picture := play.feed(at_ms)) is not None:
                server.stations, server.at_s = list(picture.stations), picture.at_s

        yield tell


def write_register_of(play: Play, folder: Path) -> None:
    """Write a play's register, and say where."""
    files = write_scenario_register(play, folder)
    click.echo(f"{len(files)} register files in {folder}", err=True)


def write_labels(path: Path, labels: Sequence[TruthLabel]) -> None:
    """One JSON object a line."""
    path.write_bytes(b"".join(msgspec.json.encode(label) + b"\n" for label in labels))
