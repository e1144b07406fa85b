"""One line on standard error for long work: written over on a terminal, seldom into a file."""

import sys

import click

from ausguck.clock import Clock

EVERY_TERMINAL_S = 0.5
EVERY_FILE_S = 5.0
WIDTH = 76


class Line:
    """Says how far something is, and how long it will take."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun_s = clock.monotonic_s()
        self._shown_s = self._begun_s
        self._is_open = False

    def show(self, what: str, done: int, total: int, now_done: int) -> None:
        """At most once in a while; `now_done` was done since this line began."""
        now_s = self._clock.monotonic_s()
        is_terminal = sys.stderr.isatty()
        if now_s - self._shown_s < (EVERY_TERMINAL_S if is_terminal else EVERY_FILE_S):
            return
        self._shown_s = now_s
        line = words(what, done, total, now_done / (now_s - self._begun_s))
        click.echo(f"\r{line:<{WIDTH}}" if is_terminal else line, err=True, nl=not is_terminal)
        self._is_open = is_terminal

    def end(self) -> None:
        """Leave the line as it is."""
        if self._is_open:
            click.echo(err=True)
            self._is_open = False


def words(what: str, done: int, total: int, rate: float) -> str:
    """Rows, rate and time left."""
    left = f"about {max(total - done, 0) / rate:,.0f} s left" if rate else "time left unknown"
    return f"{what}: {done:,} of {max(total, done):,} rows, {rate:,.0f}/s, {left}"
